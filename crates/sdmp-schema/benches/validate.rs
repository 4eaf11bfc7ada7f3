//! Parsing and validating containers of four sizes, against `serde_json` and `jsonschema` alone.
//!
//! `cargo bench -p sdmp-schema` prints medians of interleaved rounds and their ratios: absolute times say
//! more about the machine than about the code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark measures time and reports to a person"
)]

use sdmp_container::{Container, CoreSchema};
use sdmp_schema::{CONTAINER_SCHEMA, Validator, core_schema_text};
use serde_json::Value;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const ROUNDS: usize = 21;

fn main() {
    println!(
        "| object | octets | strict parse | parse + validate | serde_json | serde_json + jsonschema | ratio | validate alone | jsonschema alone | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, text, schema) in objects() {
        measure(name, &text, schema);
    }
    println!();
    println!(
        "ratio: ours to the one without us; below 1.00 is faster. Medians of {ROUNDS} rounds."
    );
}

/// A small message, and encrypted network objects around payloads of the sizes that occur (R32, R42).
fn objects() -> Vec<(&'static str, String, CoreSchema)> {
    let message = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{}"}}"#,
        "hello ".repeat(23)
    );
    let encrypted = |octets: usize| {
        let head = r#"{"sdmp":{"version":"0.12.0","schemas":["encrypted"]},"encrypted":{"iv":"AAAAAAAAAAAAAAAAAAAAAA","payload":""#;
        let tail = r#"","recipients":[]}}"#;
        format!("{head}{}{tail}", "Ab-_".repeat((octets - head.len() - tail.len()) / 4))
    };
    vec![
        ("message", message, CoreSchema::Message),
        ("network object", encrypted(11 << 10), CoreSchema::Encrypted),
        ("encrypted", encrypted(256 << 10), CoreSchema::Encrypted),
        ("encrypted", encrypted(16 << 20), CoreSchema::Encrypted),
    ]
}

fn measure(name: &str, text: &str, schema: CoreSchema) {
    let ours = Validator::new();
    let engine = |text: &str| {
        let schema: Value = serde_json::from_str(text).unwrap();
        jsonschema::draft4::new(&schema).unwrap()
    };
    let theirs = [engine(CONTAINER_SCHEMA), engine(core_schema_text(schema))];
    let parsed = Container::parse(text).unwrap();
    let plain: Value = serde_json::from_str(text).unwrap();
    let mut tasks: [Task<'_>; 6] = [
        task(|| Container::parse(text).is_ok()),
        task(|| ours.validate(&Container::parse(text).unwrap()).is_ok()),
        task(|| serde_json::from_str::<Value>(text).is_ok()),
        task(|| {
            let value: Value = serde_json::from_str(text).unwrap();
            theirs.iter().all(|schema| schema.is_valid(&value))
        }),
        task(|| ours.validate(&parsed).is_ok()),
        task(|| theirs.iter().all(|schema| schema.is_valid(&plain))),
    ];
    // Short tasks are repeated, so that each sample is long enough to be measured.
    let repeat = (1 << 20) / text.len().max(1) + 4;
    for _ in 0..ROUNDS {
        for (samples, run) in &mut tasks {
            let start = Instant::now();
            for _ in 0..repeat {
                assert!(black_box(run()));
            }
            samples.push(start.elapsed() / u32::try_from(repeat).unwrap());
        }
    }
    let medians: Vec<f64> = tasks.iter_mut().map(|(samples, _)| median(samples)).collect();
    let [strict, full, serde, schema, ours, theirs] = medians[..] else { return };
    println!(
        "| {name} | {} | {strict:.2} us | {full:.2} us | {serde:.2} us | {schema:.2} us | {:.2} | {ours:.2} us | {theirs:.2} us | {:.2} |",
        text.len(),
        full / schema,
        ours / theirs,
    );
}

/// What is measured, with the samples so far.
type Task<'a> = (Vec<Duration>, Box<dyn Fn() -> bool + 'a>);

fn task<'a>(run: impl Fn() -> bool + 'a) -> Task<'a> {
    (Vec::with_capacity(ROUNDS), Box::new(run))
}

/// The median in microseconds.
fn median(samples: &mut [Duration]) -> f64 {
    samples.sort_unstable();
    samples[samples.len() / 2].as_secs_f64() * 1e6
}
