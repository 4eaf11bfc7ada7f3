//! R42 in the by-value tier: the limits of the policy hold where no deframer stands before it.

use sdmp_testkit::pair::*;

use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Connection, Failed, Initiator, Machine, Profile, Responder, Step};

/// Longest object in plaintext, and longest sealed one before acceptance, in octets.
type Limits = (usize, usize);

fn limited(own: &LocalIdentity, peer: &LocalIdentity, limits: Limits) -> Config {
    let mut policy = policy(Profile::Hardened);
    (policy.limits.plain_octets, policy.limits.handshake_octets) = limits;
    config(own, &[peer], Profile::Hardened).with_policy(policy)
}

fn sent<M: Machine>(step: Result<Step<M>, Failed>) -> Result<(M, Vec<String>), &'static str> {
    match step.map_err(|failed| failed.error.code())? {
        Step::Continue { machine, send } => Ok((machine, send)),
        other => panic!("{other:?}"),
    }
}

/// The code of the first refusal under the limits of the initiator and of the responder, and how
/// long M1, M2, M3 and M4 are, as far as they were made.
fn run(ours: Limits, theirs: Limits) -> (Option<&'static str>, Vec<usize>) {
    let mut random = Seeded::new(4);
    let ours = limited(&alice(), &bob(), ours);
    let responder = Responder::new(limited(&bob(), &alice(), theirs));
    let (initiator, m1) = Initiator::start(ours, wall(), &mut random).unwrap();
    let mut lengths = vec![m1.len()];
    let steps = || {
        let (responder, m2) = sent(responder.handle(m1.as_bytes(), wall(), &mut random))?;
        lengths.push(m2[0].len());
        let (initiator, m3) = sent(initiator.handle(m2[0].as_bytes(), wall(), &mut random))?;
        lengths.push(m3[0].len());
        let (_, m4) = sent(responder.handle(m3[0].as_bytes(), wall(), &mut random))?;
        lengths.push(m4[0].len());
        sent(initiator.handle(m4[0].as_bytes(), wall(), &mut random)).map(drop)
    };
    (steps().err(), lengths)
}

#[test]
fn r42_each_message_may_be_as_long_as_the_policy_says() {
    let usual = (4096, 12_288);
    let (refused, lengths) = run(usual, usual);
    assert_eq!(refused, None);
    let [m1, m2, m3, m4] = lengths[..] else { panic!("{lengths:?}") };
    assert_eq!(run((m2, m4), (m1, m3)), (None, lengths.clone()));

    let refused = |ours, theirs, made: usize| {
        assert_eq!(run(ours, theirs), (Some("json.too_large"), lengths[..made].to_vec()));
    };
    refused(usual, (m1 - 1, m3), 1);
    refused((m2 - 1, m4), usual, 2);
    refused(usual, (m1, m3 - 1), 3);
    refused((m2, m4 - 1), usual, 4);
}

#[test]
fn a_connection_says_which_limits_are_in_force() {
    let ours = limited(&alice(), &bob(), (1000, 2000));
    assert_eq!(ours.policy().limits.plain_octets, 1000);
    let connection = Connection::initiate(ours, at(0), Box::new(Seeded::new(4))).unwrap();
    let limits = connection.limits();
    assert_eq!((limits.plain_octets, limits.handshake_octets), (1000, 2000));
}
