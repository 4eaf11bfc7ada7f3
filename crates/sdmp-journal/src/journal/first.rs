//! The first lines of a journal (N21).

use sdmp_container::IdentityType;

use crate::authority::Authority;
use crate::error::Code;
use crate::fact::TrustFact;
use crate::{Fingerprint, Identifier, Line, Timestamp, View};

/// What the first append of a node has to contain, in this order: the user's identity, a trust of
/// the user in the node and, if a node signed that, the trust above it and that node's identity.
///
/// # Errors
/// What is not known yet, or has ended: `identity.*`, or `authority.missing` without a live trust.
pub fn first_lines<V: View + ?Sized>(
    view: &V,
    now: Timestamp,
    user: &Fingerprint,
    node: &Fingerprint,
) -> Result<Vec<Identifier>, Code> {
    let authority = Authority::new(view, now);
    authority.check_key(user).map_err(|broken| broken.code)?;
    let identity = |key| {
        let state = authority.key_state(key).ok_or(Code::IdentityUnknown)?;
        Ok::<_, Code>(state.identity().meta.id.clone())
    };
    let trusts = view.trusts(user, node);
    let live = trusts.iter().filter(|trust| authority.check_trust(trust).is_ok());
    // The user's key's if there is one: its chain is the shortest.
    let trust = live.min_by_key(|trust| trust.meta.signer != *user);
    let trust = trust.ok_or(Code::AuthorityMissing)?;
    let mut lines = vec![identity(user)?, trust.meta.id.clone()];
    if let Some(parent) = &trust.meta.trust {
        lines.extend([parent.clone(), identity(&trust.meta.signer)?]);
    }
    Ok(lines)
}

/// Whether a line with this number, if its resource is known, is what stands there.
pub(super) fn fits<V: View + ?Sized>(
    view: &V,
    node: &Fingerprint,
    number: u64,
    line: &Line,
) -> bool {
    if view.meta(&line.id).is_none() {
        return true;
    }
    match number {
        2 => view
            .identities(&line.author)
            .iter()
            .any(|identity| identity.meta.id == line.id && identity.kind == IdentityType::User),
        3 => view.trust(&line.id).is_some_and(|trust| is_in(&trust, &line.author, node)),
        _ => true,
    }
}

fn is_in(trust: &TrustFact, user: &Fingerprint, node: &Fingerprint) -> bool {
    trust.meta.user == *user && trust.trustee == *node
}

/// Whether lines 2 and 3 are of one user.
pub(super) fn fit_together(entries: &[Line]) -> bool {
    match entries {
        [second, third, ..] => second.author == third.author,
        _ => true,
    }
}
