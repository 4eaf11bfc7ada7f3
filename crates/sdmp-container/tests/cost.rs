//! What the strict parser costs, whatever it is given: time that grows with the text, and nothing
//! beyond the limits (R4).

use std::time::{Duration, Instant};

use crate::strict::{members, parse};
use sdmp_container::strict::{self, Object, Value};
use sdmp_container::{Container, Limits};

/// A bound that a quadratic parser misses by far, and a loaded machine without optimisation keeps.
fn within_bounds<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < Duration::from_secs(60), "{what} took {:?}", start.elapsed());
    result
}

#[test]
fn a_hundred_thousand_members_cost_linear_time() {
    let orders: [(&str, Box<dyn Iterator<Item = usize>>); 3] = [
        ("ascending", Box::new(0..100_000)),
        ("descending", Box::new((0..100_000).rev())),
        ("mixed", Box::new((0..100_000).map(|i| i * 7919 % 100_000))),
    ];
    for (order, indices) in orders {
        let text = members(indices.map(|i| format!("member{i:06}")));
        let value = within_bounds(order, || parse(text.as_bytes()).map(Value::into_owned));
        assert_eq!(value.unwrap().as_object().map(Object::len), Some(100_000));
    }
}

#[test]
fn long_common_prefixes_do_not_slow_the_comparison_of_names() {
    let prefix = "x".repeat(500);
    let text = members((0..20_000).map(|i| format!("{prefix}{:05}", i * 7919 % 20_000)));
    within_bounds("common prefixes", || parse(text.as_bytes()).map(drop)).unwrap();
}

#[test]
fn a_duplicate_at_the_end_of_a_hundred_thousand_members_is_found() {
    let names = (0..100_000).map(|i| format!("member{i:06}"));
    let text = members(names.chain(["member000000".to_owned()]));
    let error = within_bounds("duplicate", || parse(text.as_bytes()).unwrap_err());
    assert_eq!(error.code(), "json.duplicate_member");
    assert_eq!(error.offset(text.as_bytes()), text.rfind("\"member000000\""));
}

#[test]
fn duplicates_inside_nested_large_objects_cost_linear_time() {
    // Each level has more members than are compared as they come, and is sorted once.
    let few: String = (0..17).map(|i| format!("\"k{i}\":0,")).collect();
    let mut text = String::from("0");
    for _ in 0..29 {
        text = format!("{{{few}\"deep\":{text},\"wide\":[{{}},{{}}]}}");
    }
    let bad = text.replacen("\"k16\":0", "\"k0\":0", 1);
    within_bounds("nested", || parse(text.as_bytes()).map(drop)).unwrap();
    let error = within_bounds("nested", || parse(bad.as_bytes()).unwrap_err());
    assert_eq!(error.offset(bad.as_bytes()), bad[10..].find("\"k0\"").map(|at| at + 10));
}

#[test]
fn a_hundred_thousand_levels_are_refused_at_the_33rd() {
    for open in ["[", "{\"a\":"] {
        let text = format!("{{\"a\":{}", open.repeat(100_000));
        let error = within_bounds("nesting", || parse(text.as_bytes()).unwrap_err());
        assert_eq!(error.code(), "json.too_deep");
        assert_eq!(error.offset(text.as_bytes()), Some(5 + 31 * open.len()));
    }
}

#[test]
fn a_million_digits_are_refused_without_reading_them_as_a_number() {
    let text = format!("{{\"a\":{}}}", "9".repeat(1_000_000));
    let error = within_bounds("digits", || parse(text.as_bytes()).unwrap_err());
    assert_eq!(error.code(), "json.number_out_of_range");
    for number in [format!("0.{}", "3".repeat(1_000_000)), format!("1e-{}", "0".repeat(1_000_000))]
    {
        let text = format!("{{\"a\":{number}}}");
        within_bounds("digits", || parse(text.as_bytes()).map(drop)).unwrap();
    }
}

#[test]
fn a_string_of_16_mib_costs_linear_time() {
    let room = (16 << 20) - 8;
    let filled = [
        "x".repeat(room),
        "\u{e9}".repeat(room / 2),
        "\\n".repeat(room / 2),
        "\\ud83d\\ude00".repeat(room / 12),
    ];
    for filling in filled {
        let text = format!("{{\"a\":\"{filling}\"}}");
        within_bounds("string", || parse(text.as_bytes()).map(Value::into_owned)).unwrap();
    }
}

#[test]
fn a_limit_refuses_before_it_costs() {
    let text = vec![0xff; 64 << 20];
    let start = Instant::now();
    for _ in 0..1000 {
        let error = strict::parse(&text, &Limits::CLOSED_PLAIN).unwrap_err();
        assert_eq!(error.code(), "json.too_large", "not even the encoding is looked at");
    }
    // Looking at 64 GiB would take longer than this on any machine.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_million_members_are_refused_at_the_limit() {
    let text = format!("{{\"a\":[{}0]}}", "0,".repeat(999_999));
    let error = parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "json.too_many_members");
    // The member `a` counts as one, and each element takes two octets.
    assert_eq!(error.offset(text.as_bytes()), Some(6 + 2 * (Limits::DEFAULT.members - 1)));
}

#[test]
fn a_hundred_thousand_schemas_cost_linear_time() {
    let entries: Vec<String> = (0..100_000).map(|i| format!("\"s{i}\"")).collect();
    let text = format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":[{}]}}}}"#, entries.join(","));
    let error = within_bounds("schemas", || Container::parse(text.as_str()).unwrap_err());
    assert_eq!(error.code(), "container.unknown_schema");
    assert_eq!(error.pointer(), Some("/sdmp/schemas/0"));
}
