//! The application's part in a handshake: whom do I know, whom do I trust (R30).

use async_trait::async_trait;
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;

/// Answers the two questions of R30, in this order and only for what the configuration's set of
/// trusted identities does not answer. The handshake's time limit (R42) governs while it decides.
///
/// A program that knows one identity, and asks nothing else:
///
/// ```
/// use async_trait::async_trait;
/// use sdmp_container::Fingerprint;
/// use sdmp_envelope::Identity;
/// use sdmp_transport::{Trust, accept_with, connect, memory};
///
/// struct Only(Identity);
///
/// #[async_trait]
/// impl Trust for Only {
///     async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
///         (self.0.fingerprint() == claimed).then(|| self.0.clone())
///     }
///     async fn authorize(&mut self, peer: &Identity) -> bool {
///         *peer == self.0
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use sdmp_handshake::Profile;
/// # use sdmp_testkit::{nodes, pair};
/// # let config = |own: fn() -> _, peer: fn() -> _| pair::config(&own(), &[&peer()], Profile::Hardened);
/// # let (alice, bob) = (config(nodes::alice, nodes::bob), config(nodes::bob, nodes::alice));
/// # let bob = sdmp_handshake::Config::new(nodes::bob()).with_policy(bob.policy().clone());
///
/// let known = nodes::alice().identity().clone();
/// let (one, other) = memory::pair(4);
/// let (bob, mut trust) = (bob.ask_about_unknown(), Only(known.clone()));
/// let (_, bob) = tokio::try_join!(connect(one, alice), accept_with(other, bob, &mut trust))?;
/// assert_eq!(*bob.peer(), known);
/// # Ok(())
/// # }
/// ```
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
