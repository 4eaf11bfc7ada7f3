//! `sdmp inspect` and `--record`: what was sent, opened and checked again from outside.

mod containers;
mod faults;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use crate::common::{Machine, acquainted, expect, stdout};
use serde_json::Value;
use tempfile::TempDir;

/// What a peer may write to break out of a page or a terminal.
const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{1b}[31m\u{202e}'\"&";

/// A session that was recorded on both sides, and a machine that inspects it.
struct Scene {
    directory: TempDir,
    /// Knows both identities as peers.
    machine: Machine,
}

impl Scene {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn inspect(&self, file: &str, more: &[&str]) -> Output {
        let file = self.path(file).display().to_string();
        self.machine.run(&[&["inspect", file.as_str()], more].concat())
    }

    fn json(&self, code: i32, file: &str, more: &[&str]) -> Value {
        let output = expect(code, self.inspect(file, &[&["--json"], more].concat()));
        serde_json::from_str(&stdout(&output)).unwrap()
    }

    fn keys(&self) -> String {
        self.path("keys").display().to_string()
    }
}

fn record(directory: &Path, profile: &str, lines: &str) -> Machine {
    let (alice, bob) = acquainted();
    let file = |name: &str| directory.join(name).display().to_string();
    let listening = bob.listen(&["--once", "--profile", profile, "--record", &file("bob")]);
    let address = listening.address.clone();
    let arguments = [
        "connect",
        &address,
        "--peer",
        "bob",
        "--profile",
        profile,
        "--record",
        &file("alice"),
        "--key-log",
        &file("keys"),
    ];
    expect(0, alice.run_with(&arguments, lines.as_bytes()));
    expect(0, listening.finish(b""));
    alice
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let machine = record(directory.path(), "hardened", &format!("hello\n{HOSTILE}\n"));
        Scene { directory, machine }
    })
}

fn names(session: &Value) -> Vec<String> {
    let objects = session["objects"].as_array().unwrap();
    objects.iter().map(|object| object["name"].as_str().unwrap().to_owned()).collect()
}

fn checks<'a>(story: &'a Value, outcome: &str) -> Vec<&'a Value> {
    let sessions = story["sessions"].as_array().unwrap();
    sessions
        .iter()
        .flat_map(|session| session["objects"].as_array().unwrap())
        .flat_map(|object| object["checks"].as_array().unwrap())
        .filter(|check| check["outcome"] == outcome)
        .collect()
}

const WHOLE: [&str; 10] =
    ["M1", "M2", "M3", "M4", "FIN_R", "FIN_I", "message", "message", "close", "close"];

