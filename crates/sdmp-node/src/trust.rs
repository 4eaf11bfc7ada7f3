//! Who is trusted, asked of the home directory at each handshake.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;
use sdmp_transport::Trust;
use tokio::time::{Instant, sleep};

use crate::blocking::blocking;
use crate::home::{Home, Named};

/// How soon the end of a trust ends what is open.
const LOOK: Duration = Duration::from_secs(1);

/// Trusts the peers of a home directory, as it is at the moment of the question: a peer that was
/// added or removed meanwhile counts. Give the listener's configuration
/// [`ask_about_unknown`](sdmp_handshake::Config::ask_about_unknown). Clones share what they have read.
#[derive(Clone, Debug)]
pub struct HomeTrust {
    home: Home,
    /// Only these, if any are named.
    only: Arc<BTreeSet<String>>,
    last: Arc<Mutex<Option<Read>>>,
}

/// When the peers were read, and what they were.
type Read = (Instant, Arc<[Named]>);

impl HomeTrust {
    /// Trusts all peers of this home.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self { home, only: Arc::default(), last: Arc::default() }
    }

    /// Trusts only the peers with these names; with no names, all.
    #[must_use]
    pub fn only(self, names: impl IntoIterator<Item = String>) -> Self {
        Self { only: Arc::new(names.into_iter().collect()), ..self }
    }

    /// The name under which a peer is trusted now; a peer that is trusted under several has the
    /// first one.
    #[must_use]
    pub fn name_of(&self, peer: &Fingerprint) -> Option<String> {
        let peers = self.read();
        peers
            .iter()
            .find(|known| known.identity.fingerprint() == peer)
            .map(|known| known.name.clone())
    }

    /// Whether more than one peer is trusted now.
    #[must_use]
    pub fn may_be_several(&self) -> bool {
        let peers = self.recent();
        peers.windows(2).any(|two| {
            let [one, other] = two else { return false };
            one.identity.fingerprint() != other.identity.fingerprint()
        })
    }

    /// Ready when a peer is trusted no longer, at most about a second after that.
    pub async fn revoked(&self, peer: &Fingerprint) {
        while self.recent().iter().any(|known| known.identity.fingerprint() == peer) {
            sleep(LOOK).await;
        }
    }

    /// The peers as they are now. Always reads all of them, so that the time says nothing about one.
    fn read(&self) -> Arc<[Named]> {
        let allowed = |known: &Named| self.only.is_empty() || self.only.contains(&known.name);
        // A home that others can change, or that cannot be read, trusts no peer.
        let mut peers = blocking(|| self.home.list_peers()).unwrap_or_default().named;
        peers.retain(allowed);
        let peers = Arc::<[Named]>::from(peers);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&peers)));
        peers
    }

    /// The peers as they were a moment ago: many sessions ask, and the disk is read once.
    fn recent(&self) -> Arc<[Named]> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some((read, peers)) if read.elapsed() < LOOK / 2 => peers,
            _ => self.read(),
        }
    }
}

#[async_trait]
impl Trust for HomeTrust {
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
        let peers = self.read();
        peers.iter().find(|k| k.identity.fingerprint() == claimed).map(|k| k.identity.clone())
    }

    async fn authorize(&mut self, peer: &Identity) -> bool {
        self.name_of(peer.fingerprint()).is_some()
    }
}
