//! Which vector instructions this processor has.

use crate::simd::Vector;

/// How the inputs of a batch are hashed: so many at once.
#[derive(Clone, Copy, Debug)]
pub struct Engine(pub(crate) Option<Vector>);

impl Engine {
    /// The widest that this processor has, asked at run time.
    ///
    /// ```
    /// let engine = sdmp_lanes::Engine::detect();
    /// assert!([1, 4, 8].contains(&engine.lanes()));
    /// ```
    #[must_use]
    pub fn detect() -> Self {
        Self(Vector::all().first().copied())
    }

    /// One input after the other, through *ring*: works everywhere.
    #[must_use]
    pub const fn portable() -> Self {
        Self(None)
    }

    /// All that this processor has, the widest first; for tests and measurements.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Vector::all().into_iter().map(Some).chain([None]).map(Self).collect()
    }

    /// How many inputs are hashed at once: 8, 4 or 1. A batch of so many, of about one length, is
    /// where the gain is largest.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self.0 {
            Some(vector) => vector.width(),
            None => 1,
        }
    }
}
