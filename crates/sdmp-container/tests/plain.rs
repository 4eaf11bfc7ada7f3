//! Containers that need no tree are what the parser says of them, and nothing else is one.

use sdmp_container::{Container, Error};

const HASH: &str =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw";

/// Texts of the forms that are recognised.
fn texts() -> Vec<String> {
    let uri = format!("sdmp://{HASH}/{HASH}");
    let of =
        |rest: &str| format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["{uri}"]}},{rest}}}"#);
    let long = "A".repeat(300);
    [
        r#""stream":{"data":"","end":false}"#,
        r#""stream":{"data":"eA","end":true}"#,
        &format!(r#""stream":{{"data":"{long}","end":true}}"#),
        r#""channels":[]"#,
        r#""channels":[{"id":1,"data":"AA"},{"id":9007199,"window":1},{"id":3,"end":true}]"#,
        r#""channels":[{"id":1,"open":"tcp:a b:1"},{"id":1,"reset":"refused"}]"#,
        r#""pieces":{"whole":{"size":0,"sha512":"x"}}"#,
        r#""a":[[1]]"#,
    ]
    .map(of)
    .into()
}

/// The same text through the parser: a space at its end leads there, and changes no position before.
fn parsed(octets: &[u8]) -> Result<Container, Error> {
    Container::parse([octets, b" "].concat())
}

fn same(octets: &[u8]) {
    let (fast, slow) = (Container::parse(octets), parsed(octets));
    match (fast, slow) {
        (Ok(fast), Ok(slow)) => {
            assert_eq!(fast.root(), slow.root());
            assert_eq!((fast.version(), fast.schemas()), (slow.version(), slow.schemas()));
        }
        (Err(fast), Err(slow)) => assert_eq!(fast.kind(), slow.kind()),
        (fast, slow) => panic!("{fast:?} {slow:?} {}", String::from_utf8_lossy(octets)),
    }
}

/// Each octet replaced, inserted and left out, for each text and each octet that means something.
#[test]
fn every_change_of_a_text_is_what_the_parser_says() {
    for text in texts() {
        let text = text.as_bytes();
        assert!(Container::parse(text).is_ok(), "{}", String::from_utf8_lossy(text));
        same(text);
        for at in 0..=text.len() {
            let (before, after) = text.split_at(at);
            same(before);
            same(after);
            if let Some(rest) = after.get(1..) {
                same(&[before, rest].concat());
            }
            for octet in *b"\"\\{}[]:,0159.-+eEtfnAz_ \n\t\0\x7f\x80\xff\xc3/" {
                same(&[before, &[octet], after].concat());
                if let Some(rest) = after.get(1..) {
                    same(&[before, &[octet], rest].concat());
                }
            }
        }
    }
}

/// What stands in other texts: names twice, other versions, several schemas, members beside.
#[test]
fn other_texts_are_what_the_parser_says() {
    for text in texts() {
        for (from, to) in [
            ("0.12.0", "0.12.1"),
            ("0.12.0", "9.0.0"),
            ("\"]}", "\",\"message\"]}"),
            ("\"]}", "\"],\"more\":1}"),
            ("\"data\"", "\"end\""),
            ("\"id\"", "\"data\""),
            ("\"stream\"", "\"sdmp\""),
            ("\"channels\"", "\"sdmp\""),
            ("true", "true,\"a\":1,\"b\":2,\"c\":3,\"d\":4"),
            ("\"AA\"", "[[[[[[1]]]]]]"),
            (":1}", ":1000000000000000000000}"),
            (":1}", ":01}"),
            ("sdmp://", "sdmp:/"),
            ("eA", "ü"),
            ("eA", "\\u0041"),
            ("}}", "}}}"),
        ] {
            same(text.replace(from, to).as_bytes());
        }
    }
}

/// Nothing is recognised beyond the limits.
#[test]
fn limits_hold_without_a_tree_too() {
    use sdmp_container::Limits;
    for text in texts() {
        for members in 0..40 {
            for depth in 1..8 {
                let limits = Limits { members, depth, ..Limits::DEFAULT };
                let slow = Container::parse_within(format!("{text} "), &limits);
                let fast = Container::parse_within(text.clone(), &limits);
                assert_eq!(
                    fast.as_ref().map(|_| ()).map_err(Error::kind),
                    slow.as_ref().map(|_| ()).map_err(Error::kind),
                    "{members} {depth} {text}"
                );
            }
        }
    }
}
