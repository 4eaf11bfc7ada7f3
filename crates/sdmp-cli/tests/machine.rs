//! What surrounds the sessions: configuration, environment, diagnosis, completions, manual pages.

use std::fs;
use std::process::Output;

use crate::common::{Machine, acquainted, expect, stderr, stdout};

fn checks(output: &Output) -> Vec<(String, String)> {
    let of = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap().to_owned();
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|value: serde_json::Value| (of(&value, "check"), of(&value, "result")))
        .collect()
}

#[test]
fn the_doctor_finds_a_healthy_machine_healthy() {
    let (alice, _) = acquainted();
    let output = expect(0, alice.run(&["doctor", "--json"]));
    let checks = checks(&output);
    for what in
        ["version", "configuration", "random source", "clock", "key", "peer", "loopback session"]
    {
        assert!(checks.contains(&(what.to_owned(), "ok".to_owned())), "{what}: {checks:?}");
    }
    assert!(checks.iter().all(|(_, result)| result != "broken"), "{checks:?}");
    assert!(stdout(&expect(0, alice.run(&["doctor"]))).contains("ok      key: alice"));
}

#[cfg(unix)]
#[test]
fn the_doctor_finds_what_is_broken() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::with_key("alice", "alice");
    let broken = |what: &str| {
        let output = expect(1, machine.run(&["doctor", "--json"]));
        let checks = checks(&output);
        assert!(checks.contains(&(what.to_owned(), "broken".to_owned())), "{what}: {checks:?}");
    };
    let private = machine.path().join("keys/alice.private.json");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o644)).unwrap();
    broken("key");
    fs::remove_file(&private).unwrap();
    broken("key");
    fs::set_permissions(machine.path(), fs::Permissions::from_mode(0o777)).unwrap();
    broken("data directory");
}

#[test]
fn the_doctor_says_what_is_still_to_be_done() {
    let output = expect(0, Machine::new().run(&["doctor"]));
    assert!(stdout(&output).contains("sdmp key new NAME"), "{}", stdout(&output));
    assert!(stdout(&output).contains("sdmp peer add NAME FILE"));
}

/// The command line goes before the environment, and that before the file.
#[test]
fn the_configuration_has_the_last_word_only() {
    let (alice, _) = acquainted();
    let connect = ["connect", "127.0.0.1:1", "--peer", "bob"];
    let config = alice.path().join("sdmp.toml");
    let missing = |output: &Output| stderr(output).lines().next().unwrap().to_owned();
    fs::write(&config, "key = \"from-file\"\n").unwrap();
    let output = expect(2, alice.run(&connect));
    assert_eq!(missing(&output), "error: there is no key named from-file");
    let output = alice.command(&connect).env("SDMP_KEY", "from-env").output().unwrap();
    assert_eq!(missing(&output), "error: there is no key named from-env");
    let mut more = connect.to_vec();
    more.extend(["--key", "from-flag"]);
    let output = alice.command(&more).env("SDMP_KEY", "from-env").output().unwrap();
    assert_eq!(missing(&output), "error: there is no key named from-flag");

    let other = alice.path().join("other.toml");
    fs::write(&other, "key = \"from-other\"\n").unwrap();
    let output = alice.command(&connect).env("SDMP_CONFIG", &other).output().unwrap();
    assert_eq!(missing(&output), "error: there is no key named from-other");

    fs::write(&config, "kye = \"alice\"\n").unwrap();
    let output = expect(2, alice.run(&connect));
    assert!(
        missing(&output).contains("sdmp.toml: line 1: unknown field `kye`"),
        "{}",
        stderr(&output)
    );
    let output = expect(2, alice.run(&["--config", "/nonexistent.toml", "key", "list"]));
    assert!(stderr(&output).contains("SDMP_CONFIG"));
}

#[test]
fn the_only_key_need_not_be_named() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--once"]);
    let address = listening.address.clone();
    let client = std::thread::spawn(move || {
        let output = alice.run_with(&["connect", &address, "--peer", "bob"], b"hello\n");
        (alice, output)
    });
    assert_eq!(stdout(&expect(0, listening.finish(b""))), "hello\n");
    let (alice, output) = client.join().unwrap();
    expect(0, output);
    let output = expect(2, Machine::new().run(&["listen", "127.0.0.1:0"]));
    assert!(stderr(&output).contains("sdmp key new NAME"));
    let pem = format!("{}/../sdmp-conformance/vectors/keys/carol.pem", env!("CARGO_MANIFEST_DIR"));
    alice.ok(&["key", "import", &pem, "--name", "second"]);
    let output = expect(2, alice.run(&["listen", "127.0.0.1:0"]));
    assert!(stderr(&output).contains("there are several keys: alice, second"));
    assert!(stderr(&output).contains("--key NAME"));
}

#[test]
fn quiet_is_quiet_and_verbose_is_not() {
    let (alice, bob) = acquainted();
    for (flag, quiet) in [("-q", true), ("-v", false)] {
        let listening = bob.listen(&["--once", "-v"]);
        let address = listening.address.clone();
        let output =
            expect(0, alice.run_with(&[flag, "connect", &address, "--peer", "bob"], b"x\n"));
        let served = expect(0, listening.finish(b""));
        assert_eq!(stderr(&output).is_empty(), quiet, "{}", stderr(&output));
        assert!(stderr(&served).contains("session accepted"), "{}", stderr(&served));
        assert!(!stderr(&served).contains('\u{1b}'), "no colours where no terminal is");
    }
    let output = expect(1, alice.run(&["--quiet", "connect", "127.0.0.1:1", "--peer", "bob"]));
    assert!(stderr(&output).starts_with("error: "), "errors are told all the same");
}

