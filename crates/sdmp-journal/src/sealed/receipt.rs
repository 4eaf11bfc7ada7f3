//! Receipts (N41).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sdmp_container::{Fingerprint, Identifier, Timestamp};
use sdmp_crypto::random::Random;

use crate::sealed::{Content, Draft, Opened, Sealed};
use crate::sync::time::later;

const SOONEST: u64 = 10 * 60;
const LATEST: u64 = 120 * 60;

/// The receipts that this node is about to send. Off by default: nothing is planned unless the
/// person switched them on.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    planned: BTreeMap<Identifier, (Timestamp, Fingerprint)>,
    done: BTreeSet<Identifier>,
}

impl Receipts {
    /// A message was shown, under the identifier of the resource `shown`. Planned is a receipt 10 to
    /// 120 minutes later, so that the moment of reading stays hidden: for messages of other users
    /// only, and only those whom this node's user trusts.
    ///
    /// # Errors
    /// A failure of the random source: then none is planned.
    pub fn shown(
        &mut self,
        shown: &Identifier,
        opened: &Opened,
        (user, is_trusted): (&Fingerprint, bool),
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<(), sdmp_crypto::Error> {
        let Opened::Proven { sealed, content: Content::Message { .. }, .. } = opened else {
            return Ok(());
        };
        // Strangers get no receipt: it would tell them that the key is in use.
        if sealed.user == *user || !is_trusted || self.done.contains(shown) {
            return Ok(());
        }
        let mut octets = [0; 4];
        random.fill(&mut octets)?;
        // Late and at random: a receipt must not show when a person reads.
        let seconds = SOONEST + u64::from(u32::from_be_bytes(octets)) % (LATEST - SOONEST + 1);
        let due = later(now, Duration::from_secs(seconds));
        self.planned.entry(shown.clone()).or_insert((due, sealed.user.clone()));
        Ok(())
    }

    /// A receipt of an own device for this message came: none is sent.
    pub fn sent_by_own_device(&mut self, of: &Identifier) {
        self.planned.remove(of);
        self.done.insert(of.clone());
    }

    /// The receipts that are due, as drafts; they count as sent.
    pub fn take_due(&mut self, user: &Fingerprint, now: Timestamp) -> Vec<Draft> {
        let due = self.planned.iter().filter(|(_, (at, _))| *at <= now);
        let due: Vec<Identifier> = due.map(|(of, _)| of.clone()).collect();
        let mut drafts = Vec::new();
        for of in due {
            if let Some((_, sender)) = self.planned.remove(&of) {
                let content = Content::Receipt(of.clone());
                let to = vec![sender];
                drafts.push(Draft { user: user.clone(), to, created: now, content });
                self.done.insert(of);
            }
        }
        drafts
    }

    /// When the next one is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.planned.values().map(|(at, _)| *at).min()
    }
}

/// Whether a receipt counts: it comes from a user for whom the message was.
#[must_use]
pub fn counts(message: &Sealed, receipt: &Sealed) -> bool {
    message.to.contains(&receipt.user)
}
