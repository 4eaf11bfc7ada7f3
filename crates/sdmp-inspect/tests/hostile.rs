//! Input that was made to break the reader: whatever comes, it ends in a report.

use crate::common::{MESSAGE, now, recording, render};
use proptest::prelude::*;
use sdmp_handshake::Role;
use sdmp_inspect::key_log::SessionKeys;
use sdmp_inspect::{Input, Keys, KnownIdentities, Outcome, Report, inspect};

/// Everything that is done with an input, in each form of output.
fn report(input: Input<'_>, secrets: &SessionKeys) -> Report {
    let keys = Keys::none().with_log(secrets);
    let report = inspect(&input, &keys, &KnownIdentities::new(), now());
    render(&report);
    report
}

#[test]
fn the_session_that_is_broken_below_is_whole_here() {
    let (recording, secrets) = recording();
    let report = report(Input::new(recording.as_bytes()), &secrets);
    assert_eq!((report.input, report.notes.len()), ("recording", 0));
    let opened = report.steps().filter(|step| step.layers.len() == 1).count();
    assert_eq!(opened, 7, "each has one layer: nothing in it is signed");
    assert!(report.count(Outcome::Fails) > 0, "a message is no M3");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Octets replaced, cut out and repeated, lines exchanged.
    #[test]
    fn a_damaged_recording_gives_a_report(
        seed in any::<prop::sample::Index>(),
        octets in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        lines in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
    ) {
        let (recording, secrets) = recording();
        let mut all: Vec<&str> = recording.lines().collect();
        for (a, b) in &lines {
            let (a, b) = (a.index(all.len()), b.index(all.len()));
            all.swap(a, b);
        }
        all.push(all[seed.index(all.len())]);
        let mut damaged = all.join("\n").into_bytes();
        for (place, octet) in &octets {
            let place = place.index(damaged.len());
            damaged[place] = *octet;
        }
        damaged.truncate(damaged.len() - cut.index(damaged.len() / 4));
        report(Input::new(&damaged), &secrets);
        // The same octets as a stream of objects.
        damaged.insert(0, b'\n');
        report(Input::new(&damaged), &secrets);
    }

    #[test]
    fn any_octets_give_a_report(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        let secrets = SessionKeys::parse(&octets).0;
        let recording = [&br#"{"event":"#[..], &octets].concat();
        let stream = [&b"{}{}"[..], &octets].concat();
        for octets in [&octets, &recording, &stream] {
            for from in [None, Some(Role::Responder)] {
                report(Input::new(octets).sent_by(from), &secrets);
            }
        }
    }

    /// Texts that look like containers, nested in each other.
    #[test]
    fn any_container_gives_a_report(
        schema in prop::sample::select(vec!["signature", "encrypted", "identity", "shared_key", "message", "private_key"]),
        depth in 0_usize..12,
        text in ".{0,40}",
    ) {
        let mut inner = MESSAGE.to_owned();
        for _ in 0..depth {
            let payload = sdmp_container::b64url::encode(inner.as_bytes());
            let identifier = sdmp_container::b64url::encode(&sdmp_crypto::hash::sha512(payload.as_bytes()));
            let protected = sdmp_container::b64url::encode(text.as_bytes());
            inner = format!(
                r#"{{"sdmp":{{"version":"0.12.0","schemas":["{schema}","signature"]}},"signature":{{"identifier":"{identifier}","payload":"{payload}","signatures":[{{"protected":"{protected}","signature":"AA"}}]}}}}"#
            ).replace("\"signature\",\"signature\"", "\"signature\"");
        }
        let report = report(Input::new(inner.as_bytes()), &SessionKeys::default());
        prop_assert_eq!(report.input, "container");
        prop_assert!(report.steps().count() == 1);
    }
}
