//! Who trusts whom, and what follows from it (N8 to N20).
//!
//! Everything here is a function of what is known, of the time, and of nothing else: neither the
//! order in which control was admitted nor anything a resource claims about its own time decides
//! (N36). Each question is answered from indexes.
//!
//! | what | where | rules |
//! |---|---|---|
//! | usable identities | [`Authority::check_key`] | N9 |
//! | chains, live and weakly live trusts | [`Authority::check_trust`] | N10, N11 |
//! | who trusts, who holds | [`Authority::trusts`], [`Authority::holds`] | N12 |
//! | revocations in effect, bars | [`Authority::revoked`], [`Authority::bar`] | N13, N14 |
//! | what must be given anew first | [`Authority::duty`] | N15 |
//! | sessions | [`connect()`] | N17 |
//! | what a node may be given | [`Authority::may_be_given`] | N18 |
//! | what a node collects | [`Authority::wanted`] | N19 |
//! | why | [`why`] | N20 |

mod bar;
mod basis;
mod connect;
mod duty;
mod key;
mod read;
mod revocation;
mod trust;
mod wanted;
pub mod why;

pub use basis::Basis;
pub use connect::{Connect, connect};
pub use duty::Duty;
pub use key::KeyState;
pub use trust::Broken;
pub use wanted::{Collected, Wanted};

use sdmp_container::Timestamp;

use crate::{Identifier, View};

/// A year, in milliseconds: how long an expired trust counts weakly (N11).
const YEAR: i64 = 365 * 24 * 3_600_000;

/// How much must hold of a trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Live (N11).
    Live,
    /// Weakly live (N11): enough for control.
    Weak,
}

/// What can be asked of what is known at one time.
#[derive(Debug)]
pub struct Authority<'v, V: ?Sized> {
    view: &'v V,
    now: Timestamp,
    strength: Strength,
    without: Option<&'v Identifier>,
}

impl<V: ?Sized> Clone for Authority<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: ?Sized> Copy for Authority<'_, V> {}

impl<'v, V: View + ?Sized> Authority<'v, V> {
    /// What follows from live trusts.
    #[must_use]
    pub const fn new(view: &'v V, now: Timestamp) -> Self {
        Self { view, now, strength: Strength::Live, without: None }
    }

    /// What follows from trusts of this strength.
    #[must_use]
    pub const fn with_strength(self, strength: Strength) -> Self {
        Self { strength, ..self }
    }

    /// What would follow without the revocations of this resource, and the bars by them: how it is
    /// judged who may be given a revocation in place of what it revoked (N27).
    #[must_use]
    pub const fn without_revocations_of(self, id: &'v Identifier) -> Self {
        Self { without: Some(id), ..self }
    }

    /// What is known.
    #[must_use]
    pub const fn view(&self) -> &'v V {
        self.view
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether what ends at this time has ended, at this strength.
    fn has_expired(&self, expires: Timestamp) -> bool {
        match self.strength {
            Strength::Live => expires.is_expired(self.now),
            Strength::Weak => {
                let end = expires.unix_millis().saturating_add(YEAR);
                Timestamp::from_unix_millis(end).is_some_and(|end| end.is_expired(self.now))
            }
        }
    }
}
