//! Versions of containers (R8).

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// The version of a container: three numbers, no more (R8).
///
/// ```
/// use sdmp_container::Version;
///
/// let version: Version = "0.12.3".parse().unwrap();
/// assert!(version.is_0_12());
/// assert_eq!("0.12".parse::<Version>().unwrap_err().code(), "version.shape");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Changes when everything may have changed.
    pub major: u64,
    /// Changes with the specification.
    pub minor: u64,
    /// Changes with corrections.
    pub patch: u64,
}

impl Version {
    /// What we emit: 0.12.0.
    pub const CURRENT: Self = Self { major: 0, minor: 12, patch: 0 };

    /// Whether this is 0.12.x, the version that this implementation supports (R8).
    #[must_use]
    pub const fn is_0_12(self) -> bool {
        self.major == 0 && self.minor == 12
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(Error::new(ErrorKind::VersionShape));
        let (major, minor, patch) = (next()?, next()?, next()?);
        if patch.contains(['-', '+']) {
            return Err(Error::new(ErrorKind::VersionSuffix));
        }
        Ok(Self { major: number(major)?, minor: number(minor)?, patch: number(patch)? })
    }
}

fn number(text: &str) -> Result<u64, Error> {
    if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Error::new(ErrorKind::VersionShape));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(Error::new(ErrorKind::VersionLeadingZero));
    }
    text.parse().map_err(|_| Error::new(ErrorKind::VersionRange))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
