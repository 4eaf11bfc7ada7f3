//! Which texts of content are kept here (N49 to N51).

use std::collections::BTreeMap;

use sdmp_container::{Fingerprint, Identifier};
use sdmp_journal::{Candidate, Rsa};
use sdmp_store::Gone;

use super::Node;
use crate::Error;
use crate::blocking::blocking;

impl Node {
    /// Forgets texts of content (N50): line and reason stay, and nobody is asked for them again but by
    /// a person. Returns how many went.
    ///
    /// # Errors
    /// What the store says.
    pub fn forget(&self, ids: &[Identifier]) -> Result<usize, Error> {
        self.give_up(ids, Gone::Forgotten)
    }

    /// Gives up texts of content to make room (N50). Returns how many went.
    ///
    /// # Errors
    /// What the store says.
    pub fn evict(&self, ids: &[Identifier]) -> Result<usize, Error> {
        self.give_up(ids, Gone::Evicted)
    }

    /// Blocks an author or ends that (N50): its texts go, and what comes later is admitted without.
    /// Returns how many went.
    ///
    /// # Errors
    /// What the store says.
    pub fn block(&self, author: &Fingerprint, blocked: bool) -> Result<usize, Error> {
        let count = blocking(|| self.state.store.block(author, blocked))?;
        self.state.told.ring();
        Ok(count)
    }

    /// Why the text of a resource is not here; [`None`] for one that is not known.
    ///
    /// # Errors
    /// What the store says.
    pub fn gone(&self, id: &Identifier) -> Result<Option<Gone>, Error> {
        blocking(|| self.state.look(|view| view.snapshot().gone(id)))
    }

    /// Puts back a text that went, for a person who asked for it again and has it from elsewhere, for
    /// example another device (N50). Returns whether it was put back: only what its signer wrote is.
    ///
    /// # Errors
    /// `resource.form` and others for what is no resource; what the store says.
    pub fn put_back(&self, text: &str) -> Result<bool, Error> {
        blocking(|| {
            let mut candidate = Candidate::parse(text)?;
            let verified = self.state.look(|view| candidate.verify(view.snapshot(), &Rsa))?;
            let is_good = verified == Some(true);
            let back = is_good && self.state.store.restore_text(candidate.resource())?;
            self.state.told.ring();
            Ok(back)
        })
    }

    /// How many octets of content are here, by author.
    ///
    /// # Errors
    /// What the store says.
    pub fn octets(&self) -> Result<BTreeMap<Fingerprint, u64>, Error> {
        Ok(blocking(|| self.state.store.octets())?.into_iter().collect())
    }

    fn give_up(&self, ids: &[Identifier], why: Gone) -> Result<usize, Error> {
        let count = blocking(|| self.state.store.give_up(ids, why))?;
        self.state.told.ring();
        Ok(count)
    }
}
