//! What must be given anew before a trust in a node ends (N15).

use std::collections::BTreeMap;
use std::sync::Arc;

use sdmp_container::{Fingerprint, IdentityType};

use super::Authority;
use crate::View;
use crate::fact::{RevocationFact, TrustFact};

/// What the end of a user's trust in a node would take along, unless it is done anew first (N15).
#[derive(Clone, Debug, Default)]
pub struct Duty {
    /// The live trusts that the node gave: what of them shall stand is given anew by another key.
    pub give_anew: Vec<Arc<TrustFact>>,
    /// Before a bar: the node's revocations, which the user's key repeats, unless the person says
    /// otherwise. Those of trusts in nodes are left out: repeating them would bar.
    pub revoke_anew: Vec<Arc<RevocationFact>>,
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// What ends with a user's trust in a node. `lost_at_line` is the length of the journal here
    /// when the node was lost: what came later may be a thief's, and is left out.
    #[must_use]
    pub fn duty(&self, user: &Fingerprint, node: &Fingerprint, lost_at_line: u64) -> Duty {
        // The latest of those for the same trustee that give the same is enough.
        let mut given = BTreeMap::new();
        for trust in self.view.trusts_signed(user, node).iter() {
            if trust.meta.line <= lost_at_line && self.check_trust(trust).is_ok() {
                given.insert((trust.trustee.clone(), trust.grants), Arc::clone(trust));
            }
        }
        let mut revoked = BTreeMap::new();
        for revocation in self.view.revocations_signed(user, node).iter() {
            let bars = self.view.trust(&revocation.target).is_some_and(|trust| {
                trust.meta.user == *user && !self.is_of_type(&trust.trustee, IdentityType::User)
            });
            if revocation.meta.line <= lost_at_line && !bars {
                let repeat = || Arc::clone(revocation);
                revoked.entry(revocation.target.clone()).or_insert_with(repeat);
            }
        }
        let mut duty = Duty {
            give_anew: given.into_values().collect(),
            revoke_anew: revoked.into_values().collect(),
        };
        duty.give_anew.sort_by_key(|trust| trust.meta.line);
        duty.revoke_anew.sort_by_key(|revocation| revocation.meta.line);
        duty
    }
}
