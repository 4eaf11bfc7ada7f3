//! R11: the order of validation, and what a failure says.

use crate::common::{container_with, uri};
use sdmp_container::{Container, CoreSchema};
use sdmp_schema::{Error, Schema, Validator, Violation};

fn parse(schemas: &str, members: &str) -> Container {
    let text = format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":{schemas}}}{members}}}"#);
    Container::parse(text).unwrap()
}

fn violation(schemas: &str, members: &str) -> Violation {
    let error = Validator::new().validate(&parse(schemas, members)).unwrap_err();
    assert!(!error.is_extension());
    error.violation().expect("a violation").clone()
}

/// Schema, pointer, keyword and sentence of a failure, in one line.
fn failure(schemas: &str, members: &str) -> String {
    let failure = violation(schemas, members);
    format!(
        "{} {} {}: {}",
        failure.schema(),
        failure.pointer(),
        failure.keyword(),
        failure.sentence()
    )
}

#[test]
fn a_valid_container_is_accepted() {
    let validator = Validator::new();
    let container = parse(r#"["message","user"]"#, r#","message":"hello","user":{"name":"a"}"#);
    assert_eq!(validator.validate(&container), Ok(()));
    assert_eq!(validator.validate_core(&container), Ok(()));
}

#[test]
fn failures_say_schema_pointer_keyword_and_sentence() {
    assert_eq!(failure(r#"["message"]"#, ""), "message  required: the member message is missing");
    assert_eq!(
        failure(r#"["message"]"#, r#","message":7"#),
        "message /message type: the value must be of type string"
    );
    assert_eq!(
        failure(r#"["response"]"#, r#","response":{"status":"ok","identifier":""}"#),
        "response /response oneOf: the value must fit exactly one of the alternatives"
    );
    let identity = |expires: &str| {
        format!(
            r#","identity":{{"type":"node","expires":"{expires}","key":"","fingerprint":"{}"}}"#,
            "A".repeat(86)
        )
    };
    assert_eq!(
        failure(r#"["identity"]"#, &identity("2023-02-29T00:00:00.000Z")),
        "identity /identity/expires pattern: the string does not have the required form"
    );
    assert_eq!(
        Validator::new().validate(&parse(r#"["identity"]"#, &identity("2024-02-29T00:00:00.000Z"))),
        Ok(())
    );
    let journal = r#","request":{"identifier":"","type":"journal","since":"","limit":LIMIT}"#;
    for (limit, expected) in [
        ("0", "minimum: the number must be at least 1"),
        ("2.0", "type: the value must be of type integer"),
        ("2e0", "type: the value must be of type integer"),
        ("-0", "type: the value must be of type integer"),
        ("18446744073709551616", "maximum: the number must be at most 18446744073709551615"),
    ] {
        assert_eq!(
            failure(r#"["request_journal"]"#, &journal.replace("LIMIT", limit)),
            format!("request_journal /request/limit {expected}")
        );
    }
    let largest = journal.replace("LIMIT", "18446744073709551615");
    assert_eq!(Validator::new().validate(&parse(r#"["request_journal"]"#, &largest)), Ok(()));
}

#[test]
fn codes_are_stable() {
    let error = Validator::new().validate(&parse(r#"["message"]"#, "")).unwrap_err();
    assert_eq!(error.code(), "schema.required");
    assert_eq!(error.schema(), Schema::Core(CoreSchema::Message));
    assert_eq!(error.pointer(), Some(""));
    assert_eq!(error.keyword(), Some("required"));
    assert_eq!(
        error.to_string(),
        "the container does not fit the schema message at its root: the member message is missing \
         (keyword required, R11)"
    );
}

#[test]
fn schemas_are_checked_in_the_order_in_which_they_are_listed() {
    let first = |schemas: &str| violation(schemas, "").schema().to_string();
    assert_eq!(first(r#"["user","trust"]"#), "user");
    assert_eq!(first(r#"["trust","user"]"#), "trust");
    let unknown = format!(r#"["{}","user"]"#, uri('B'));
    let error = Validator::new().validate(&parse(&unknown, "")).unwrap_err();
    assert_eq!(error, Error::Unresolved(Box::new(uri('B'))));
    let last = format!(r#"["user","{}"]"#, uri('B'));
    assert_eq!(first(&last), "user");
}

#[test]
fn each_schema_sees_the_whole_object() {
    assert_eq!(
        failure(r#"["message","user"]"#, r#","message":"hello""#),
        "user  required: the member user is missing"
    );
}

#[test]
fn core_schemas_are_judged_apart_from_extensions() {
    let validator = Validator::new();
    let unknown = container_with(&[uri('B')], "");
    assert_eq!(validator.validate_core(&unknown), Ok(()));
    let error = validator.validate(&unknown).unwrap_err();
    assert!(error.is_extension() && error.is_unresolved());
    assert_eq!(error.code(), "schema.unresolved");
}

#[test]
fn a_validator_is_shared_between_threads() {
    let validator = Validator::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(validator.validate(&container_with(&[], "")), Ok(()));
                }
            });
        }
    });
}
