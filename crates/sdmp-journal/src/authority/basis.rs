//! On what a session rests, and with whom there may be one (N16, N17).

use std::collections::{BTreeMap, BTreeSet};

use sdmp_container::{Fingerprint, IdentityType, Timestamp};

use super::{Authority, Connect, YEAR, connect};
use crate::View;
use crate::fact::TrustFact;

/// On what an answer of [`connect()`] rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The answer.
    pub connect: Connect,
    /// The users on whose control it rests: new control of one of them may change it, or of the
    /// two nodes themselves, whose keys are among these.
    pub keys: BTreeSet<Fingerprint>,
    /// When it may change by time alone, if it may.
    pub until: Option<Timestamp>,
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// Whether node `x` of `user` may have a session with `y`, and when to ask again (N16, N17).
    #[must_use]
    pub fn basis(&self, (user, x): (&Fingerprint, &Fingerprint), y: &Fingerprint) -> Basis {
        let mut keys = BTreeSet::from([user.clone(), x.clone(), y.clone()]);
        let mut times = Times { now: self.now, next: None };
        for trust in self.view.trusts(user, x).iter() {
            self.times_of(trust, &mut times);
        }
        for trust in self.view.trusts_in(y).iter() {
            let other = &trust.meta.user;
            let forth = self.view.trusts(user, other);
            // A user that our own does not trust changes nothing, whatever it says.
            if other != user && forth.is_empty() {
                continue;
            }
            self.times_of(trust, &mut times);
            if keys.insert(other.clone()) {
                let back = self.view.trusts(other, user);
                forth.iter().chain(back.iter()).for_each(|trust| self.times_of(trust, &mut times));
            }
        }
        keys.iter().for_each(|key| self.times_of_key(key, &mut times));
        let connect = connect(self.view, self.now, (user, x), y);
        Basis { connect, keys, until: times.next }
    }

    /// The nodes with which node `x` of `user` may have a session, control-only ones included.
    #[must_use]
    pub fn connectable(
        &self,
        (user, x): (&Fingerprint, &Fingerprint),
    ) -> BTreeMap<Fingerprint, Connect> {
        let mut nodes = BTreeSet::new();
        for other in self.users(user) {
            nodes.extend(self.view.trusts_of(&other).iter().map(|trust| trust.trustee.clone()));
        }
        let is_node = |key: &Fingerprint| self.is_of_type(key, IdentityType::Node);
        let answers = nodes.into_iter().filter(is_node).map(|node| {
            let answer = connect(self.view, self.now, (user, x), &node);
            (node, answer)
        });
        answers.filter(|(_, answer)| !matches!(answer, Connect::No(_))).collect()
    }

    fn times_of(&self, trust: &TrustFact, times: &mut Times) {
        if let Some(expires) = self.chain_expires(trust) {
            times.add(expires);
        }
        self.times_of_key(&trust.meta.user, times);
        self.times_of_key(&trust.meta.signer, times);
    }

    fn times_of_key(&self, key: &Fingerprint, times: &mut Times) {
        if let Some(state) = self.key_state(key) {
            times.add(state.expires());
        }
    }
}

/// The next time at which something ends: by itself, and a year later, weakly (N11).
struct Times {
    now: Timestamp,
    next: Option<Timestamp>,
}

impl Times {
    fn add(&mut self, expires: Timestamp) {
        let millis = expires.unix_millis();
        // At both moments an answer may change: when it ends, and a year later, when what is weak
        // ends as well.
        let ends = [Some(expires), Timestamp::from_unix_millis(millis.saturating_add(YEAR))];
        for end in ends.into_iter().flatten().filter(|end| *end > self.now) {
            self.next = Some(self.next.map_or(end, |next| next.min(end)));
        }
    }
}
