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

/// The groups that have a name, each in one row: variant, name, bits, prime. What has to know them
/// all is made of these rows.
macro_rules! named_groups {
    ($callback:ident) => {
        $callback! {
            /// RFC 7919, 2048 bits.
            Ffdhe2048, "ffdhe2048", 2_048, FFDHE2048;
            /// RFC 7919, 3072 bits: the default offer.
            Ffdhe3072, "ffdhe3072", 3_072, FFDHE3072;
            /// RFC 7919, 4096 bits.
            Ffdhe4096, "ffdhe4096", 4_096, FFDHE4096;
            /// RFC 7919, 6144 bits.
            Ffdhe6144, "ffdhe6144", 6_144, FFDHE6144;
            /// RFC 7919, 8192 bits.
            Ffdhe8192, "ffdhe8192", 8_192, FFDHE8192;
            /// RFC 3526, 2048 bits.
            Modp14, "modp14", 2_048, MODP2048;
            /// RFC 3526, 3072 bits.
            Modp15, "modp15", 3_072, MODP3072;
            /// RFC 3526, 4096 bits.
            Modp16, "modp16", 4_096, MODP4096;
            /// RFC 3526, 6144 bits.
            Modp17, "modp17", 6_144, MODP6144;
            /// RFC 3526, 8192 bits.
            Modp18, "modp18", 8_192, MODP8192;
        }
    };
}
pub(crate) use named_groups;

/// Declares [`NamedGroup`] from the rows of [`named_groups`].
macro_rules! declare {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $bits:literal, $prime:ident;)+) => {
        /// The groups that have a name (R23); the generator of each is 2.
        ///
        /// ```
        /// use sdmp_crypto::dh::NamedGroup;
        ///
        /// assert_eq!("ffdhe3072".parse(), Ok(NamedGroup::Ffdhe3072));
        /// assert_eq!(NamedGroup::Modp14.bits(), 2048);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum NamedGroup {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl NamedGroup {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in configurations and logs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The length of the prime in bits.
            #[must_use]
            pub const fn bits(self) -> u32 {
                match self {
                    $(Self::$variant => $bits,)+
                }
            }
        }
    };
}
named_groups!(declare);

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
