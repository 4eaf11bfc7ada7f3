//! Both machines, seen from a connection.

use sdmp_crypto::random::Random;

use super::{Asking, Phase};
use crate::error::Error;
use crate::initiator::Initiator;
use crate::policy::Now;
use crate::responder::Responder;
use crate::step::{Failed, Machine, Step};

/// What the connection needs of both machines.
pub(super) trait Handshake: Machine {
    fn next(self, octets: &[u8], now: Now, random: &mut dyn Random) -> Result<Step<Self>, Failed>;
    fn abort(self, error: Error, random: &mut dyn Random) -> Failed;
    fn longest(&self) -> usize;
    fn phase(asking: Asking<Self>) -> Phase;
}

impl Handshake for Initiator {
    fn next(self, octets: &[u8], now: Now, random: &mut dyn Random) -> Result<Step<Self>, Failed> {
        self.handle(octets, now.wall, random)
    }
    fn abort(self, error: Error, random: &mut dyn Random) -> Failed {
        self.refuse(error, random)
    }
    fn longest(&self) -> usize {
        self.limit()
    }
    fn phase(asking: Asking<Self>) -> Phase {
        Phase::Initiator(asking)
    }
}

impl Handshake for Responder {
    fn next(self, octets: &[u8], now: Now, random: &mut dyn Random) -> Result<Step<Self>, Failed> {
        self.handle(octets, now.wall, random)
    }
    fn abort(self, error: Error, random: &mut dyn Random) -> Failed {
        self.refuse(error, random)
    }
    fn longest(&self) -> usize {
        self.limit()
    }
    fn phase(asking: Asking<Self>) -> Phase {
        Phase::Responder(asking)
    }
}
