//! What a machine does next: go on, ask, or be done.

use std::fmt;

use sdmp_container::{Fingerprint, Timestamp};
use sdmp_crypto::random::Random;
use sdmp_envelope::Identity;

use crate::deframe::trim;
use crate::error::{Distrust, Error};
use crate::policy::Config;
use crate::proof::{Claim, Proven};
use crate::session::Session;

/// The end of a handshake: the local error, and the refusal that is still owed to the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// Why, for this side only: the peer learns less (R37).
    pub error: Error,
    /// Objects to send before closing; often none.
    pub send: Vec<String>,
    /// Whether `send` is a sealed refusal: it leaves at the moment that [`refusal_due`] gives, so
    /// that time does not tell the cause (R37).
    ///
    /// [`refusal_due`]: crate::refusal_due
    pub delayed: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, send: Vec::new(), delayed: false }
    }
}

/// What follows after an object was handled.
#[derive(Debug)]
pub enum Step<M: Machine> {
    /// Send these objects, and give the next one to `machine`.
    Continue {
        /// The machine in its next state.
        machine: M,
        /// Objects to send, in order.
        send: Vec<String>,
    },
    /// Who is this? The peer only *claims* a name so far.
    NeedIdentity(NeedIdentity<M>),
    /// Is this peer, whose name is verified, trusted?
    Authorize(Authorize<M>),
    /// The session is accepted. Send these objects first.
    Complete {
        /// The session.
        session: Box<Session>,
        /// Objects to send, in order.
        send: Vec<String>,
    },
}

impl<M: Machine> Step<M> {
    /// The machine and the objects to send, where the handshake just goes on.
    ///
    /// # Errors
    /// The step itself, if it is another one.
    #[expect(
        clippy::result_large_err,
        reason = "the step itself is handed back, and it is on no hot path"
    )]
    pub fn into_continue(self) -> Result<(M, Vec<String>), Self> {
        match self {
            Self::Continue { machine, send } => Ok((machine, send)),
            other @ (Self::NeedIdentity(_) | Self::Authorize(_) | Self::Complete { .. }) => {
                Err(other)
            }
        }
    }
}

/// What [`Initiator`](crate::Initiator) and [`Responder`](crate::Responder) have in common; not for
/// implementing.
pub trait Machine: Sized + fmt::Debug + private::Resume {
    /// Handles the peer's next object.
    ///
    /// # Errors
    /// [`Failed`]: the handshake is over; send what it holds (when [`Failed::delayed`] says), then
    /// close.
    fn handle(
        self,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Self>, Failed> {
        self.object(trim(octets), now, random)
    }

    /// Ends the handshake for an object that could not even be framed, with the refusal owed.
    #[must_use]
    fn refuse(self, error: Error, random: &mut dyn Random) -> Failed;

    /// The longest object that may come next, in octets (R42).
    #[must_use]
    fn limit(&self) -> usize;

    /// The name of the state, as in the documentation's diagram; for logs.
    #[must_use]
    fn state(&self) -> &'static str;
}

pub(crate) mod private {
    use super::{Config, Error, Failed, Proven, Random, Step, Timestamp, fmt};

    /// What a machine does after its two stops.
    pub trait Resume: Sized {
        /// What it keeps while it waits.
        type Waiting: fmt::Debug;
        /// Handles the peer's next object, which has no white space around it any more.
        fn object(
            self,
            octets: &[u8],
            now: Timestamp,
            random: &mut dyn Random,
        ) -> Result<Step<Self>, Failed>
        where
            Self: super::Machine;
        fn config(waiting: &Self::Waiting) -> &Config;
        fn proven(
            waiting: Self::Waiting,
            peer: Proven,
            now: Timestamp,
            random: &mut dyn Random,
        ) -> Result<Step<Self>, Failed>
        where
            Self: super::Machine;
        fn distrust(waiting: Self::Waiting, error: Error, random: &mut dyn Random) -> Failed;
    }
}

/// The machine has stopped: it needs the identity that the application knows under a fingerprint.
///
/// The name is a claim. Do not show it to a person, do not log it as the peer.
#[derive(Debug)]
pub struct NeedIdentity<M: Machine> {
    waiting: M::Waiting,
    claim: Claim,
}

impl<M: Machine> NeedIdentity<M> {
    /// The claimed fingerprint.
    #[must_use]
    pub fn claimed(&self) -> &Fingerprint {
        &self.claim.kid
    }

    /// Gives the identity known under the claimed fingerprint, or none.
    ///
    /// # Errors
    /// [`Failed`], if there is none, it is not usable, or the peer's signature does not hold.
    pub fn provide(
        self,
        identity: Option<Identity>,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<M>, Failed> {
        match self.claim.verify(M::config(&self.waiting), identity, now) {
            Ok(peer) => Ok(Step::Authorize(Authorize { waiting: self.waiting, peer })),
            Err(error) => Err(M::distrust(self.waiting, error, random)),
        }
    }
}

/// The machine has stopped: the peer is verified; the application accepts it or not.
#[derive(Debug)]
pub struct Authorize<M: Machine> {
    waiting: M::Waiting,
    peer: Proven,
}

impl<M: Machine> Authorize<M> {
    /// The verified peer.
    #[must_use]
    pub fn peer(&self) -> &Identity {
        &self.peer.identity
    }

    /// Trusts the peer.
    ///
    /// # Errors
    /// [`Failed`], if the peer's identity has expired since, this side can no longer sign, or the
    /// random source fails.
    pub fn trust(self, now: Timestamp, random: &mut dyn Random) -> Result<Step<M>, Failed> {
        // The decision may have taken longer than the identity lasted (R16).
        if let Err(error) = self.peer.identity.check_usable(now) {
            return Err(M::distrust(self.waiting, Error::PeerProof(error), random));
        }
        M::proven(self.waiting, self.peer, now, random)
    }

    /// Refuses the peer; it learns only that it was refused (R37).
    pub fn refuse(self, random: &mut dyn Random) -> Failed {
        M::distrust(self.waiting, Error::Untrusted(Distrust::Refused), random)
    }
}

/// Goes on with a claim: at once if the configuration knows the answer, else by a stop (R30).
pub(crate) fn judge<M: Machine>(
    waiting: M::Waiting,
    claim: Claim,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Step<M>, Failed> {
    let config = M::config(&waiting);
    let known = config.trusted.get(&claim.kid).cloned();
    if known.is_none() && config.ask {
        return Ok(Step::NeedIdentity(NeedIdentity { waiting, claim }));
    }
    match claim.verify(config, known, now) {
        Ok(peer) => M::proven(waiting, peer, now, random),
        Err(error) => Err(M::distrust(waiting, error, random)),
    }
}
