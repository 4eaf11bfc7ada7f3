//! Arguments and values that several commands take.

pub(crate) mod session;
pub(crate) mod values;
