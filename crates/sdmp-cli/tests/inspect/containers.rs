//! Containers as they are stored or handed on, and what is none.

use super::{checks, scene};
use crate::common::{expect, stderr, stdout};

const MESSAGE: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"for you"}"#;

#[test]
fn containers_open_layer_by_layer() {
    let scene = scene();
    let machine = &scene.machine;
    let signed =
        stdout(&expect(0, machine.run_with(&["sign", "--key", "alice"], MESSAGE.as_bytes())));
    let sealed =
        stdout(&expect(0, machine.run_with(&["seal", "--to", "alice"], signed.as_bytes())));
    scene.write("sealed", &sealed);
    let story = scene.json(0, "sealed", &["--key", "alice"]);
    assert_eq!(story["input"], "container");
    let layers = story["sessions"][0]["objects"][0]["inside"].as_array().unwrap().clone();
    assert_eq!(layers.len(), 4, "sealed, signed, its header, the message");
    assert_eq!(layers[3]["text"], MESSAGE);
    assert!(checks(&story, "open").is_empty() && checks(&story, "fails").is_empty());
    let story = scene.json(0, "sealed", &[]);
    assert!(checks(&story, "open").iter().any(|check| check["rule"] == "R22"));

    scene.write("signed", signed.replacen("identifier\":\"", "identifier\":\"A", 1));
    let story = scene.json(6, "signed", &[]);
    assert!(!checks(&story, "fails").is_empty());
    let identity = machine.ok(&["key", "export", "alice"]);
    scene.write("identity", identity);
    let story = scene.json(0, "identity", &[]);
    assert!(checks(&story, "holds").iter().any(|check| check["rule"] == "R15"));
}

#[test]
fn a_private_key_is_never_shown() {
    let scene = scene();
    let file = scene.machine.path().join("keys").join("alice.private.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let secret = &text[text.find("PRIVATE KEY-----").unwrap() + 20..][..40];
    scene.write("private", &text);
    for more in
        [&[][..], &["--json"], &["--html", &scene.path("private.html").display().to_string()]]
    {
        let output = expect(0, scene.inspect("private", more));
        assert!(!stdout(&output).contains(secret));
    }
    let html = scene.read("private.html");
    assert!(!html.contains(secret) && html.contains("(hidden"));
    // However it is written, and whatever is around it.
    let escaped = text.replace("PRIVATE KEY", "PRIVATE\\u0020KEY");
    scene.write("escaped", escaped);
    assert!(!scene.json(0, "escaped", &[]).to_string().contains(secret));
    let payload = sdmp_container::b64url::encode(text.as_bytes());
    let signed = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["signature"]}},"signature":{{"identifier":"A","payload":"{payload}","signatures":[]}}}}"#
    );
    scene.write("signed-secret", signed);
    let story = scene.json(6, "signed-secret", &[]);
    let object = &story["sessions"][0]["objects"][0];
    assert!(object["wire"].as_str().unwrap().starts_with("(hidden"));
    let inside = object["inside"].as_array().unwrap();
    assert!(inside.iter().all(|layer| layer["text"].as_str().unwrap().starts_with("(hidden")));
    // A key log is no input either: its secrets must not end on a screen.
    let output = expect(2, scene.inspect("keys", &[]));
    assert!(stdout(&output).is_empty() && stderr(&output).contains("--key-log"));
}

#[test]
fn what_is_malformed_says_where_and_by_which_rule() {
    let scene = scene();
    for (name, text, expected) in [
        ("duplicate", "{\"sdmp\":{},\n\"sdmp\":{}}".to_owned(), "line 2, column 1"),
        ("deep", format!("{{\"a\":{}", "[".repeat(100_000)), "json."),
        ("empty", String::new(), "json."),
        ("text", "hello".to_owned(), "line 1, column 1"),
        ("unended", "{\"sdmp\":".to_owned(), "json."),
    ] {
        scene.write(name, text);
        let output = expect(6, scene.inspect(name, &[]));
        let (text, error) = (stdout(&output), stderr(&output));
        assert!(text.contains(expected) && text.contains("R3, R4"), "{name}: {text}");
        assert!(error.contains("1 check fails"), "{error}");
    }
    scene.write("binary", [0xff, 0xfe, b'{', 0]);
    expect(6, scene.inspect("binary", &[]));
    expect(2, scene.inspect("no-such-file", &[]));
}
