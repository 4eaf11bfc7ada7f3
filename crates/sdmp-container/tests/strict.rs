//! The strict parser against `serde_json`, and at the edges of what is accepted (R3, R4).

use proptest::prelude::*;
use sdmp_container::strict::{self, Number, Object, Value};
use sdmp_container::{Error, ErrorKind, Limits};

type Plain = serde_json::Value;

pub(crate) fn parse(octets: &[u8]) -> Result<Value<'_>, Error> {
    strict::parse(octets, &Limits::DEFAULT)
}

/// Whether two doubles are as near as serde_json's reading of digits is to the nearest double.
fn near(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= (ours.abs() * 1e-15).max(1e-320)
}

/// Whether two parsers saw the same value; `exact` tells integers from doubles of the same value.
fn same(ours: &Value<'_>, theirs: &Plain, exact: bool) -> bool {
    match (ours, theirs) {
        (Value::Null, Plain::Null) => true,
        (Value::Bool(ours), Plain::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Plain::String(theirs)) => ours == theirs,
        (Value::Number(ours), Plain::Number(theirs)) => {
            (!exact || ours.as_u64() == theirs.as_u64() && ours.as_i64() == theirs.as_i64())
                && near(ours.as_f64(), theirs.as_f64().unwrap())
        }
        (Value::Array(ours), Plain::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs, exact))
        }
        (Value::Object(ours), Plain::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(name, value)| {
                    theirs.get(name.as_ref()).is_some_and(|theirs| same(value, theirs, exact))
                })
        }
        _ => false,
    }
}

/// Whatever we accept, serde_json accepts, with the same value; and it keeps its value when written.
fn check(octets: &[u8]) {
    let Ok(ours) = parse(octets) else { return };
    let theirs: Plain = serde_json::from_slice(octets).expect("serde_json is no stricter");
    assert!(same(&ours, &theirs, true), "{ours:?} {theirs:?}");
    let text = ours.to_text();
    let again = parse(text.as_bytes()).expect("what we write we read");
    // As JSON.stringify does it, 2.0 is written 2 and -0 is written 0.
    assert!(same(&again, &theirs, false), "{text}");
    // Written once, a text does not change any more.
    assert_eq!(again.to_text(), text);
    assert_eq!(ours.clone().into_owned(), ours);
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?",
    ]
}

