//! When the node cannot go on: what it tells, and how it begins anew (N2, N49).

use sdmp_container::Fingerprint;
use sdmp_journal::sync::{Guide, Input, Machine, SessionId, Standing};
use sdmp_journal::{Code, Teller};
use sdmp_store::Changes;
use tokio::time::Instant;
use tracing::warn;

use super::{AGAIN, Core, REPORTS};
use crate::Error;
use crate::node::news::Happened;
use crate::node::state::View;

impl Core {
    /// Without a clock or a store no peer can be judged (N2, N49): all sessions end, and later the
    /// machine begins with what was kept, as after a start.
    pub(super) fn fail(&mut self, error: &Error) {
        warn!(code = error.code(), "the node waits: {error}");
        self.state.counters.waits.add(1);
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

    /// N2: exchange objects confirm a clock that leapt.
    pub(super) fn hear(&mut self, input: &Input) {
        let Input::Received { session, object } = input else { return };
        if let Some(link) = self.links.get_mut(session) {
            link.holds = true;
        }
        let (Some(created), Some(link)) = (object.created, self.links.get(session)) else { return };
        let Ok(system) = self.state.system_time() else { return };
        if self.state.clock().time_to_append(system) != Err(Code::ClockAhead) {
            return;
        }
        let standing = self.state.look(|view| standing(view, &link.peer));
        let Ok(Standing { own, users, .. }) = standing else { return };
        let teller = if own { Some(Teller::Own) } else { users.first().map(Teller::Other) };
        if let Some(teller) = teller {
            self.state.clock().heard(created, teller, system);
            self.tell_of_confirmation();
        }
    }

    /// N2: a clock that leapt is told when it begins to wait, and when it is confirmed.
    pub(super) fn tell_of_leap(&mut self) {
        if self.leaps() {
            self.waits = Some(Code::ClockAhead.as_str());
            self.happened(|now| Happened::Waits(now, Code::ClockAhead.as_str()));
        }
    }

    pub(super) fn tell_of_confirmation(&mut self) {
        if self.waits == Some(Code::ClockAhead.as_str()) && !self.leaps() {
            self.waits = None;
            self.happened(Happened::GoesOn);
            // What could not be appended is asked for again at once.
            self.again = Some(Instant::now());
        }
    }

    fn leaps(&self) -> bool {
        let system = self.state.system_time();
        let time = system.map(|system| self.state.clock().time_to_append(system));
        matches!(time, Ok(Err(Code::ClockAhead)))
    }

    /// N51: told once since the start.
    pub(super) fn share_is_full(&mut self, author: Fingerprint, code: Code) {
        if self.full.insert((author.clone(), code)) {
            self.report(author, code);
        }
    }
}

fn standing(view: &View<'_>, peer: &Fingerprint) -> Standing {
    view.guide().standing(peer)
}
