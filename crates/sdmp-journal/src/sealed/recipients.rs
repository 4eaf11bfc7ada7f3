//! For whose keys a message is sealed (N39).

use std::collections::BTreeSet;

use sdmp_container::{Authorization, Fingerprint, Timestamp};
use sdmp_crypto::rsa::PublicKey;

use crate::View;
use crate::authority::Authority;
use crate::error::{Code, Error};

/// The most users in `to` (N51).
pub const MAX_USERS: usize = 32;
/// The most keys of one message (N51).
const MAX_KEYS: usize = 256;

/// The keys of a message: for each user in `to`, and for the sender's own, the user's key and all
/// keys that hold `read_encrypted` for it now.
///
/// # Errors
/// `resource.size` for more users or keys than N51 allows; the code of N52 for a user in `to` whose
/// key is not known or has ended.
pub fn recipients<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    sender: &Fingerprint,
    to: &[Fingerprint],
) -> Result<Vec<PublicKey>, Error> {
    if to.len() > MAX_USERS {
        return Err(Code::ResourceSize.into());
    }
    let mut keys = BTreeSet::new();
    // The sender is a recipient too: its other devices show what it has sent.
    let users: BTreeSet<&Fingerprint> = to.iter().chain([sender]).collect();
    for user in users {
        authority.check_key(user).map_err(|broken| Error::from(broken.code))?;
        keys.insert(user.clone());
        for trust in authority.view().trusts_of(user).iter() {
            if authority.holds(user, &trust.trustee, Authorization::ReadEncrypted) {
                keys.insert(trust.trustee.clone());
            }
        }
    }
    if keys.len() > MAX_KEYS {
        return Err(Code::ResourceSize.into());
    }
    let key = |fingerprint: &Fingerprint| {
        authority.key_state(fingerprint).map(|state| state.identity().key.clone())
    };
    Ok(keys.iter().filter_map(key).collect())
}

/// When a key was first given `read_encrypted` for a user, as the trust claims: what was made before
/// was not encrypted for it, and is not tried (N40, N48). `None` if it never was, or for the user's
/// own key, which opens everything.
#[must_use]
pub fn reads_since<V: View + ?Sized>(
    view: &V,
    user: &Fingerprint,
    key: &Fingerprint,
) -> Option<Timestamp> {
    let trusts = view.trusts(user, key);
    let reads = trusts.iter().filter(|trust| trust.grants.has(Authorization::ReadEncrypted));
    reads.map(|trust| trust.meta.created.unwrap_or(Timestamp::MIN)).min()
}
