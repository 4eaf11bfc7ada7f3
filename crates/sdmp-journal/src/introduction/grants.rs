//! What is given by default, and for how long (N45).

use std::time::Duration;

use sdmp_container::{Authorization, Timestamp};

use crate::Grants;
use crate::sync::time::{DAY, later};

/// Whom a trust is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trustee {
    /// The first device of a user.
    FirstDevice,
    /// A further one.
    FurtherDevice,
    /// A server that keeps and passes on, and opens nothing.
    Host,
    /// Another user.
    Person,
}

/// What a trust gives unless the person says otherwise.
#[must_use]
pub fn grants(trustee: Trustee) -> Grants {
    use Authorization::{CreateTrust, PublishResource, ReadEncrypted, ReadResource};
    match trustee {
        Trustee::FirstDevice => {
            Grants::of(&[ReadEncrypted, ReadResource, PublishResource, CreateTrust])
        }
        Trustee::FurtherDevice => Grants::of(&[ReadEncrypted, ReadResource, PublishResource]),
        Trustee::Host | Trustee::Person => Grants::of(&[ReadResource]),
    }
}

/// How long something is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// An identity: 10 years, not renewed.
    Identity,
    /// A trust: 2 years.
    Trust,
}

impl Term {
    /// Its end, if it begins now.
    #[must_use]
    pub fn end(self, now: Timestamp) -> Timestamp {
        const YEAR: Duration = DAY.saturating_mul(365);
        match self {
            Self::Identity => later(now, YEAR.saturating_mul(10)),
            Self::Trust => later(now, YEAR.saturating_mul(2)),
        }
    }
}
