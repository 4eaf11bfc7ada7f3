//! What is known, in memory, with an index for each lookup.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Admit, Facts, Tally, View};
use crate::fact::{BarFact, Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use crate::{Fingerprint, Identifier};

/// A number for each key that occurs, so that a pair of keys is a short index.
type Key = u32;
type Pair = (Key, Key);

/// What is known, in memory.
///
/// A trust takes some 880 octets with its indexes, a revocation some 720 with its three, an
/// identity some 1,850, content some 430; texts are not kept. (A test holds these.)
///
/// ```
/// use sdmp_journal::{Fingerprint, View, view::Known};
///
/// let known = Known::new();
/// let stranger = Fingerprint::from_octets([0; 64]);
/// assert!(known.identities(&stranger).is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Known {
    // Looked up in every answer, several times, and never listed: so no order, but a random hash.
    keys: HashMap<Fingerprint, Key>,
    facts: BTreeMap<Identifier, Entry>,
    by_key: Vec<OfKey>,
    trusts: HashMap<Pair, Facts<TrustFact>>,
    trusts_signed: BTreeMap<Pair, Facts<TrustFact>>,
    revocations: HashMap<(Identifier, Key), Facts<RevocationFact>>,
    revocations_signed: BTreeMap<Pair, Facts<RevocationFact>>,
    bars: BTreeMap<Pair, Facts<BarFact>>,
    sponsored: BTreeMap<Pair, u64>,
}

/// What is looked up by one key; its number is the place.
#[derive(Clone, Debug, Default)]
struct OfKey {
    identities: Facts<IdentityFact>,
    trusts_in: Facts<TrustFact>,
    trusts_of: Facts<TrustFact>,
    node_signed_octets: u64,
}

#[derive(Clone, Debug)]
enum Entry {
    Identity(Arc<IdentityFact>),
    Trust(Arc<TrustFact>),
    Revocation(Arc<RevocationFact>),
    Content(Arc<Meta>),
}

impl Known {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many resources are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// What is known of every resource, in the order of identifiers.
    pub fn iter(&self) -> impl Iterator<Item = &Meta> {
        self.facts.values().map(Entry::meta)
    }

    /// Takes in what was admitted on top of `base`, which is known as well but not held here.
    pub(super) fn admit_over<V: View + ?Sized>(&mut self, fact: Fact, base: Option<&V>) {
        let id = fact.meta().id.clone();
        if self.facts.contains_key(&id) || base.is_some_and(|base| base.meta(&id).is_some()) {
            return;
        }
        let entry = match fact {
            Fact::Identity(fact) => Entry::Identity(self.index_identity(fact)),
            Fact::Trust(fact) => Entry::Trust(self.index_trust(fact, base)),
            Fact::Revocation(fact) => Entry::Revocation(self.index_revocation(fact, base)),
            Fact::Content(meta) => Entry::Content(Arc::new(meta)),
        };
        self.facts.insert(id, entry);
    }

    fn index_identity(&mut self, fact: IdentityFact) -> Arc<IdentityFact> {
        let fact = Arc::new(fact);
        let key = self.intern(&fact.meta.user);
        if let Some(of_key) = self.of_key_mut(key) {
            of_key.identities.push(Arc::clone(&fact));
        }
        fact
    }

    fn index_trust<V: View + ?Sized>(
        &mut self,
        fact: TrustFact,
        base: Option<&V>,
    ) -> Arc<TrustFact> {
        let fact = Arc::new(fact);
        let (user, signer) = self.intern_author(&fact.meta);
        let trustee = self.intern(&fact.trustee);
        self.trusts.entry((user, trustee)).or_default().push(Arc::clone(&fact));
        if let Some(of_key) = self.of_key_mut(trustee) {
            of_key.trusts_in.push(Arc::clone(&fact));
        }
        if let Some(of_key) = self.of_key_mut(user) {
            of_key.trusts_of.push(Arc::clone(&fact));
        }
        self.trusts_signed.entry((user, signer)).or_default().push(Arc::clone(&fact));
        let (of, id) = (&fact.meta.user, &fact.meta.id);
        // A revocation may have come before its trust: then the bar is made now.
        let before = base.map(|base| base.revocations(of, id)).unwrap_or_default();
        let known = before.and(View::revocations(self, of, id));
        for revocation in known.iter() {
            self.index_bar(&fact, revocation);
        }
        fact
    }

    fn index_revocation<V: View + ?Sized>(
        &mut self,
        fact: RevocationFact,
        base: Option<&V>,
    ) -> Arc<RevocationFact> {
        let fact = Arc::new(fact);
        let (user, signer) = self.intern_author(&fact.meta);
        let of_target = self.revocations.entry((fact.target.clone(), user)).or_default();
        // Copies of one statement by one signer change nothing; keeping each would let it fill the
        // memory.
        if !of_target.iter().any(|known| known.is_like(&fact)) {
            of_target.push(Arc::clone(&fact));
        }
        self.revocations_signed.entry((user, signer)).or_default().push(Arc::clone(&fact));
        let trust_by = |known: &Self, id: &Identifier| {
            base.and_then(|base| base.trust(id)).or_else(|| known.trust(id))
        };
        if let Some(target) = trust_by(self, &fact.target) {
            self.index_bar(&target, &fact);
        }
        if let Some(trust) = fact.meta.trust.as_ref().and_then(|id| trust_by(self, id))
            && trust.meta.signer != trust.meta.user
        {
            let sponsor = self.intern(&trust.meta.signer);
            let count = self.sponsored.entry((user, sponsor)).or_default();
            *count = count.saturating_add(1);
        }
        fact
    }

