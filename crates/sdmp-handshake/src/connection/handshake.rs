//! Both machines, seen from a connection.

use super::{Asking, Phase};
use crate::initiator::Initiator;
use crate::responder::Responder;
use crate::step::Machine;

/// A machine that knows its place in a connection.
pub(super) trait Handshake: Machine {
    fn phase(asking: Asking<Self>) -> Phase;
}

impl Handshake for Initiator {
    fn phase(asking: Asking<Self>) -> Phase {
        Phase::Initiator(asking)
    }
}

impl Handshake for Responder {
    fn phase(asking: Asking<Self>) -> Phase {
        Phase::Responder(asking)
    }
}
