//! What a program decides before it speaks: profile, groups, limits, trust.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, Timestamp};
use sdmp_crypto::dh::{Group, Groups, NamedGroup};
use sdmp_envelope::{Identity, LocalIdentity};
#[cfg(feature = "schema")]
use sdmp_schema::Validator;

use crate::error::UnknownName;

/// The time, given by the caller: this crate has no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since an origin of the caller's choice that never goes back; for time limits.
    pub elapsed: Duration,
    /// The calendar's time; for the expiry of identities (R16).
    pub wall: Timestamp,
}

/// Which of the two ways of speaking SDMP 0.12; both sides must use the same.
///
/// ```
/// use sdmp_handshake::Profile;
///
/// assert_eq!(Profile::default().to_string(), "hardened");
/// assert!(matches!("published".parse(), Ok(Profile::Published)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Transcript-bound keys, authenticated encryption, confirmation.
    #[default]
    Hardened,
    /// The literal 0.12 text. **An on-path attacker can alter its traffic**: only for peers that
    /// implement nothing else.
    Published,
}

impl Profile {
    /// Both, the safe one first.
    pub const ALL: [Self; 2] = [Self::Hardened, Self::Published];

    /// The word for it on command lines, in configurations and in recordings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hardened => "hardened",
            Self::Published => "published",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == text)
            .ok_or(UnknownName("hardened or published"))
    }
}

/// Sizes in octets and times after which a peer is dropped (R42). All sizes are inclusive and
/// count the outer text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// M1, M2 and plaintext rejections: 4,096 octets.
    pub plain_octets: usize,
    /// Encrypted objects before acceptance: 12,288 octets.
    pub handshake_octets: usize,
    /// Encrypted objects after acceptance: 16 MiB.
    pub message_octets: usize,
    /// From the connection to M1: 5 s.
    pub first_message: Duration,
    /// From the connection to acceptance, decisions of the application included: 10 s.
    pub handshake: Duration,
    /// A write without progress, after acceptance: 30 s. The carrier watches it.
    pub write_stall: Duration,
    /// After acceptance, nothing received and nothing written: no limit by default. The carrier
    /// watches it.
    pub silence: Option<Duration>,
    /// Reading on after a refusal, so that it arrives (R38): 1 s. The carrier watches it.
    pub linger: Duration,
    /// Sealed objects that wait for the carrier, before `send` says full: 64.
    pub queued_objects: usize,
    /// Octets of sealed objects that wait for the carrier, before `send` says full: 32 MiB.
    pub queued_octets: usize,
    /// Received containers that wait for the application, before input is no longer taken: 16.
    pub queued_events: usize,
    /// Objects that one direction may carry (R35): 2^32.
    pub objects: u64,
    /// Octets of padded plaintext that one direction may carry (R35): 2^36.
    pub octets: u64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            plain_octets: 4096,
            handshake_octets: 12_288,
            message_octets: 16 << 20,
            first_message: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            silence: None,
            linger: Duration::from_secs(1),
            queued_objects: 64,
            queued_octets: 32 << 20,
            queued_events: 16,
            objects: 1 << 32,
            octets: 1 << 36,
        }
    }
}

/// What this side offers and accepts.
///
/// ```
/// use sdmp_crypto::dh::{Group, NamedGroup};
/// use sdmp_handshake::{Policy, Profile, SessionLimits};
/// use std::time::Duration;
///
/// // Larger keys, and no session that is silent for an hour.
/// let limits = SessionLimits { silence: Some(Duration::from_secs(3600)), ..SessionLimits::default() };
/// let offer = Group::named(NamedGroup::Ffdhe4096);
/// let policy = Policy { offer, limits, ..Policy::default() };
/// assert_eq!(policy.profile, Profile::Hardened);
/// assert!(policy.offer.bits() <= policy.max_group_bits);
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    /// The profile; there is no negotiation and no fallback.
    pub profile: Profile,
    /// The group that an initiator offers: ffdhe3072.
    pub offer: Group,
    /// The groups that are known: the ten named ones, and what the application registered (R23).
    pub groups: Groups,
    /// The largest group that a responder accepts, in bits: 4096 (R23).
    pub max_group_bits: u32,
    /// Whether identities of users may take part, on either side (R16): no.
    pub allow_user: bool,
    /// Sizes and times.
    pub limits: SessionLimits,
    /// How many cores one direction of a session may use for objects that wait together: 0. That is
    /// one here, and as many as the machine has in a carrier's loop that replaces it
    /// ([`Config::workers_unless_set`]).
    pub workers: usize,
}

