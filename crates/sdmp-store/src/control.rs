//! The control of a store as an index in memory, which snapshots share.

use std::sync::Arc;

use sdmp_journal::fact::{BarFact, Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::view::{Facts, Known, Overlay, Tally};
use sdmp_journal::{Admit, Fingerprint, Identifier, View};

use crate::lookups::control_lookups;

/// How many facts are kept apart at least.
const FEW: usize = 64;

/// What is known of control, in two parts: a large one that is seldom copied, and what came since.
///
/// Snapshots hold what was known when they were taken, so what they hold cannot be changed. If all of
/// it were one index, each append of control would copy all of it. The small part is joined to the
/// large one when it has as many facts as the root of it: then neither is copied often.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    base: Arc<Known>,
    more: Arc<Known>,
    /// The facts of `more`.
    recent: Arc<Vec<Fact>>,
}

impl Control {
    /// An index of all facts of a store, in the order of their lines.
    pub(crate) fn of(facts: Vec<Fact>) -> Self {
        let mut base = Known::new();
        for fact in facts {
            base.admit(fact);
        }
        Self { base: Arc::new(base), more: Arc::default(), recent: Arc::default() }
    }

    /// Takes in control that was admitted; content is left out.
    pub(crate) fn admit(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let is_control = |fact: &Fact| !matches!(fact, Fact::Content(_));
        let facts: Vec<Fact> = facts.into_iter().filter(is_control).collect();
        if facts.is_empty() {
            return;
        }
        let mut overlay = Overlay::with(&*self.base, &self.more);
        for fact in &facts {
            overlay.admit(fact.clone());
        }
        let more = overlay.into_more();
        Arc::make_mut(&mut self.recent).extend(facts);
        if self.recent.len() <= FEW.max(self.base.len().isqrt()) {
            self.more = Arc::new(more);
            return;
        }
        let base = Arc::make_mut(&mut self.base);
        for fact in self.recent.iter() {
            base.admit(fact.clone());
        }
        (self.more, self.recent) = (Arc::default(), Arc::default());
    }

    fn both(&self) -> Overlay<'_, Known> {
        Overlay::with(&*self.base, &self.more)
    }
}

impl View for Control {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        self.both().meta(id)
    }

    control_lookups!(self => &self.both());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sdmp_container::Timestamp;
    use sdmp_journal::fact::{Fact, Meta, RevocationFact, TrustFact};
    use sdmp_journal::view::Known;
    use sdmp_journal::{Admit, Fingerprint, Grants, Identifier, Kind, View};

    use super::Control;

    fn id(n: u64) -> Identifier {
        let mut octets = [0; 64];
        octets[..8].copy_from_slice(&n.to_be_bytes());
        Identifier::from_octets(octets)
    }

    /// Trusts of one user, each revoked by it after a while.
    fn fact(n: u64) -> Fact {
        let user = Fingerprint::from_octets([7; 64]);
        let is_trust = n.is_multiple_of(2);
        let meta = Meta {
            id: id(n),
            kind: if is_trust { Kind::Trust } else { Kind::Revoke },
            user: user.clone(),
            signer: user,
            trust: None,
            created: Timestamp::from_unix_millis(1),
            line: n,
            size: 9,
        };
        if !is_trust {
            let target = id(n.saturating_sub(201));
            return Fact::Revocation(RevocationFact { meta, target, authorized: false });
        }
        Fact::Trust(TrustFact { meta, trustee: trustee(n), grants: Grants::ALL, expires: None })
    }

    fn trustee(n: u64) -> Fingerprint {
        Fingerprint::from_octets([n.to_le_bytes()[0] % 8; 64])
    }

    #[test]
    fn lookups_in_two_parts_answer_as_in_one() {
        let user = Fingerprint::from_octets([7; 64]);
        let (mut control, mut known) = (Control::of(Vec::new()), Known::new());
        for n in 2..600 {
            control.admit([fact(n)]);
            known.admit(fact(n));
            let trustee = trustee(n);
            assert_eq!(*control.trusts(&user, &trustee), *known.trusts(&user, &trustee));
            assert_eq!(*control.bars(&user, &trustee), *known.bars(&user, &trustee));
            assert_eq!(control.tally(&user, &user), known.tally(&user, &user));
            assert_eq!(control.meta(&id(n / 2)), known.meta(&id(n / 2)));
        }
    }

    #[test]
    fn an_append_copies_little_while_a_snapshot_holds_the_control() {
        let mut control = Control::of((2..10_000).map(fact).collect());
        let mut joins = 0;
        for n in 10_000..11_000 {
            let snapshot = control.clone();
            control.admit([fact(n)]);
            joins += usize::from(!Arc::ptr_eq(&snapshot.base, &control.base));
            assert!(control.recent.len() <= 105, "{}", control.recent.len());
        }
        assert!(joins <= 10, "{joins}");
    }
}
