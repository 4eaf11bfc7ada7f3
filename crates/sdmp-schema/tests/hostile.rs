//! Extension schemas that were written to hurt: each is refused by name, or costs little.

use crate::common::{container, container_with, document, uri};
use proptest::prelude::*;
use sdmp_schema::{Error, MemoryResolver, Validator};
use serde_json::{Value, json};
use std::sync::Arc;

/// What validating a container against the schema gives.
fn verdict(schema: &Value, member: &str) -> Result<(), Error> {
    verdict_text(&schema.to_string(), member)
}

fn verdict_text(schema: &str, member: &str) -> Result<(), Error> {
    let resolver = MemoryResolver::new().with(&uri('B'), schema);
    let validator = Validator::with_resolver(Arc::new(resolver));
    validator.validate(&container_with(&[uri('B')], member))
}

fn code(schema: &Value) -> &'static str {
    verdict(schema, "").expect_err("a hostile schema is refused").code()
}

#[test]
fn a_schema_that_is_too_large_is_refused() {
    let schema = document(json!({ "enum": ["x".repeat(256 * 1024)] }));
    assert_eq!(code(&schema), "schema.document.too_large");
}

#[test]
fn a_schema_that_is_nested_too_deeply_is_refused() {
    let mut schema = json!({});
    for _ in 0..20 {
        schema = json!({ "properties": { "a": schema } });
    }
    assert_eq!(code(&document(schema)), "schema.document.json");
    assert_eq!(verdict_text(&"[".repeat(100_000), "").unwrap_err().code(), "schema.document.json");
}

#[test]
fn a_schema_that_is_not_strict_json_is_refused() {
    for text in ["", "[]", "{\"type\":\"object\",\"type\":\"object\"}", "\u{feff}{}", "{} {}"] {
        assert_eq!(verdict_text(text, "").unwrap_err().code(), "schema.document.json", "{text}");
    }
}

#[test]
fn a_schema_that_would_accept_everything_is_refused() {
    assert_eq!(code(&document(json!({}))), "schema.document.not_a_schema");
    assert_eq!(code(&json!({ "identity": {} })), "schema.document.not_a_schema");
}

#[test]
fn a_signed_resource_is_not_taken_for_its_payload() {
    let schema = json!({
        "sdmp": { "version": "0.12.0", "schemas": ["signature"] },
        "signature": { "identifier": "", "payload": "", "signatures": [] },
        "type": "object",
    });
    assert_eq!(code(&schema), "schema.document.signed");
}

#[test]
fn a_schema_of_another_publisher_is_refused() {
    let mut schema = document(json!({ "type": "object" }));
    schema["sdmp"] = json!({ "version": "0.12.0", "schemas": ["resource"] });
    schema["resource"] = json!({ "user": "C".repeat(85) + "A" });
    assert_eq!(code(&schema), "schema.document.publisher");
    schema["resource"] = json!({ "user": "B".repeat(85) + "A" });
    assert_eq!(verdict(&schema, ""), Ok(()));
}

#[test]
fn another_dialect_is_refused_anywhere() {
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    assert_eq!(code(&json!({ "$schema": dialect, "type": "object" })), "schema.document.dialect");
    let nested = json!({ "properties": { "a": { "$schema": dialect, "type": "string" } } });
    assert_eq!(code(&document(nested)), "schema.document.dialect");
}

#[test]
fn an_id_that_would_move_references_is_refused() {
    let schema = document(json!({ "properties": { "a": { "id": "http://127.0.0.1/x" } } }));
    assert_eq!(code(&schema), "schema.document.id");
    // As the name of a property it is just a name, and at the root it says nothing new.
    let schema = document(json!({ "id": "http://127.0.0.1/x", "properties": { "id": {} } }));
    assert_eq!(verdict(&schema, ""), Ok(()));
}

#[test]
fn patterns_that_need_backtracking_or_much_memory_are_refused() {
    for pattern in ["(?=a)(?<=b)c", r"(a)\1", "(", "a{1000}{1000}", &"a".repeat(1025)] {
        let schema = document(json!({ "properties": { "a": { "pattern": pattern } } }));
        let code = code(&schema);
        let expected = ["schema.document.pattern", "schema.document.too_complex"];
        assert!(expected.contains(&code), "{code} for {pattern}");
    }
    let many: Vec<Value> = (0..65).map(|n| json!({ "pattern": format!("^{n}") })).collect();
    assert_eq!(code(&document(json!({ "anyOf": many }))), "schema.document.too_complex");
}

