//! Shares: how much control one key may have signed for one user (N51).

use sdmp_container::Fingerprint;

use super::{Verdict, WaitsFor};
use crate::authority::{Authority, Wanted};
use crate::error::Code;
use crate::{Kind, Resource, View};

/// The limits of N51 for control. What the key of the own user, or of one whom it trusts, signs as
/// that user is not counted, so that a bar always finds room; only its identities are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shares {
    /// Trusts that have not expired, of one key for one user.
    pub trusts: u64,
    /// Revocations, of one key for one user; keys that only one node trusts count together.
    pub revocations: u64,
    /// Identities of one key.
    pub identities: usize,
    /// Octets of another user's control that nodes signed.
    pub octets: u64,
}

impl Shares {
    /// The defaults of N51.
    pub const DEFAULT: Self =
        Self { trusts: 4_096, revocations: 40_000, identities: 16, octets: 1 << 30 };

    /// With other numbers of trusts, revocations and identities.
    #[must_use]
    pub const fn with_counts(self, trusts: u64, revocations: u64, identities: usize) -> Self {
        Self { trusts, revocations, identities, ..self }
    }

    /// With another number of octets.
    #[must_use]
    pub const fn with_octets(self, octets: u64) -> Self {
        Self { octets, ..self }
    }

    /// Step 8.
    pub(super) fn check<V: View + ?Sized>(
        &self,
        authority: &Authority<'_, V>,
        own: &Fingerprint,
        resource: &Resource,
    ) -> Result<(), Verdict> {
        let (user, signer) = (resource.user(), resource.signer());
        let view = authority.view();
        // The user's own key has no limit at its own nodes: it could not be locked out by a stolen
        // device.
        let is_users_key = || signer == user && authority.wanted(own, user) == Wanted::Everything;
        let is_full = match resource.kind() {
            Kind::Identity => view.identities(signer).len() >= self.identities,
            Kind::Trust if !is_users_key() => self.trusts_are_full(authority, user, signer),
            Kind::Revoke if !is_users_key() => {
                revocations_of_share(view, user, signer) >= self.revocations
            }
            Kind::Trust
            | Kind::Revoke
            | Kind::Node
            | Kind::User
            | Kind::Message
            | Kind::Receipt
            | Kind::Encrypted
            | Kind::None => false,
        };
        if is_full {
            // Waiting and not refused: room comes back when trusts expire.
            return Err(Verdict::waits(WaitsFor::Room(Code::QuotaControl)));
        }
        // Octets that other users' nodes make us keep for ever; our own are ours to judge.
        let is_counted = resource.kind().is_control() && signer != user && user != own;
        if is_counted {
            let size = u64::try_from(resource.text().len()).unwrap_or(u64::MAX);
            if view.node_signed_octets(user).saturating_add(size) > self.octets {
                return Err(Verdict::waits(WaitsFor::Room(Code::QuotaAuthor)));
            }
        }
        Ok(())
    }

    fn trusts_are_full<V: View + ?Sized>(
        &self,
        authority: &Authority<'_, V>,
        user: &Fingerprint,
        signer: &Fingerprint,
    ) -> bool {
        // The number of all is quick; only at the limit the expired ones are left out.
        if authority.view().tally(user, signer).trusts < self.trusts {
            return false;
        }
        let trusts = authority.view().trusts_signed(user, signer);
        let now = authority.now();
        let lasting = trusts
            .iter()
            .filter(|trust| !trust.expires.is_some_and(|expires| expires.is_expired(now)));
        u64::try_from(lasting.count()).unwrap_or(u64::MAX) >= self.trusts
    }
}

/// The revocations in the share of a key. Keys that only one node trusts are that node's
/// inventions as far as anybody knows: what all of them revoked counts together.
fn revocations_of_share<V: View + ?Sized>(
    view: &V,
    user: &Fingerprint,
    signer: &Fingerprint,
) -> u64 {
    let trusts = view.trusts(user, signer);
    let sponsor = trusts.first().map(|trust| &trust.meta.signer);
    match sponsor {
        Some(node) if node != user && trusts.iter().all(|trust| trust.meta.signer == *node) => {
            view.tally(user, node).sponsored
        }
        _ => view.tally(user, signer).revocations,
    }
}
