//! What was altered, lost, repeated, reflected or cut is reported.

use super::{checks, names, scene};
use serde_json::Value;

/// One line of the recording is changed; what is said of it.
fn tampered(name: &str, change: impl FnOnce(&mut Vec<String>)) -> (Value, String) {
    let scene = scene();
    let mut lines: Vec<String> = scene.read("bob").lines().map(str::to_owned).collect();
    change(&mut lines);
    scene.write(name, lines.join("\n") + "\n");
    let story = scene.json(6, name, &["--key-log", &scene.keys()]);
    let failed = checks(&story, "fails")[0].clone();
    (failed.clone(), failed["detail"].as_str().unwrap().to_owned())
}

#[test]
fn what_was_altered_lost_repeated_or_reflected_is_told() {
    let (check, why) = tampered("altered", |lines| {
        let line = &mut lines[7];
        let at = line.find("payload").unwrap() + 200;
        let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
        line.replace_range(at..=at, other);
    });
    assert_eq!(check["rule"], "R35");
    assert!(why.contains("altered"), "{why}");
    // Lines: session, M1, M2, M3, M4, FIN_R, FIN_I, hello, hostile, close, close.
    let (_, why) = tampered("lost", |lines| drop(lines.remove(7)));
    assert!(why.contains("an object is missing"), "{why}");
    let (_, why) = tampered("repeated", |lines| lines.insert(8, lines[7].clone()));
    assert!(why.contains("number 1 again, where 2"), "{why}");
    let (_, why) = tampered("reflected", |lines| {
        let line = lines[7].replace("\"from\":\"initiator\"", "\"from\":\"responder\"");
        lines.insert(8, line);
    });
    assert!(why.contains("sent back"), "{why}");
    let (check, _) = tampered("schema", |lines| {
        lines[3] = lines[3].replace("[\\\"encrypted\\\"]", "[\\\"message\\\"]");
    });
    assert_eq!(check["rule"], "R32, R40");
}

#[test]
fn a_recording_that_was_cut_is_read_up_to_there() {
    let scene = scene();
    let whole = scene.read("bob");
    for (name, part) in [("cut-3", 3), ("cut-2", 2)] {
        let length = whole.len() * part / 4;
        scene.write(name, &whole.as_bytes()[..length]);
        let story = scene.json(0, name, &["--key-log", &scene.keys()]);
        assert!(story["notes"].to_string().contains("was cut in line"), "{story}");
        assert!(names(&story["sessions"][0]).len() >= 4);
    }
}

#[test]
fn an_end_without_close_is_told() {
    let scene = scene();
    let mut lines: Vec<String> = scene.read("bob").lines().map(str::to_owned).collect();
    let close = lines.iter().rposition(|line| line.contains("\"from\":\"initiator\",\"wire\""));
    lines.remove(close.unwrap());
    scene.write("no-close", lines.join("\n"));
    let story = scene.json(0, "no-close", &["--key-log", &scene.keys()]);
    let notes = story["sessions"][0]["notes"].to_string();
    assert!(notes.contains("stream of the initiator ended without its close"), "{notes}");
    let cut = scene.read("bob").replace("\"whole\":true", "\"whole\":false");
    scene.write("inside", cut);
    let notes = scene.json(0, "inside", &[])["sessions"][0]["notes"].to_string();
    assert!(notes.contains("ends inside an object"), "{notes}");
}
