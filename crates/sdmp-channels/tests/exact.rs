//! What is read without a tree is what is read with one.

use sdmp_channels::{Frame, Reason, Step, read, write};
use sdmp_container::Container;

/// A space at the end leads to the parser and its tree.
fn same(octets: &[u8]) {
    let with = Container::parse([octets, b" "].concat());
    let without = Container::parse(octets);
    assert_eq!(with.is_ok(), without.is_ok(), "{}", String::from_utf8_lossy(octets));
    if let (Ok(with), Ok(without)) = (with, without) {
        assert_eq!(read(&with), read(&without), "{}", with.text());
    }
}

#[test]
fn every_change_of_a_message_is_read_alike() {
    let frames = [
        Frame { id: 1, step: Step::Open("tcp:ü:1".to_owned()) },
        Frame { id: 9, step: Step::Open("tcp:\"\\\n".to_owned()) },
        Frame { id: 3, step: Step::Data(b"abcd".to_vec()) },
        Frame { id: 12, step: Step::Window(1024) },
        Frame { id: 5, step: Step::End },
        Frame { id: 7, step: Step::Reset(Reason::Refused) },
    ];
    for frames in [&frames[..0], &frames[..1], &frames[1..3], &frames[2..], &frames] {
        let good = write(frames).unwrap();
        assert_eq!(read(&good).unwrap(), frames);
        let good = good.as_bytes();
        same(good);
        for at in 0..=good.len() {
            let (before, after) = good.split_at(at);
            let rest = after.get(1..).unwrap_or_default();
            same(&[before, rest].concat());
            for octet in *b"\"\\{}[]:,0159.-aeAtf_B \n" {
                same(&[before, &[octet], after].concat());
                same(&[before, &[octet], rest].concat());
            }
        }
    }
}

#[test]
fn other_steps_are_read_alike() {
    let good = write(&[Frame { id: 1, step: Step::Data(b"abc".to_vec()) }]).unwrap();
    for step in [
        r#""data":"""#,
        r#""data":"YWI","data":"YWI""#,
        r#""data":"\u0059WI""#,
        r#""end":false"#,
        r#""window":0"#,
        r#""window":2147483649"#,
        r#""window":1.0"#,
        r#""reset":"""#,
        r#""more":1"#,
        r#""end":true,"more":1"#,
        &format!(r#""open":"{}""#, "x".repeat(301)),
        &format!(r#""reset":"{}""#, "x".repeat(65)),
    ] {
        let text = good.text().replace(r#""data":"YWJj""#, step);
        assert_ne!(text, good.text());
        same(text.as_bytes());
        same(text.replace("\"id\":1", "\"id\":9007199254740992").as_bytes());
        same(text.replace("\"id\":1", "\"id\":0").as_bytes());
    }
}