/// Each error is a cause and, on a line of its own, what can be done.
#[test]
fn errors_have_a_cause_and_a_remedy() {
    let alice = Machine::with_key("alice", "alice");
    for (code, command) in [
        (2, &["key", "show", "nobody"][..]),
        (2, &["peer", "remove", "nobody"]),
        (2, &["container", "check", "/nonexistent"]),
        (2, &["send", "nobody", "/nonexistent"]),
        (2, &["recv", "127.0.0.1:0"]),
        (2, &["recv", "--out", "/nonexistent/at/all"]),
        (2, &["schema", "show", "nothing"]),
        (1, &["listen", "192.0.2.1:1"]),
        (6, &["unseal", "--key", "alice"]),
    ] {
        let output = expect(code, alice.run(command));
        let text = stderr(&output);
        // A warning may come first.
        let text = &text[text.find("error: ").unwrap_or(0)..];
        let (cause, remedy) = text.trim_end().split_once('\n').unwrap_or_else(|| panic!("{text}"));
        assert!(cause.starts_with("error: "), "{text}");
        assert!(remedy.starts_with("  ") && remedy.trim().len() > 10, "{text}");
    }
}

#[test]
fn shells_and_manual_readers_are_served() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(machine.ok(&["completions", shell]).contains("forward"), "{shell}");
    }
    let directory = machine.path().join("man");
    machine.ok(&["man", directory.to_str().unwrap()]);
    let page = fs::read_to_string(directory.join("sdmp-recv.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("max\\-size"), "{page}");
    assert!(fs::read_to_string(directory.join("sdmp.1")).unwrap().contains("SDMP_DATA"));
}

#[test]
fn help_has_examples() {
    for command in ["listen", "connect", "send", "recv", "pipe", "forward", "completions"] {
        assert!(Machine::new().ok(&[command, "--help"]).contains("Example"), "{command}");
    }
}

#[cfg(unix)]
#[test]
fn a_configuration_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new();
    let config = machine.path().join("sdmp.toml");
    fs::write(&config, "profile = \"published\"\n").unwrap();
    for (mode, code) in [(0o666, 1), (0o620, 1), (0o644, 0), (0o600, 0)] {
        fs::set_permissions(&config, fs::Permissions::from_mode(mode)).unwrap();
        expect(code, machine.run(&["key", "list"]));
    }
}

/// The doctor's probe is a new file: what another user has put in its place is not written.
#[cfg(unix)]
#[test]
fn the_doctor_follows_no_link() {
    use std::process::Stdio;
    let machine = Machine::with_key("alice", "alice");
    let target = machine.path().join("target");
    fs::write(&target, "precious").unwrap();
    // The name holds the process's number: plant links for all that come next.
    let child = machine.command(&["key", "list"]).stdout(Stdio::null()).spawn().unwrap();
    let next = child.id() + 1;
    child.wait_with_output().unwrap();
    for number in next..next + 3000 {
        let link = machine.path().join(format!(".doctor-{number}"));
        std::os::unix::fs::symlink(&target, link).unwrap();
    }
    machine.run(&["doctor"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

#[cfg(unix)]
#[test]
fn key_logs_and_recordings_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let (alice, _) = acquainted();
    let file = alice.path().join("log");
    fs::write(&file, "").unwrap();
    let link = alice.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for option in ["--key-log", "--record"] {
        let call = |path: &std::path::Path| {
            alice.run(&["connect", "127.0.0.1:1", "--peer", "bob", option, path.to_str().unwrap()])
        };
        for (mode, words) in [(0o644, "others can read it"), (0o622, "others can write it")] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let output = expect(1, call(&file));
            assert!(stderr(&output).contains(words), "{option}: {}", stderr(&output));
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(stderr(&expect(1, call(&file))).contains("cannot connect"));
        assert!(stderr(&expect(1, call(&link))).contains("cannot be opened"));
    }
}

/// A private key must not end up in a core dump.
#[cfg(target_os = "linux")]
#[test]
fn there_are_no_core_dumps() {
    let (alice, _) = acquainted();
    let listening = alice.listen(&[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", listening.child.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(line.split_whitespace().nth(4), Some("0"), "{line}");
    let mut child = listening.child;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A disk that is full at any moment of it leaves no half of a key, and the name stays free. Here no file
/// may become longer than so many blocks.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_half_of_a_key() {
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdmp-conformance/vectors/keys/alice.pem");
    for blocks in [0, 1, 2, 3] {
        let machine = Machine::new();
        let program = env!("CARGO_BIN_EXE_sdmp");
        let import =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} key import {pem} --name k");
        let output = std::process::Command::new("sh")
            .args(["-c", &import])
            .env("SDMP_DATA", machine.path())
            .output()
            .unwrap();
        let output = expect(1, output);
        assert!(stderr(&output).contains("File too large"), "{}", stderr(&output));
        let left: Vec<_> = fs::read_dir(machine.path().join("keys"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| !name.to_string_lossy().starts_with('.'))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        machine.ok(&["key", "import", pem, "--name", "k"]);
        machine.ok(&["key", "show", "k"]);
    }
}

#[test]
fn manual_pages_name_values_and_repetition() {
    let machine = Machine::new();
    let directory = machine.path().join("man");
    machine.ok(&["man", directory.to_str().unwrap()]);
    let page = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
    let send = page("sdmp-send.1");
    let synopsis = send.lines().skip_while(|line| *line != ".SH SYNOPSIS").nth(1).unwrap();
    assert!(synopsis.contains("<FILE>...") && synopsis.contains("<PEERNAME>"), "{synopsis}");
    assert!(page("sdmp-recv.1").contains("\\-\\-out <DIR>"));
}
