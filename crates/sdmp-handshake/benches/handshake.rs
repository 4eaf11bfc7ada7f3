//! Whole handshakes (both sides, by value, one thread) and traffic (performance.md 1 and 2).
//!
//! ```console
//! $ cargo bench -p sdmp-handshake --bench handshake
//! ```
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark that fails should stop"
)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sdmp_container::IdentityType;
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Failed, Initiator, Policy, Profile, Responder, Session, Step};
use sdmp_testkit::keys;
use sdmp_testkit::pair::{alice, bob, config, expiry, local, message, wall};

const PROFILES: [(&str, Profile); 2] =
    [("hardened", Profile::Hardened), ("published", Profile::Published)];

/// Both configurations for a profile and a group.
fn configs(
    profile: Profile,
    group: NamedGroup,
    [ours, theirs]: &[LocalIdentity; 2],
) -> [Config; 2] {
    let groups = Groups::default();
    let policy = Policy { profile, offer: groups.named(group), groups, ..Policy::default() };
    [config(ours, &[theirs], profile), config(theirs, &[ours], profile)]
        .map(|config| config.with_policy(policy.clone()))
}

fn responded(
    step: Result<Step<Responder>, Failed>,
) -> (Option<Responder>, Option<Session>, Vec<String>) {
    match step.unwrap() {
        Step::Continue { machine, send } => (Some(machine), None, send),
        Step::Complete { session, send } => (None, Some(*session), send),
        other => panic!("{other:?}"),
    }
}

/// A whole handshake.
fn handshake([ours, theirs]: &[Config; 2]) -> [Session; 2] {
    let mut random = SystemRandom::new();
    let now = wall();
    let (initiator, m1) = Initiator::start(ours.clone(), now, &mut random).unwrap();
    let responder = Responder::new(theirs.clone());
    let (responder, _, m2) = responded(responder.handle(m1.as_bytes(), now, &mut random));
    let Step::Continue { machine: initiator, send: m3 } =
        initiator.handle(m2[0].as_bytes(), now, &mut random).unwrap()
    else {
        panic!("M3 follows M2")
    };
    let step = responder.unwrap().handle(m3[0].as_bytes(), now, &mut random);
    let (responder, accepted, flight) = responded(step);
    match initiator.handle(flight[0].as_bytes(), now, &mut random).unwrap() {
        Step::Complete { session, .. } => [*session, accepted.unwrap()],
        Step::Continue { machine, .. } => {
            let step = machine.handle(flight[1].as_bytes(), now, &mut random).unwrap();
            let Step::Complete { session, send } = step else { panic!("FIN_R completes") };
            let fin = responder.unwrap().handle(send[0].as_bytes(), now, &mut random);
            [*session, responded(fin).1.unwrap()]
        }
        other => panic!("{other:?}"),
    }
}

fn handshakes(criterion: &mut Criterion) {
    let small = [alice(), bob()];
    // There is one test key of 3072 bits: the other side has 2048.
    let large = [local(&keys::carol(), IdentityType::Node, expiry()), bob()];
    let mut benches = criterion.benchmark_group("handshake");
    benches.sample_size(20);
    for (name, profile) in PROFILES {
        for group in [NamedGroup::Ffdhe2048, NamedGroup::Ffdhe3072, NamedGroup::Ffdhe4096] {
            for (keys, nodes) in [("rsa2048", &small), ("rsa3072-and-2048", &large)] {
                let configs = configs(profile, group, nodes);
                benches.bench_function(format!("{name}/{group}/{keys}"), |bencher| {
                    bencher.iter(|| handshake(&configs));
                });
            }
        }
    }
    benches.finish();
}

fn traffic(criterion: &mut Criterion) {
    let nodes = [alice(), bob()];
    let mut benches = criterion.benchmark_group("traffic");
    for (name, profile) in PROFILES {
        for length in [1 << 10, 16 << 10, 256 << 10] {
            let configs = configs(profile, NamedGroup::Ffdhe2048, &nodes);
            let [mut sender, _] = handshake(&configs);
            let mut random = SystemRandom::new();
            let container = message(&"x".repeat(length));
            benches.throughput(Throughput::Bytes(length as u64));
            benches.bench_function(format!("{name}/seal/{length}"), |bencher| {
                bencher.iter(|| sender.seal(&container, wall(), &mut random).unwrap());
            });
            let [mut sender, mut receiver] = handshake(&configs);
            benches.bench_function(format!("{name}/open/{length}"), |bencher| {
                bencher.iter_batched(
                    || sender.seal(&container, wall(), &mut random).unwrap(),
                    |object| receiver.open(object.as_bytes(), wall()).unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    benches.finish();
}

criterion_group!(all, handshakes, traffic);
criterion_main!(all);
