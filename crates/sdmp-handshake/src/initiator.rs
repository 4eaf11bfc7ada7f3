//! The side that opened the connection: M1, M3, FIN_I.

use sdmp_container::Timestamp;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::dh::{Ephemeral, Group};
use sdmp_crypto::random::Random;
use sdmp_envelope::Identity;
use sdmp_envelope::signature::reserved::sign_octets;

use crate::common::{
    check_local, check_not_refused, check_not_refused_in_plaintext, check_value, plain_limits,
    read_sealed, refuse_plain, refuse_sealed,
};
use crate::error::{Error, MessageKind, Misbehaviour};
use crate::labels::confirmation;
use crate::policy::Config;
use crate::proof::{Claim, Proven, check_confirmation, spend_verification};
use crate::role::Role;
use crate::secured::{Channels, Next, Secured, Traffic};
use crate::session::Session;
use crate::step::{Failed, Machine, Step, judge, private::Resume};

/// The initiator's machine. Every call consumes it, so a stale state cannot be reused.
#[derive(Debug)]
pub struct Initiator {
    config: Config,
    state: State,
}

#[derive(Debug)]
#[allow(clippy::enum_variant_names, reason = "a state is what it expects")]
enum State {
    ExpectSessionCreation(ExpectSessionCreation),
    ExpectSignature(ExpectSignature),
    ExpectConfirmation(Box<ExpectConfirmation>),
}

/// M1 is out; M2 or a plaintext refusal comes.
#[derive(Debug)]
struct ExpectSessionCreation {
    group: Group,
    ephemeral: Ephemeral,
    m1: String,
}

/// M3 is out; M4 or a sealed refusal comes.
#[derive(Debug)]
struct ExpectSignature {
    group: Group,
    secured: Secured,
    m2: Vec<u8>,
    p3: String,
}

/// M4 is verified and trusted; FIN_R comes.
#[derive(Debug)]
struct ExpectConfirmation {
    group: Group,
    /// Still needed to refuse a bad FIN_R: number 1 of the handshake's own key (R37).
    handshake: Channels,
    traffic: Traffic,
    peer: Identity,
}

/// What is kept while the application is asked about M4.
#[derive(Debug)]
pub struct Waiting {
    config: Config,
    state: ExpectSignature,
}

impl Initiator {
    /// Begins a handshake: a fresh exponent, and M1 to send.
    ///
    /// # Errors
    /// [`Error::Local`] if this side's identity is not usable or the random source fails,
    /// [`Misuse::UserIdentity`](crate::Misuse::UserIdentity) if it is a user's (R16).
    pub fn start(
        config: Config,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<(Self, String), Error> {
        // Before M1: a peer would refuse an expired identity only after three more messages.
        check_local(&config, now)?;
        let group = config.policy.offer.clone();
        let ephemeral = group.ephemeral(random).map_err(|error| Error::Local(error.into()))?;
        let m1 =
            SessionCreation { g: group.g(), p: group.p().to_vec(), n: ephemeral.public().to_vec() }
                .to_text();
        let state = ExpectSessionCreation { group, ephemeral, m1: m1.clone() };
        Ok((Self { config, state: State::ExpectSessionCreation(state) }, m1))
    }

    /// Handles the peer's next object: [`Machine::handle`], without the trait in scope.
    ///
    /// # Errors
    /// [`Failed`]: the handshake is over; send what it holds, then close.
    pub fn handle(
        self,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Self>, Failed> {
        Machine::handle(self, octets, now, random)
    }
}

impl Machine for Initiator {
    fn refuse(self, error: Error, random: &mut dyn Random) -> Failed {
        match self.state {
            State::ExpectSessionCreation(_) => refuse_plain(error),
            State::ExpectSignature(mut state) => {
                // An M4 refused early must take as long as one refused late (R37).
                spend_verification();
                refuse_sealed(&mut state.secured.channels, 1, error, random)
            }
            State::ExpectConfirmation(mut state) => {
                refuse_sealed(&mut state.handshake, 1, error, random)
            }
        }
    }

    fn limit(&self) -> usize {
        match &self.state {
            State::ExpectSessionCreation(_) => self.config.policy.limits.plain_octets,
            State::ExpectSignature(_) | State::ExpectConfirmation(_) => {
                self.config.policy.limits.handshake_octets
            }
        }
    }

    fn state(&self) -> &'static str {
        match &self.state {
            State::ExpectSessionCreation(_) => "ExpectSessionCreation",
            State::ExpectSignature(_) => "ExpectSignature",
            State::ExpectConfirmation(_) => "ExpectConfirmation",
        }
    }
}

impl ExpectSessionCreation {
    fn handle(
        self,
        config: Config,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Initiator>, Failed> {
        // First of all: a refusal is no M2, and is never answered with another refusal (R38).
        check_not_refused_in_plaintext(octets)?;
        let m1 = self.m1.clone();
        let group = self.group.clone();
        let mut secured = self.agree(&config, octets).map_err(refuse_plain)?;
        // The octets that were sent are signed, not a second serialisation of the same object (R5).
        let p3 = sign_octets(m1.as_bytes(), &[&config.local], now).map_err(Error::Local)?;
        let m3 = secured.channels.send.seal(p3.as_bytes(), random)?;
        let state = ExpectSignature { group, secured, m2: octets.to_vec(), p3 };
        let machine = Initiator { config, state: State::ExpectSignature(state) };
        Ok(Step::Continue { machine, send: vec![m3] })
    }

    /// Checks M2 (R25, R28) and derives the handshake's keys.
    fn agree(self, config: &Config, octets: &[u8]) -> Result<Secured, Error> {
        let m2 = SessionCreation::parse_within(octets, &plain_limits(config)).map_err(|cause| {
            Error::InvalidMessage { message: MessageKind::M2, cause: cause.into() }
        })?;
        // The responder answers in our group or not at all; another one would be a downgrade.
        if m2.g != self.group.g() || m2.p != self.group.p() {
            return Err(Error::PeerMisbehaved(Misbehaviour::OtherGroup));
        }
        check_value(&self.group, &m2.n)?;
        let z = self
            .ephemeral
            .agree(&m2.n)
            .map_err(|cause| Error::PeerMisbehaved(Misbehaviour::PublicValue(cause)))?;
        Secured::derive(config, Role::Initiator, &z, self.m1.as_bytes(), octets)
    }
}

impl ExpectSignature {
    fn handle(
        mut self,
        config: Config,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Initiator>, Failed> {
        match self.read(&config, octets) {
            Ok(claim) => judge(Waiting { config, state: self }, claim, now, random),
            Err(error) => {
                // The same work as for a good M4 with a bad signature, so that the time does not
                // say which it was.
                spend_verification();
                Err(refuse_sealed(&mut self.secured.channels, 1, error, random))
            }
        }
    }

    fn read(&mut self, config: &Config, octets: &[u8]) -> Result<Claim, Error> {
        let sealed = read_sealed(config, MessageKind::M4, octets)?;
        let plaintext = self.secured.channels.receive.open(sealed, MessageKind::M4)?;
        // Under the right key and number, so it is the responder's own word and not an attacker's.
        check_not_refused(&plaintext)?;
        Claim::read(config, MessageKind::M4, plaintext, &self.m2)
    }
}

impl Resume for Initiator {
    type Waiting = Waiting;

