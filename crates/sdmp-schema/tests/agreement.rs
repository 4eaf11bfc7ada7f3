//! The typed objects of `sdmp-container` and the schema files give one verdict.
//!
//! Containers of every core kind, valid or changed in one place, are judged by both. The exceptions
//! are those that `schemas/0.12/README.md` lists: what is no base64url in a field without a pattern.

use proptest::prelude::*;
use sdmp_container::{Container, CoreSchema};
use sdmp_schema::Validator;
use serde_json::{Map, Value, json};

fn text() -> BoxedStrategy<Value> {
    prop_oneof!["\\PC{0,8}", Just(String::new())].prop_map(Value::from).boxed()
}

fn base64() -> BoxedStrategy<Value> {
    prop::sample::select(vec!["", "AA", "AAA", "_-8", "AAAA", "AAAAAAAA"])
        .prop_map(Value::from)
        .boxed()
}

fn hash() -> BoxedStrategy<Value> {
    "[A-Za-z0-9_-]{85}[AQgw]".prop_map(Value::from).boxed()
}

fn timestamp() -> BoxedStrategy<Value> {
    (0_u32..10_000, 1_u32..13, 1_u32..29, 0_u32..24, 0_u32..60, 0_u32..60, 0_u32..1000)
        .prop_map(|(year, month, day, hour, minute, second, milli)| {
            json!(format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
            ))
        })
        .boxed()
}

fn integer(least: u64) -> BoxedStrategy<Value> {
    prop_oneof![least..least + 3, Just(u64::MAX)].prop_map(Value::from).boxed()
}

fn list(item: BoxedStrategy<Value>, least: usize) -> BoxedStrategy<Value> {
    prop::collection::vec(item, least..3).prop_map(Value::from).boxed()
}

fn one_of(words: &[&str]) -> BoxedStrategy<Value> {
    let words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    prop::sample::select(words).boxed()
}

/// An object of these members; a name that ends in `?` may be missing.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, value)| {
            let optional = name.ends_with('?');
            (Just(name.trim_end_matches('?')), value, prop::bool::weighted(0.5))
                .prop_map(move |(name, value, there)| (name, (there || !optional).then_some(value)))
        })
        .collect();
    members
        .prop_map(|members| {
            let there = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
            there.map(|(name, value)| (name.to_owned(), value)).collect()
        })
        .boxed()
}

fn data() -> BoxedStrategy<Value> {
    Just(json!({ "x": "x" })).boxed()
}

/// What `response.more` may hold.
fn further() -> BoxedStrategy<Value> {
    let found = object(vec![("data", data()), ("revoked?", data())]);
    list(prop_oneof![found, Just(Value::Null)].boxed(), 0)
}

/// A valid value of the root member of each core schema (profile section 2).
fn valid(schema: CoreSchema) -> BoxedStrategy<Value> {
    match schema {
        CoreSchema::Identity => object(vec![
            ("type", one_of(&["user", "node"])),
            ("expires", timestamp()),
            ("key", text()),
            ("fingerprint", hash()),
        ]),
        CoreSchema::Encrypted => object(vec![
            ("iv", one_of(&["AAAAAAAAAAAAAAAAAAAAAA", "____________________-w"])),
            ("payload", base64()),
            ("recipients", list(object(vec![("key", base64())]), 0)),
        ]),
        CoreSchema::Signature => object(vec![
            ("identifier", hash()),
            ("payload", base64()),
            ("signatures", list(object(vec![("protected", base64()), ("signature", base64())]), 1)),
        ]),
        CoreSchema::SharedKey => object(vec![("g", integer(0)), ("p", base64()), ("N", base64())]),
        CoreSchema::Resource => {
            object(vec![("user", hash()), ("trust?", hash()), ("created?", timestamp())])
        }
        CoreSchema::Broadcast => object(vec![("since", text()), ("entries", list(text(), 0))]),
        CoreSchema::RequestJournal => object(vec![
            ("identifier", text()),
            ("type", one_of(&["journal"])),
            ("since", text()),
            ("limit?", integer(1)),
        ]),
        CoreSchema::RequestResource => object(vec![
            ("type", one_of(&["resource"])),
            ("identifier", text()),
            ("author", hash()),
            ("resource", hash()),
            ("more?", list(object(vec![("author", hash()), ("resource", hash())]), 1)),
        ]),
        CoreSchema::Response => prop_oneof![
            object(vec![
                ("status", one_of(&["ok"])),
                ("identifier", text()),
                ("data", data()),
                ("revoked?", data()),
                ("more?", further()),
            ]),
            object(vec![
                ("status", one_of(&["bad_request", "not_found"])),
                ("identifier", text()),
                ("more?", further()),
            ]),
        ]
        .boxed(),
        CoreSchema::Message | CoreSchema::Receipt => text(),
        CoreSchema::Node => object(vec![
            ("type", one_of(&["node"])),
            ("name?", text()),
            ("ips", list(one_of(&["127.0.0.1:80", "[::1]:80"]), 0)),
        ]),
        CoreSchema::User => object(vec![("name", text()), ("about?", text())]),
        CoreSchema::Trust => {
            let words =
                ["read_encrypted", "read_resource", "publish_resource", "create_trust", "revoke"];
            object(vec![
                ("trustee", hash()),
                ("authorization", list(one_of(&words), 1)),
                ("expires?", timestamp()),
            ])
        }
        CoreSchema::Revoke => object(vec![("resource", hash()), ("authorization?", hash())]),
        CoreSchema::PrivateKey => {
            object(vec![("expires", timestamp()), ("key", text()), ("fingerprint", hash())])
        }
    }
}

