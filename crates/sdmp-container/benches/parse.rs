//! Strict parsing against `serde_json::Value`, and base64url against the `base64` crate.
//!
//! The figures of interest are ratios within one run: the target is at most 1.5 times the time of
//! `serde_json::Value`. The texts: an object of 200 octets, a network object of 11 KiB, containers
//! of 256 KiB with many small values or with many escapes, and encrypted network objects of 256 KiB and 16 MiB.

#![allow(
    clippy::unwrap_used,
    clippy::as_conversions,
    missing_docs,
    reason = "a benchmark stops at the first surprise"
)]

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sdmp_container::closed::EncryptedObject;
use sdmp_container::{Container, Limits, b64url, strict};

fn network_object(payload_octets: usize) -> String {
    let octets: Vec<u8> = (0..=255).cycle().take(payload_octets).collect();
    EncryptedObject { iv: [7; 16], payload: b64url::encode(&octets).into() }.to_text()
}

fn journal(lines: usize) -> String {
    let line = format!("@{0}/{0}", "A".repeat(86));
    let entries: Vec<String> = (0..lines).map(|i| format!("\"{i:08}{line}\"")).collect();
    format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["broadcast"]}},"journal":{{"since":"x","entries":[{}]}}}}"#,
        entries.join(",")
    )
}

fn records(count: usize) -> String {
    let one = r#"{"name":"a name","octets":123456,"ok":true,"note":"line\nline"}"#;
    format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["response"]}},"response":{{"status":"ok","identifier":"7","data":{{"list":[{}]}}}}}}"#,
        vec![one; count].join(",")
    )
}

fn texts() -> Vec<(&'static str, String)> {
    let message = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{}"}}"#,
        "word ".repeat(26)
    );
    vec![
        ("200 B message", message),
        ("11 KiB network object", network_object(8192 + 32)),
        ("256 KiB journal", journal(1400)),
        ("256 KiB records", records(4000)),
        (
            "256 KiB escapes",
            format!(
                r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{}"}}"#,
                "ab\\nc\\u00e9".repeat(20_000)
            ),
        ),
        ("256 KiB network object", network_object(192 << 10)),
        ("16 MiB network object", network_object(12_580_000)),
    ]
}

fn parse(criterion: &mut Criterion) {
    for (name, text) in texts() {
        let octets = text.as_bytes();
        assert!(octets.len() <= Limits::DEFAULT.octets);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(octets.len() as u64)).sample_size(20);
        group.bench_function("serde_json::Value", |bencher| {
            bencher
                .iter(|| serde_json::from_slice::<serde_json::Value>(black_box(octets)).unwrap());
        });
        group.bench_function("strict::parse", |bencher| {
            bencher.iter(|| strict::parse(black_box(octets), &Limits::DEFAULT).unwrap());
        });
        group.bench_function("Container::parse", |bencher| {
            // A session gives the octets away that it decrypted: they are moved, not copied.
            let size =
                if octets.len() > 1 << 16 { BatchSize::LargeInput } else { BatchSize::SmallInput };
            let parse = |octets: Vec<u8>| Container::parse(octets).unwrap();
            bencher.iter_batched(|| octets.to_vec(), parse, size);
        });
        if name.ends_with("network object") {
            group.bench_function("EncryptedObject::parse", |bencher| {
                bencher
                    .iter(|| EncryptedObject::parse(black_box(octets), &Limits::DEFAULT).unwrap());
            });
        }
        group.finish();
    }
}

fn base64url(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("base64url");
    for size in [64, 8192, 256 << 10] {
        let octets = vec![0xa5; size];
        let text = b64url::encode(&octets);
        group.throughput(Throughput::Bytes(size as u64)).sample_size(20);
        group.bench_function(BenchmarkId::new("encode", size), |bencher| {
            bencher.iter(|| b64url::encode(black_box(&octets)));
        });
        group.bench_function(BenchmarkId::new("encode, base64 crate", size), |bencher| {
            bencher.iter(|| URL_SAFE_NO_PAD.encode(black_box(&octets)));
        });
        group.bench_function(BenchmarkId::new("decode", size), |bencher| {
            bencher.iter(|| b64url::decode(black_box(&text)).unwrap());
        });
        group.bench_function(BenchmarkId::new("decode, base64 crate", size), |bencher| {
            bencher.iter(|| URL_SAFE_NO_PAD.decode(black_box(&text)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, parse, base64url);
criterion_main!(benches);
