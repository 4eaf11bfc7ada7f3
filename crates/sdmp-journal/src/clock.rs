//! The time, as far as it can be believed (N2).

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, Timestamp};

use crate::error::Code;

const DAY: i64 = 24 * 3_600_000;

/// How far the time in an exchange object may be from ours to confirm it.
const NEAR: i64 = 10 * 60_000;

/// The clock of a node: never less than at the last append, and not believed when it leaps (N2).
///
/// ```
/// use sdmp_journal::{Clock, Code, Timestamp};
///
/// let at = |text: &str| text.parse::<Timestamp>().unwrap();
/// let stored = at("2026-12-01T09:00:00.000Z");
/// let clock = Clock::start(Some(stored), at("2026-12-01T08:59:00.000Z"));
/// assert_eq!(clock.now(at("2026-12-01T08:59:00.000Z")), Ok(stored));
/// assert_eq!(clock.now(at("2026-11-29T00:00:00.000Z")), Err(Code::ClockBack));
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    stored: Option<Timestamp>,
    /// Started ahead, and not confirmed: the other users whose nodes have confirmed so far.
    ahead: Option<BTreeSet<Fingerprint>>,
    /// The last time that was given for `created`.
    stamped: Option<Timestamp>,
}

/// Whose node an exchange object came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller<'a> {
    /// A node of the own user.
    Own,
    /// A node of this user.
    Other(&'a Fingerprint),
}

impl Clock {
    /// The clock of a node that starts when the system says `system`; `stored` is the time of the
    /// last append.
    #[must_use]
    pub fn start(stored: Option<Timestamp>, system: Timestamp) -> Self {
        let leaps = stored.is_some_and(|stored| millis_from(stored, system) > DAY);
        Self { stored, ahead: leaps.then(BTreeSet::new), stamped: stored }
    }

    /// The time for everything but appends: never less than at the last append.
    ///
    /// # Errors
    /// `clock.back` while the system's clock is more than a day behind: no session, no append.
    pub fn now(&self, system: Timestamp) -> Result<Timestamp, Code> {
        match self.stored {
            Some(stored) if millis_from(system, stored) > DAY => Err(Code::ClockBack),
            Some(stored) => Ok(system.max(stored)),
            None => Ok(system),
        }
    }

    /// The time of an append.
    ///
    /// # Errors
    /// `clock.back`, and `clock.ahead` until the time is confirmed.
    pub fn time_to_append(&self, system: Timestamp) -> Result<Timestamp, Code> {
        let now = self.now(system)?;
        if self.ahead.is_some() { Err(Code::ClockAhead) } else { Ok(now) }
    }

    /// Something was appended at this time, which is stored with it.
    pub fn appended(&mut self, now: Timestamp) {
        self.stored = self.stored.max(Some(now));
    }

    /// A time for `created` that was not given before (N4).
    ///
    /// # Errors
    /// As [`Clock::time_to_append`].
    pub fn stamp(&mut self, system: Timestamp) -> Result<Timestamp, Code> {
        let now = self.time_to_append(system)?;
        let next = self
            .stamped
            .and_then(|last| Timestamp::from_unix_millis(last.unix_millis().saturating_add(1)));
        let stamp = next.map_or(now, |next| next.max(now));
        self.stamped = Some(stamp);
        Ok(stamp)
    }

    /// A person says that the system's clock is right.
    pub fn confirm(&mut self) {
        self.ahead = None;
    }

    /// An exchange object came that says it was made at `created`. One own node confirms the time,
    /// or nodes of two other users.
    pub fn heard(&mut self, created: Timestamp, from: Teller<'_>, system: Timestamp) {
        let Some(confirmed_by) = &mut self.ahead else { return };
        if millis_from(created, system).abs() > NEAR {
            return;
        }
        match from {
            Teller::Own => self.ahead = None,
            Teller::Other(user) => {
                confirmed_by.insert(user.clone());
                if confirmed_by.len() >= 2 {
                    self.ahead = None;
                }
            }
        }
    }

    /// A person says that the stored time was wrong: it is forgotten. All dates that rules have set
    /// are to be cleared as well.
    pub fn reset(&mut self) {
        (self.stored, self.ahead, self.stamped) = (None, None, None);
    }
}

/// How much later `to` is than `from`.
fn millis_from(from: Timestamp, to: Timestamp) -> i64 {
    to.unix_millis().saturating_sub(from.unix_millis())
}
