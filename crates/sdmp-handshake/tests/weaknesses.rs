//! The demonstrations of `examples/published_weaknesses.rs` show what they claim.
#![allow(dead_code, unreachable_pub, reason = "the example has a main of its own")]

#[path = "../examples/published_weaknesses.rs"]
mod demonstration;

use demonstration::{ATTACKS, Outcome, alter, drop_one, reflect, replay, splice, truncate};
use sdmp_handshake::Profile;

fn got(texts: &[&str]) -> Outcome {
    Outcome { got: texts.iter().map(|text| (*text).to_owned()).collect(), noticed: None }
}

#[test]
fn the_published_profile_notices_nothing() {
    assert_eq!(alter(Profile::Published), got(&["999 coins"]));
    assert_eq!(replay(Profile::Published), got(&["pay", "pay"]));
    assert_eq!(drop_one(Profile::Published), got(&["pay"]));
    assert_eq!(reflect(Profile::Published), got(&["I owe you 5"]));
    assert_eq!(truncate(Profile::Published), got(&["pay"]));
    assert!(splice(Profile::Published));
}

#[test]
fn the_hardened_profile_notices_each() {
    for (name, attack) in ATTACKS {
        let outcome = attack(Profile::Hardened);
        assert!(outcome.noticed.is_some(), "{name}: {outcome:?}");
    }
    assert_eq!(alter(Profile::Hardened).got, Vec::<String>::new());
    assert!(!splice(Profile::Hardened));
}
