//! Two accepted sessions without a connection around them.

use crate::pair::{Seeded, alice, bob, config, policy, wall};
use sdmp_handshake::{Failed, Initiator, Profile, Responder, Session, SessionLimits, Step};

/// Two accepted sessions, by the by-value tier.
#[must_use]
pub fn sessions(profile: Profile, seed: u64) -> (Session, Session) {
    sessions_within(profile, seed, |_| {})
}

/// The same, with other limits on both sides.
#[must_use]
pub fn sessions_within(
    profile: Profile,
    seed: u64,
    change: impl FnOnce(&mut SessionLimits),
) -> (Session, Session) {
    sessions_on(profile, seed, 1, change)
}

/// The same, on so many cores.
#[must_use]
pub fn sessions_on(
    profile: Profile,
    seed: u64,
    workers: usize,
    change: impl FnOnce(&mut SessionLimits),
) -> (Session, Session) {
    let mut random = Seeded::new(seed);
    let mut policy = policy(profile);
    change(&mut policy.limits);
    policy.workers = workers;
    let ours = config(&alice(), &[&bob()], profile).with_policy(policy.clone());
    let (initiator, m1) = Initiator::start(ours, wall(), &mut random).unwrap();
    let responder = Responder::new(config(&bob(), &[&alice()], profile).with_policy(policy));
    let continued = |step: Result<Step<Responder>, Failed>| match step.unwrap() {
        Step::Continue { machine, send } => (Some(machine), None, send),
        Step::Complete { session, send } => (None, Some(session), send),
        other => panic!("{other:?}"),
    };
    let (responder, _, m2) = continued(responder.handle(m1.as_bytes(), wall(), &mut random));
    let Step::Continue { machine: initiator, send: m3 } =
        initiator.handle(m2[0].as_bytes(), wall(), &mut random).unwrap()
    else {
        panic!("M3 follows M2")
    };
    let m3 = responder.unwrap().handle(m3[0].as_bytes(), wall(), &mut random);
    let (responder, published, flight) = continued(m3);
    match initiator.handle(flight[0].as_bytes(), wall(), &mut random).unwrap() {
        Step::Complete { session, .. } => (*session, *published.unwrap()),
        Step::Continue { machine, .. } => {
            let step = machine.handle(flight[1].as_bytes(), wall(), &mut random).unwrap();
            let Step::Complete { session, send } = step else { panic!("FIN_R completes") };
            let fin = responder.unwrap().handle(send[0].as_bytes(), wall(), &mut random);
            (*session, *continued(fin).1.unwrap())
        }
        other => panic!("{other:?}"),
    }
}