impl Default for Policy {
    fn default() -> Self {
        let groups = Groups::default();
        Self {
            profile: Profile::Hardened,
            offer: groups.named(NamedGroup::Ffdhe3072),
            groups,
            max_group_bits: 4096,
            allow_user: false,
            limits: SessionLimits::default(),
            workers: 0,
        }
    }
}

/// Where the secrets of a handshake go, on explicit request only: who reads them reads the session.
///
/// One call a secret. `handshake` names the handshake: the first 32 octets of
/// [`transcript_1`](crate::schedule::transcript_1) over M1 and M2 as they stood on the wire, in
/// both profiles. Labels: `HS_I2R`, `HS_R2I`, `AP_I2R`, `AP_R2I`, `EXPORTER` (64 octets each) and
/// `SESSION_ID` (32), or `PUBLISHED_K` (32). In files a line is `LABEL HANDSHAKE SECRET`, both in
/// lower-case hexadecimal, joined by single spaces.
pub trait KeyLog: fmt::Debug + Send + Sync {
    /// Takes one secret.
    fn log(&self, label: &'static str, handshake: &[u8; 32], secret: &[u8]);
}

/// Everything that a handshake needs to know beforehand. Cloning is cheap.
///
/// ```
/// use sdmp_handshake::{Config, Policy};
/// # use sdmp_testkit::nodes::{alice, bob};
/// # let (me, peer) = (alice(), bob().identity().clone());
///
/// // Only this peer, whatever else is trusted.
/// let config = Config::new(me).pin(peer.fingerprint().clone()).trust([peer]);
/// assert!(!config.policy().allow_user, "identities of users take no part in sessions (R16)");
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) local: LocalIdentity,
    pub(crate) policy: Arc<Policy>,
    pub(crate) pin: Option<Fingerprint>,
    pub(crate) trusted: Arc<BTreeMap<Fingerprint, Identity>>,
    pub(crate) ask: bool,
    #[cfg(feature = "schema")]
    pub(crate) validator: Option<Arc<Validator>>,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
}

impl Config {
    /// The hardened defaults for this identity. It trusts no peer: see [`Config::trust`] and
    /// [`Config::ask_about_unknown`].
    #[must_use]
    pub fn new(local: LocalIdentity) -> Self {
        Self {
            local,
            policy: Arc::new(Policy::default()),
            pin: None,
            trusted: Arc::default(),
            ask: false,
            #[cfg(feature = "schema")]
            validator: None,
            key_log: None,
        }
    }

    /// Replaces the policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// Sets [`Policy::workers`] if it is 0.
    #[must_use]
    pub fn workers_unless_set(mut self, workers: usize) -> Self {
        if self.policy.workers == 0 && workers > 0 {
            Arc::make_mut(&mut self.policy).workers = workers;
        }
        self
    }

    /// Accepts only this peer: any other is refused before it learns anything (R30).
    #[must_use]
    pub fn pin(mut self, fingerprint: Fingerprint) -> Self {
        self.pin = Some(fingerprint);
        self
    }

    /// Speaks to this peer and to no other: [trusts](Config::trust) its identity and
    /// [pins](Config::pin) its fingerprint (R30).
    #[must_use]
    pub fn with_peer(self, peer: Identity) -> Self {
        self.pin(peer.fingerprint().clone()).trust([peer])
    }

    /// Trusts these identities, without a question to the application (R30).
    #[must_use]
    pub fn trust(mut self, identities: impl IntoIterator<Item = Identity>) -> Self {
        let trusted = Arc::make_mut(&mut self.trusted);
        for identity in identities {
            trusted.insert(identity.fingerprint().clone(), identity);
        }
        self
    }

    /// Asks the application about peers that are not in the trusted set: first for the identity
    /// known under a claimed fingerprint, then whether the verified peer is trusted (R30).
    #[must_use]
    pub fn ask_about_unknown(mut self) -> Self {
        self.ask = true;
        self
    }

    /// Checks the extension schemas of received containers with this validator (R38a).
    #[cfg(feature = "schema")]
    #[must_use]
    pub fn validator(mut self, validator: Arc<Validator>) -> Self {
        self.validator = Some(validator);
        self
    }

    /// Logs the secrets of every handshake. **All who read the log can read the traffic.**
    #[must_use]
    pub fn key_log(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.key_log = Some(key_log);
        self
    }

    /// This side's identity.
    #[must_use]
    pub fn local(&self) -> &LocalIdentity {
        &self.local
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
