//! Who may have a session with whom (N17).

use sdmp_container::{Fingerprint, Timestamp};

use super::{Authority, Strength};
use crate::View;
use crate::error::Code;
use crate::fact::TrustFact;

/// Whether two nodes may have a session, as one of them judges (N17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connect {
    /// They may.
    Full,
    /// Journals and control only: it holds by weakly live trusts alone.
    ControlOnly,
    /// They may not: `peer.not_connectable`, or what ended the identity of one of them.
    No(Code),
}

/// Whether node `x` of user `user` may have a session with node `y`.
#[must_use]
pub fn connect<V: View + ?Sized>(
    view: &V,
    now: Timestamp,
    (user, x): (&Fingerprint, &Fingerprint),
    y: &Fingerprint,
) -> Connect {
    let live = Authority::new(view, now);
    // N16: no session with a key that has ended, however weak the session (R30).
    if let Err(broken) = live.check_key(y).and_then(|()| live.check_not_ended(x)) {
        return Connect::No(broken.code);
    }
    // After the keys: for an ended key of our own that is the better answer.
    if x == y {
        return Connect::No(Code::PeerNotConnectable);
    }
    if live.may_connect(user, x, y) {
        Connect::Full
    } else if live.with_strength(Strength::Weak).may_connect(user, x, y) {
        Connect::ControlOnly
    } else {
        Connect::No(Code::PeerNotConnectable)
    }
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// N17, of two nodes whose keys have not ended.
    fn may_connect(&self, user: &Fingerprint, x: &Fingerprint, y: &Fingerprint) -> bool {
        // Every trust of the user rests on its key: it is asked for once.
        if self.check_key(user).is_err() {
            return false;
        }
        let trusts = |key| self.has_live_trust(user, key, &[user, y], |_| true);
        let is_mutual = |other: &Fingerprint| other != user && self.is_mutual(user, other);
        trusts(x) && (trusts(y) || self.any_user_of(y, is_mutual))
    }

    /// Whether some user trusts a key, and is one of those looked for.
    pub(super) fn any_user_of(
        &self,
        key: &Fingerprint,
        is_looked_for: impl Fn(&Fingerprint) -> bool,
    ) -> bool {
        self.any_trust_in(key, |_| true, is_looked_for)
    }

    /// Whether there is a live trust in a key that fits, of a user who is looked for. Only users
    /// whose keys pass [`Self::check_key`] are looked at: no other one's trust is live.
    pub(super) fn any_trust_in(
        &self,
        key: &Fingerprint,
        fits: impl Fn(&TrustFact) -> bool,
        is_looked_for: impl Fn(&Fingerprint) -> bool,
    ) -> bool {
        let trusts = self.view.trusts_in(key);
        let mut last: Option<(&Fingerprint, bool)> = None;
        trusts.iter().filter(|trust| fits(trust)).any(|trust| {
            let other = &trust.meta.user;
            // Trusts of one user mostly stand together: ask once for each run of them.
            let is_one = match last {
                Some((user, is_one)) if user == other => is_one,
                _ => self.check_key(other).is_ok() && is_looked_for(other),
            };
            last = Some((other, is_one));
            is_one && self.is_live(trust, &[other])
        })
    }

    /// U trusts B, and B trusts U, or no trust of B in U was ever known; both keys are good.
    fn is_mutual(&self, user: &Fingerprint, other: &Fingerprint) -> bool {
        let trusts = |from, to| self.has_live_trust(from, to, &[user, other], |_| true);
        trusts(user, other) && (self.view.trusts(other, user).is_empty() || trusts(other, user))
    }
}