/// JSON texts that stand in for a value; spelled out, since `serde_json` has no `-0` or `2.0`.
const SUBSTITUTES: [&str; 34] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "-0",
    "2.0",
    "2e0",
    "1.5",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "\"\"",
    "\"x\"",
    "\"ok\"",
    "\"node\"",
    "\"user\"",
    "\"journal\"",
    "\"resource\"",
    "\"not_found\"",
    "\"AA=\"",
    "\"revoke \"",
    "[]",
    "[7]",
    "[\"x\"]",
    "[[]]",
    "[{}]",
    "{}",
    "{\"key\":7}",
    "\"2023-02-29T00:00:00.000Z\"",
    "\"2024-02-29T23:59:60.000Z\"",
    "\"2024-02-29T23:59:59.999Z\"",
    "\"1900-02-29T00:00:00.000Z\"",
];

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A change in one place: replace, remove, add a member, repeat an item, or edit a string.
#[derive(Debug, Clone)]
enum Change {
    None,
    Replace(&'static str),
    Remove,
    AddMember,
    Repeat,
    Cut,
    Append(char),
    Exchange(char),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::None),
        prop::sample::select(SUBSTITUTES.to_vec()).prop_map(Change::Replace),
        prop::sample::select(SUBSTITUTES.to_vec()).prop_map(Change::Replace),
        prop::sample::select(SUBSTITUTES.to_vec()).prop_map(Change::Replace),
        Just(Change::Remove),
        Just(Change::AddMember),
        Just(Change::Repeat),
        Just(Change::Cut),
        any::<char>().prop_map(Change::Append),
        prop::sample::select(vec!['0', '9', 'B', '=', ' ', 'Z', '\u{e9}']).prop_map(Change::Append),
        prop::sample::select(vec!['0', '3', '9', 'B', '=', ' ', 'z']).prop_map(Change::Exchange),
    ]
}

/// Applies a change to the value at `pointer` in `root` and writes the result.
fn apply(root: &mut Value, pointer: &str, change: &Change) -> String {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    if let Change::Remove | Change::Repeat = change {
        match root.pointer_mut(parent).unwrap() {
            Value::Object(members) if matches!(change, Change::Remove) => {
                drop(members.remove(name))
            }
            Value::Array(items) if matches!(change, Change::Remove) => {
                items.remove(name.parse().unwrap());
            }
            Value::Array(items) => items.push(items[name.parse::<usize>().unwrap()].clone()),
            _ => {}
        }
        return root.to_string();
    }
    let value = root.pointer_mut(pointer).unwrap();
    match (change, &mut *value) {
        (Change::Replace(text), value) => {
            *value = json!("PLACE-OF-THE-SUBSTITUTE");
            return root.to_string().replace("\"PLACE-OF-THE-SUBSTITUTE\"", text);
        }
        (Change::AddMember, Value::Object(members)) => {
            members.insert("added".to_owned(), json!(7));
        }
        (Change::Cut, Value::String(text)) => drop(text.pop()),
        (Change::Append(more), Value::String(text)) => text.push(*more),
        (Change::Exchange(other), Value::String(text)) => {
            text.pop();
            text.push(*other);
        }
        _ => {}
    }
    root.to_string()
}

