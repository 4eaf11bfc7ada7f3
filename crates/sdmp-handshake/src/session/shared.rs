//! What both halves of a session know.

#[cfg(feature = "schema")]
use std::sync::Arc;
use std::sync::OnceLock;

use sdmp_container::Timestamp;
use sdmp_crypto::dh::Group;
use sdmp_crypto::hkdf::Prk;
use sdmp_envelope::Identity;
#[cfg(feature = "schema")]
use sdmp_schema::Validator;

use crate::error::Error;
use crate::labels;
use crate::policy::{Config, Profile, SessionLimits};
use crate::role::Role;

/// What both halves of a session know.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) role: Role,
    pub(super) profile: Profile,
    pub(super) peer: Identity,
    /// The earlier end of the two identities (R35).
    pub(super) expires: Timestamp,
    pub(super) group: Group,
    pub(super) limits: SessionLimits,
    /// How many cores a batch may use; 0 is 1.
    pub(super) workers: usize,
    #[cfg(feature = "schema")]
    pub(super) validator: Option<Arc<Validator>>,
    pub(super) exporter: Option<Prk>,
    pub(super) session_id: Option<[u8; 32]>,
    pub(super) transcript: Option<[u8; 64]>,
    /// What the peer's close has to be, octet by octet (R41); hardened only.
    pub(super) peer_close: Option<String>,
    /// The first failure; both halves answer with it from then on (R39).
    pub(super) failure: OnceLock<Error>,
}

impl Shared {
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Error> {
        match self.failure.get() {
            Some(failure) => Err(failure.clone()),
            // Asked for each object: a session must not outlive the identities that it was accepted
            // with (R35).
            None if self.expires.is_expired(now) => Err(Error::Expired),
            None => Ok(()),
        }
    }

    pub(super) fn fail(&self, error: Error) -> Error {
        // Only the first error is the cause; later ones follow from it.
        self.failure.get_or_init(|| error).clone()
    }

    pub(super) fn new(config: &Config, role: Role, peer: Identity, group: Group) -> Self {
        Self {
            role,
            profile: config.policy.profile,
            expires: config.local.identity().expires().min(peer.expires()),
            peer,
            group,
            limits: config.policy.limits.clone(),
            workers: config.policy.workers,
            #[cfg(feature = "schema")]
            validator: config.validator.clone(),
            exporter: None,
            session_id: None,
            transcript: None,
            peer_close: None,
            failure: OnceLock::new(),
        }
    }

    /// The text of this side's close (R41); nothing in the published profile.
    pub(super) fn close_text(&self) -> Option<String> {
        self.transcript.as_ref().map(|t2| labels::close(self.role, t2))
    }
}
