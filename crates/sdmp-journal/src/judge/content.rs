//! Step 6 for content: who signs it must have the authority now (N5, N6, N8).

use sdmp_container::{Authorization, Timestamp};

use super::{Verdict, WaitsFor};
use crate::authority::Authority;
use crate::error::Code;
use crate::fact::Meta;
use crate::{Kind, View};

/// How far ahead the time in content may be, in milliseconds.
const AHEAD: i64 = 10 * 60_000;

/// Content from the future waits until it is at most 10 minutes ahead.
pub(super) fn check_created(created: Option<Timestamp>, now: Timestamp) -> Result<(), Verdict> {
    // Clocks of honest nodes differ by minutes; what is further ahead waits instead of being lost.
    let due = created.map_or(i64::MIN, |created| created.unix_millis().saturating_sub(AHEAD));
    match Timestamp::from_unix_millis(due) {
        Some(due) if now < due => Err(Verdict::waits(WaitsFor::Time(due))),
        _ => Ok(()),
    }
}

/// Whether the signer of content may publish it now: by the user's key, which is usable and not
/// revoked; by a node under a trust that gives what the kind needs, and that holds it now, by any
/// trust. Asked when it is admitted, and again each time it is given (N6, N27).
///
/// # Errors
/// `authority.missing` for what was never given, `authority.ended`.
pub fn check_content<V: View + ?Sized>(
    authority: &Authority<'_, V>,
    content: &Meta,
) -> Result<(), Code> {
    let (user, signer) = (&content.user, &content.signer);
    let ended = |holds: bool| if holds { Ok(()) } else { Err(Code::AuthorityEnded) };
    let Some(id) = &content.trust else {
        return ended(authority.check_key(signer).is_ok());
    };
    if content.kind == Kind::Node {
        // Any trust will do.
        return ended(authority.check_key(signer).is_ok() && authority.trusts(user, signer));
    }
    const PUBLISH: Authorization = Authorization::PublishResource;
    let trust = authority.view().trust(id);
    // The named trust decides whether it was ever allowed; whether it still is follows below.
    if !trust.is_some_and(|trust| trust.grants.has(PUBLISH)) {
        return Err(Code::AuthorityMissing);
    }
    ended(authority.holds(user, signer, PUBLISH))
}