/// What `schemas/0.12/README.md` lists: only the typed object refuses, for base64url's sake.
fn is_listed_exception(error: &sdmp_container::Error) -> bool {
    let fields = [
        "/signature/payload",
        "/signature/signatures/",
        "/encrypted/iv",
        "/encrypted/payload",
        "/encrypted/recipients/",
        "/connection/p",
        "/connection/N",
    ];
    let pointer = error.pointer().unwrap_or_default();
    let code = error.code();
    fields.iter().any(|field| pointer.starts_with(field))
        && (code.starts_with("b64url.") || code == "encrypted.iv_length")
}

fn any_schema() -> impl Strategy<Value = CoreSchema> {
    prop::sample::select(CoreSchema::ALL.to_vec())
}

fn container_of(schema: CoreSchema, member: Value) -> Value {
    let mut root = Map::new();
    root.insert("sdmp".to_owned(), json!({ "version": "0.12.0", "schemas": [schema.name()] }));
    root.insert(schema.member().to_owned(), member);
    Value::Object(root)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn valid_objects_are_accepted_by_both(
        (schema, member) in any_schema().prop_flat_map(|schema| (Just(schema), valid(schema)))
    ) {
        let text = container_of(schema, member).to_string();
        let container = Container::parse(text).unwrap();
        prop_assert_eq!(container.check_core(), Ok(()));
        prop_assert_eq!(Validator::new().validate(&container), Ok(()));
    }

    #[test]
    fn changed_objects_get_one_verdict(
        (schema, member) in any_schema().prop_flat_map(|schema| (Just(schema), valid(schema))),
        place in any::<prop::sample::Index>(),
        change in change(),
    ) {
        let mut found = Vec::new();
        places(&member, &format!("/{}", schema.member()), &mut found);
        let pointer = place.get(&found).clone();
        let text = apply(&mut container_of(schema, member), &pointer, &change);
        let container = Container::parse(text.clone()).unwrap();
        let typed = container.check_core();
        let by_schema = Validator::new().validate(&container);
        match (&typed, &by_schema) {
            (Ok(()), Ok(())) => {}
            (Err(typed), Err(by_schema)) => {
                // Both point at the same value, or one of them at the object around it.
                let typed = typed.pointer().unwrap_or_default();
                let by_schema = by_schema.pointer().unwrap_or_default();
                prop_assert!(typed.starts_with(by_schema), "{typed} {by_schema} in {text}");
            }
            (Err(typed), Ok(())) => prop_assert!(is_listed_exception(typed), "{typed} in {text}"),
            (Ok(()), Err(by_schema)) => prop_assert!(false, "{by_schema} in {text}"),
        }
    }

    /// What the container schema says of `sdmp` is what the parser demands (R7 to R10).
    #[test]
    fn changed_headers_get_one_verdict(
        schemas in prop::sample::subsequence(CoreSchema::ALL.to_vec(), 1..4),
        place in any::<prop::sample::Index>(),
        change in change(),
    ) {
        let names: Vec<Value> = schemas.iter().map(|schema| json!(schema.name())).collect();
        let hash = "A".repeat(86);
        let mut names = names;
        names.push(json!(format!("sdmp://{hash}/{hash}")));
        let header = json!({ "version": "0.12.0", "schemas": names });
        let mut found = Vec::new();
        places(&header, "/sdmp", &mut found);
        let pointer = place.get(&found).clone();
        let text = apply(&mut json!({ "sdmp": header }), &pointer, &change);
        let schema = serde_json::from_str(sdmp_schema::CONTAINER_SCHEMA).unwrap();
        let by_schema = jsonschema::draft4::is_valid(&schema, &serde_json::from_str(&text).unwrap());
        let parsed = Container::parse(text.clone());
        prop_assert_eq!(by_schema, parsed.is_ok(), "{:?} in {}", parsed, text);
    }
}
