//! `sdmp container check` and `sdmp schema`: exit codes, places and rules.

use std::fs;

use crate::common::{Machine, expect, stderr, stdout};
use serde_json::{Value, json};

const MESSAGE: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;

/// What `--json` says of a container, after checking the exit code.
fn verdict(code: i32, text: &str, more: &[&str]) -> Value {
    let arguments = [&["container", "check", "--json"], more].concat();
    let output = expect(code, Machine::new().run_with(&arguments, text.as_bytes()));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Code, rule, pointer, line and column of the fault.
fn fault(text: &str) -> (String, String, Value, u64, u64) {
    let verdict = verdict(6, text, &[]);
    assert_eq!(verdict["valid"], false);
    let word = |name: &str| verdict[name].as_str().unwrap().to_owned();
    let number = |name: &str| verdict[name].as_u64().unwrap();
    (word("code"), word("rule"), verdict["pointer"].clone(), number("line"), number("column"))
}

#[test]
fn a_valid_container_is_valid_from_a_file_and_from_standard_input() {
    let machine = Machine::new();
    let path = machine.path().join("message.json");
    fs::write(&path, MESSAGE).unwrap();
    let said = "valid: version 0.12.0, schemas message\n";
    assert_eq!(machine.ok(&["container", "check", path.to_str().unwrap()]), said);
    for arguments in [&["container", "check"][..], &["container", "check", "-"]] {
        let output = expect(0, machine.run_with(arguments, MESSAGE.as_bytes()));
        assert_eq!(stdout(&output), said);
    }
    let expected = json!({
        "valid": true,
        "version": "0.12.0",
        "supported": true,
        "schemas": ["message"],
        "octets": MESSAGE.len(),
    });
    assert_eq!(verdict(0, MESSAGE, &[]), expected);
}

#[test]
fn another_version_is_valid_but_said_to_be_unsupported() {
    let text = MESSAGE.replace("0.12.0", "1.0.0");
    let output = expect(0, Machine::new().run_with(&["container", "check"], text.as_bytes()));
    assert!(stderr(&output).contains("only 0.12.x is supported"));
    assert_eq!(verdict(0, &text, &[])["supported"], false);
}

#[test]
fn faults_have_a_rule_and_a_place() {
    let at = |code: &str, rule: &str, pointer: Value, line: u64, column: u64| {
        (code.to_owned(), rule.to_owned(), pointer, line, column)
    };
    assert_eq!(
        fault("{\"sdmp\":{},\n \"sdmp\":{}}"),
        at("json.duplicate_member", "R4", Value::Null, 2, 2)
    );
    assert_eq!(
        fault(&MESSAGE.replace("0.12.0", "0.12")),
        at("version.shape", "R8", json!("/sdmp/version"), 1, 20)
    );
    assert_eq!(
        fault(&MESSAGE.replace("\"hello\"", "\n  7")),
        at("field.wrong_type", "R11", json!("/message"), 2, 3)
    );
    assert_eq!(
        fault(&MESSAGE.replace(r#""message":"hello""#, r#""other":"hello""#)),
        at("field.missing", "R11", json!("/message"), 1, 1)
    );
    let signature = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["signature"]}},"signature":{{"identifier":"{}","payload":"AA=","signatures":[{{"protected":"","signature":""}}]}}}}"#,
        "A".repeat(86)
    );
    let (code, rule, pointer, _, _) = fault(&signature);
    assert_eq!((&*code, &*rule, pointer), ("b64url.padding", "R1", json!("/signature/payload")));
}

#[test]
fn people_get_one_line_that_editors_understand() {
    let machine = Machine::new();
    let path = machine.path().join("bad.json");
    fs::write(&path, MESSAGE.replace("\"hello\"", "\n  7")).unwrap();
    let output = expect(6, machine.run(&["container", "check", path.to_str().unwrap()]));
    assert_eq!(stdout(&output), "");
    let said = stderr(&output);
    assert!(said.contains(&format!("{}:2:3: ", path.display())), "{said}");
    assert!(said.contains("field.wrong_type, R11, at /message"), "{said}");
}

