//! The tester as a peer: judged itself, before it judges anybody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use sdmp_conformance::peer::case::{Side, Who};
use sdmp_conformance::peer::{Person, cases, located};
use sdmp_handshake::Profile;
use std::collections::BTreeSet;

#[test]
fn there_are_at_least_150_cases_with_names_of_their_own() {
    let mut hardened = 0;
    for profile in [Profile::Hardened, Profile::Published] {
        for side in [Side::Initiator, Side::Responder] {
            let cases = cases::all(side, profile);
            let names: BTreeSet<String> =
                cases.iter().map(|case| located(case, side, profile).name()).collect();
            assert_eq!(names.len(), cases.len(), "{side:?} {profile:?}");
            assert!(cases.len() >= 150, "{side:?} {profile:?}: {}", cases.len());
            if profile == Profile::Hardened {
                hardened += cases.len();
            }
        }
    }
    assert!(hardened >= 400, "{hardened}");
}

#[test]
fn every_rule_that_a_case_cites_is_a_rule() {
    for side in [Side::Initiator, Side::Responder] {
        for case in cases::all(side, Profile::Hardened) {
            assert!(!case.rules.is_empty() && !case.comment.is_empty(), "{}", case.id);
            for rule in case.rules {
                assert!(sdmp_conformance::rules::ALL.contains(rule), "{}: {rule}", case.id);
            }
        }
    }
}

#[test]
fn everybody_has_a_part() {
    for who in [Who::Tester, Who::Other, Who::User, Who::Expired, Who::Stranger] {
        assert!(Person::new(who).is_ok());
    }
}
