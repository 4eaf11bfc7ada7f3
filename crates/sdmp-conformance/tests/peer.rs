//! The tester as a peer: judged itself, before it judges anybody.

use crate::wrong_peers;

use crate::wrong_peers::Peer;
use sdmp_conformance::peer::case::{Side, Who};
use sdmp_conformance::peer::{Options, Person, Target, cases, located, run};
use sdmp_handshake::Profile;
use std::collections::BTreeSet;
use std::time::Duration;

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
fn each_person_has_a_part() {
    for who in [Who::Tester, Who::Other, Who::User, Who::Expired, Who::Stranger] {
        assert!(Person::new(who).is_ok());
    }
}

fn options(address: std::net::SocketAddr, only: Option<&str>) -> Options {
    let peer = wrong_peers::local().identity().clone();
    let only = only.map(str::to_owned);
    let patience = Duration::from_millis(1500);
    Options { jobs: 8, quick: true, only, patience, ..Options::new(Target::Dial(address), peer) }
}

/// The names of the cases that a peer fails.
fn failed(peer: Peer, only: Option<&str>) -> Vec<String> {
    let reports = run(&options(peer.listen(), only), &|_| ()).unwrap();
    assert!(!reports.is_empty(), "{only:?}");
    reports.iter().filter(|report| !report.passed()).map(|report| report.located.name()).collect()
}

#[test]
fn the_machines_of_this_project_pass() {
    let mut peer = Peer::right();
    // Under load a test may stand still for longer than the real limits.
    peer.policy.limits.first_message = Duration::from_secs(60);
    peer.policy.limits.handshake = Duration::from_secs(60);
    let mut options = options(peer.listen(), None);
    options.patience = Duration::from_secs(20);
    for report in run(&options, &|_| ()).unwrap() {
        assert!(report.passed(), "{}: {:?}", report.located.name(), report.verdict);
    }
}

/// Each fault, and a case that finds it.
#[test]
fn wrong_peers_are_caught() {
    type Fault = fn(&mut Peer);
    let faults: &[(&str, Fault)] = &[
        ("m3-stranger", |peer| peer.trusted.push(Who::Stranger)),
        ("m3-user", |peer| peer.policy.allow_user = true),
        ("m3-expired", |peer| peer.year = 2019),
        ("m1-group-6144", |peer| peer.policy.max_group_bits = 8192),
        ("m1-too-long", |peer| peer.policy.limits.plain_octets = 5000),
        ("m3-too-long", |peer| peer.policy.limits.handshake_octets = 20_000),
        ("message-too-long", |peer| peer.policy.limits.message_octets = 64 << 20),
        ("m1-extra-at-root", |peer| peer.hears = without_extra),
        ("m1-extra-in-connection", |peer| peer.hears = without_extra),
        ("m3-extra-in-encrypted", |peer| peer.hears = without_extra),
        ("m1-sixteen-white-space", |peer| peer.hears = |octets| [b" ", octets].concat()),
        // Refuses with one object where two are due.
        ("m3-alg-none", |peer| peer.says = |number, object| (number != 2).then_some(object)),
        // Does not refuse, but drops.
        ("m1-g-3", |peer| peer.says = |_, _| None),
        // Refuses, but stays.
        ("m1-g-3", |peer| peer.drops = false),
        // Stays after a bad object.
        ("message-tag-flip", |peer| peer.drops = false),
        ("fin_i-of-t1", |peer| peer.drops = false),
        ("m1-peer-line-feeds", |peer| peer.line_end = b"\r\n"),
        ("m1-peer-session-creation", |peer| {
            peer.says = |_, object| Some(object.replace("\"connection\":{", "\"connection\": {"));
        }),
        ("m1-honest", |peer| peer.policy.profile = Profile::Published),
    ];
    for (case, fault) in faults {
        assert!(failed(Peer::right(), Some(case)).is_empty(), "{case}: the right peer passes");
        let mut peer = Peer::right();
        fault(&mut peer);
        assert!(!failed(peer, Some(case)).is_empty(), "{case} finds nothing");
    }
}

/// Removes the member that the cases add.
fn without_extra(octets: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(octets).replace("\"x\":1,", "").into_bytes()
}

#[test]
fn an_echo_passes_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut from, mut to) = (stream.as_ref().unwrap(), stream.as_ref().unwrap());
            // Ends when the tester has gone.
            drop(std::io::copy(&mut from, &mut to));
        }
    });
    let mut options = options(address, Some("m1-"));
    options.jobs = 1;
    for report in run(&options, &|_| ()).unwrap() {
        let ends = report.located.case.id == "m1-end-at-once";
        assert_eq!(report.passed(), ends, "{}", report.located.name());
    }
}
