//! How a journal begins (N21, N43).

use crate::error::{Code, Error};
use crate::fact::{Fact, TrustFact};
use crate::{Body, Fingerprint, Resource};

/// What the first append of a node's journal holds: line 1 is the node's fingerprint, the rest
/// follows in this order.
#[derive(Clone, Debug)]
pub struct FirstLines {
    /// The user of line 2.
    pub user: Fingerprint,
    /// The resources of line 2 and on: the user's identity, a trust of the user in the node, where a
    /// node signed that the trust which allows it and that node's identity, and the node's own
    /// identity.
    pub resources: Vec<Resource>,
}

/// Chooses the first lines of a node from what an introduction brought.
///
/// The texts are judged like all others before they are appended; here only their order is chosen.
///
/// # Errors
/// `identity.unknown` without the user's or the node's identity, `trust.lacks` without a trust of the
/// user in the node.
pub fn first_lines(
    node: &Fingerprint,
    user: &Fingerprint,
    brought: &[Resource],
) -> Result<FirstLines, Error> {
    let identity = |key: &Fingerprint| {
        // What was brought was judged before; here it is only put in order.
        let found = brought.iter().find(
            |one| matches!(one.body(), Body::Identity(identity) if identity.fingerprint() == key),
        );
        found.cloned().ok_or(Error::Rule(Code::IdentityUnknown))
    };
    let trusts = brought.iter().filter_map(|one| {
        let Fact::Trust(fact) = Fact::of(one, 0) else { return None };
        (fact.meta.user == *user).then_some((one, fact))
    });
    let trusts: Vec<(&Resource, TrustFact)> = trusts.collect();
    let own = trusts.iter().filter(|(_, fact)| fact.trustee == *node);
    // One that the user's key signed needs no others.
    let own = own.min_by_key(|(one, fact)| (fact.meta.trust.is_some(), one.id().clone()));
    let (own, fact) = own.ok_or(Error::Rule(Code::TrustLacks))?;
    let mut resources = vec![identity(user)?, (*own).clone()];
    if let Some(parent) = &fact.meta.trust {
        let parent = trusts.iter().find(|(one, _)| one.id() == parent);
        let (parent, _) = parent.ok_or(Error::Rule(Code::TrustLacks))?;
        resources.extend([(*parent).clone(), identity(own.signer())?]);
    }
    resources.push(identity(node)?);
    Ok(FirstLines { user: user.clone(), resources })
}
