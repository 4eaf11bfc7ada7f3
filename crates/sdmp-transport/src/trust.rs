//! The application's part in a handshake: whom do I know, whom do I trust (R30).

use async_trait::async_trait;
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;

/// Answers the two questions of R30, in this order and only for what the configuration's set of
/// trusted identities does not answer. The handshake's time limit (R42) governs while it decides.
#[async_trait]
pub trait Trust: Send {
    /// The identity known under a *claimed*, unverified fingerprint, if any. Do not show the
    /// claim to a person: it proves nothing yet.
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity>;

    /// Whether this peer, whose signature was verified, may have the session.
    async fn authorize(&mut self, peer: &Identity) -> bool;
}

/// Trusts only what the configuration names.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfiguredOnly;

#[async_trait]
impl Trust for ConfiguredOnly {
    async fn identity(&mut self, _claimed: &Fingerprint) -> Option<Identity> {
        None
    }

    async fn authorize(&mut self, _peer: &Identity) -> bool {
        false
    }
}

#[async_trait]
impl<T: Trust + ?Sized> Trust for Box<T> {
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
        (**self).identity(claimed).await
    }

    async fn authorize(&mut self, peer: &Identity) -> bool {
        (**self).authorize(peer).await
    }
}
