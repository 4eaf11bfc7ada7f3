//! The limits of N51 that concern synchronisation, and the times of N32 to N34.

use std::time::Duration;

use crate::sync::time::{DAY, HOUR, SECOND};

/// How much a peer may cost, and how long things take. The defaults are the profile's; slow
/// carriers take hours for the times (N37).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Requests of a peer that are not answered yet; above it the session ends.
    pub open_requests: usize,
    /// Own requests for resources that one peer is asked at a time.
    pub window: usize,
    /// Open wants that the journal of one peer made; above it the journal is read later.
    pub open_wants: usize,
    /// Closed wants of one author; above it the oldest go.
    pub closed_wants: usize,
    /// Bad copies of one peer in an hour; at this number it is cut for an hour.
    pub bad_copies: usize,
    /// Nodes of another user that are connected at a time; further ones are refused.
    pub nodes_of_user: usize,
    /// Dials at a time; further ones wait.
    pub dials: usize,
    /// Octets of texts that wait for something that is being asked for (N7).
    pub held_octets: usize,
    /// How long these texts are kept.
    pub held: Duration,
    /// How long an answer may take, and how much longer for each 64 KiB that arrive (N32).
    pub answer: Duration,
    /// How long a holder that did not answer in time comes last.
    pub slow: Duration,
    /// A session without need closes after this time.
    pub idle: Duration,
    /// A session that stays asks for lines after this time without traffic.
    pub quiet: Duration,
    /// The longest that a session lasts.
    pub session: Duration,
    /// New lines gather so long for own nodes, and where control is among them (N33).
    pub gather_control: Duration,
    /// New lines gather so long otherwise.
    pub gather: Duration,
    /// What one signature of the node takes, until [`Machine::signature_took`] says it: signing stays
    /// under a tenth of a core (N33).
    ///
    /// [`Machine::signature_took`]: crate::sync::Machine::signature_took
    pub signature: Duration,
}

impl Limits {
    /// For carriers that take hours, such as a folder that is carried about (N37): an answer may take
    /// a day, and sessions last a month.
    #[must_use]
    pub fn slow() -> Self {
        Self {
            held: DAY,
            answer: DAY,
            slow: DAY.saturating_mul(7),
            idle: DAY.saturating_mul(2),
            quiet: DAY,
            session: DAY.saturating_mul(30),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_requests: 16,
            window: 4,
            open_wants: 100_000,
            closed_wants: 10_000,
            bad_copies: 16,
            nodes_of_user: 8,
            dials: 64,
            held_octets: 64 << 20,
            held: SECOND.saturating_mul(8),
            answer: SECOND.saturating_mul(60),
            slow: DAY,
            idle: SECOND.saturating_mul(60),
            quiet: SECOND.saturating_mul(300),
            session: HOUR.saturating_mul(6),
            gather_control: SECOND,
            gather: SECOND.saturating_mul(30),
            signature: Duration::from_millis(2),
        }
    }
}
