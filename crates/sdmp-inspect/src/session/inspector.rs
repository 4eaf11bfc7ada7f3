//! Walks through a session from outside: which object is which, what opens it, what holds.

use sdmp_container::{Fingerprint, Timestamp, b64url};
use sdmp_handshake::schedule::transcript_1;
use sdmp_handshake::{Profile, Role};

use super::tries::Tries;
use crate::key_log::{Handshake, SessionKeys};
use crate::known::KnownIdentities;
use crate::message_kind::Kind;
use crate::redact::{hide, lossy};
use crate::report::{Checks, Session, Step, Who};
use crate::transcript::{Both, Piece, Seen, Transcript};

pub(super) struct SessionInspector<'a> {
    pub(super) secrets: &'a SessionKeys,
    pub(super) known: &'a KnownIdentities,
    /// When the capture began, or now: identities are judged by it.
    pub(super) moment: Timestamp,
    pub(super) profile: Profile,
    /// The profile is known from the recording, the keys, or the first sealed object.
    pub(super) certain: bool,
    pub(super) handshake: Option<Handshake>,
    pub(super) t1: Option<[u8; 64]>,
    pub(super) t2: Option<[u8; 64]>,
    /// M1 and M2.
    pub(super) creations: Both<Option<Vec<u8>>>,
    /// P3 and P4.
    pub(super) proofs: Both<Option<Vec<u8>>>,
    pub(super) signers: Both<Option<(Fingerprint, bool)>>,
    /// How many objects each side has sent.
    pub(super) sent: Both<u64>,
    /// The number of each side's next object of traffic, where it is not what counting gives.
    pub(super) numbers: Both<Option<u64>>,
    pub(super) closed: Both<bool>,
    pub(super) ended: Both<bool>,
    /// Those of the whole input.
    pub(super) tries: &'a mut Tries,
    pub(super) opened: usize,
    pub(super) notes: Vec<String>,
}

impl<'a> SessionInspector<'a> {
    pub(super) fn new(
        capture: &Transcript,
        secrets: &'a SessionKeys,
        known: &'a KnownIdentities,
        now: Timestamp,
        tries: &'a mut Tries,
    ) -> Self {
        Self {
            secrets,
            known,
            moment: capture.time.unwrap_or(now),
            profile: capture.profile.unwrap_or_default(),
            certain: capture.profile.is_some(),
            handshake: None,
            t1: None,
            t2: None,
            creations: Both::default(),
            proofs: Both::default(),
            signers: Both::default(),
            sent: Both::default(),
            numbers: Both::default(),
            closed: Both::default(),
            ended: Both::default(),
            tries,
            opened: 0,
            notes: Vec::new(),
        }
    }

    pub(super) fn piece(&mut self, piece: &Piece) -> Option<Step> {
        let object = match &piece.seen {
            Seen::Object(object) => object,
            Seen::Unframed(octets) => return Some(unframed(piece, octets)),
            Seen::End { whole } => {
                self.end(piece.from, *whole);
                return None;
            }
        };
        let place = self.place(object, piece.from);
        let mut step = self.object(object, place.from, place.number);
        step.ms = piece.ms;
        if let Some(from) = place.from {
            *self.sent.of_mut(from) += 1;
        }
        Some(step)
    }

    pub(super) fn end(&mut self, from: Option<Role>, whole: bool) {
        let Some(from) = from else { return };
        *self.ended.of_mut(from) = true;
        if !whole {
            self.notes.push(format!(
                "what the {} sent ends inside an object, or in what is none (R43)",
                from.name()
            ));
        } else if self.opened > 0 && !*self.closed.of(from) && self.profile == Profile::Hardened {
            self.notes.push(format!(
                "the stream of the {} ended without its close: it may have been cut (R41)",
                from.name()
            ));
        }
    }

    /// Both session creation objects are there: this names the session in a key log.
    pub(super) fn creations_complete(&mut self) {
        let (Some(m1), Some(m2)) =
            (self.creations.of(Role::Initiator), self.creations.of(Role::Responder))
        else {
            return;
        };
        let t1 = transcript_1(m1, m2);
        self.t1 = Some(t1);
        let Some(handshake) = t1.first_chunk::<32>() else { return };
        if self.secrets.knows(handshake) {
            self.handshake = Some(*handshake);
        } else if !self.secrets.is_empty() {
            self.notes.push(
                "the key log holds no secrets of this session: it is of other sessions, or M1 or M2 \
                 is not what the two saw (the name of a session is the hash of both)"
                    .to_owned(),
            );
        }
    }

    pub(super) fn finish(mut self, capture: &Transcript, steps: Vec<Step>) -> Session {
        let mut notes = capture.notes.clone();
        notes.append(&mut self.notes);
        let sealed = steps.iter().any(|step| !step.outer.is_empty());
        if sealed && self.secrets.is_empty() {
            notes.push(
                "no key log was given: what is sealed stays closed, as it does for an \
                 eavesdropper (--key-log FILE opens it)"
                    .to_owned(),
            );
        }
        if steps.is_empty() {
            notes.push("nothing was sent".to_owned());
        }
        let id = self.handshake.and_then(|handshake| self.secrets.session_id(&handshake));
        let known = self.certain || sealed;
        Session {
            title: capture.title.clone(),
            profile: known.then_some(self.profile),
            initiator: self.who(Role::Initiator),
            responder: self.who(Role::Responder),
            session_id: id.map(|id| b64url::encode(&id)),
            steps,
            notes,
        }
    }

    pub(super) fn who(&self, side: Role) -> Option<Who> {
        let (kid, verified) = self.signers.of(side).as_ref()?;
        Some(Who {
            fingerprint: kid.to_string(),
            name: self.known.name(kid).map(str::to_owned),
            verified: *verified,
        })
    }
}

fn unframed(piece: &Piece, octets: &[u8]) -> Step {
    let mut checks = Checks::default();
    checks.fails(
        "R43",
        "objects follow each other, with at most 16 octets of white space between them",
        "what stands here is no object",
    );
    Step {
        kind: Kind::Unreadable,
        from: piece.from,
        ms: piece.ms,
        octets: octets.len(),
        wire: hide(lossy(octets)),
        outer: Vec::new(),
        layers: Vec::new(),
        checks,
        visible: Kind::Unreadable.visible(Profile::Hardened),
    }
}
