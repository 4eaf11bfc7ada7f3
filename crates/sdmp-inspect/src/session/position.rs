//! Where an object stands: who sent it, and how many that side had sent before.

use sdmp_container::Limits;
use sdmp_container::closed::EncryptedObject;
use sdmp_envelope::network::Sealed;
use sdmp_handshake::{Profile, Role};

use super::inspector::SessionInspector;
use crate::key_log::Slot;
use crate::transcript::is_creation;

/// An object's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) from: Option<Role>,
    /// How many objects its sender had sent.
    pub(crate) number: u64,
}

impl SessionInspector<'_> {
    pub(super) fn place(&mut self, object: &[u8], from: Option<Role>) -> Place {
        self.learn_profile(object);
        let from = from.or_else(|| self.guess(object));
        Place { from, number: from.map_or(0, |from| *self.sent.of(from)) }
    }

    /// The size of the first sealed object tells the profile: the tag and the last block make it
    /// 48 octets more than a multiple of 8,192.
    fn learn_profile(&mut self, object: &[u8]) {
        if self.certain {
            return;
        }
        if let Ok(sealed) = EncryptedObject::parse(object, &Limits::CLOSED_TRAFFIC) {
            // Four characters are three octets.
            let octets = sealed.payload.len() / 4 * 3 + sealed.payload.len() % 4 * 3 / 4;
            let published = octets % sdmp_envelope::ContentKey::padded_len(0) == 0;
            self.profile = if published { Profile::Published } else { Profile::Hardened };
            self.certain = true;
        }
    }

    /// The sender, where the capture does not tell: by the order of the handshake, then by whose
    /// key opens the object.
    fn guess(&self, object: &[u8]) -> Option<Role> {
        let sent = (*self.sent.of(Role::Initiator), *self.sent.of(Role::Responder));
        match (sent, self.profile) {
            ((0, 0), _) if is_creation(object) => return Some(Role::Initiator),
            ((1, 0), _) if is_creation(object) => return Some(Role::Responder),
            ((1, 1), _) => return Some(Role::Initiator),
            ((2, 1), _) => return Some(Role::Responder),
            ((2, 2), Profile::Hardened) => return Some(Role::Responder),
            ((2, 3), Profile::Hardened) => return Some(Role::Initiator),
            // A single direction of a conversation: its own object is the only creation.
            ((_, 0), _) if self.handshake.is_none() && sent.0 > 0 => return Some(Role::Initiator),
            _ => {}
        }
        let handshake = self.handshake?;
        let sealed = Sealed::parse(object, &Limits::CLOSED_TRAFFIC).ok()?;
        Role::ALL.into_iter().find(|side| {
            self.secrets
                .key(&handshake, Slot::Traffic, *side)
                .is_some_and(|key| sealed.is_sealed_with(&key, self.next_number(*side)))
        })
    }

    /// The number of a side's next object of traffic.
    pub(super) fn next_number(&self, side: Role) -> u64 {
        self.numbers.of(side).unwrap_or_else(|| self.sent.of(side).saturating_sub(2))
    }
}
