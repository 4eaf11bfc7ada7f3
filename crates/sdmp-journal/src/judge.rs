//! Judging resources: step by step, with a verdict (N6 to N8).
//!
//! [`Resource::parse`](crate::Resource::parse) is steps 1 and 2. The rest depends on what is known
//! and on the time: [`Judge::judge`]. What came in one response is judged together: [`Batch`].

mod batch;
mod candidate;
mod content;
mod control;
mod share;
mod verdict;

pub use batch::{Batch, Judged};
pub use candidate::Candidate;
pub use content::check_content;
pub use share::Shares;
pub use verdict::{Verdict, WaitsFor};

use sdmp_container::{Fingerprint, IdentityType, Timestamp};

use crate::authority::Authority;
use crate::error::Code;
use crate::fact::Fact;
use crate::{Body, Kind, Resource, Verify, View};

/// Judges resources for one user's node at one time (N6).
#[derive(Debug)]
pub struct Judge<'a> {
    own: &'a Fingerprint,
    now: Timestamp,
    shares: Shares,
}

impl<'a> Judge<'a> {
    /// Judges for a node of `own` at `now`, with the limits of N51.
    #[must_use]
    pub const fn new(own: &'a Fingerprint, now: Timestamp) -> Self {
        Self { own, now, shares: Shares::DEFAULT }
    }

    /// With other limits.
    #[must_use]
    pub const fn with_shares(self, shares: Shares) -> Self {
        Self { shares, ..self }
    }

    /// The verdict on a resource: N6's steps 3 to 8. The signature is verified in its turn, unless
    /// [`Candidate::verify`] has done so before.
    pub fn judge<V: View + ?Sized>(
        &self,
        view: &V,
        candidate: &mut Candidate,
        verifier: &dyn Verify,
    ) -> Verdict {
        // First of all: most of what peers offer is known already, and this question costs no
        // signature.
        if view.meta(candidate.resource().id()).is_some() {
            return Verdict::Known;
        }
        match self.steps(view, candidate, verifier) {
            Ok(revoked) => Verdict::Admit { revoked },
            Err(verdict) => verdict,
        }
    }

    fn steps<V: View + ?Sized>(
        &self,
        view: &V,
        candidate: &mut Candidate,
        verifier: &dyn Verify,
    ) -> Result<bool, Verdict> {
        let authority = Authority::new(view, self.now);
        // An identity brings its own key, so it waits for nothing that is known here.
        if candidate.resource().kind() == Kind::Identity {
            check_identity(candidate, verifier)?;
        } else {
            check_signature(view, candidate, verifier)?;
            check_signer(&authority, candidate.resource())?;
            self.check_authority(&authority, candidate.resource())?;
        }
        let resource = candidate.resource();
        let revoked = authority.revoked(&resource.meta(0)).is_some();
        // Revoked control is kept: what it once allowed must still be explained to others.
        if revoked && !resource.kind().is_control() {
            return Err(Verdict::Refused(Code::ResourceRevoked));
        }
        // Last, so that only what is valid counts against a share.
        self.shares.check(&authority, self.own, resource)?;
        Ok(revoked)
    }

    /// Step 6.
    fn check_authority<V: View + ?Sized>(
        &self,
        authority: &Authority<'_, V>,
        resource: &Resource,
    ) -> Result<(), Verdict> {
        match Fact::of(resource, 0) {
            Fact::Trust(trust) => control::check_trust(authority, &trust),
            Fact::Revocation(revocation) => {
                control::check_revocation(authority, &revocation, resource.body())
            }
            Fact::Content(meta) => {
                content::check_created(meta.created, self.now)?;
                check_content(authority, &meta).map_err(Verdict::Refused)
            }
            Fact::Identity(_) => Ok(()),
        }
    }
}

/// Step 3.
fn check_identity(candidate: &mut Candidate, verifier: &dyn Verify) -> Result<(), Verdict> {
    let resource = candidate.resource();
    let Body::Identity(identity) = resource.body() else { return Ok(()) };
    let key = identity.fingerprint();
    let fault = Err(Verdict::BadCopy(Code::ResourceIdentity));
    // An identity speaks for its own key only; anything else would let one key rename another.
    if resource.signer() != key || resource.user() != key || resource.trust().is_some() {
        return fault;
    }
    let key = identity.public_key().clone();
    if candidate.verify_with(&key, verifier) { Ok(()) } else { fault }
}

/// Step 4.
fn check_signature<V: View + ?Sized>(
    view: &V,
    candidate: &mut Candidate,
    verifier: &dyn Verify,
) -> Result<(), Verdict> {
    match candidate.verify(view, verifier) {
        Some(true) => Ok(()),
        Some(false) => Err(Verdict::BadCopy(Code::SignatureBad)),
        None => {
            let signer = candidate.resource().signer().clone();
            // Not a fault of the giver: the key may be on its way from elsewhere.
            Err(Verdict::waits(WaitsFor::Author(signer)))
        }
    }
}

/// Step 5. Of a key with identities of both types both count here.
fn check_signer<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    resource: &Resource,
) -> Result<(), Verdict> {
    let (signer, user) = (resource.signer(), resource.user());
    let is_right = match resource.trust() {
        None => {
            signer == user
                && (resource.kind() == Kind::Revoke
                    || authority.is_of_type(signer, IdentityType::User))
        }
        Some(id) => match (authority.view().trust(id), authority.view().meta(id)) {
            (Some(trust), _) => {
                trust.meta.user == *user
                    && trust.trustee == *signer
                    && authority.is_of_type(signer, IdentityType::Node)
            }
            // Known, and no trust.
            (None, Some(_)) => false,
            (None, None) => {
                return Err(Verdict::waits(WaitsFor::Resource(user.clone(), id.clone())));
            }
        },
    };
    if is_right { Ok(()) } else { Err(Verdict::BadCopy(Code::ResourceSigner)) }
}