fn string() -> impl Strategy<Value = String> {
    let escape = prop_oneof![
        "[ -!#-\\[\\]-~]{0,40}",
        "\\PC{0,8}".prop_map(|text| {
            let text = serde_json::to_string(&text).unwrap();
            text[1..text.len() - 1].to_owned()
        }),
        Just(r#"\""#.to_owned()),
        "\\\\[\\\\/bfnrt]",
        any::<char>().prop_map(|c| {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units);
            units.iter().map(|unit| format!("\\u{unit:04X}")).collect()
        }),
    ];
    prop::collection::vec(escape, 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

/// The text of a value, with white space here and there.
fn text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number(),
        string()
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let space = "[ \\n\\r\\t]{0,2}";
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..8), space).prop_map(|(elements, space)| {
                format!("[{space}{}]", elements.join(&format!(",{space}")))
            }),
            (prop::collection::vec((string(), inner), 0..20), space).prop_map(
                |(members, space)| {
                    let members: Vec<String> = members
                        .iter()
                        .map(|(name, value)| format!("{name}{space}:{space}{value}"))
                        .collect();
                    format!("{{{}{space}}}", members.join(","))
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn valid_texts_have_the_value_that_serde_json_sees(text in text()) {
        let text = format!("{{\"root\":{text}}}");
        match parse(text.as_bytes()) {
            Ok(_) => check(text.as_bytes()),
            // The generator writes nothing else that is wrong.
            Err(error) => prop_assert!(
                matches!(error.kind(), ErrorKind::DuplicateMember | ErrorKind::NumberOutOfRange),
                "{error} in {text}"
            ),
        }
    }

    #[test]
    fn changed_texts_are_refused_or_agree(
        text in text(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut octets = format!("{{\"root\":{text}}}").into_bytes();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        check(&octets);
    }

    #[test]
    fn cut_texts_are_refused(text in text(), at in any::<prop::sample::Index>()) {
        let text = format!("{{\"root\":{text}}}");
        let octets = text.as_bytes();
        prop_assert!(parse(&octets[..at.index(octets.len())]).is_err());
    }

    #[test]
    fn any_octets_are_refused_or_agree(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&octets);
    }

    #[test]
    fn any_json_marks_are_refused_or_agree(text in "\\{[\\[\\]{}:,\"\\\\ue0-9.+\\- a-f\\n]{0,40}\\}") {
        check(text.as_bytes());
    }

    #[test]
    fn strings_are_written_as_serde_json_writes_them(text in any::<String>()) {
        let ours = Value::String(text.as_str().into()).to_text();
        prop_assert_eq!(ours, serde_json::to_string(&text).unwrap());
    }

    #[test]
    fn doubles_read_back_as_themselves(value in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
        let text = format!("{{\"a\":{value:e}}}");
        let parsed = parse(text.as_bytes()).unwrap().to_text();
        let again = parsed.trim_start_matches("{\"a\":").trim_end_matches('}').parse();
        prop_assert_eq!(again, Ok(value));
    }

    #[test]
    fn every_fault_has_a_place_in_the_text(text in text(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut octets = format!("{{\"root\":{text}}}").into_bytes();
        let at = at.index(octets.len());
        octets[at] = octet;
        if let Err(error) = parse(&octets) {
            prop_assert!(error.offset(&octets).is_some_and(|offset| offset <= octets.len()));
            prop_assert!(error.position(&octets).is_some());
            prop_assert!(!format!("{error}").contains("root"), "no peer text");
        }
    }

    #[test]
    fn duplicates_are_found_among_any_number(count in 1..60_usize, first in any::<prop::sample::Index>(), second in any::<prop::sample::Index>()) {
        let mut names: Vec<String> = (0..count).map(|i| format!("n{}", i * 7 % 61)).collect();
        let (first, second) = (first.index(count), second.index(count));
        names[second] = names[first].clone();
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":{{}}")).collect();
        let text = format!("{{{}}}", members.join(","));
        let parsed = parse(text.as_bytes());
        if first == second {
            prop_assert!(parsed.is_ok());
        } else {
            let error = parsed.unwrap_err();
            prop_assert_eq!(error.code(), "json.duplicate_member");
            let later = members[..first.max(second)].iter().map(|m| m.len() + 1).sum::<usize>() + 1;
            prop_assert_eq!(error.offset(text.as_bytes()), Some(later), "the second one is named");
        }
    }

    #[test]
    fn pointers_lead_to_their_values(text in text(), choices in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let text = format!(" {{ \"root\" : {text} }}");
        let Ok(root) = parse(text.as_bytes()) else { return Ok(()) };
        let (mut value, mut pointer) = (&root, String::new());
        for choice in choices {
            let (token, next) = match value {
                Value::Array(elements) if !elements.is_empty() => {
                    let index = choice.index(elements.len());
                    (index.to_string(), &elements[index])
                }
                Value::Object(object) if !object.is_empty() => {
                    let (name, value) = object.iter().nth(choice.index(object.len())).unwrap();
                    (name.replace('~', "~0").replace('/', "~1"), value)
                }
                _ => break,
            };
            pointer = format!("{pointer}/{token}");
            value = next;
        }
        let (line, column) = strict::position_of(text.as_bytes(), &pointer).unwrap();
        let rest: String = text.split_inclusive('\n').skip(line - 1).collect();
        let rest: String = rest.chars().skip(column - 1).collect();
        let found = serde_json::Deserializer::from_str(&rest).into_iter::<Plain>().next();
        let found = found.expect("a value").expect("valid JSON");
        prop_assert!(same(value, &found, true), "{} {} {}", text, pointer, found);
    }
}

