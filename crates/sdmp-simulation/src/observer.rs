//! Looks at all that leaves, and knows N18 by a way of its own: from the texts that the sender has,
//! without indexes, with none of the code that it watches but the reader of resources.

use std::collections::BTreeMap;

use sdmp_container::Timestamp;
use sdmp_journal::exchange::{Answered, Body};
use sdmp_journal::{Authorization, Body as Said, Fingerprint, Identifier, Kind, Resource};

use crate::node::Node;

/// What one node has admitted.
pub(crate) struct All<'n>(&'n BTreeMap<Identifier, Resource>);

impl<'n> All<'n> {
    pub(crate) const fn of(node: &'n Node) -> Self {
        Self(&node.admitted)
    }

    /// Whether its signer or its user has revoked it.
    pub(crate) fn revoked(&self, target: &Resource) -> bool {
        self.0.values().any(|other| match other.body() {
            Said::Revoke { resource, .. } => {
                resource == target.id()
                    && other.user() == target.user()
                    && (other.signer() == target.signer() || other.signer() == target.user())
            }
            _ => false,
        })
    }

    fn live(&self, trust: &Resource, now: Timestamp) -> bool {
        let Said::Trust { expires, .. } = trust.body() else { return false };
        let parent = trust.trust().map(|id| self.by_id(id));
        !expires.is_some_and(|expires| expires.is_expired(now))
            && !self.revoked(trust)
            && parent.is_none_or(|parent| parent.is_some_and(|parent| self.live(parent, now)))
    }

    fn trusts(&self, user: &Fingerprint, key: &Fingerprint, read: bool, now: Timestamp) -> bool {
        self.0.values().any(|one| match one.body() {
            Said::Trust { trustee, grants, .. } => {
                one.user() == user
                    && trustee == key
                    && (!read || grants.has(Authorization::ReadResource))
                    && self.live(one, now)
            }
            _ => false,
        })
    }

    fn users(&self) -> Vec<Fingerprint> {
        let users = self.0.values().filter(|one| one.kind() == Kind::Identity);
        users.map(|one| one.user().clone()).collect()
    }

    /// The user trusts the node, or a user who trusts it; both for reading if that is asked.
    fn reaches(&self, user: &Fingerprint, node: &Fingerprint, read: bool, now: Timestamp) -> bool {
        self.trusts(user, node, read, now)
            || self.users().iter().any(|other| {
                self.trusts(user, other, read, now) && self.trusts(other, node, read, now)
            })
    }

    /// Whether N18 lets a peer have a resource.
    pub(crate) fn may(&self, peer: &Fingerprint, resource: &Resource, now: Timestamp) -> bool {
        let user = resource.user();
        match resource.body() {
            Said::Identity(_) => true,
            Said::Trust { trustee, .. } => {
                self.reaches(user, peer, false, now)
                    || trustee == peer
                    || self.trusts(trustee, peer, false, now)
            }
            Said::Revoke { resource: target, .. } => {
                self.reaches(user, peer, false, now)
                    || self.by_id(target).is_some_and(|target| match target.body() {
                        Said::Identity(_) => true,
                        Said::Trust { .. } => self.may(peer, target, now),
                        _ => false,
                    })
            }
            Said::Content if resource.kind() == Kind::Node => self.reaches(user, peer, false, now),
            Said::Content => self.reaches(user, peer, true, now) && !self.revoked(resource),
        }
    }

    fn by_id(&self, id: &Identifier) -> Option<&Resource> {
        self.0.get(id)
    }
}

/// Panics if N18 forbids something of what `node` sends to `peer`.
pub(crate) fn look(node: &Node, peer: &Fingerprint, body: &Body, now: Timestamp) {
    let Body::Response(response) = body else { return };
    let Answered::Resources(found) = &response.answered else { return };
    let all = All::of(node);
    for given in found.iter().flatten() {
        let resource = Resource::parse(&*given.data).unwrap();
        // Control goes over control-only sessions, too, for a year after a trust expired (N17).
        const YEAR: i64 = 365 * 24 * 3_600_000;
        let back = if resource.kind().is_control() { YEAR } else { 0 };
        let now = Timestamp::from_unix_millis(now.unix_millis() - back).unwrap();
        // A revocation in place of a resource is for those who might have had that (N27).
        let instead = match resource.body() {
            Said::Revoke { resource: target, .. } => {
                all.by_id(target).is_some_and(|target| all.reaches(target.user(), peer, false, now))
            }
            _ => false,
        };
        let may = all.may(peer, &resource, now) || instead;
        assert!(may, "{} gave {resource:?} to one who may not have it", node.name);
    }
}
