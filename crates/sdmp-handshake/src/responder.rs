//! The side that was called: M2, M4, FIN_R.

use sdmp_container::Timestamp;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::dh::{Ephemeral, Group};
use sdmp_crypto::random::Random;
use sdmp_envelope::Identity;
use sdmp_envelope::signature::reserved::sign_octets;

use crate::common::{
    check_local, check_not_refused, check_not_refused_in_plaintext, check_value, plain_limits,
    read_sealed, refusals_of_m3, refuse_plain, refuse_sealed,
};
use crate::error::{Error, Incompatible, MessageKind, Misbehaviour};
use crate::labels::confirmation;
use crate::policy::Config;
use crate::proof::{Claim, Proven, check_confirmation, spend_verification};
use crate::role::Role;
use crate::secured::{Channels, Next, Secured, Traffic};
use crate::session::Session;
use crate::step::{Failed, Machine, Step, judge, private::Resume};

/// The responder's machine. Every call consumes it, so a stale state cannot be reused.
#[derive(Debug)]
pub struct Responder {
    config: Config,
    state: State,
}

#[derive(Debug)]
#[allow(clippy::enum_variant_names, reason = "a state is what it expects")]
enum State {
    ExpectSessionCreation,
    ExpectSignature(ExpectSignature),
    ExpectConfirmation(Box<ExpectConfirmation>),
}

/// M2 is out; M3 or a plaintext refusal comes. The shared secret is computed only when M3 is
/// here: a stranger's M1 alone costs one exponentiation.
#[derive(Debug)]
struct ExpectSignature {
    group: Group,
    ephemeral: Ephemeral,
    peer_n: Vec<u8>,
    m1: Vec<u8>,
    m2: String,
}

/// M4 and FIN_R are out; FIN_I or a sealed refusal comes.
#[derive(Debug)]
struct ExpectConfirmation {
    group: Group,
    /// Under its number 1 the initiator may refuse M4 or FIN_R (R31).
    handshake: Channels,
    traffic: Traffic,
    peer: Identity,
}

/// What is kept while the application is asked about M3.
#[derive(Debug)]
pub struct Waiting {
    config: Config,
    group: Group,
    secured: Secured,
    m2: String,
}

impl Responder {
    /// A responder that waits for M1.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, state: State::ExpectSessionCreation }
    }

    /// Whether M1 has not been handled yet (it has a time limit of its own, R42).
    #[must_use]
    pub fn expects_first_message(&self) -> bool {
        matches!(self.state, State::ExpectSessionCreation)
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

impl Machine for Responder {
    fn refuse(self, error: Error, random: &mut dyn Random) -> Failed {
        match self.state {
            State::ExpectSessionCreation => refuse_plain(error),
            // The keys are derived only to seal the refusal: M3 could not be read, but the answer
            // has one form.
            State::ExpectSignature(state) => match state.agree(&self.config) {
                Ok((mut secured, _)) => {
                    spend_verification();
                    refuse_m3(&self.config, &mut secured, error, random)
                }
                // Without keys nothing can be sealed, and in plaintext nothing may be said any more
                // (R37).
                Err(_) => error.into(),
            },
            // A bad FIN_I is not answered (R37).
            State::ExpectConfirmation(_) => error.into(),
        }
    }

    fn limit(&self) -> usize {
        match &self.state {
            State::ExpectSessionCreation => self.config.policy.limits.plain_octets,
            State::ExpectSignature(_) | State::ExpectConfirmation(_) => {
                self.config.policy.limits.handshake_octets
            }
        }
    }

    fn state(&self) -> &'static str {
        match &self.state {
            State::ExpectSessionCreation => "ExpectSessionCreation",
            State::ExpectSignature(_) => "ExpectSignature",
            State::ExpectConfirmation(_) => "ExpectConfirmation",
        }
    }
}

