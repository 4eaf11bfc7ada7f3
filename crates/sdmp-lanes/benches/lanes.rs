//! Batches against one object after the other: `cargo bench -p sdmp-lanes`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sdmp_lanes::{Engine, Key, Object, cbc, hmac};

const BATCH: usize = 8;

fn objects(len: usize) -> Vec<Object> {
    (0..BATCH)
        .map(|_| {
            let mut object = Object::default();
            object.start(0, &[7; 16], len).fill(b'x');
            object
        })
        .collect()
}

fn batches(criterion: &mut Criterion) {
    for len in [8_192, 16_384, 262_144] {
        let mut group = criterion.benchmark_group(format!("{BATCH} x {len}"));
        group.throughput(Throughput::Bytes((BATCH * len).try_into().unwrap_or_default()));
        for engine in Engine::all() {
            let key = Key::new(engine, &[1; 64]);
            let id = |what| BenchmarkId::new(what, format!("{} lanes", engine.lanes()));
            group.bench_function(id("seal"), |bencher| {
                bencher.iter_batched_ref(
                    || objects(len),
                    |objects| key.seal(objects),
                    BatchSize::LargeInput,
                );
            });
            group.bench_function(id("open"), |bencher| {
                bencher.iter_batched_ref(
                    || {
                        let mut objects = objects(len);
                        key.seal(&mut objects);
                        objects
                    },
                    |objects| key.open(objects),
                    BatchSize::LargeInput,
                );
            });
            let text = vec![0; len];
            let mac = hmac::Key::new(engine, &[1; 32]);
            group.bench_function(id("hmac"), |bencher| {
                bencher.iter(|| mac.sign(&[text.as_slice(); BATCH]));
            });
        }
        let cipher = cbc::Key::new(&[1; 32]);
        group.bench_function("cbc", |bencher| {
            let mut bodies = vec![vec![0; len]; BATCH];
            let mut chains = [[0; 16]; BATCH];
            bencher.iter(|| {
                let mut lanes: Vec<_> =
                    chains.iter_mut().zip(bodies.iter_mut().map(Vec::as_mut_slice)).collect();
                cipher.encrypt(&mut lanes);
            });
        });
        group.finish();
    }
}

criterion_group!(benches, batches);
criterion_main!(benches);