    fn object(
        self,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Self>, Failed> {
        match self.state {
            State::ExpectSessionCreation(state) => state.handle(self.config, octets, now, random),
            State::ExpectSignature(state) => state.handle(self.config, octets, now, random),
            State::ExpectConfirmation(state) => state.handle(&self.config, octets, now, random),
        }
    }

    fn config(waiting: &Waiting) -> &Config {
        &waiting.config
    }

    /// M4 is verified and its signer trusted: wait for FIN_R, or accept (published).
    fn proven(
        waiting: Waiting,
        peer: Proven,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Self>, Failed> {
        let Waiting { config, state } = waiting;
        let Secured { mut channels, next } = state.secured;
        // The application may have taken its time to decide; our identity may have ended meanwhile.
        check_local(&config, now)
            .map_err(|error| refuse_sealed(&mut channels, 1, error, random))?;
        match next {
            Next::Published => {
                let session = Session::published(
                    &config,
                    Role::Initiator,
                    channels,
                    peer.identity,
                    state.group,
                );
                Ok(Step::Complete { session: Box::new(session), send: Vec::new() })
            }
            Next::Hardened { derived, t1 } => {
                let traffic = Traffic::derive(
                    &config,
                    Role::Initiator,
                    &derived,
                    &t1,
                    state.p3.as_bytes(),
                    &peer.plaintext,
                )
                .map_err(|error| refuse_sealed(&mut channels, 1, error, random))?;
                // The session is not handed out before FIN_R: only that proves that the responder
                // has seen our M3.
                let state = Box::new(ExpectConfirmation {
                    group: state.group,
                    handshake: channels,
                    traffic,
                    peer: peer.identity,
                });
                let machine = Self { config, state: State::ExpectConfirmation(state) };
                Ok(Step::Continue { machine, send: Vec::new() })
            }
        }
    }

    fn distrust(mut waiting: Waiting, error: Error, random: &mut dyn Random) -> Failed {
        refuse_sealed(&mut waiting.state.secured.channels, 1, error, random)
    }
}

impl ExpectConfirmation {
    fn handle(
        mut self: Box<Self>,
        config: &Config,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Initiator>, Failed> {
        match self.confirm(config, octets, now, random) {
            Ok(fin) => {
                let Self { group, traffic, peer, .. } = *self;
                let session = Session::hardened(config, Role::Initiator, traffic, peer, group);
                Ok(Step::Complete { session: Box::new(session), send: vec![fin] })
            }
            Err(error) => Err(refuse_sealed(&mut self.handshake, 1, error, random)),
        }
    }

    /// Verifies FIN_R and makes FIN_I, which goes out before any other traffic (R31).
    fn confirm(
        &mut self,
        config: &Config,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<String, Error> {
        let sealed = read_sealed(config, MessageKind::FinResponder, octets)?;
        let channels = &mut self.traffic.channels;
        let plaintext = channels.receive.open(sealed, MessageKind::FinResponder)?;
        check_not_refused(&plaintext)?;
        let expected = confirmation(Role::Responder, &self.traffic.t2);
        check_confirmation(MessageKind::FinResponder, &plaintext, expected.as_bytes(), &self.peer)?;
        // The time between M4 and FIN_R is the peer's choice.
        self.peer.check_usable(now).map_err(Error::PeerProof)?;
        let own = confirmation(Role::Initiator, &self.traffic.t2);
        let fin = sign_octets(own.as_bytes(), &[&config.local], now).map_err(Error::Local)?;
        channels.send.seal(fin.as_bytes(), random)
    }
}