#[test]
fn extension_schemas_come_from_a_directory() {
    let hash = "A".repeat(86);
    let text = |member: &str| {
        MESSAGE
            .replace(r#"["message"]"#, &format!(r#"["message","sdmp://{hash}/{hash}"]"#))
            .replace(r#""message":"#, &format!("\"pet\":{member},\n\"message\":"))
    };
    let unresolved = verdict(6, &text("\"cat\""), &[]);
    assert_eq!(unresolved["code"], "schema.unresolved");
    assert_eq!(unresolved["schema"], format!("sdmp://{hash}/{hash}"));

    let schemas = tempfile::tempdir().unwrap();
    let directory = schemas.path().to_str().unwrap();
    fs::create_dir(schemas.path().join(&hash)).unwrap();
    let file = schemas.path().join(&hash).join(format!("{hash}.json"));
    fs::write(&file, r#"{"properties":{"pet":{"enum":["cat","dog"]}},"required":["pet"]}"#)
        .unwrap();
    assert_eq!(verdict(0, &text("\"cat\""), &["--schema-dir", directory])["valid"], true);
    let wrong = verdict(6, &text("\"eel\""), &["--schema-dir", directory]);
    assert_eq!(wrong["code"], "schema.enum");
    assert_eq!((&wrong["pointer"], &wrong["keyword"]), (&json!("/pet"), &json!("enum")));
    assert_eq!((&wrong["rule"], &wrong["line"]), (&json!("R11"), &json!(1)));

    fs::write(&file, r#"{"$ref":"http://127.0.0.1:9/"}"#).unwrap();
    let remote = verdict(6, &text("\"cat\""), &["--schema-dir", directory]);
    assert_eq!(remote["code"], "schema.document.remote_ref");
    let missing = &["container", "check", "--schema-dir", "/nonexistent"];
    expect(2, Machine::new().run_with(missing, MESSAGE.as_bytes()));
}

/// The schemas that the program brings need no directory.
#[test]
fn our_own_extension_schemas_are_known() {
    let list = Machine::new().ok(&["schema", "list", "--json"]);
    let entries: Vec<Value> =
        list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.len(), 21);
    let stream = entries.iter().find(|entry| entry["name"] == "stream").unwrap();
    let schemas = format!(r#"["{}"]"#, stream["uri"].as_str().unwrap());
    let text = MESSAGE.replace(r#"["message"]"#, &schemas);
    assert_eq!(verdict(6, &text, &[])["code"], "schema.required");
    let text = text.replace(r#""message":"hello""#, r#""stream":{"data":"","end":true}"#);
    assert_eq!(verdict(0, &text, &[])["valid"], true);
}

#[test]
fn schemas_are_listed_and_shown() {
    let machine = Machine::new();
    let list = machine.ok(&["schema", "list"]);
    assert_eq!(list.lines().count(), 21);
    for line in list.lines() {
        let name = line.split_whitespace().next().unwrap();
        let shown: Value = serde_json::from_str(&machine.ok(&["schema", "show", name])).unwrap();
        assert_eq!(shown["$schema"], "http://json-schema.org/draft-04/schema#");
    }
    let unknown = expect(2, machine.run(&["schema", "show", "nothing"]));
    assert!(stderr(&unknown).contains("sdmp schema list"));
}

#[test]
fn control_characters_of_a_container_do_not_reach_the_terminal() {
    let text = MESSAGE.replace(r#"["message"]"#, r#"["message","\u001b[31mred"]"#);
    let output = expect(6, Machine::new().run_with(&["container", "check"], text.as_bytes()));
    assert!(!stderr(&output).contains("[31mred"), "{}", stderr(&output));
}