#[test]
fn with_keys_everything_opens_and_holds() {
    let scene = scene();
    for side in ["alice", "bob"] {
        let story = scene.json(0, side, &["--key-log", &scene.keys()]);
        assert_eq!(story["input"], "recording");
        let session = &story["sessions"][0];
        assert_eq!(names(session), WHOLE);
        assert_eq!(session["profile"], "hardened");
        assert_eq!(session["initiator"]["name"], "alice");
        assert_eq!(session["responder"]["verified"], true);
        assert_eq!(session["session"].as_str().unwrap().len(), 43);
        assert_eq!(checks(&story, "fails"), [&Value::Null; 0]);
        assert_eq!(checks(&story, "open"), [&Value::Null; 0]);
        assert!(checks(&story, "holds").len() > 50);
        assert_eq!(story["notes"], serde_json::json!([]));
        let text = session["objects"][6]["inside"][0]["text"].as_str().unwrap();
        assert!(text.contains(r#""message":"hello""#));
    }
}

/// Both sides saw the same octets, so both recordings name the same session.
#[test]
fn both_recordings_hold_the_same_objects() {
    let scene = scene();
    let objects = |side: &str| {
        let mut wires: Vec<String> = scene
            .read(side)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["event"] == "wire")
            .map(|line| format!("{} {}", line["from"], line["wire"].as_str().unwrap()))
            .collect();
        wires.sort();
        wires
    };
    assert_eq!(objects("alice"), objects("bob"));
    assert_eq!(objects("alice").len(), 10);
}

#[test]
fn a_recording_holds_no_secret_and_is_its_owners() {
    let scene = scene();
    let recording = scene.read("alice");
    assert!(!recording.contains("hello"));
    for line in scene.read("keys").lines() {
        assert!(!recording.contains(line.rsplit(' ').next().unwrap()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(scene.path("alice")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn without_keys_it_shows_what_an_eavesdropper_sees() {
    let scene = scene();
    let story = scene.json(0, "bob", &[]);
    let session = &story["sessions"][0];
    assert_eq!(
        names(session),
        ["M1", "M2", "M3", "M4", "FIN_R", "FIN_I", "sealed", "sealed", "sealed", "sealed"]
    );
    assert_eq!(session["initiator"], Value::Null, "an eavesdropper does not learn who speaks");
    assert!(checks(&story, "fails").is_empty() && !checks(&story, "open").is_empty());
    assert!(!story.to_string().contains("hello"));
    let text = stdout(&expect(0, scene.inspect("bob", &["--short"])));
    assert!(text.contains("no key log was given") && text.contains("R35"));
}

#[test]
fn other_keys_do_not_open_it_and_it_says_so() {
    let scene = scene();
    let other: String = scene
        .read("keys")
        .lines()
        .map(|line| {
            let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            words[1] = "00".repeat(32);
            words.join(" ") + "\n"
        })
        .collect();
    let file = scene.write("other-keys", other);
    let story = scene.json(0, "bob", &["--key-log", &file]);
    let notes = story["sessions"][0]["notes"].to_string();
    assert!(notes.contains("no secrets of this session"), "{notes}");
    // The right name, but another secret: a tag that does not fit is told.
    let wrong = scene.read("keys").replace("AP_I2R ", "X ").replace("AP_R2I ", "AP_I2R ");
    let file = scene.write("wrong-keys", wrong);
    let story = scene.json(6, "bob", &["--key-log", &file]);
    assert_eq!(checks(&story, "fails")[0]["rule"], "R35");
}

#[test]
fn sessions_of_one_file_are_told_apart() {
    let scene = scene();
    let (one, two) = (scene.read("bob"), scene.read("alice"));
    let mixed: String = one.lines().zip(two.lines()).map(|(a, b)| format!("{a}\n{b}\n")).collect();
    scene.write("mixed", mixed);
    let story = scene.json(0, "mixed", &["--key-log", &scene.keys()]);
    let sessions = story["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        assert_eq!(names(session), WHOLE);
    }
}

/// The objects alone, as a program that dumps TCP shows them: in order, or of one direction.
#[test]
fn a_plain_stream_is_understood() {
    let scene = scene();
    let line = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let objects: Vec<Value> =
        scene.read("bob").lines().map(line).filter(|line| line["event"] == "wire").collect();
    let text = |from: Option<&str>| -> String {
        objects
            .iter()
            .filter(|object| from.is_none_or(|from| object["from"] == from))
            .map(|object| format!("{}\n", object["wire"].as_str().unwrap()))
            .collect()
    };
    scene.write("stream", text(None));
    let story = scene.json(0, "stream", &["--key-log", &scene.keys()]);
    assert_eq!(story["input"], "stream");
    assert_eq!(names(&story["sessions"][0]), WHOLE);
    for (from, expected) in [
        ("initiator", ["M1", "M3", "FIN_I", "message", "message", "close"].as_slice()),
        ("responder", ["M2", "M4", "FIN_R", "close"].as_slice()),
    ] {
        scene.write(from, text(Some(from)));
        let story = scene.json(0, from, &["--from", from, "--key-log", &scene.keys()]);
        assert_eq!(names(&story["sessions"][0]), expected);
    }
    scene.write("garbage", format!("{}this is no object", text(Some("initiator"))));
    let story = scene.json(6, "garbage", &[]);
    assert_eq!(checks(&story, "fails")[0]["rule"], "R43");
}

#[test]
fn the_page_cannot_be_broken_out_of() {
    let scene = scene();
    let hostile = scene
        .read("bob")
        .replace("\"address\":\"127.0.0.1\"", "\"address\":\"<script>alert(3)</script>\"");
    scene.write("hostile", hostile);
    let page = scene.path("page.html").display().to_string();
    expect(0, scene.inspect("hostile", &["--key-log", &scene.keys(), "--html", &page]));
    let html = scene.read("page.html");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the message is there");
    assert!(html.contains("&lt;script&gt;alert(3)&lt;/script&gt;"), "the address is there");
    assert_eq!(html.matches("<script").count(), 1, "one script: the page's own");
    assert_eq!(html.matches("<style").count(), 1);
    for forbidden in
        ["<img", "onerror=alert(2)>", "\u{1b}", "\u{202e}", " style=", "http://", "https://"]
    {
        assert!(!html.contains(forbidden), "{forbidden:?}");
    }
    let policy = "default-src 'none'; style-src 'sha256-";
    assert!(html.contains(policy) && html.contains("base-uri 'none'"));
    assert_eq!(html.matches("<article").count(), 10);
    let text = stdout(&expect(0, scene.inspect("hostile", &["--key-log", &scene.keys()])));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
}

#[test]
fn the_demo_writes_the_same_page() {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("demo.html");
    let arguments = ["demo", "--bits", "2048", "--group", "ffdhe2048", "--html"];
    let machine = Machine::new();
    expect(0, machine.run(&[&arguments[..], &[page.to_str().unwrap()]].concat()));
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("<svg"));
    assert_eq!(html.matches("class=\"row ").count(), 10);
    assert!(html.contains("Can you read this"));
}

#[test]
fn the_published_profile_opens_too() {
    let directory = tempfile::tempdir().unwrap();
    let machine = record(directory.path(), "published", "hello\n");
    let scene = Scene { directory, machine };
    let story = scene.json(0, "bob", &["--key-log", &scene.keys()]);
    assert_eq!(names(&story["sessions"][0]), ["M1", "M2", "M3", "M4", "message"]);
    assert_eq!(checks(&story, "fails"), [&Value::Null; 0]);
    let story = scene.json(0, "bob", &[]);
    assert_eq!(story["sessions"][0]["profile"], "published");
}

#[test]
fn a_refused_handshake_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let (alice, bob) = acquainted();
    let carol = Machine::with_key("carol", "carol");
    carol.trust("bob", &bob, "bob");
    drop(alice);
    let file = |name: &str| directory.path().join(name).display().to_string();
    let listening = bob.listen(&["--once", "--record", &file("bob"), "--key-log", &file("keys")]);
    let address = listening.address.clone();
    expect(5, carol.run(&["connect", &address, "--peer", "bob"]));
    expect(3, listening.finish(b""));
    let scene = Scene { directory, machine: bob };
    let story = scene.json(0, "bob", &["--key-log", &scene.keys()]);
    let session = &story["sessions"][0];
    assert_eq!(names(session), ["M1", "M2", "M3", "refusal", "refusal"]);
    assert_eq!(session["initiator"]["verified"], false);
    // Without keys the refusal looks like M4 and FIN_R (R37).
    let story = scene.json(0, "bob", &[]);
    assert_eq!(names(&story["sessions"][0]), ["M1", "M2", "M3", "M4", "FIN_R"]);
}
