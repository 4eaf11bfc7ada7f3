//! The lookups of control, which every engine answers from an index in memory.

/// The methods of `View` but `meta`, answered by a `Known`.
macro_rules! control_lookups {
    ($self:ident => $known:expr) => {
        $crate::lookups::control_lookups! { @ $self, $known;
            identities(key: &Fingerprint) -> Facts<IdentityFact>;
            trust(id: &Identifier) -> Option<Arc<TrustFact>>;
            revocation(id: &Identifier) -> Option<Arc<RevocationFact>>;
            trusts(user: &Fingerprint, trustee: &Fingerprint) -> Facts<TrustFact>;
            trusts_in(trustee: &Fingerprint) -> Facts<TrustFact>;
            trusts_of(user: &Fingerprint) -> Facts<TrustFact>;
            trusts_signed(user: &Fingerprint, signer: &Fingerprint) -> Facts<TrustFact>;
            revocations(user: &Fingerprint, target: &Identifier) -> Facts<RevocationFact>;
            revocations_signed(user: &Fingerprint, signer: &Fingerprint) -> Facts<RevocationFact>;
            bars(user: &Fingerprint, key: &Fingerprint) -> Facts<BarFact>;
            tally(user: &Fingerprint, signer: &Fingerprint) -> Tally;
            node_signed_octets(user: &Fingerprint) -> u64;
        }
    };
    (@ $self:ident, $known:expr; $($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&$self, $($argument: $type),*) -> $answer {
            sdmp_journal::View::$name($known, $($argument),*)
        })*
    };
}

pub(crate) use control_lookups;
