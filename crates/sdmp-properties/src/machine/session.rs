//! Properties of an accepted session.

use super::by_value::{names, own_config, play};
use super::node::{expiry, node, wall};
use super::record::{self, containers, random, recording};
use super::same;
use super::script::{Action, Script};
use sdmp_container::{Container, Limits, Timestamp};
use sdmp_envelope::ContentKey;
use sdmp_envelope::network::Sealed;
use sdmp_handshake::{Ended, Error, Initiator, Opened, Profile, Responder, Role, Session};

/// R33 to R35, R39, R41: a session takes its peer's objects once, in order and unaltered, ends with
/// the peer's close, and after a failure says nothing else; what it seals, its peer can open.
pub fn keeps_its_promises(octets: &[u8]) {
    let Some(script) = Script::read(octets) else { return };
    let mut random = random(script.role);
    let mut side = Side {
        session: accepted(&script, &mut random),
        peer: recording(script.profile).own.sent(other(script.role)),
        profile: script.profile,
        taken: 0,
        closed: false,
        now: wall(),
        failure: None,
        key: recording(script.profile).own.traffic_key(script.role),
        // Object 0 of each direction is FIN (R31).
        sealed: u64::from(script.profile == Profile::Hardened),
        sent_close: false,
    };
    for action in &script.actions {
        match action {
            Action::Receive(octets) => side.open(octets),
            Action::Send(number) => side.seal(&mut random, *number),
            Action::Close => side.close(&mut random),
            Action::End => side.end(),
            Action::Expire => side.now = expiry(),
            Action::Wait(_) | Action::Answer { .. } => side.export(),
        }
    }
}

pub(crate) fn other(role: Role) -> Role {
    if role == Role::Initiator { Role::Responder } else { Role::Initiator }
}

/// The session that the recorded peer leads to.
fn accepted(script: &Script, random: &mut super::node::Seeded) -> Session {
    let peer = recording(script.profile).own.sent(other(script.role));
    let receive = |object: &String| Action::Receive(object.clone().into_bytes());
    let legal =
        Script { asks: false, actions: peer.handshake.iter().map(receive).collect(), ..*script };
    let config = own_config(&legal);
    let session = match script.role {
        Role::Initiator => {
            let (machine, m1) = Initiator::start(config, wall(), random).expect("usable");
            play(&legal, machine, vec![m1], random, Initiator::handle)
        }
        Role::Responder => {
            play(&legal, Responder::new(config), Vec::new(), random, Responder::handle)
        }
    };
    *session.expect("the honest peer is accepted")
}

/// A session under test and what is known of it.
struct Side {
    session: Session,
    peer: &'static record::Sent,
    profile: Profile,
    /// How many of the peer's containers were taken.
    taken: usize,
    closed: bool,
    now: Timestamp,
    failure: Option<Error>,
    key: ContentKey,
    sealed: u64,
    sent_close: bool,
}

impl Side {
    fn open(&mut self, octets: &[u8]) {
        let result = self.session.open(octets, self.now);
        if let Some(failure) = &self.failure {
            assert_eq!(result.err().as_ref(), Some(failure), "after a failure, another answer");
            return;
        }
        let usable = !self.closed && self.now < expiry();
        let next = self.peer.data.get(self.taken).filter(|_| usable);
        let close = self.peer.close.as_ref().filter(|_| usable && next.is_none());
        let genuine =
            |object: Option<&String>| object.is_some_and(|object| same(octets, object.as_bytes()));
        match result {
            Ok(Opened::Message(received)) if self.profile == Profile::Hardened => {
                assert!(genuine(next), "an object that is not the peer's next");
                let text = containers().get(self.taken).map(Container::text);
                assert_eq!(Some(received.container.text()), text);
                self.taken = self.taken.saturating_add(1);
            }
            // Nothing is promised of what arrives in the published profile, but that it is judged.
            Ok(Opened::Message(received)) => assert_eq!(received.container.check_core(), Ok(())),
            Ok(Opened::Closed) => {
                assert!(genuine(close), "a close that is not the peer's");
                self.closed = true;
            }
            Err(error) => {
                assert!(self.profile == Profile::Published || !genuine(next) && !genuine(close));
                self.failure = Some(error);
            }
        }
    }

    fn seal(&mut self, random: &mut super::node::Seeded, number: usize) {
        let Some(container) = containers().iter().cycle().nth(number) else { return };
        match self.session.seal(container, self.now, random) {
            Ok(object) => {
                assert!(self.failure.is_none() && !self.sent_close && self.now < expiry());
                self.assert_opens(&object, Some(container.as_bytes()));
            }
            Err(error) => self.refused(error),
        }
    }

    fn close(&mut self, random: &mut super::node::Seeded) {
        match self.session.close(self.now, random) {
            Ok(Some(object)) => {
                assert!(self.failure.is_none() && !self.sent_close);
                self.assert_opens(&object, None);
                self.sent_close = true;
            }
            Ok(None) => self.sent_close = true,
            Err(error) => self.refused(error),
        }
    }

    /// A call of the application's failed: as the session did, or by misuse that changes nothing.
    fn refused(&mut self, error: Error) {
        match &self.failure {
            Some(failure) => assert_eq!(&error, failure, "after a failure, another answer"),
            None if matches!(error, Error::ApiMisuse(_)) => assert!(self.sent_close),
            None => self.failure = Some(error),
        }
    }

    /// What this side sent opens with the recorded key at its place, and nowhere else.
    fn assert_opens(&mut self, object: &str, text: Option<&[u8]>) {
        let sealed = Sealed::parse(object.as_bytes(), &Limits::CLOSED_TRAFFIC).expect("closed");
        if self.profile == Profile::Hardened {
            assert!(!sealed.is_sealed_with(&self.key, self.sealed.wrapping_add(1)));
        }
        let opened = sealed.open(&self.key, self.sealed).expect("the peer has this key");
        // What follows the text is padding: white space.
        if let Some(text) = text {
            assert_eq!(opened.trim_ascii_end(), text);
        }
        self.sealed = self.sealed.wrapping_add(1);
    }

    fn end(&mut self) {
        match self.session.end() {
            Ok(Ended::Authenticated) => assert!(self.closed && self.failure.is_none()),
            Ok(Ended::Unauthenticated) => assert_eq!(self.profile, Profile::Published),
            Err(error) => {
                assert!(!self.closed || self.failure.is_some(), "an end that is none (R41)");
                match &self.failure {
                    Some(failure) => assert_eq!(&error, failure),
                    None => self.failure = Some(error),
                }
            }
        }
    }

    fn export(&mut self) {
        let mut secret = [0; 32];
        let result = self.session.export("EXPERIMENTAL fuzz", b"", &mut secret);
        if let Some(failure) = &self.failure {
            assert_eq!(result.err().as_ref(), Some(failure));
        } else {
            assert_eq!(result.is_ok(), self.profile == Profile::Hardened);
        }
        let (_, peer) = names(self.session.role());
        assert_eq!(self.session.peer().fingerprint(), node(peer).identity().fingerprint());
    }
}
