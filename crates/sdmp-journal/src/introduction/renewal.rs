//! When trusts are given again (N45).

use std::collections::BTreeMap;
use std::sync::Arc;

use sdmp_container::{Authorization, Fingerprint, Timestamp};

use crate::authority::Authority;
use crate::fact::TrustFact;
use crate::introduction::Term;
use crate::{Grants, Identifier, View};

/// A trust that a key is to give again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The trust that it replaces.
    pub of: Arc<TrustFact>,
    /// The trust of the signer under which it is given; none where the user's key signs.
    pub under: Option<Identifier>,
    /// When.
    pub due: Timestamp,
    /// The latest end that it can have, given then.
    pub expires: Timestamp,
}

/// What of the trusts that `signer` gave for `user` is to be given again, the most urgent first:
/// after two thirds of the time to the earliest end of the chain; and at once, where the signer's own
/// trust was renewed since.
#[must_use]
pub fn renewals<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    user: &Fingerprint,
    signer: &Fingerprint,
) -> Vec<Renewal> {
    let now = authority.now();
    let own = own_trust(authority, user, signer);
    if own.is_none() && user != signer {
        return Vec::new();
    }
    let bound = own.as_ref().and_then(|own| authority.chain_expires(own));
    let mut renewals = Vec::new();
    for trust in latest(authority, user, signer).into_values() {
        let Some(end) = authority.chain_expires(&trust) else { continue };
        let under = own.as_ref().map(|own| own.meta.id.clone());
        let moved = under.is_some() && trust.meta.trust != under;
        // A trust that rests on an older chain ends with it, so it is renewed at once.
        let due = if moved { now } else { two_thirds(trust.meta.created, end) };
        let longest = Term::Trust.end(due.max(now));
        let expires = bound.map_or(longest, |bound| bound.min(longest));
        // Giving again what would end no later is useless.
        if expires > end {
            renewals.push(Renewal { of: trust, under, due, expires });
        }
    }
    renewals.sort_by_key(|renewal| (renewal.due, renewal.of.meta.line));
    renewals
}

/// The trust in the signer that lasts longest of those that let it give trusts.
fn own_trust<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    user: &Fingerprint,
    signer: &Fingerprint,
) -> Option<Arc<TrustFact>> {
    let trusts = authority.view().trusts(user, signer);
    let gives = |trust: &&Arc<TrustFact>| {
        trust.grants.has(Authorization::CreateTrust)
            && trust.meta.signer == *user
            && authority.check_trust(trust).is_ok()
    };
    let end = |trust: &&Arc<TrustFact>| {
        (authority.chain_expires(trust).unwrap_or(Timestamp::MAX), trust.meta.line)
    };
    trusts.iter().filter(gives).max_by_key(end).cloned()
}

/// Of the live trusts in each trustee that give the same, the one that ends last.
fn latest<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    user: &Fingerprint,
    signer: &Fingerprint,
) -> BTreeMap<(Fingerprint, Grants), Arc<TrustFact>> {
    let end = |trust: &TrustFact| authority.chain_expires(trust).unwrap_or(Timestamp::MAX);
    let mut latest: BTreeMap<(Fingerprint, Grants), Arc<TrustFact>> = BTreeMap::new();
    for trust in authority.view().trusts_signed(user, signer).iter() {
        if authority.check_trust(trust).is_err() {
            continue;
        }
        let key = (trust.trustee.clone(), trust.grants);
        // Of several with the same meaning only the longest matters.
        if latest.get(&key).is_none_or(|known| end(known) < end(trust)) {
            latest.insert(key, Arc::clone(trust));
        }
    }
    latest
}

/// Two thirds of the way from the beginning to the end; without a beginning a term before the end
/// counts as one.
fn two_thirds(created: Option<Timestamp>, end: Timestamp) -> Timestamp {
    const TERM: i64 = 2 * 365 * 24 * 3_600_000;
    let end = end.unix_millis();
    let begin = created.map_or(end.saturating_sub(TERM), Timestamp::unix_millis).min(end);
    // At two thirds, so that a device that is off for months still renews in time.
    let due = begin.saturating_add((end - begin) / 3 * 2);
    Timestamp::from_unix_millis(due).unwrap_or(Timestamp::MIN)
}
