//! When the node cannot go on: what it tells, and how it begins anew (N2, N49).

use sdmp_container::Fingerprint;
use sdmp_journal::Code;
use sdmp_journal::sync::{Input, Machine, SessionId};
use sdmp_store::Changes;
use tokio::time::Instant;
use tracing::warn;

use super::{AGAIN, Core, REPORTS};
use crate::Error;
use crate::node::news::Happened;

impl Core {
    /// Without a clock or a store no peer can be judged (N2, N49): all sessions end, and later the
    /// machine begins with what was kept, as after a start.
    pub(super) fn fail(&mut self, error: &Error) {
        warn!(code = error.code(), "the node waits: {error}");
        self.happened(|now| Happened::Waits(now, error.code()));
        let sessions: Vec<SessionId> = self.links.keys().copied().collect();
        sessions.into_iter().for_each(|session| self.close(session, true));
        self.broken = true;
        self.again = Instant::now().checked_add(AGAIN);
    }

    pub(super) fn begin_anew(&mut self) -> Result<(), Error> {
        let (now, kept) = (self.state.now()?, self.state.store.kept()?);
        self.machine = Machine::new(self.limits.clone(), kept.peers, kept.wants, now);
        self.epoch = self.epoch.saturating_add(1);
        self.broken = false;
        self.happened(Happened::GoesOn);
        Ok(())
    }

    /// N49: each minute there is a new try; told once.
    pub(super) fn wait_for_room(&mut self, code: &'static str) {
        if self.waits.replace(code) != Some(code) {
            self.happened(|now| Happened::Waits(now, code));
        }
        self.again = Instant::now().checked_add(AGAIN);
    }

    pub(super) fn try_again(&mut self) {
        if self.again.is_some_and(|again| again <= Instant::now()) {
            self.again = None;
            self.keep(Changes::default());
            if self.broken
                && let Err(error) = self.begin_anew()
            {
                return self.fail(&error);
            }
            if let Some(wishes) = self.handle(Input::Room) {
                wishes.into_iter().for_each(|wish| self.fulfil(wish));
            }
        }
    }

    pub(super) fn report(&mut self, peer: Fingerprint, code: Code) {
        warn!(%peer, code = code.as_str(), "told about a peer");
        self.happened(|now| Happened::Told(now, peer.clone(), code));
        let Ok(now) = self.state.now() else { return };
        if self.reports.len() >= REPORTS {
            self.reports.pop_front();
        }
        self.reports.push_back((now, peer, code));
    }
}
