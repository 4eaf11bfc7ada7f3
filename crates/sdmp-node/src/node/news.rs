//! What happened, with a cursor by which who listens goes on where it stopped.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use sdmp_container::{Fingerprint, Identifier, Timestamp};
use sdmp_journal::Code;
use sdmp_store::{Gone, What};
use tokio::sync::watch;

use super::Node;
use super::state::State;
use crate::Error;
use crate::blocking::blocking;

/// So much is kept of what is not in the store: for who looks away for a while.
const KEPT: usize = 4_096;

/// Up to where a program has read what happened: a place among the store's events, which are never
/// lost, and one among the node's, of which the last 4,096 since its start are kept. Its text can be
/// kept by a program and given again after a restart of either side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    stored: u64,
    told: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stored, self.told)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |text: &str| text.parse().map_err(|_| Error::Cursor);
        let (stored, told) = text.split_once('.').ok_or(Error::Cursor)?;
        Ok(Self { stored: number(stored)?, told: number(told)? })
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The cursor behind it.
    pub cursor: Cursor,
    /// What happened.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happened {
    /// A line was added to the journal.
    Line(Identifier),
    /// A private message was opened, and can be read.
    Mail(Identifier),
    /// What is sealed does not open here, or is not shown (N40).
    NotShown(Identifier),
    /// A text went (N50).
    Gone(Identifier, Gone),
    /// A text came back.
    Back(Identifier),
    /// A session with a node began.
    Connected(Timestamp, Fingerprint),
    /// The last session with a node ended.
    Closed(Timestamp, Fingerprint),
    /// What a node, or the control of a user, did against a rule: `journal.fork`, `quota.control`
    /// and others of N52.
    Told(Timestamp, Fingerprint, Code),
    /// The node waits, for the reason with this code: `store.full`, `clock.back`, `clock.ahead`
    /// and others.
    Waits(Timestamp, &'static str),
    /// It goes on.
    GoesOn(Timestamp),
}

/// What is not in the store.
#[derive(Debug)]
pub(crate) struct Told {
    ring: Mutex<Ring>,
    /// A number that changes with whatever happens.
    bell: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    /// The number of the last one.
    last: u64,
    news: VecDeque<Happened>,
}

impl Told {
    /// Numbers begin behind those of an earlier start, unless the clock was set back meanwhile; then
    /// who listens gets what there is.
    pub(crate) fn new(now: Timestamp) -> Self {
        let last = u64::try_from(now.unix_millis()).unwrap_or(0);
        let ring = Ring { last, news: VecDeque::new() };
        Self { ring: Mutex::new(ring), bell: watch::Sender::new(0) }
    }

    pub(crate) fn tell(&self, what: Happened) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.last = ring.last.saturating_add(1);
        if ring.news.len() >= KEPT {
            ring.news.pop_front();
        }
        ring.news.push_back(what);
        drop(ring);
        self.ring();
    }

    /// Wakes who waits: something happened in the store.
    pub(crate) fn ring(&self) {
        self.bell.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn last(&self) -> u64 {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    /// What was told after a number, each with its own.
    fn after(&self, number: u64, limit: usize) -> Vec<(u64, Happened)> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let before = ring.last.saturating_sub(ring.news.len().try_into().unwrap_or(0));
        let from = if number > ring.last { before } else { number.max(before) };
        let skipped = usize::try_from(from.saturating_sub(before)).unwrap_or(usize::MAX);
        let numbered = (before.saturating_add(1)..).zip(&ring.news);
        numbered.skip(skipped).take(limit).map(|(number, what)| (number, what.clone())).collect()
    }
}

impl Node {
    /// The cursor behind all that happened until now.
    ///
    /// # Errors
    /// What the store says.
    pub fn cursor(&self) -> Result<Cursor, Error> {
        let stored = blocking(|| self.state.store.last_event())?;
        Ok(Cursor { stored, told: self.state.told.last() })
    }

    /// What happened after a cursor, at most `limit`: first what the store has, the oldest first, then
    /// the rest. Who goes on with the last one's cursor misses nothing that is in the store, however
    /// often it comes anew; [`Cursor::default`] is the beginning.
    ///
    /// # Errors
    /// What the store says.
    pub fn news(&self, since: Cursor, limit: usize) -> Result<Vec<News>, Error> {
        blocking(|| news(&self.state, since, limit))
    }

    /// Changes with whatever happens: who waits for [`news`](Self::news) looks again then.
    #[must_use]
    pub fn bell(&self) -> watch::Receiver<u64> {
        self.state.told.bell.subscribe()
    }
}

fn news(state: &State, since: Cursor, limit: usize) -> Result<Vec<News>, Error> {
    let mut cursor = since;
    let mut all = Vec::new();
    for event in state.store.events(since.stored, limit)? {
        cursor.stored = event.number;
        let what = match event.what {
            What::Admitted => Happened::Line(event.id),
            What::Gone(why) => Happened::Gone(event.id, why),
            What::Back => Happened::Back(event.id),
            What::Shown => Happened::Mail(event.id),
            _ => Happened::NotShown(event.id),
        };
        all.push(News { cursor, what });
    }
    for (number, what) in state.told.after(since.told, limit.saturating_sub(all.len())) {
        cursor.told = number;
        all.push(News { cursor, what });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(told: &Told, count: u64) {
        for _ in 0..count {
            told.tell(Happened::GoesOn(Timestamp::MIN));
        }
    }

    #[test]
    fn a_cursor_goes_on_where_it_stopped_and_never_repeats() {
        let told = Told::new(Timestamp::from_unix_millis(100).unwrap());
        assert!(told.after(0, 9).is_empty());
        waits(&told, 3);
        let numbers = |after, limit| -> Vec<u64> {
            told.after(after, limit).iter().map(|one| one.0).collect()
        };
        assert_eq!(numbers(0, 2), [101, 102]);
        assert_eq!(numbers(102, 9), [103]);
        assert!(numbers(103, 9).is_empty());
        // A cursor of another life of the node, whose clock was ahead: all that there is.
        assert_eq!(numbers(999, 9), [101, 102, 103]);
        waits(&told, 4_096);
        assert_eq!(numbers(0, 1), [104]);
        assert_eq!(numbers(0, 9_999).len(), 4_096);
    }

    #[test]
    fn a_cursor_has_a_text() {
        let cursor = Cursor { stored: 7, told: 12 };
        assert_eq!(cursor.to_string(), "7.12");
        assert_eq!("7.12".parse::<Cursor>().unwrap(), cursor);
        for wrong in ["", "7", "7.", ".7", "7.x", "-1.2"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(Error::Cursor), "{wrong}");
        }
    }
}