#[test]
fn a_catastrophic_pattern_runs_in_linear_time() {
    let schema = document(json!({ "properties": { "a": { "pattern": "^(a+)+$" } } }));
    let member = format!(r#","a":"{}!""#, "a".repeat(50_000));
    assert_eq!(verdict(&schema, &member).unwrap_err().code(), "schema.pattern");
}

/// What a schema may well want to say of a string: that it is a resource URI (R10).
#[test]
fn a_pattern_of_ordinary_size_is_allowed() {
    let hash = "[A-Za-z0-9_-]{85}[AQgw]";
    let pattern = format!("^sdmp://{hash}(/({hash})?)?$");
    let schema = document(json!({ "properties": { "a": { "pattern": pattern } } }));
    assert_eq!(verdict(&schema, &format!(r#","a":"{}""#, uri('D'))), Ok(()));
    assert_eq!(verdict(&schema, r#","a":"sdmp://""#).unwrap_err().code(), "schema.pattern");
}

#[test]
fn references_that_loop_on_one_value_are_refused() {
    for looping in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "not": { "$ref": "#/not" } }),
        json!({ "definitions": { "a": { "$ref": "#/definitions/b" }, "b": { "anyOf": [{ "$ref": "#/definitions/a" }] } } }),
        json!({ "dependencies": { "a": { "$ref": "#" } } }),
    ] {
        assert_eq!(code(&document(looping.clone())), "schema.document.too_complex", "{looping}");
    }
}

#[test]
fn references_that_double_are_refused() {
    let mut definitions = json!({ "14": { "type": "object" } });
    for level in 0..14 {
        let next = format!("#/definitions/{}", level + 1);
        definitions[level.to_string()] = json!({ "anyOf": [{ "$ref": next }, { "$ref": next }] });
    }
    let schema = json!({ "$ref": "#/definitions/0", "definitions": definitions });
    assert_eq!(code(&document(schema)), "schema.document.too_complex");
}

#[test]
fn a_recursive_schema_is_allowed() {
    let schema = document(json!({
        "properties": { "tree": { "$ref": "#/definitions/tree" } },
        "definitions": { "tree": {
            "type": "object",
            "properties": { "left": { "$ref": "#/definitions/tree" }, "right": { "$ref": "#/definitions/tree" } },
        } },
    }));
    assert_eq!(verdict(&schema, r#","tree":{"left":{"right":{}},"right":{}}"#), Ok(()));
    let error = verdict(&schema, r#","tree":{"left":{"right":7}}"#).unwrap_err();
    assert_eq!(error.code(), "schema.type");
    assert_eq!(error.pointer(), Some("/tree/left/right"));
}

/// Each level of the instance is explained twice, so 28 levels would cost 2^28 steps.
#[test]
fn a_recursive_schema_that_doubles_runs_out_of_steps() {
    let child = json!({ "properties": { "a": { "$ref": "#/definitions/x" } } });
    let schema = document(json!({
        "$ref": "#/definitions/x",
        "definitions": { "x": { "type": "object", "anyOf": [child, child] } },
    }));
    let member = format!(r#","a":{}7{}"#, r#"{"a":"#.repeat(28), "}".repeat(28));
    let error = verdict(&schema, &member).unwrap_err();
    assert_eq!(error.code(), "schema.too_costly");
    assert!(error.is_extension());
    let member = format!(r#","a":{}7{}"#, r#"{"a":"#.repeat(3), "}".repeat(3));
    assert_eq!(verdict(&schema, &member).unwrap_err().code(), "schema.any_of");
}

/// The deepest call stack that the limits allow, in a debug build on a test's 2 MiB.
#[test]
fn the_longest_chains_fit_the_stack() {
    let mut definitions = json!({});
    for level in 0..7 {
        let next = format!("#/definitions/{}", level + 1);
        definitions[level.to_string()] = json!({ "allOf": [{ "$ref": next }] });
    }
    definitions["7"] = json!({ "properties": { "a": { "$ref": "#/definitions/0" } } });
    let schema = document(json!({ "$ref": "#/definitions/0", "definitions": definitions }));
    let member = format!(r#","a":{}7{}"#, r#"{"a":"#.repeat(30), "}".repeat(30));
    assert_eq!(verdict(&schema, &member), Ok(()));
}

#[test]
fn many_patterns_over_much_text_run_out_of_steps() {
    let patterns: Vec<Value> =
        (0..60).map(|n| json!({ "pattern": format!("^(a|b|{n})*$") })).collect();
    let schema = document(json!({ "properties": { "a": { "allOf": patterns } } }));
    let member = format!(r#","a":"{}""#, "ab".repeat(500_000));
    assert_eq!(verdict(&schema, &member).unwrap_err().code(), "schema.too_costly");
}

#[test]
fn a_schema_that_the_meta_schema_refuses_is_refused() {
    for broken in [
        json!({ "type": "no such type" }),
        json!({ "properties": 7 }),
        json!({ "required": [] }),
        json!({ "minLength": -1 }),
        json!({ "multipleOf": 0 }),
        json!({ "items": true }),
    ] {
        assert_eq!(code(&document(broken.clone())), "schema.document.invalid", "{broken}");
    }
}

#[test]
fn what_a_reference_must_not_name() {
    for (reference, expected) in [
        ("http://127.0.0.1:1/x", "schema.document.remote_ref"),
        ("file:///etc/passwd", "schema.document.remote_ref"),
        ("other.json", "schema.document.remote_ref"),
        ("sdmp://short", "schema.document.remote_ref"),
        ("json-schema:///", "schema.document.remote_ref"),
        ("http://json-schema.org/draft-04/schema#", "schema.document.remote_ref"),
        ("#anchor", "schema.document.bad_ref"),
        ("#/nowhere", "schema.document.dangling_ref"),
        ("#/enum/0", "schema.document.dangling_ref"),
        ("#/properties", "schema.document.dangling_ref"),
    ] {
        let schema =
            document(json!({ "enum": [{}], "properties": { "a": { "$ref": reference } } }));
        assert_eq!(code(&schema), expected, "{reference}");
    }
    let unknown = document(json!({ "properties": { "a": { "$ref": uri('D').as_str() } } }));
    let error = verdict(&unknown, "").unwrap_err();
    assert_eq!(error.code(), "schema.document.unresolved_ref");
    assert!(error.is_unresolved() && error.is_extension());
}

#[test]
fn errors_hold_no_text_of_the_container() {
    let schema = document(json!({
        "properties": { "a": { "enum": ["x"] } },
        "additionalProperties": { "type": "object" },
    }));
    let secret = "secret text";
    for member in [format!(r#","a":"{secret}""#), format!(r#","{secret}":7"#)] {
        let text = verdict(&schema, &member).unwrap_err().to_string();
        assert!(!text.contains("secret"), "{text}");
    }
}

const NAMES: [&str; 5] = ["a", "b", "c", "sdmp", "message"];

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned)
}

/// Values as a container may hold them.
fn instance() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3_i64..5).prop_map(Value::from),
        Just(json!(2.0)),
        Just(json!(1.5)),
        "[ab\u{e9}]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// One keyword with a value that draft-04 allows.
fn keyword(
    inner: impl Strategy<Value = Value> + Clone + 'static,
) -> BoxedStrategy<(String, Value)> {
    let types = ["object", "array", "string", "integer", "number", "boolean", "null"];
    let one_of = |names: &[&'static str]| prop::sample::select(names.to_vec());
    let schemas = prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from);
    let named = prop::collection::hash_map(name(), inner.clone(), 0..4)
        .prop_map(|members| members.into_iter().collect::<Value>());
    let small = (0_u64..4).prop_map(Value::from);
    let number = prop_oneof![(-3_i64..5).prop_map(Value::from), Just(json!(1.5))];
    let pairs = prop_oneof![
        (Just("type"), one_of(&types).prop_map(Value::from)),
        (Just("type"), prop::sample::subsequence(types.to_vec(), 1..4).prop_map(Value::from)),
        (one_of(&["allOf", "anyOf", "oneOf"]), schemas.clone()),
        (one_of(&["not", "items", "additionalProperties", "additionalItems"]), inner.clone()),
        (one_of(&["additionalProperties", "additionalItems"]), any::<bool>().prop_map(Value::from)),
        (Just("items"), schemas),
        (one_of(&["properties", "definitions", "dependencies"]), named),
        (Just("patternProperties"), inner.prop_map(|schema| json!({ "^[ab]$": schema }))),
        (Just("required"), prop::sample::subsequence(NAMES.to_vec(), 1..3).prop_map(Value::from)),
        (one_of(&["minLength", "maxLength", "minItems", "maxItems"]), small.clone()),
        (one_of(&["minProperties", "maxProperties"]), small),
        (one_of(&["minimum", "maximum"]), number),
        (one_of(&["exclusiveMinimum", "exclusiveMaximum"]), any::<bool>().prop_map(Value::from)),
        (Just("multipleOf"), prop_oneof![Just(json!(2)), Just(json!(0.5))]),
        (Just("uniqueItems"), any::<bool>().prop_map(Value::from)),
        (Just("enum"), prop::collection::vec(instance(), 1..4).prop_map(Value::from)),
        (Just("pattern"), one_of(&["^a", "b$", "^[ab]*$", "."]).prop_map(Value::from)),
        (Just("format"), one_of(&["email", "regex", "uri"]).prop_map(Value::from)),
        (Just("$ref"), one_of(&["#/definitions/a", "#/properties/b"]).prop_map(Value::from)),
    ];
    pairs.prop_map(|(name, value)| (name.to_owned(), value)).boxed()
}

/// Schemas of which most are valid draft-04.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!({})), Just(json!({ "type": "integer" }))];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop::collection::vec(keyword(inner.boxed()), 1..5)
            .prop_map(|members| members.into_iter().collect())
    })
}

/// Anything at all, with a taste for words that mean something in a schema.
fn anything() -> impl Strategy<Value = Value> {
    let words = [
        "type",
        "properties",
        "patternProperties",
        "items",
        "required",
        "allOf",
        "anyOf",
        "not",
        "dependencies",
        "definitions",
        "$ref",
        "#",
        "#/definitions/a",
        "#/not",
        "a",
        "enum",
        "pattern",
        "^a",
        "minLength",
        "multipleOf",
        "maximum",
        "uniqueItems",
        "format",
        "id",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(str::to_owned);
    let leaf = prop_oneof![
        instance(),
        word.clone().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(word.clone(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Whatever is given as a schema: an answer, and no panic.
    #[test]
    fn no_schema_makes_us_panic(schema in prop_oneof![anything(), schema()], member in anything()) {
        let member = format!(r#","a":{member}"#);
        drop(verdict(&document(schema), &member));
    }

    /// Our reading of an instance and `serde_json`'s give the engine the same verdict.
    #[test]
    fn our_values_validate_as_plain_values_do(schema in schema(), member in instance()) {
        let text = container_with(&[uri('B')], &format!(r#","a":{member}"#));
        let schema = document(schema);
        let resolver = MemoryResolver::new().with(&uri('B'), schema.to_string());
        let ours = Validator::with_resolver(Arc::new(resolver)).validate(&text);
        let mut plain = schema;
        plain.as_object_mut().unwrap().remove("id");
        let theirs = jsonschema::draft4::options().should_validate_formats(false).offline().build(&plain);
        match (ours, theirs) {
            (Ok(()), Ok(theirs)) => prop_assert!(theirs.is_valid(&serde_json::from_str(text.text()).unwrap())),
            (Ok(()), Err(error)) => prop_assert!(false, "we accept a schema that they refuse: {error}"),
            (Err(Error::Violation(_)), Ok(theirs)) => {
                prop_assert!(!theirs.is_valid(&serde_json::from_str(text.text()).unwrap()));
            }
            (Err(_), _) => {}
        }
    }
}

#[test]
fn the_container_used_here_is_valid() {
    assert_eq!(Validator::new().validate(&container("")), Ok(()));
}
