//! Properties of the machines of the by-value tier, [`Initiator`] and [`Responder`].

use super::node::{config, node, wall};
use super::record::{random, recording};
use super::same;
use super::script::{Action, Script};
use sdmp_container::Timestamp;
use sdmp_container::closed::Rejection;
use sdmp_crypto::random::Random;
use sdmp_handshake::{
    Config, Failed, Initiator, Machine, Profile, Responder, Role, Session, Step, Verdict,
};

/// R27 to R31: an initiator accepts on M2, M4 and FIN_R of its own session, in this order, and on
/// nothing else; and then it is the session that its peer is in.
pub fn initiator(octets: &[u8]) {
    let Some(script) = Script::read(octets) else { return };
    let script = Script { role: Role::Initiator, ..script };
    let mut random = random(Role::Initiator);
    let started = Initiator::start(own_config(&script), wall(), &mut random);
    let (machine, m1) = started.expect("a usable identity");
    let genuine = recording(script.profile).own.sent(Role::Initiator);
    assert_eq!(genuine.handshake.first(), Some(&m1), "the same randomness, another M1");
    drop(play(&script, machine, vec![m1], &mut random, Initiator::handle));
}

/// R27 to R31: a responder accepts on M1, M3 and FIN_I of its own session, in this order, and on
/// nothing else.
pub fn responder(octets: &[u8]) {
    let Some(script) = Script::read(octets) else { return };
    let script = Script { role: Role::Responder, ..script };
    let machine = Responder::new(own_config(&script));
    let mut random = random(Role::Responder);
    drop(play(&script, machine, Vec::new(), &mut random, Responder::handle));
}

/// The configuration of the machine under test.
pub(crate) fn own_config(script: &Script) -> Config {
    let (own, peer) = names(script.role);
    if script.asks {
        config(own, &[], script.profile).ask_about_unknown()
    } else {
        config(own, &[peer], script.profile)
    }
}

/// The names of the machine under test and of its peer.
pub(crate) fn names(role: Role) -> (&'static str, &'static str) {
    if role == Role::Initiator { ("alice", "bob") } else { ("bob", "alice") }
}

/// What a machine does with an object.
type Handle<M> = fn(M, &[u8], Timestamp, &mut dyn Random) -> Result<Step<M>, Failed>;

/// Where a machine waits.
enum Place<M: Machine> {
    Peer(M),
    Identity(sdmp_handshake::NeedIdentity<M>),
    Verdict(sdmp_handshake::Authorize<M>),
}

/// Gives a machine what the script says, until it fails or accepts.
pub(crate) fn play<M: Machine>(
    script: &Script,
    machine: M,
    mut sent: Vec<String>,
    random: &mut dyn Random,
    handle: Handle<M>,
) -> Option<Box<Session>> {
    let mut place = Place::Peer(machine);
    let mut received: Vec<&[u8]> = Vec::new();
    let (mut trusted, mut now) = (!script.asks, wall());
    for action in &script.actions {
        let step = match (place, action) {
            (Place::Peer(machine), Action::Receive(octets)) => {
                received.push(octets);
                handle(machine, octets, now, random)
            }
            (Place::Identity(question), Action::Answer { identity, .. }) => {
                let identity = identity.map(|name| answer(script.role, name));
                question.provide(identity, now, random)
            }
            (Place::Verdict(question), Action::Answer { verdict, .. }) => {
                let (_, peer) = names(script.role);
                assert_eq!(question.peer(), node(peer).identity(), "proved by another");
                trusted = *verdict == Verdict::Trust;
                match verdict {
                    Verdict::Trust => question.trust(now, random),
                    Verdict::Refuse => Err(question.refuse(random)),
                }
            }
            (waiting, action) => {
                if matches!(action, Action::Expire) {
                    now = super::node::expiry();
                }
                place = waiting;
                continue;
            }
        };
        place = match step {
            Err(failed) => {
                assert_refused(script, received.len(), &failed);
                return None;
            }
            Ok(Step::Continue { machine, send }) => {
                sent.extend(send);
                Place::Peer(machine)
            }
            Ok(Step::NeedIdentity(question)) => Place::Identity(question),
            Ok(Step::Authorize(question)) => Place::Verdict(question),
            Ok(Step::Complete { session, send }) => {
                sent.extend(send);
                assert!(trusted, "accepted a peer that the application did not trust (R30)");
                assert_accepted(script, &received, &sent, &session);
                return Some(session);
            }
        };
    }
    None
}

