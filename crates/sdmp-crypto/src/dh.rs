//! Finite-field Diffie-Hellman in named groups (R23 to R26).
//!
//! A [`Group`] is one of the ten of [`NamedGroup`], or one that the application registered in its
//! [`Groups`]; nothing a peer says makes a new one. All values of a peer are checked before any
//! arithmetic is done with them. Exponents are short, of a fixed length, and every step that
//! depends on their bits takes the same time whatever they are.
//!
//! ```
//! use sdmp_crypto::{dh::{Groups, NamedGroup}, random::SystemRandom};
//! let (groups, mut random) = (Groups::default(), SystemRandom::new());
//! let ours = groups.named(NamedGroup::Ffdhe2048).ephemeral(&mut random)?;
//! let theirs = groups.named(NamedGroup::Ffdhe2048).ephemeral(&mut random)?;
//! let (n_ours, n_theirs) = (ours.public().to_vec(), theirs.public().to_vec());
//! assert!(ours.agree(&n_theirs)?.ct_eq(theirs.agree(&n_ours)?.expose()));
//! # Ok::<(), sdmp_crypto::Error>(())
//! ```

mod arithmetic;
mod exchange;
mod group;
mod primes;

pub use exchange::{Ephemeral, SharedSecret};
pub use group::{Group, Groups};

use crate::error::GroupError;
use core::{fmt, str::FromStr};

/// The groups that have a name (R23); the generator of each is 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedGroup {
    /// RFC 7919, 2048 bits.
    Ffdhe2048,
    /// RFC 7919, 3072 bits: the default offer.
    Ffdhe3072,
    /// RFC 7919, 4096 bits.
    Ffdhe4096,
    /// RFC 7919, 6144 bits.
    Ffdhe6144,
    /// RFC 7919, 8192 bits.
    Ffdhe8192,
    /// RFC 3526, 2048 bits.
    Modp14,
    /// RFC 3526, 3072 bits.
    Modp15,
    /// RFC 3526, 4096 bits.
    Modp16,
    /// RFC 3526, 6144 bits.
    Modp17,
    /// RFC 3526, 8192 bits.
    Modp18,
}

impl NamedGroup {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Ffdhe2048,
        Self::Ffdhe3072,
        Self::Ffdhe4096,
        Self::Ffdhe6144,
        Self::Ffdhe8192,
        Self::Modp14,
        Self::Modp15,
        Self::Modp16,
        Self::Modp17,
        Self::Modp18,
    ];

    /// The name in configurations and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffdhe2048 => "ffdhe2048",
            Self::Ffdhe3072 => "ffdhe3072",
            Self::Ffdhe4096 => "ffdhe4096",
            Self::Ffdhe6144 => "ffdhe6144",
            Self::Ffdhe8192 => "ffdhe8192",
            Self::Modp14 => "modp14",
            Self::Modp15 => "modp15",
            Self::Modp16 => "modp16",
            Self::Modp17 => "modp17",
            Self::Modp18 => "modp18",
        }
    }

    /// The length of the prime in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Ffdhe2048 | Self::Modp14 => 2_048,
            Self::Ffdhe3072 | Self::Modp15 => 3_072,
            Self::Ffdhe4096 | Self::Modp16 => 4_096,
            Self::Ffdhe6144 | Self::Modp17 => 6_144,
            Self::Ffdhe8192 | Self::Modp18 => 8_192,
        }
    }
}

impl fmt::Display for NamedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for NamedGroup {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<Self, GroupError> {
        Self::ALL.into_iter().find(|g| g.name() == text).ok_or(GroupError::UnknownName)
    }
}
