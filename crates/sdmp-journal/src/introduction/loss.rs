//! What is to be done when a device is lost (N14, N15, N46).

use std::collections::BTreeSet;
use std::sync::Arc;

use sdmp_container::{Authorization, Fingerprint, Identifier, IdentityType};

use crate::View;
use crate::authority::{Authority, Duty};
use crate::fact::TrustFact;

/// What is at hand against a lost device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// The user's key: it bars the device.
    UsersKey,
    /// Another device: it revokes what it gave, or everything if it holds `revoke`.
    Device(Fingerprint),
}

/// What is to be done, in this order, and what it costs.
#[derive(Clone, Debug, Default)]
pub struct LossPlan {
    /// First: what the device gave and revoked, and shall stand, is done anew (N15).
    pub anew: Duty,
    /// Then: these are revoked. With the user's key one is enough, and bars the device for ever.
    pub revoke: Vec<Identifier>,
    /// Trusts in the device that stay, because what is at hand cannot revoke them.
    pub stays: Vec<Arc<TrustFact>>,
    /// Nodes and users that no live trust of the user is in, once it is done and nothing was given
    /// anew: they are cut off, and are reached by a file (N44).
    pub cut_off: BTreeSet<Fingerprint>,
}

/// Plans the end of a user's trust in a lost node. `lost_at_line` is the length of the journal here
/// when it was lost: what the device did later may be a thief's.
#[must_use]
pub fn plan_loss<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    user: &Fingerprint,
    node: &Fingerprint,
    means: &Means,
    lost_at_line: u64,
) -> LossPlan {
    let mut anew = authority.duty(user, node, lost_at_line);
    let trusts = authority.view().trusts(user, node);
    let live = trusts.iter().filter(|trust| authority.check_trust(trust).is_ok());
    // A device can take back only what it gave itself, unless it may revoke in general.
    let (mut revoke, mut stays) = (Vec::new(), Vec::new());
    match means {
        Means::UsersKey => {
            // Any trust in it will do, an ended one too: the bar is about the key.
            let one = live.max_by_key(|trust| trust.meta.line).or(trusts.first());
            revoke.extend(one.map(|trust| trust.meta.id.clone()));
        }
        Means::Device(device) => {
            // Only a bar takes the revocations along.
            anew.revoke_anew.clear();
            let may_all = authority.holds(user, device, Authorization::Revoke);
            for trust in live {
                if may_all || trust.meta.signer == *device {
                    revoke.push(trust.meta.id.clone());
                } else {
                    stays.push(Arc::clone(trust));
                }
            }
        }
    }
    let cut_off = cut_off(authority, user, node, stays.is_empty());
    LossPlan { anew, revoke, stays, cut_off }
}

/// The trustees whose live trusts were all given by the device.
fn cut_off<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    user: &Fingerprint,
    node: &Fingerprint,
    ends: bool,
) -> BTreeSet<Fingerprint> {
    if !ends {
        return BTreeSet::new();
    }
    let given = authority.view().trusts_signed(user, node);
    let trustees: BTreeSet<Fingerprint> = given
        .iter()
        .filter(|trust| authority.check_trust(trust).is_ok())
        .map(|trust| trust.trustee.clone())
        .collect();
    // A node that another signer trusts too is not cut off.
    let others = |trustee: &Fingerprint| {
        authority
            .view()
            .trusts(user, trustee)
            .iter()
            .any(|trust| trust.meta.signer != *node && authority.check_trust(trust).is_ok())
    };
    trustees.into_iter().filter(|trustee| !others(trustee)).collect()
}

impl LossPlan {
    /// Of those cut off, the nodes: they can be reached only by a file.
    #[must_use]
    pub fn nodes_cut_off<V: View + ?Sized>(
        &self,
        authority: &Authority<'_, V>,
    ) -> Vec<Fingerprint> {
        let node = |key: &&Fingerprint| authority.is_of_type(key, IdentityType::Node);
        self.cut_off.iter().filter(node).cloned().collect()
    }
}
