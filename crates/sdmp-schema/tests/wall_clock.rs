//! Every keyword of draft-04 at its worst: 256 KiB of schema and 1 MiB of container are decided, or
//! refused as too costly, within a second (R11).
//!
//! A program of its own, since it measures time: that of its own thread where the system tells it,
//! so that other work on the machine does not count. A build without optimisation gets more.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement may stop"
)]

#[path = "common/mod.rs"]
mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{container_with, document, uri};
use sdmp_schema::{MemoryResolver, Validator};
use serde_json::{Value, json};

/// A development build does not optimise the engine, and therefore gets more.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 8 } else { 1 });

/// Room that a case may fill, a little below the limits so that what surrounds it fits.
const SCHEMA: usize = 250 * 1024;
const CONTAINER: usize = 1024 * 1024 - 1024;

/// Members and elements of a container, of which it may have 262,144.
const VALUES: usize = 260_000;

/// The time that this thread has spent, or the time of day.
fn spent(since: Instant) -> Duration {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match line.split(' ').next().and_then(|nanos| nanos.parse().ok()) {
        Some(nanos) => Duration::from_nanos(nanos),
        None => since.elapsed(),
    }
}

/// What becomes of one case, in time: `schema` applies to the member `a`, whose JSON text is `value`.
fn outcome(name: &str, mut schema: Value, value: &str) -> &'static str {
    let definitions = schema.as_object_mut().unwrap().remove("definitions");
    let definitions = definitions.unwrap_or_else(|| json!({}));
    let schema = document(json!({ "properties": { "a": schema }, "definitions": definitions }));
    let text = schema.to_string();
    assert!(text.len() <= 256 * 1024, "{name}: a schema of {} octets", text.len());
    assert!(value.len() <= 1024 * 1024, "{name}: a container of {} octets", value.len());
    let resolver = MemoryResolver::new().with(&uri('B'), text);
    let container = container_with(&[uri('B')], &format!(r#","a":{value}"#));
    let validator = Validator::with_resolver(Arc::new(resolver));
    let start = Instant::now();
    let before = spent(start);
    let verdict = validator.validate(&container);
    let taken = spent(start) - before;
    let code = verdict.as_ref().err().map_or("valid", sdmp_schema::Error::code);
    println!("{:>7.1} ms  {name}: {code}", taken.as_secs_f64() * 1e3);
    assert!(taken <= LIMIT, "{name} took {taken:?}");
    code
}

/// A case that must reach the engine.
fn check(name: &str, schema: Value, value: &str) {
    let code = outcome(name, schema, value);
    assert!(!code.starts_with("schema.document"), "{name} did not reach the engine: {code}");
}

/// As many schemas applied to one value as are allowed, each of them `schema`.
fn times(schema: Value) -> Value {
    let references = vec![json!({ "$ref": "#/definitions/x" }); 1000];
    json!({ "allOf": references, "definitions": { "x": schema } })
}

/// The same for each element of an array, or each member of an object.
fn times_each(schema: Value) -> Value {
    // The chains and weights of what these hold within them count too.
    let inner = ["not", "anyOf", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some());
    let references = vec![json!({ "$ref": "#/definitions/x" }); if inner { 400 } else { 1000 }];
    let each = json!({ "allOf": references });
    json!({ "items": each, "additionalProperties": each, "definitions": { "x": schema } })
}

/// An array of as many of these texts as fit.
fn array(element: &str) -> String {
    let values = 1 + element.matches([',', ':']).count() + element.matches(['[', '{']).count();
    let count = (CONTAINER / (element.len() + 1)).min(VALUES / values);
    format!("[{}]", vec![element; count].join(","))
}

/// As an array, of texts made from their number, which have about `len` octets.
fn numbered(len: usize, element: impl Fn(usize) -> String) -> String {
    let elements: Vec<String> = (0..(CONTAINER / (len + 1)).min(VALUES / 2)).map(element).collect();
    format!("[{}]", elements.join(","))
}

/// An object of as many members with names of `len` octets, alike but for the middle.
fn object(len: usize, value: &str) -> String {
    let count = CONTAINER / (len + value.len() + 4);
    let members: Vec<String> =
        (0..count).map(|at| format!("\"{}\":{value}", name_of(len, at))).collect();
    format!("{{{}}}", members.join(","))
}

/// Names that differ only in their middle.
fn name_of(len: usize, at: usize) -> String {
    let half = "n".repeat((len - 6) / 2);
    format!("{half}{at:06}{half}")
}

/// As many such names as a schema holds.
fn names(len: usize) -> Vec<String> {
    (0..(SCHEMA / (2 * len + 16)).min(3_500)).map(|at| name_of(len, at + 500_000)).collect()
}

#[test]
fn type_and_empty_schemas() {
    check("type", times_each(json!({ "type": ["integer", "null"] })), &array("0"));
    check("type of one", times_each(json!({ "type": "integer" })), &array("0"));
    check("nothing", times_each(json!({})), &array("0"));
    check("format", times_each(json!({ "format": "email" })), &array("\"\""));
    check("not", times_each(json!({ "not": { "type": "string" } })), &array("0"));
    check("anyOf", times_each(json!({ "anyOf": [{ "type": "null" }, {}] })), &array("0"));
    check("oneOf", times_each(json!({ "oneOf": [{ "type": "null" }, {}] })), &array("0"));
    let each = json!({ "anyOf": vec![json!({ "type": "null" }); 1900] });
    check("anyOf, explained", json!({ "items": each }), &array("0"));
}

#[test]
fn enumerations() {
    let arrays = |count: usize| -> Vec<Value> {
        let element = |at: usize| json!([at]);
        (0..count)
            .map(|at| json!((0..15_000 / count / 2).map(|_| element(at)).collect::<Value>()))
            .collect()
    };
    check("enum of arrays", json!({ "enum": arrays(300) }), &array("[7]"));
    let small: Vec<Value> = (0..3000).map(|at| json!([at])).collect();
    check("enum of small arrays", times(json!({ "enum": small })), &array("[7]"));
    check("enum of small arrays, each", times_each(json!({ "enum": small })), &array("[7]"));
    let mut strings: Vec<Value> = (0..7000).map(|at| json!(format!("{at:024}"))).collect();
    strings.push(json!([]));
    let alike = format!("\"{:024}\"", 7500);
    check("enum of strings", times_each(json!({ "enum": strings })), &array(&alike));
    let mut others: Vec<Value> = (0..12_000).map(|at| json!(at)).collect();
    others.push(json!({}));
    check("enum of others", times_each(json!({ "enum": others })), &array("{\"a\":0}"));
    let mut fractions: Vec<Value> = (0..12_000).map(|at| json!(at)).collect();
    fractions.push(json!(0.5));
    check("enum of numbers", times_each(json!({ "enum": fractions })), &array("1.5"));
    let long = format!("1.{}", "0".repeat(CONTAINER - 10));
    check("enum, one long number", times(json!({ "enum": fractions })), &long);
    let long = json!("s".repeat(SCHEMA / 2));
    let entries = vec![long, json!(["x"])];
    let text = format!("\"{}t\"", "s".repeat(SCHEMA / 2 - 1));
    check("enum of a long string", times_each(json!({ "enum": entries })), &array(&text));
    let members: Value =
        (0..9_000).map(|at| (name_of(12, at), json!(0))).collect::<serde_json::Map<_, _>>().into();
    let same = (0..9_000).map(|at| format!("\"{}\":{}", name_of(12, at), u8::from(at == 8_999)));
    let same = format!("{{{}}}", same.collect::<Vec<_>>().join(","));
    check("enum of an object", times(json!({ "enum": [members, 7] })), &same);
}

#[test]
fn numbers() {
    let long = format!("1.{}", "0".repeat(CONTAINER - 10));
    for (keyword, limit) in [
        ("minimum", json!(0)),
        ("maximum", json!(5)),
        ("multipleOf", json!(1)),
        ("multipleOf", json!(0.01)),
    ] {
        let schema = json!({ keyword: limit });
        check(keyword, times_each(schema.clone()), &array("1"));
        check(&format!("{keyword} of fractions"), times_each(schema.clone()), &array("1.5"));
        check(&format!("{keyword} of a long number"), times(schema), &long);
    }
    let huge = json!({ "multipleOf": 1e-300 });
    check("multipleOf, tiny", times_each(huge), &array("1e300"));
}

#[test]
fn strings() {
    let long = format!("\"{}\"", "é".repeat(CONTAINER / 2 - 2));
    for keyword in ["minLength", "maxLength"] {
        let schema = json!({ keyword: 300_000 });
        check(keyword, times(schema.clone()), &long);
        check(&format!("{keyword} of many"), times_each(schema), &array("\"\""));
    }
    let patterns: Vec<Value> =
        (0..60).map(|n| json!({ "pattern": format!("^(a|b|{n})*$") })).collect();
    let text = format!("\"{}\"", "ab".repeat(CONTAINER / 2 - 2));
    check("pattern", json!({ "allOf": patterns }), &text);
    check(
        "pattern of few",
        json!({ "items": { "allOf": patterns } }),
        &array(&format!("\"{}\"", "ab".repeat(500))),
    );
    for pattern in [
        "^(a+)+$",
        "(a|b)*a(a|b){200}$",
        "[a-z]{100}x",
        r"(\w|\d){150}!",
        "(.*)(.*)(.*)(.*)(.*)[^ab]x",
    ] {
        let schema = json!({ "pattern": pattern });
        check(&format!("pattern {pattern}"), schema.clone(), &text);
        check(&format!("pattern {pattern}, each"), times_each(schema), &array("\"ababab\""));
    }
}

#[test]
fn arrays() {
    for keyword in ["minItems", "maxItems"] {
        check(keyword, times_each(json!({ keyword: 0 })), &array("[]"));
    }
    let unique = json!({ "uniqueItems": true });
    check(
        "uniqueItems",
        times(unique.clone()),
        &numbered(8, |at| format!("{at:08}").replace("0", "1")),
    );
    check(
        "uniqueItems of numbers",
        times(unique.clone()),
        &numbered(8, |at| format!("{}", at + 10_000_000)),
    );
    check(
        "uniqueItems of strings",
        times(unique.clone()),
        &numbered(16, |at| format!("\"{at:014}\"")),
    );
    check(
        "uniqueItems of long strings",
        times(unique.clone()),
        &numbered(4096, |at| format!("\"{}{at:06}\"", "s".repeat(4088))),
    );
    check(
        "uniqueItems of arrays",
        times(unique.clone()),
        &numbered(10, |at| format!("[{}]", at + 10_000_000)),
    );
    check(
        "uniqueItems of objects",
        times(unique.clone()),
        &numbered(14, |at| format!("{{\"a\":{}}}", at + 10_000_000)),
    );
    check(
        "uniqueItems of mixed",
        times(unique.clone()),
        &numbered(10, |at| if at == 0 { "null".to_owned() } else { format!("\"{at:07}\"") }),
    );
    check("uniqueItems of small arrays", times_each(unique.clone()), &array("[[1],[2],[3],[]]"));
    check("uniqueItems of pairs", times_each(unique), &array("[0,1]"));
    let positions =
        json!({ "items": vec![json!({ "type": "null" }); 500], "additionalItems": false });
    check("items by position", times_each(positions), &array("[null,null,null,null]"));
    let additional = json!({ "items": [{}], "additionalItems": { "type": "null" } });
    check("additionalItems", times(additional), &array("null"));
}

#[test]
fn objects() {
    for keyword in ["minProperties", "maxProperties"] {
        check(keyword, times_each(json!({ keyword: 0 })), &array("{}"));
    }
    for len in [8, 64, 1024, 6000] {
        let names = names(len);
        let object = object(len, "0");
        check(&format!("required, {len}"), times(json!({ "required": names })), &object);
        let few: Vec<&String> = names.iter().take(30).collect();
        check(&format!("required of few, {len}"), times(json!({ "required": few })), &object);
        let properties = |count: usize| -> Value {
            names
                .iter()
                .take(count)
                .map(|name| (name.clone(), json!({})))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        for count in [30, 100] {
            let schema = json!({ "properties": properties(count) });
            check(&format!("{count} properties, {len}"), times(schema.clone()), &object);
            let mut closed = schema;
            closed["additionalProperties"] = json!({ "type": "integer" });
            check(&format!("{count} properties, others, {len}"), times(closed), &object);
        }
        let dependencies: Value = names
            .iter()
            .take((names.len() * 3 / 4).min(900))
            .map(|name| (name.clone(), json!([name])))
            .collect::<serde_json::Map<_, _>>()
            .into();
        check(
            &format!("dependencies, {len}"),
            times(json!({ "dependencies": dependencies })),
            &object,
        );
        let patterns: Value = (0..60)
            .map(|n| (format!("^(n|{n})*$"), json!({})))
            .collect::<serde_json::Map<_, _>>()
            .into();
        check(
            &format!("patternProperties, {len}"),
            times(json!({ "patternProperties": patterns })),
            &object,
        );
    }
    check(
        "additionalProperties",
        times_each(json!({ "additionalProperties": false })),
        &array("{}"),
    );
}

#[test]
fn recursion() {
    let child = json!({ "properties": { "a": { "$ref": "#/definitions/x" } } });
    let schema = json!({ "$ref": "#/definitions/x", "definitions": { "x": { "anyOf": [child, child, { "type": "null" }] } } });
    check("recursion", schema, &format!("{}7{}", r#"{"a":"#.repeat(28), "}".repeat(28)));
    let schema = json!({ "$ref": "#/definitions/x", "definitions": { "x": { "items": { "$ref": "#/definitions/x" }, "type": "array" } } });
    check("nested arrays", schema, &array(&format!("{}{}", "[".repeat(28), "]".repeat(28))));
}

/// Many schemas in one container share one budget.
#[test]
fn many_schemas_share_one_budget() {
    let uris: Vec<_> = ('a'..='z').chain('A'..='Z').map(uri).collect();
    let each = json!({ "items": { "allOf": vec![json!({ "type": "integer" }); 1000] } });
    let text = document(json!({ "properties": { "a": each } })).to_string();
    let resolver = uris.iter().fold(MemoryResolver::new(), |all, uri| all.with(uri, text.clone()));
    let value = format!("[{}0]", "0,".repeat(4000));
    let container = container_with(&uris, &format!(r#","a":{value}"#));
    let validator = Validator::with_resolver(Arc::new(resolver));
    let start = Instant::now();
    let before = spent(start);
    let error = validator.validate(&container).unwrap_err();
    let taken = spent(start) - before;
    assert_eq!(error.code(), "schema.too_costly");
    assert!(taken <= LIMIT, "{taken:?}");
}

/// References whose targets the engine would compile, or merge, once for each of them.
#[test]
fn references() {
    let properties: Value = names(8)
        .iter()
        .map(|name| (name.clone(), json!({})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let wide = json!({ "properties": properties });
    let merged = outcome("1,000 times 3,500 properties", times(wide.clone()), &object(8, "0"));
    assert_eq!(merged, "schema.document.too_complex");
    let below = vec![json!({ "$ref": "#/definitions/x" }); 500];
    let below = json!({ "items": below, "definitions": { "x": wide } });
    check("500 elements of 3,500 properties", below, &array("{}"));
    let link = |at: usize| json!({ "properties": { "a": { "$ref": format!("#/definitions/{}", at + 1) } } });
    let mut chain: serde_json::Map<_, _> = (0..2030).map(|at| (at.to_string(), link(at))).collect();
    chain.insert("2030".to_owned(), json!({}));
    check("a long chain", json!({ "$ref": "#/definitions/0", "definitions": chain }), "{}");
}
