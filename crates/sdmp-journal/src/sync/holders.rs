//! Who may have a wanted resource (N31, N32).

use sdmp_container::Fingerprint;

use crate::sync::Holder;

/// Holders by their fingerprints, in that order. There are few of them, mostly one, and very many
/// wants: so a list, which takes no more than it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders(Vec<(Fingerprint, Holder)>);

impl Holders {
    fn place(&self, key: &Fingerprint) -> Result<usize, usize> {
        self.0.binary_search_by(|(one, _)| one.cmp(key))
    }

    /// What is known of this holder.
    #[must_use]
    pub fn get(&self, key: &Fingerprint) -> Option<&Holder> {
        self.0.get(self.place(key).ok()?).map(|(_, holder)| holder)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &Fingerprint) -> Option<&mut Holder> {
        let place = self.place(key).ok()?;
        self.0.get_mut(place).map(|(_, holder)| holder)
    }

    /// Adds a holder, or replaces what was known of it.
    pub fn insert(&mut self, key: Fingerprint, holder: Holder) {
        match self.place(&key) {
            Ok(place) => {
                if let Some((_, old)) = self.0.get_mut(place) {
                    *old = holder;
                }
            }
            Err(place) => {
                // Exactly as much as is needed: a vector would take room for four at once.
                self.0.reserve_exact(1);
                self.0.insert(place, (key, holder));
            }
        }
    }

    /// Whether this is a holder.
    #[must_use]
    pub fn contains_key(&self, key: &Fingerprint) -> bool {
        self.place(key).is_ok()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Fingerprint, &Holder)> {
        self.0.iter().map(|(key, holder)| (key, holder))
    }

    /// Their fingerprints.
    pub fn keys(&self) -> impl Iterator<Item = &Fingerprint> {
        self.iter().map(|(key, _)| key)
    }

    /// What is known of them.
    pub fn values(&self) -> impl Iterator<Item = &Holder> {
        self.iter().map(|(_, holder)| holder)
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Holder> {
        self.0.iter_mut().map(|(_, holder)| holder)
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, key: &Fingerprint) {
        if let Ok(place) = self.place(key) {
            self.0.remove(place);
        }
    }

    /// Takes the first one out.
    pub fn pop_first(&mut self) -> Option<(Fingerprint, Holder)> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

impl FromIterator<(Fingerprint, Holder)> for Holders {
    fn from_iter<I: IntoIterator<Item = (Fingerprint, Holder)>>(holders: I) -> Self {
        let mut all = Self::default();
        holders.into_iter().for_each(|(key, holder)| all.insert(key, holder));
        all
    }
}
