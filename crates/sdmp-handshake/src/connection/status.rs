//! What a connection says about itself: how far it is, and whether anything is still to come.

use super::{Connection, Phase};

impl Connection {
    /// Whether the session is accepted (and not failed since).
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.phase, Phase::Session(..))
    }

    /// Whether nothing will ever come out again: the carrier may end its writing direction.
    #[must_use]
    pub fn is_output_finished(&self) -> bool {
        match &self.phase {
            Phase::Session(sending, _) => sending.is_finished(&self.outgoing),
            Phase::Failed(_) => self.outgoing.is_empty(),
            Phase::Initiator(_) | Phase::Responder(_) => false,
        }
    }

    /// Whether both directions are over: the carrier may be dropped once the output is sent.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.phase {
            Phase::Session(sending, receiving) => {
                sending.is_finished(&self.outgoing) && receiving.is_finished()
            }
            Phase::Failed(_) => self.outgoing.is_empty(),
            Phase::Initiator(_) | Phase::Responder(_) => false,
        }
    }
}
