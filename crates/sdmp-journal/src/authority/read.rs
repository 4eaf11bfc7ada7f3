//! What a node may be given (N18).

use sdmp_container::{Authorization, Fingerprint};

use super::Authority;
use crate::fact::{Meta, TrustFact};
use crate::{Kind, View};

impl<V: View + ?Sized> Authority<'_, V> {
    /// Whether a node may be given a known resource (N18). In a control-only session this is asked
    /// at [`Strength::Weak`](super::Strength::Weak), and content is not given at all (N17).
    ///
    /// Whether content still passes its own checks is another question (N27).
    #[must_use]
    pub fn may_be_given(&self, node: &Fingerprint, resource: &Meta) -> bool {
        match resource.kind {
            Kind::Identity => true,
            Kind::Trust => self.may_be_given_trust(node, resource),
            Kind::Node => self.is_in_circle(node, &resource.user),
            Kind::Revoke => {
                self.is_in_circle(node, &resource.user)
                    || self.target_of(resource).is_some_and(|target| match target.kind {
                        Kind::Identity => true,
                        Kind::Trust => self.may_be_given_trust(node, &target),
                        Kind::Revoke
                        | Kind::Node
                        | Kind::User
                        | Kind::Message
                        | Kind::Receipt
                        | Kind::Encrypted
                        | Kind::None => false,
                    })
            }
            Kind::User | Kind::Message | Kind::Receipt | Kind::Encrypted | Kind::None => {
                self.may_read(node, &resource.user)
            }
        }
    }

    /// The user trusts the node, or a user who trusts it.
    fn is_in_circle(&self, node: &Fingerprint, user: &Fingerprint) -> bool {
        let is_trusted = |other: &Fingerprint| {
            other != user && self.has_live_trust(user, other, &[other], |_| true)
        };
        self.trusts(user, node) || self.any_user_of(node, is_trusted)
    }

    fn may_be_given_trust(&self, node: &Fingerprint, resource: &Meta) -> bool {
        if self.is_in_circle(node, &resource.user) {
            return true;
        }
        let Some(trust) = self.view.trust(&resource.id) else { return false };
        trust.trustee == *node || self.trusts(&trust.trustee, node)
    }

    /// The known resource that a known revocation names.
    fn target_of(&self, revocation: &Meta) -> Option<Meta> {
        self.view.meta(&self.view.revocation(&revocation.id)?.target)
    }

    /// The node holds `read_resource` for the user, or for a user who holds it for the user.
    #[must_use]
    pub fn may_read(&self, node: &Fingerprint, user: &Fingerprint) -> bool {
        const READ: Authorization = Authorization::ReadResource;
        if self.check_key(node).is_err() {
            return false;
        }
        let gives = |trust: &TrustFact| trust.grants.has(READ);
        let holds = |other: &Fingerprint| other != user && self.is_given(user, other, READ);
        self.is_given(user, node, READ) || self.any_trust_in(node, gives, holds)
    }
}
