//! Bars (N14).

use std::sync::Arc;

use sdmp_container::{Fingerprint, IdentityType};

use super::Authority;
use crate::View;
use crate::fact::{BarFact, RevocationFact};

impl<V: View + ?Sized> Authority<'_, V> {
    /// What bars this key for this user, for ever: a revocation by the user's key of a trust of the
    /// user in the key, which is of type `node` by some known identity (N14).
    #[must_use]
    pub fn bar(&self, user: &Fingerprint, key: &Fingerprint) -> Option<Arc<BarFact>> {
        let bars = self.view.bars(user, key);
        let bar = bars.iter().find(|bar| self.without != Some(&bar.trust))?;
        self.is_of_type(key, IdentityType::Node).then(|| Arc::clone(bar))
    }

    /// What bars a revocation: its signer is barred for its user, or the signer of the trust it was
    /// signed under (N14).
    #[must_use]
    pub fn bar_of_revocation(&self, revocation: &RevocationFact) -> Option<Arc<BarFact>> {
        let meta = &revocation.meta;
        if meta.signer == meta.user {
            return None; // bars are of nodes, and no trust is in the user itself (N10)
        }
        self.bar(&meta.user, &meta.signer).or_else(|| {
            let trust = self.view.trust(meta.trust.as_ref()?)?;
            self.bar(&meta.user, &trust.meta.signer)
        })
    }
}