/// The identity that the application answers with.
pub(crate) fn answer(role: Role, name: &str) -> sdmp_envelope::Identity {
    let (_, peer) = names(role);
    node(if name == "peer" { peer } else { name }).identity().clone()
}

/// R37, R38: what the peer learns of a refusal depends on which message was refused, and on nothing
/// else; a rejection is not answered.
fn assert_refused(script: &Script, received: usize, failed: &Failed) {
    if failed.send.is_empty() {
        return;
    }
    if received <= 1 {
        assert_eq!(failed.send, [Rejection::BAD_REQUEST], "the refusal of M1 or M2");
        return;
    }
    let own = recording(script.profile).own.sent(script.role);
    let sizes: Vec<usize> = failed.send.iter().map(String::len).collect();
    // The flight that the peer hoped for: M4 and FIN_R, or FIN_I.
    let hoped: Vec<usize> = own.handshake.iter().skip(1).map(String::len).collect();
    match (script.role, script.profile) {
        (Role::Responder, _) => {
            assert!(received == 2, "a bad FIN_I is not answered");
            assert_eq!(sizes, hoped, "the size of a refusal tells something");
        }
        (Role::Initiator, _) => assert_eq!(sizes.len(), 1),
    }
}

/// Acceptance: only on the recorded session, and with everything that it says.
fn assert_accepted(script: &Script, received: &[&[u8]], sent: &[String], session: &Session) {
    let own = &recording(script.profile).own;
    let (_, peer) = names(script.role);
    let peer_role = if script.role == Role::Initiator { Role::Responder } else { Role::Initiator };
    assert_eq!(session.peer().fingerprint(), node(peer).identity().fingerprint());
    let genuine = &own.sent(peer_role).handshake;
    assert_eq!(received.len(), genuine.len(), "accepted on another number of messages");
    if script.profile == Profile::Hardened {
        for (given, genuine) in received.iter().zip(genuine) {
            assert!(same(given, genuine.as_bytes()), "accepted on other octets");
        }
        assert_eq!(sent, own.sent(script.role).handshake, "the peer saw other messages");
        assert_eq!(session.session_id(), own.session_id.as_ref(), "another session (R44)");
    } else {
        // Of the published profile only M1 and M2 are protected, by the signatures.
        assert_eq!(received.first().map(|m| m.trim_ascii()), genuine.first().map(|m| m.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The properties say what must not be accepted; this says that something is.
    #[test]
    fn the_honest_peer_is_accepted() {
        for profile in [Profile::Hardened, Profile::Published] {
            for (role, asks) in [
                (Role::Initiator, false),
                (Role::Initiator, true),
                (Role::Responder, false),
                (Role::Responder, true),
            ] {
                assert!(accepts(role, profile, asks, "peer", Verdict::Trust), "{role:?} {asks}");
            }
            assert!(!accepts(Role::Responder, profile, true, "mallory", Verdict::Trust));
            assert!(!accepts(Role::Initiator, profile, true, "peer", Verdict::Refuse));
        }
    }

    fn accepts(
        role: Role,
        profile: Profile,
        asks: bool,
        identity: &'static str,
        verdict: Verdict,
    ) -> bool {
        let peer = if role == Role::Initiator { Role::Responder } else { Role::Initiator };
        let objects = &recording(profile).own.sent(peer).handshake;
        let mut actions: Vec<Action> =
            objects.iter().map(|object| Action::Receive(object.clone().into_bytes())).collect();
        if asks {
            let answer = Action::Answer { identity: Some(identity), verdict };
            drop(actions.splice(2..2, [answer.clone(), answer]));
        }
        let script = Script { role, profile, asks, chunk: 1, actions };
        let mut random = random(role);
        let config = own_config(&script);
        match role {
            Role::Initiator => {
                let (machine, m1) = Initiator::start(config, wall(), &mut random).expect("usable");
                play(&script, machine, vec![m1], &mut random, Initiator::handle).is_some()
            }
            Role::Responder => {
                let machine = Responder::new(config);
                play(&script, machine, Vec::new(), &mut random, Responder::handle).is_some()
            }
        }
    }
}
