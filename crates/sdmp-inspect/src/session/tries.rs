//! How much may be spent on trying keys that do not fit.

/// Octets over which tags may be computed in vain, for one whole input: neither a wrong key log
/// nor a recording of many sessions must cost minutes.
const OCTETS: usize = 128 << 20;

/// What a try costs beside its octets: taking the key, and the hash function's own blocks.
const EACH: usize = 4096;

/// The tries that are left.
#[derive(Debug)]
pub(crate) struct Tries(usize);

impl Tries {
    /// Those of one input.
    pub(crate) fn new() -> Self {
        Self(OCTETS)
    }

    /// Whether one more object of this length may be tried.
    pub(super) fn spend(&mut self, octets: usize) -> bool {
        match self.0.checked_sub(octets.saturating_add(EACH)) {
            Some(rest) => self.0 = rest,
            None => self.0 = 0,
        }
        !self.are_over()
    }

    /// Whether nothing more is tried.
    pub(super) fn are_over(&self) -> bool {
        self.0 == 0
    }
}
