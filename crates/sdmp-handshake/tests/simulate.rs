//! security.md 10: seeded runs over a carrier that drops, repeats, reorders, delays, corrupts,
//! splits and cuts. A failing seed is printed; `cargo run -p sdmp-handshake --example simulate --
//! --seed N` repeats it, and `--seeds N` plays more.

use std::collections::BTreeSet;

use crate::simulator::{Fault, cuts, exchanges, run};
use sdmp_handshake::Profile;

fn seeds(range: std::ops::Range<u64>) {
    for seed in range {
        if let Err(broken) = run(seed).check() {
            panic!("seed {seed}: {broken}\n{:#?}", run(seed));
        }
    }
}

// Four quarters, so that they run beside each other.
#[test]
fn r39_every_seed_ends_in_agreement_or_in_an_error_first_quarter() {
    seeds(0..500);
}

#[test]
fn r39_every_seed_ends_in_agreement_or_in_an_error_second_quarter() {
    seeds(500..1000);
}

#[test]
fn r39_every_seed_ends_in_agreement_or_in_an_error_third_quarter() {
    seeds(1000..1500);
}

#[test]
fn r39_every_seed_ends_in_agreement_or_in_an_error_last_quarter() {
    seeds(1500..2000);
}

#[test]
fn the_simulation_reaches_every_end() {
    let mut ends = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for seed in 0..250 {
        let report = run(seed);
        for side in [&report.initiator, &report.responder] {
            ends.insert(side.failure.unwrap_or("none"));
        }
        for (_, fault) in &report.faults {
            kinds.insert(match fault {
                Fault::Drop => "drop",
                Fault::Duplicate => "duplicate",
                Fault::Swap => "swap",
                Fault::Delay(_) => "delay",
                Fault::Corrupt(_) => "corrupt",
                Fault::Cut(_) => "cut",
                Fault::Insert => "insert",
                Fault::Foreign => "foreign",
                Fault::Reflect => "reflect",
            });
        }
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
    for end in ["none", "decrypt", "truncated", "rejected.plaintext", "rejected.sealed"] {
        assert!(ends.contains(end), "{end} is not among {ends:?}");
    }
    assert!(ends.iter().any(|end| end.starts_with("timeout.")), "{ends:?}");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in [3, 77, 1234] {
        assert_eq!(format!("{:?}", run(seed)), format!("{:?}", run(seed)));
    }
}

#[test]
fn r41_a_handshake_cut_inside_any_message_is_truncated() {
    for profile in [Profile::Hardened, Profile::Published] {
        let sent = cuts::transcript(profile);
        for (number, (_, object)) in sent.iter().enumerate() {
            let length = object.len();
            // Every octet of the frame, and steps in the base64url between, which all look the
            // same; the example `simulate --cuts` takes every octet.
            let frame = (0..128).chain(length - 40..=length);
            for at in frame.chain((128..length - 40).step_by(509)) {
                cuts::check(profile, &sent, number, at).unwrap();
            }
        }
    }
}

#[test]
fn r26_exchanges_agree_whatever_zeros_the_secret_begins_with() {
    // 20,000 by `cargo run --release -p sdmp-handshake --example simulate -- --exchanges 20000`.
    let zeros = exchanges::run(1000);
    assert_eq!(zeros.values().sum::<u64>(), 1000);
    assert!(zeros.get(&1).is_some_and(|count| *count > 0), "{zeros:?}");
}
