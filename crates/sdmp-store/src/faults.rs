//! Faults to order, so that a test can fail or kill a store at each step.

use std::fmt;
use std::sync::Arc;

use crate::Error;

/// Asked at each named step of a writing call; an error there is what the disk would have said.
#[derive(Clone)]
pub struct Faults(Option<Arc<Fault>>);

type Fault = dyn Fn(&'static str) -> Result<(), Error> + Send + Sync;

impl Faults {
    /// No faults.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// `fault` is asked at each step, by name: `begin`, `row`, `head`, `commit`, `committed`. It may
    /// fail, or end the process.
    #[must_use]
    pub fn new(fault: impl Fn(&'static str) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(fault)))
    }

    pub(crate) fn at(&self, step: &'static str) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |fault| fault(step))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Faults(ordered)" } else { "Faults(none)" })
    }
}
