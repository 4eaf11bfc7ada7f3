//! Emission is byte for byte that of `JSON.stringify` (R3), as Node sees it where it is installed.
//! The stored vectors in `emission.json` say the same everywhere.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sdmp_container::strict::{self, Object, Value};
use sdmp_container::{Limits, Message, Response, Status};

/// What `JSON.stringify(JSON.parse(line))` is for each line; none where there is no Node.
fn stringify(lines: &[String]) -> Option<Vec<String>> {
    let script = "for (const line of require('fs').readFileSync(0, 'utf8').split('\\n')) \
                  console.log(JSON.stringify(JSON.parse(line)))";
    let node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        println!("skipped: Node is not installed");
        return None;
    };
    let input = lines.join("\n");
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "Node refuses what we wrote");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

/// Samples of a strategy, the same ones at each run.
fn samples<T: std::fmt::Debug>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn assert_equal(ours: &[String]) {
    let Some(theirs) = stringify(ours) else { return };
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(*ours, theirs);
    }
}

#[test]
fn strings_as_node_writes_them() {
    let mut texts = samples(2000, any::<String>());
    texts.extend((0..0x3000).filter_map(char::from_u32).map(|c| format!("a{c}b")));
    texts.extend((0xd700..0x1_0100).filter_map(char::from_u32).map(String::from));
    let ours: Vec<String> = texts.into_iter().map(|text| Message::new(text).to_text()).collect();
    assert_equal(&ours);
}

#[test]
fn doubles_as_node_writes_them() {
    let mut doubles = samples(5000, any::<f64>());
    doubles.extend(samples(2000, -1e25..1e25));
    doubles.extend(samples(2000, -1e-5..1e-5));
    for exponent in -30..30 {
        doubles.extend([1.0, 1.5, 9.99, 123.456].map(|m: f64| m * 10_f64.powi(exponent)));
    }
    doubles.extend([
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -0.0,
        0.1 + 0.2,
        2_f64.powi(53),
        1e21,
        1e-6,
    ]);
    let write = |text: String| {
        let text = format!("{{\"number\":{text}}}");
        strict::parse(text.as_bytes(), &Limits::DEFAULT).unwrap().to_text()
    };
    let finite = doubles.into_iter().filter(|double| double.is_finite());
    // In the form with an exponent, so that what is an integer is a double all the same.
    let ours: Vec<String> = finite.map(|double| write(format!("{double:e}"))).collect();
    assert_equal(&ours);
}

#[test]
fn integers_that_doubles_hold_as_node_writes_them() {
    let integers = samples(2000, -(1_i64 << 53)..=(1 << 53));
    let ours: Vec<String> = integers
        .into_iter()
        .map(|integer| {
            let members = vec![("n".into(), Value::Number(integer.into()))];
            Object::from_members(members).unwrap().to_text()
        })
        .collect();
    assert_equal(&ours);
}

/// Values whose names are not array indices, which ECMAScript would move to the front.
fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-1_000_000_i64..1_000_000).prop_map(|n| Value::Number(n.into())),
        any::<String>().prop_map(|text| Value::String(text.into())),
    ];
    leaf.prop_recursive(4, 30, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec(("[^0-9_]\\PC{0,6}", inner), 0..6).prop_filter_map("duplicates", |members| {
                let members = members.into_iter().map(|(name, value)| (name.into(), value));
                Object::from_members(members.collect()).ok().map(Value::Object)
            }),
        ]
    })
}

#[test]
fn whole_containers_as_node_writes_them() {
    let values = samples(500, (value(), any::<String>()));
    let ours: Vec<String> = values
        .into_iter()
        .map(|(value, identifier)| {
            let data = Object::from_members(vec![("data".into(), value)]).unwrap();
            Response::new(Status::Ok, identifier, Some(data)).unwrap().to_text()
        })
        .collect();
    assert_equal(&ours);
}
