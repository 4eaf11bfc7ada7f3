//! What the primitives cost: `cargo bench -p sdmp-crypto`. Compare ratios, not times; the paired
//! table against OpenSSL and josekit is `crates/sdmp-bench`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::missing_errors_doc,
    reason = "a benchmark; criterion's macros write functions of their own"
)]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sdmp_crypto::{
    content::a256cbc_hs512::{Key, open_in_place, seal_in_place, sealed_len},
    dh::{Group, NamedGroup},
    random::SystemRandom,
    rsa::{PrivateKey, PublicKey, Signer},
};
use std::{fs, hint::black_box};

fn exchanges(c: &mut Criterion) {
    let mut random = SystemRandom::new();
    let mut bench = c.benchmark_group("dh");
    for name in [NamedGroup::Ffdhe2048, NamedGroup::Ffdhe3072, NamedGroup::Ffdhe4096] {
        let group = Group::named(name);
        bench.bench_function(BenchmarkId::new("g^a", name), |b| {
            b.iter(|| group.ephemeral(&mut random).unwrap());
        });
        let peer = group.ephemeral(&mut random).unwrap().public().to_vec();
        bench.bench_function(BenchmarkId::new("modexp", name), |b| {
            b.iter_batched(
                || group.ephemeral(&mut SystemRandom::new()).unwrap(),
                |ours| ours.agree(black_box(&peer)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    bench.finish();
}

fn signatures(c: &mut Criterion) {
    let mut bench = c.benchmark_group("rsa");
    for bits in [2048, 3072, 4096] {
        let path = format!("{}/tests/keys/rsa-{bits}.pem", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        let key = PrivateKey::from_pem(&text, None).unwrap();
        let signature = key.sign(b"message").unwrap();
        bench.bench_function(BenchmarkId::new("sign", bits), |b| {
            b.iter(|| key.sign(black_box(b"message")).unwrap());
        });
        bench.bench_function(BenchmarkId::new("verify", bits), |b| {
            b.iter(|| key.public().verify(black_box(b"message"), &signature).unwrap());
        });
        bench.bench_function(BenchmarkId::new("load public", bits), |b| {
            b.iter(|| PublicKey::from_pem(black_box(key.public().canonical_pem())).unwrap());
        });
        bench.bench_function(BenchmarkId::new("load private", bits), |b| {
            b.iter(|| PrivateKey::from_pem(black_box(&text), None).unwrap());
        });
    }
    bench.finish();
}

fn content(c: &mut Criterion) {
    let key = Key::random(&mut SystemRandom::new()).unwrap();
    let mut bench = c.benchmark_group("a256cbc-hs512");
    for kib in [1u64, 16, 256] {
        let plain = vec![0x5a; usize::try_from(kib * 1024).unwrap()];
        let mut room = Vec::with_capacity(sealed_len(plain.len()));
        bench.throughput(Throughput::Bytes(kib * 1024));
        bench.bench_function(BenchmarkId::new("seal", kib), |b| {
            b.iter(|| {
                room.clear();
                room.extend_from_slice(black_box(&plain));
                seal_in_place(&key, &[1; 16], &[0; 8], &mut room).unwrap();
            });
        });
        let sealed = room.clone();
        bench.bench_function(BenchmarkId::new("open", kib), |b| {
            b.iter(|| {
                room.clear();
                room.extend_from_slice(black_box(&sealed));
                open_in_place(&key, &[1; 16], &[0; 8], &mut room).unwrap()
            });
        });
    }
    bench.finish();
}

criterion_group!(benches, exchanges, signatures, content);
criterion_main!(benches);