pub(crate) fn members(names: impl Iterator<Item = String>) -> String {
    let members: Vec<String> = names.map(|name| format!("\"{name}\":0")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn no_limit_makes_the_parser_descend_further_than_it_can() {
    let limits = Limits { depth: usize::MAX, ..Limits::DEFAULT };
    let text = format!("{{\"a\":{}", "[".repeat(100_000));
    let error = strict::parse(text.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.code(), "json.too_deep");
    let text = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
    assert!(strict::parse(text.as_bytes(), &limits).is_ok());
}

/// Objects of many members look for duplicates in another way than those of few.
#[test]
fn a_duplicate_is_found_in_any_order_of_the_names() {
    let names: Vec<String> = (10..40).map(|n| format!("n{n}")).collect();
    let reversed: Vec<String> = names.iter().rev().cloned().collect();
    for order in [names, reversed] {
        assert!(parse(members(order.iter().cloned()).as_bytes()).is_ok());
        for twice in 0..order.len() {
            for second in [twice + 1, order.len()] {
                let mut order = order.clone();
                order.insert(second, order[twice].clone());
                let text = members(order.into_iter());
                let error = parse(text.as_bytes()).unwrap_err();
                assert_eq!(error.code(), "json.duplicate_member", "{text}");
            }
        }
    }
}

#[test]
fn an_end_within_an_escape_is_told_where_it_is() {
    let error = parse(br#"{"a":"\"#).unwrap_err();
    assert_eq!((error.code(), error.offset(br#"{"a":"\"#)), ("json.unexpected_end", Some(7)));
}

/// A double has up to 309 digits before the point, and a sign.
#[test]
fn the_longest_integers_are_read() {
    let digits = |length: usize| format!("1{}", "0".repeat(length - 1));
    for (number, fits) in [(digits(309), true), (digits(310), false), (digits(311), false)] {
        for sign in ["", "-"] {
            let text = format!("{{\"a\":{sign}{number}}}");
            assert_eq!(parse(text.as_bytes()).is_ok(), fits, "{sign}{} digits", number.len());
        }
    }
}

#[test]
fn integers_are_kept_exactly() {
    let text = r#"{"a":[9007199254740993,-9223372036854775808,18446744073709551615,123456789012345678901234567890,-0,2.0,2e0]}"#;
    let value = parse(text.as_bytes()).unwrap();
    let numbers: Vec<&Number<'_>> = value
        .as_object()
        .unwrap()
        .get("a")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_number().unwrap())
        .collect();
    let integers: Vec<bool> = numbers.iter().map(|number| number.is_integer()).collect();
    assert_eq!(integers, [true, true, true, true, false, false, false]);
    assert_eq!(numbers[0].as_u64(), Some(9_007_199_254_740_993));
    assert_eq!(numbers[1].as_i64(), Some(i64::MIN));
    assert_eq!(numbers[1].as_u64(), None);
    assert_eq!(numbers[2].as_u64(), Some(u64::MAX));
    assert_eq!(numbers[2].as_i64(), None);
    assert_eq!((numbers[3].as_u64(), numbers[3].as_i64()), (None, None));
    assert_eq!(numbers[3].to_string(), "123456789012345678901234567890");
    assert_eq!(numbers[3].as_f64(), 123_456_789_012_345_678_901_234_567_890.0);
    assert_eq!(Number::from(-1_i64).to_string(), "-1");
    assert_eq!(Number::from(1_i64), Number::from(1_u64));
}

#[test]
fn objects_of_our_own_have_no_name_twice() {
    let member = |name: &'static str| (name.into(), Value::Null);
    assert_eq!(
        Object::from_members(vec![member("a"), member("b")]).unwrap().to_text(),
        r#"{"a":null,"b":null}"#
    );
    let error = Object::from_members(vec![member("a"), member("b"), member("a")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateMember);
}

#[test]
fn positions_count_lines_and_characters() {
    let position = |text: &str| parse(text.as_bytes()).unwrap_err().position(text.as_bytes());
    assert_eq!(position("{\n\"a\": x}"), Some((2, 6)));
    assert_eq!(position("{\"\u{e9}\u{1f600}\": x}"), Some((1, 8)), "characters, not octets");
    assert_eq!(position("{\"a\":1}\r\n x"), Some((2, 2)));
    assert_eq!(position("{"), Some((1, 2)));
    assert_eq!(position("x"), Some((1, 1)));
    assert_eq!(position("{\"a\":x}"), Some((1, 6)));
    assert_eq!(position("{\n\n  \"a\":x}"), Some((3, 7)));
    let octets = b"{\n\"\xff\"}";
    assert_eq!(parse(octets).unwrap_err().position(octets), Some((2, 2)));
    // Asked about a text that it is not about, it counts octets where there are no characters.
    let elsewhere = parse(b"{\"a\":x}").unwrap_err();
    assert_eq!(elsewhere.position(b"\n\xff\xff\xff\xff\xff"), Some((2, 5)));
    assert_eq!(strict::position_of(b"{\n \"a\": [\n1,\n 2]}", "/a/1"), Some((4, 2)));
    let large = strict::parse(b"{ }", &Limits { octets: 2, ..Limits::DEFAULT }).unwrap_err();
    assert_eq!(large.position(b"{ }"), None);
}