/// Judges M1 (R23, R25, R27) and makes M2 (R28).
fn answer(
    config: &Config,
    octets: &[u8],
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<(ExpectSignature, String), Error> {
    check_local(config, now)?;
    let m1 = SessionCreation::parse_within(octets, &plain_limits(config))
        .map_err(|cause| Error::InvalidMessage { message: MessageKind::M1, cause: cause.into() })?;
    let group = config
        .policy
        .groups
        .lookup(&m1.p, m1.g)
        .map_err(|cause| Error::PeerIncompatible(Incompatible::Group(cause)))?;
    // The cost of an exponentiation grows faster than the square of the length, and M1 costs its
    // sender nothing.
    if group.bits() > config.policy.max_group_bits {
        return Err(Error::PeerIncompatible(Incompatible::GroupTooLarge));
    }
    // Refused before our exponent is drawn: the cheapest check first.
    check_value(&group, &m1.n)?;
    let ephemeral = group.ephemeral(random).map_err(|error| Error::Local(error.into()))?;
    ephemeral
        .check(&m1.n)
        .map_err(|cause| Error::PeerMisbehaved(Misbehaviour::PublicValue(cause)))?;
    let m2 = SessionCreation { g: m1.g, p: m1.p, n: ephemeral.public().to_vec() }.to_text();
    let state =
        ExpectSignature { group, ephemeral, peer_n: m1.n, m1: octets.to_vec(), m2: m2.clone() };
    Ok((state, m2))
}

fn refuse_m3(
    config: &Config,
    secured: &mut Secured,
    error: Error,
    random: &mut dyn Random,
) -> Failed {
    refuse_sealed(&mut secured.channels, refusals_of_m3(config.policy.profile), error, random)
}

impl ExpectSignature {
    fn handle(
        self,
        config: Config,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Responder>, Failed> {
        // No plaintext refusal is longer, so longer objects are not parsed twice.
        if octets.len() <= config.policy.limits.plain_octets {
            check_not_refused_in_plaintext(octets)?;
        }
        let group = self.group.clone();
        let m1 = self.m1.clone();
        let (mut secured, m2) = self.agree(&config)?;
        match read_m3(&config, &mut secured, octets, &m1) {
            Ok(claim) => judge(Waiting { config, group, secured, m2 }, claim, now, random),
            Err(error) => {
                spend_verification();
                Err(refuse_m3(&config, &mut secured, error, random))
            }
        }
    }

    /// Computes the shared secret and the handshake's keys.
    fn agree(self, config: &Config) -> Result<(Secured, String), Error> {
        let z = self
            .ephemeral
            .agree(&self.peer_n)
            .map_err(|cause| Error::PeerMisbehaved(Misbehaviour::PublicValue(cause)))?;
        let m2 = self.m2;
        Ok((Secured::derive(config, Role::Responder, &z, &self.m1, m2.as_bytes())?, m2))
    }
}

fn read_m3(
    config: &Config,
    secured: &mut Secured,
    octets: &[u8],
    m1: &[u8],
) -> Result<Claim, Error> {
    let sealed = read_sealed(config, MessageKind::M3, octets)?;
    let plaintext = secured.channels.receive.open(sealed, MessageKind::M3)?;
    Claim::read(config, MessageKind::M3, plaintext, m1)
}

impl Resume for Responder {
    type Waiting = Waiting;

    fn object(
        self,
        octets: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Self>, Failed> {
        match self.state {
            State::ExpectSessionCreation => {
                let (state, m2) =
                    answer(&self.config, octets, now, random).map_err(refuse_plain)?;
                let state = State::ExpectSignature(state);
                Ok(Step::Continue { machine: Self { config: self.config, state }, send: vec![m2] })
            }
            State::ExpectSignature(state) => state.handle(self.config, octets, now, random),
            State::ExpectConfirmation(state) => state.handle(&self.config, octets, now),
        }
    }

    fn config(waiting: &Waiting) -> &Config {
        &waiting.config
    }

    /// M3 is verified and its signer trusted: prove this side (M4), and confirm (FIN_R).
    fn proven(
        mut waiting: Waiting,
        peer: Proven,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Step<Self>, Failed> {
        let signed =
            sign_octets(waiting.m2.as_bytes(), &[&waiting.config.local], now).map_err(Error::Local);
        // A failure to sign is ours, and looks to the peer like every other refusal of its M3.
        let p4 = match signed {
            Ok(p4) => p4,
            Err(error) => return Err(Self::distrust(waiting, error, random)),
        };
        let m4 = waiting.secured.channels.send.seal(p4.as_bytes(), random)?;
        let Waiting { config, group, secured, .. } = waiting;
        let Secured { channels, next } = secured;
        match next {
            Next::Published => {
                let session =
                    Session::published(&config, Role::Responder, channels, peer.identity, group);
                Ok(Step::Complete { session: Box::new(session), send: vec![m4] })
            }
            Next::Hardened { derived, t1 } => {
                let p3 = &peer.plaintext;
                let mut traffic =
                    Traffic::derive(&config, Role::Responder, &derived, &t1, p3, p4.as_bytes())?;
                // FIN_R follows M4 at once: it needs nothing from the initiator, so waiting would
                // cost a round trip.
                let fin = confirm(&config, &mut traffic, now, random)?;
                let state = Box::new(ExpectConfirmation {
                    group,
                    handshake: channels,
                    traffic,
                    peer: peer.identity,
                });
                let machine = Self { config, state: State::ExpectConfirmation(state) };
                Ok(Step::Continue { machine, send: vec![m4, fin] })
            }
        }
    }

    fn distrust(mut waiting: Waiting, error: Error, random: &mut dyn Random) -> Failed {
        refuse_m3(&waiting.config, &mut waiting.secured, error, random)
    }
}

/// Makes FIN_R: number 0 under the traffic key (R31).
fn confirm(
    config: &Config,
    traffic: &mut Traffic,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<String, Error> {
    let text = confirmation(Role::Responder, &traffic.t2);
    let fin = sign_octets(text.as_bytes(), &[&config.local], now).map_err(Error::Local)?;
    traffic.channels.send.seal(fin.as_bytes(), random)
}

impl ExpectConfirmation {
    fn handle(
        mut self: Box<Self>,
        config: &Config,
        octets: &[u8],
        now: Timestamp,
    ) -> Result<Step<Responder>, Failed> {
        self.check(config, octets)?;
        // The confirmation may have come later than either identity lasts (R35).
        self.peer.check_usable(now).map_err(Error::PeerProof)?;
        check_local(config, now)?;
        let Self { group, traffic, peer, .. } = *self;
        let session = Session::hardened(config, Role::Responder, traffic, peer, group);
        Ok(Step::Complete { session: Box::new(session), send: Vec::new() })
    }

    /// Verifies FIN_I, or recognises a refusal under the handshake's key (R31).
    fn check(&mut self, config: &Config, octets: &[u8]) -> Result<(), Error> {
        let message = MessageKind::FinInitiator;
        let sealed = read_sealed(config, message, octets)?;
        // Only here two keys can be meant: the initiator may still refuse under the handshake's own
        // key.
        let traffic = &mut self.traffic.channels.receive;
        // Told apart by trying the tags, the more likely key first.
        if !traffic.is_next(&sealed) && self.handshake.receive.is_next(&sealed) {
            let plaintext = self.handshake.receive.open(sealed, message)?;
            check_not_refused(&plaintext)?;
            // Nothing else may come under this key any more.
            return Err(Error::PeerMisbehaved(Misbehaviour::Confirmation));
        }
        let plaintext = traffic.open(sealed, message)?;
        check_not_refused(&plaintext)?;
        let expected = confirmation(Role::Initiator, &self.traffic.t2);
        check_confirmation(message, &plaintext, expected.as_bytes(), &self.peer)
    }
}
