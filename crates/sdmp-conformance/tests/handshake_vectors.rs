//! The transcripts in `vectors/handshake` are what section 7 gives, step by step, and what both
//! machines send and accept. `tests/vectors.rs` replays each side alone against its script.

use std::fs;

use crate::transcript::{PLANS, Plan, play, values};
use sdmp_conformance::load;
use serde_json::Value;

fn file(plan: &Plan) -> Value {
    let name = format!("handshake/transcript-{}.json", plan.id);
    let text = fs::read(load::own_directory().join(&name)).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_value_follows_from_the_exponents() {
    for plan in &PLANS {
        let (computed, flights) = values::compute(plan);
        let file = file(plan);
        for (case, flight) in file["cases"].as_array().unwrap().iter().zip(flights) {
            let recorded = case["input"]["values"].as_object().unwrap();
            for (name, value) in computed.as_object().unwrap() {
                assert_eq!(recorded.get(name), Some(value), "{} {name}", plan.id);
            }
            assert_eq!(recorded.len(), computed.as_object().unwrap().len(), "{}", plan.id);
            assert_eq!(case["expected"]["output"]["sent"], Value::from(flight), "{}", plan.id);
        }
    }
}

#[test]
fn both_machines_play_the_transcripts_again() {
    for plan in &PLANS {
        let recorded = file(plan);
        let values = &recorded["cases"][0]["input"]["values"];
        assert_eq!(play(plan, values), recorded, "{}", plan.id);
    }
}

#[test]
fn r26_there_are_secrets_that_begin_with_zeros() {
    let zeros = |id: &str| {
        let plan = PLANS.iter().find(|plan| plan.id == id).unwrap();
        plan.z().iter().take_while(|octet| **octet == 0).count()
    };
    assert_eq!(zeros("hardened-leading-zero"), 1);
    assert_eq!(zeros("hardened-two-leading-zeros"), 2);
    assert_eq!(zeros("published-leading-zero"), 1);
}
