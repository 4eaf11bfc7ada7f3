//! A set of authorizations (N12).

use std::fmt;

use sdmp_container::Authorization;

/// What a trust gives: a set of the five authorizations (N12).
///
/// ```
/// use sdmp_journal::{Authorization, Grants};
///
/// let host = Grants::of(&[Authorization::ReadResource]);
/// assert!(host.has(Authorization::ReadResource) && !host.has(Authorization::Revoke));
/// assert!(Grants::ALL.covers(host) && !host.covers(Grants::ALL));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grants(u8);

impl Grants {
    /// All five.
    pub const ALL: Self = Self(0b1_1111);

    const fn bit(authorization: Authorization) -> u8 {
        match authorization {
            Authorization::ReadResource => 1,
            Authorization::ReadEncrypted => 2,
            Authorization::PublishResource => 4,
            Authorization::CreateTrust => 8,
            Authorization::Revoke => 16,
        }
    }

    /// The set of these.
    #[must_use]
    pub fn of(authorizations: &[Authorization]) -> Self {
        Self(authorizations.iter().fold(0, |bits, one| bits | Self::bit(*one)))
    }

    /// The set with these bits, in the order of N12's rows: 1, 2, 4, 8, 16. `None` for other bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits > Self::ALL.0 { None } else { Some(Self(bits)) }
    }

    /// The bits of the set: those of N12's rows, 1 to 16.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it holds this one.
    #[must_use]
    pub const fn has(self, authorization: Authorization) -> bool {
        self.0 & Self::bit(authorization) != 0
    }

    /// Whether it holds all of `other`.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it gives more than reading what is public: what is more than a host (N19).
    #[must_use]
    pub const fn is_more_than_host(self) -> bool {
        self.0 & !Self::bit(Authorization::ReadResource) != 0
    }

    /// What either holds.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What it holds, in the order of N12's rows.
    pub fn iter(self) -> impl Iterator<Item = Authorization> {
        const ORDER: [Authorization; 5] = [
            Authorization::ReadResource,
            Authorization::ReadEncrypted,
            Authorization::PublishResource,
            Authorization::CreateTrust,
            Authorization::Revoke,
        ];
        ORDER.into_iter().filter(move |one| self.has(*one))
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
