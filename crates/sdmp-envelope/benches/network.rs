//! Sealing and opening network objects (R32 to R36), beside the parts that they are made of.
//!
//! `cargo bench -p sdmp-envelope`. Figures of a shared machine are ratios: compare lines of one run.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::as_conversions,
    reason = "criterion's macros; a benchmark that is wrong should stop"
)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sdmp_container::{Limits, b64url};
use sdmp_crypto::content::a256cbc_hs512;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::ContentKey;
use sdmp_envelope::network::{self, Sealed};

const LENGTHS: [(&str, usize); 3] = [("1KiB", 1 << 10), ("16KiB", 16 << 10), ("256KiB", 256 << 10)];

fn keys() -> [(&'static str, ContentKey); 2] {
    [
        ("hardened", ContentKey::authenticated(Secret::new([7; 64]))),
        ("published", ContentKey::unauthenticated(Secret::new([7; 32]))),
    ]
}

fn seal_and_open(c: &mut Criterion) {
    for (profile, key) in keys() {
        let mut group = c.benchmark_group(profile);
        for (name, length) in LENGTHS {
            let text = vec![b'x'; length];
            group.throughput(Throughput::Bytes(length as u64));
            group.bench_function(format!("seal/{name}"), |b| {
                b.iter(|| network::seal(&key, &[1; 16], 5, black_box(&text)).unwrap());
            });
            let sealed = network::seal(&key, &[1; 16], 5, &text).unwrap();
            group.bench_function(format!("open/{name}"), |b| {
                b.iter(|| {
                    let sealed =
                        Sealed::parse(black_box(sealed.as_bytes()), &Limits::CLOSED_TRAFFIC);
                    sealed.unwrap().open(&key, 5).unwrap()
                });
            });
        }
        group.finish();
    }
}

/// What no composition can do without: encryption with its tag, and base64url, in one buffer.
fn parts(c: &mut Criterion) {
    let mut group = c.benchmark_group("parts");
    let key = a256cbc_hs512::Key::new(Secret::new([7; 64]));
    for (name, length) in LENGTHS {
        let padded = length.div_ceil(8192) * 8192;
        group.throughput(Throughput::Bytes(length as u64));
        let plain = vec![b'x'; padded];
        let fresh = || {
            let mut octets = Vec::with_capacity(a256cbc_hs512::sealed_len(padded));
            octets.extend_from_slice(&plain);
            octets
        };
        let seal = |octets: &mut Vec<u8>| {
            a256cbc_hs512::seal_in_place(&key, &[1; 16], &[0; 8], octets).unwrap();
        };
        group.bench_function(format!("encrypt/{name}"), |b| {
            b.iter_batched_ref(fresh, seal, BatchSize::LargeInput);
        });
        let mut sealed = fresh();
        seal(&mut sealed);
        group.bench_function(format!("decrypt/{name}"), |b| {
            let open = |octets: &mut Vec<u8>| {
                a256cbc_hs512::open_in_place(&key, &[1; 16], &[0; 8], octets).unwrap()
            };
            b.iter_batched_ref(|| sealed.clone(), open, BatchSize::LargeInput);
        });
        let text = b64url::encode(&sealed);
        group.bench_function(format!("base64url-encode/{name}"), |b| {
            b.iter(|| b64url::encode(black_box(&sealed)));
        });
        group.bench_function(format!("base64url-decode/{name}"), |b| {
            b.iter(|| b64url::decode(black_box(&text)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, seal_and_open, parts);
criterion_main!(benches);
