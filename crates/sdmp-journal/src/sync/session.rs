//! One session with a peer (N29 to N34). Nothing of it outlives the session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sdmp_container::{Fingerprint, ResourceName, Timestamp};

use crate::LineId;
use crate::exchange::RequestId;
use crate::sync::time::later;
use crate::sync::{Access, Limits, Standing};

/// A request of the peer's that is not answered yet.
#[derive(Clone, Debug)]
pub(crate) enum Owed {
    Lines { identifier: RequestId, since: LineId, limit: usize },
    Resources { identifier: RequestId, names: Vec<ResourceName> },
    BadRequest { identifier: RequestId },
}

impl Owed {
    pub(crate) const fn identifier(&self) -> &RequestId {
        match self {
            Self::Lines { identifier, .. }
            | Self::Resources { identifier, .. }
            | Self::BadRequest { identifier } => identifier,
        }
    }
}

/// A request of ours that is not answered yet.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Lines {
        since: LineId,
    },
    Resources {
        names: Vec<ResourceName>,
    },
    /// Not answered in time: what was asked is asked of others, and the answer is not used.
    Late,
}

#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) asked: Asked,
    pub(crate) deadline: Timestamp,
}

/// What the session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// No new request leaves; what is open is finished, and the session closes (N34).
    Draining {
        since: Timestamp,
    },
}

/// Whether the peer's journal is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JournalState {
    /// Up to date, as far as the peer told.
    Quiet,
    /// To be asked for, at most so many lines.
    Ask { limit: usize },
}

/// What is being written now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Nothing,
    Answer(RequestId),
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) peer: Fingerprint,
    pub(crate) dialled: bool,
    pub(crate) began: Timestamp,
    pub(crate) access: Access,
    /// When N17 may say otherwise by time alone.
    pub(crate) until: Option<Timestamp>,
    pub(crate) own: bool,
    pub(crate) stays: bool,
    pub(crate) phase: Phase,
    pub(crate) journal: JournalState,
    pub(crate) writing: Writing,
    pub(crate) owed: VecDeque<Owed>,
    /// Identifiers of the peer's requests whose answers are not written yet.
    pub(crate) their_open: BTreeSet<RequestId>,
    pub(crate) our_open: BTreeMap<RequestId, Open>,
    /// The peer will ask for more lines, so none are sent unasked (N33).
    pub(crate) asks_on_until: Option<Timestamp>,
    /// When new lines began to gather, and whether control is among them (N33). They begin with the
    /// session, for a peer that does not ask.
    pub(crate) gathering: Option<(Timestamp, bool)>,
    /// The last moment at which there was a need or traffic.
    pub(crate) active: Timestamp,
    /// Octets that arrived and do not make a second of patience yet (N32).
    pub(crate) arrived: u64,
    pub(crate) judging: usize,
    /// Whether anything came: a session without is a failed dial (N34).
    pub(crate) received: bool,
    /// Whether the peer did what it may not.
    pub(crate) faulty: bool,
}

impl Session {
    pub(crate) fn new(
        peer: Fingerprint,
        dialled: bool,
        standing: &Standing,
        stays: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            peer,
            dialled,
            began: now,
            access: standing.access,
            until: standing.until,
            own: standing.own,
            stays,
            phase: Phase::Running,
            // N30: a session starts with a journal request by both.
            journal: JournalState::Ask { limit: crate::exchange::MAX_LINES },
            writing: Writing::Nothing,
            owed: VecDeque::new(),
            their_open: BTreeSet::new(),
            our_open: BTreeMap::new(),
            asks_on_until: None,
            gathering: Some((now, false)),
            active: now,
            arrived: 0,
            judging: 0,
            received: false,
            faulty: false,
        }
    }

    pub(crate) const fn is_draining(&self) -> bool {
        matches!(self.phase, Phase::Draining { .. })
    }

    pub(crate) fn drain(&mut self, now: Timestamp) {
        if !self.is_draining() {
            self.phase = Phase::Draining { since: now };
        }
    }

    /// Whether lines were asked for and have not come.
    pub(crate) fn asked_for_lines(&self) -> bool {
        self.our_open.values().any(|open| matches!(open.asked, Asked::Lines { .. }))
    }

    /// Requests for resources that are open, the late ones included: the peer counts them too.
    pub(crate) fn open_resources(&self) -> usize {
        let lines = |open: &&Open| !matches!(open.asked, Asked::Lines { .. });
        self.our_open.values().filter(lines).count()
    }

    pub(crate) fn late(&self) -> usize {
        self.our_open.values().filter(|open| matches!(open.asked, Asked::Late)).count()
    }

    /// Whether something is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.writing != Writing::Nothing
            || !self.owed.is_empty()
            || self.judging > 0
            || self.our_open.values().any(|open| !matches!(open.asked, Asked::Late))
    }

    /// N32: each 64 KiB that arrive give a second more.
    pub(crate) fn arriving(&mut self, octets: u64, now: Timestamp) {
        const STEP: u64 = 64 << 10;
        self.active = now;
        self.arrived = self.arrived.saturating_add(octets);
        let more = Duration::from_secs(self.arrived / STEP);
        // The rest counts for the next step, so that many small pieces give as much time as one
        // large.
        self.arrived %= STEP;
        for open in self.our_open.values_mut() {
            // A slow line that makes progress is not silent; 64 KiB a second is the least that is
            // asked of it.
            open.deadline = later(open.deadline, more);
        }
    }

    /// The next moment at which time alone changes something.
    pub(crate) fn wake_at(&self, limits: &Limits) -> Timestamp {
        let deadlines = self.our_open.values().filter(|open| !matches!(open.asked, Asked::Late));
        let phase = match self.phase {
            Phase::Running => later(self.began, limits.session),
            Phase::Draining { since } => later(since, limits.answer),
        };
        let quiet = if self.stays { limits.quiet } else { limits.idle };
        let times = [Some(phase), self.until, Some(later(self.active, quiet)), self.asks_on_until];
        let times = times.into_iter().flatten().chain(deadlines.map(|open| open.deadline));
        times.min().unwrap_or(phase)
    }
}