    /// N14: a revocation by the user's key of a trust of that user.
    fn index_bar(&mut self, trust: &TrustFact, revocation: &RevocationFact) {
        let user = &trust.meta.user;
        // Only the user's own key can bar a device for good.
        if revocation.meta.user != *user || revocation.meta.signer != *user {
            return;
        }
        let pair = (self.intern(user), self.intern(&trust.trustee));
        self.bars.entry(pair).or_default().push(Arc::new(BarFact {
            trust: trust.meta.id.clone(),
            revocation: revocation.meta.id.clone(),
            line: revocation.meta.line,
        }));
    }

    /// The numbers of the user and the signer of control, whose octets are counted.
    fn intern_author(&mut self, meta: &Meta) -> Pair {
        let (user, signer) = (self.intern(&meta.user), self.intern(&meta.signer));
        if user != signer
            && let Some(of_key) = self.of_key_mut(user)
        {
            of_key.node_signed_octets = of_key.node_signed_octets.saturating_add(meta.size);
        }
        (user, signer)
    }

    fn intern(&mut self, key: &Fingerprint) -> Key {
        if let Some(number) = self.keys.get(key) {
            return *number;
        }
        let number = Key::try_from(self.keys.len()).unwrap_or(Key::MAX);
        self.keys.insert(key.clone(), number);
        self.by_key.push(OfKey::default());
        number
    }

    fn of_key(&self, key: &Fingerprint) -> Option<&OfKey> {
        self.by_key.get(usize::try_from(*self.keys.get(key)?).ok()?)
    }

    fn of_key_mut(&mut self, key: Key) -> Option<&mut OfKey> {
        self.by_key.get_mut(usize::try_from(key).ok()?)
    }

    fn pair(&self, first: &Fingerprint, second: &Fingerprint) -> Option<Pair> {
        Some((*self.keys.get(first)?, *self.keys.get(second)?))
    }
}

impl Entry {
    fn meta(&self) -> &Meta {
        match self {
            Self::Identity(fact) => &fact.meta,
            Self::Trust(fact) => &fact.meta,
            Self::Revocation(fact) => &fact.meta,
            Self::Content(meta) => meta,
        }
    }
}

impl Admit for Known {
    fn admit(&mut self, fact: Fact) {
        self.admit_over(fact, None::<&Self>);
    }
}

/// What a key's index holds.
fn facts<K: Ord, T>(index: &BTreeMap<K, Facts<T>>, key: Option<K>) -> Facts<T> {
    key.and_then(|key| index.get(&key)).cloned().unwrap_or_default()
}

impl View for Known {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        self.facts.get(id).map(|entry| entry.meta().clone())
    }

    fn identities(&self, key: &Fingerprint) -> Facts<IdentityFact> {
        self.of_key(key).map(|of_key| of_key.identities.clone()).unwrap_or_default()
    }

    fn trust(&self, id: &Identifier) -> Option<Arc<TrustFact>> {
        match self.facts.get(id)? {
            Entry::Trust(fact) => Some(Arc::clone(fact)),
            Entry::Identity(_) | Entry::Revocation(_) | Entry::Content(_) => None,
        }
    }

    fn revocation(&self, id: &Identifier) -> Option<Arc<RevocationFact>> {
        match self.facts.get(id)? {
            Entry::Revocation(fact) => Some(Arc::clone(fact)),
            Entry::Identity(_) | Entry::Trust(_) | Entry::Content(_) => None,
        }
    }

    fn trusts(&self, user: &Fingerprint, trustee: &Fingerprint) -> Facts<TrustFact> {
        let pair = self.pair(user, trustee);
        pair.and_then(|pair| self.trusts.get(&pair)).cloned().unwrap_or_default()
    }

    fn trusts_in(&self, trustee: &Fingerprint) -> Facts<TrustFact> {
        self.of_key(trustee).map(|of_key| of_key.trusts_in.clone()).unwrap_or_default()
    }

    fn trusts_of(&self, user: &Fingerprint) -> Facts<TrustFact> {
        self.of_key(user).map(|of_key| of_key.trusts_of.clone()).unwrap_or_default()
    }

    fn trusts_signed(&self, user: &Fingerprint, signer: &Fingerprint) -> Facts<TrustFact> {
        facts(&self.trusts_signed, self.pair(user, signer))
    }

    fn revocations(&self, user: &Fingerprint, target: &Identifier) -> Facts<RevocationFact> {
        if self.revocations.is_empty() {
            return Facts::none();
        }
        let user = self.keys.get(user);
        let key = user.map(|user| (target.clone(), *user));
        key.and_then(|key| self.revocations.get(&key)).cloned().unwrap_or_default()
    }

    fn revocations_signed(
        &self,
        user: &Fingerprint,
        signer: &Fingerprint,
    ) -> Facts<RevocationFact> {
        facts(&self.revocations_signed, self.pair(user, signer))
    }

    fn bars(&self, user: &Fingerprint, key: &Fingerprint) -> Facts<BarFact> {
        if self.bars.is_empty() { Facts::none() } else { facts(&self.bars, self.pair(user, key)) }
    }

    fn tally(&self, user: &Fingerprint, signer: &Fingerprint) -> Tally {
        let Some(pair) = self.pair(user, signer) else { return Tally::default() };
        let count = |len: Option<usize>| u64::try_from(len.unwrap_or(0)).unwrap_or(u64::MAX);
        Tally {
            trusts: count(self.trusts_signed.get(&pair).map(|facts| facts.len())),
            revocations: count(self.revocations_signed.get(&pair).map(|facts| facts.len())),
            sponsored: self.sponsored.get(&pair).copied().unwrap_or(0),
        }
    }

    fn node_signed_octets(&self, user: &Fingerprint) -> u64 {
        self.of_key(user).map_or(0, |of_key| of_key.node_signed_octets)
    }
}
