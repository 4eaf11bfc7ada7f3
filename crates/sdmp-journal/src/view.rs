//! What is known, as lookups (N1: *known* is what was admitted here).

mod facts;
mod known;
mod overlay;

pub use facts::{Facts, Tally};
pub use known::Known;
pub use overlay::Overlay;

use std::sync::Arc;

use crate::fact::{BarFact, Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use crate::{Fingerprint, Identifier};

/// What is known: one consistent state of what a node has admitted.
///
/// Authority and judging ask nothing but these lookups, and each is one of an index: none may scan.
/// [`Known`] answers them from memory; a storage engine can hold a `Known` as its cache, or answer
/// from its tables.
///
/// **Failures.** The lookups have no error. An engine whose lookup fails must answer something,
/// remember that it failed, and drop whatever was decided with this view: an unknown revocation
/// would otherwise look like none.
pub trait View {
    /// What is known of a resource.
    fn meta(&self, id: &Identifier) -> Option<Meta>;

    /// The identities of a key, in the order of admission (N9).
    fn identities(&self, key: &Fingerprint) -> Facts<IdentityFact>;

    /// A trust by its identifier.
    fn trust(&self, id: &Identifier) -> Option<Arc<TrustFact>>;

    /// A revocation by its identifier.
    fn revocation(&self, id: &Identifier) -> Option<Arc<RevocationFact>>;

    /// The trusts of a user in a key, in the order of admission.
    fn trusts(&self, user: &Fingerprint, trustee: &Fingerprint) -> Facts<TrustFact>;

    /// The trusts of all users in a key.
    fn trusts_in(&self, trustee: &Fingerprint) -> Facts<TrustFact>;

    /// All trusts of a user.
    fn trusts_of(&self, user: &Fingerprint) -> Facts<TrustFact>;

    /// The trusts of a user that a key signed.
    fn trusts_signed(&self, user: &Fingerprint, signer: &Fingerprint) -> Facts<TrustFact>;

    /// The revocations for a user that name a resource, whether or not they have an effect, in the
    /// order of admission. Of those that have signer, trust and the use of `authorization` in
    /// common the first is enough: they are in effect together or not at all (N13). So nobody
    /// makes a resource slow to judge by revoking it again and again.
    fn revocations(&self, user: &Fingerprint, target: &Identifier) -> Facts<RevocationFact>;

    /// The revocations for a user that a key signed, in the order of admission.
    fn revocations_signed(&self, user: &Fingerprint, signer: &Fingerprint)
    -> Facts<RevocationFact>;

    /// The trusts of a user in a key that the user's key revoked, in the order in which that became
    /// known. If the key is of type `node`, any of them bars it (N14).
    fn bars(&self, user: &Fingerprint, key: &Fingerprint) -> Facts<BarFact>;

    /// How much control a key signed for a user (N51).
    fn tally(&self, user: &Fingerprint, signer: &Fingerprint) -> Tally;

    /// The octets of the control of a user that nodes signed (N51).
    fn node_signed_octets(&self, user: &Fingerprint) -> u64;
}

/// Takes in what was admitted; the other half of a [`View`] that is kept in memory.
pub trait Admit {
    /// Takes in an admitted resource. The same resource again changes nothing.
    fn admit(&mut self, fact: Fact);
}
