//! Step 6 for control: by structure alone (N8, N10, N13).

use sdmp_container::Authorization;

use super::Verdict;
use crate::authority::Authority;
use crate::error::Code;
use crate::fact::{RevocationFact, TrustFact};
use crate::{Body, View};

/// Whether a trust is well-formed (N10). That trust(T) is a trust of the same user in the signer
/// was step 5.
pub(super) fn check_trust<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    trust: &TrustFact,
) -> Result<(), Verdict> {
    let meta = &trust.meta;
    // It could only confuse: a key needs no trust in itself.
    if trust.trustee == meta.signer || trust.trustee == meta.user {
        return Err(Verdict::Refused(Code::TrustSelf));
    }
    let Some(id) = &meta.trust else { return Ok(()) };
    let is_within = authority.view().trust(id).is_some_and(|parent| {
        parent.meta.signer == parent.meta.user
            && parent.grants.has(Authorization::CreateTrust)
            && parent.grants.covers(trust.grants)
            // Chains have two links: a trustee cannot make others that make others.
            && !trust.grants.has(Authorization::CreateTrust)
    });
    if is_within { Ok(()) } else { Err(Verdict::Refused(Code::TrustExceeds)) }
}

/// Whether a revocation is admitted (N13), which what a barred node signed is not (N14).
pub(super) fn check_revocation<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    revocation: &RevocationFact,
    body: &Body,
) -> Result<(), Verdict> {
    if let Body::Revoke { authorization: Some(authorization), .. } = body {
        let is_given = revocation.meta.trust.as_ref() == Some(authorization)
            && authority
                .view()
                .trust(authorization)
                .is_some_and(|trust| trust.grants.has(Authorization::Revoke));
        if !is_given {
            return Err(Verdict::Refused(Code::RevokeAuthorization));
        }
    }
    match authority.bar_of_revocation(revocation) {
        Some(_) => Err(Verdict::Refused(Code::TrustBarred)),
        None => Ok(()),
    }
}
