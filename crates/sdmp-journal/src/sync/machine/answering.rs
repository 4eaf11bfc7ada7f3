//! What leaves: in which order, and what peers are answered (N27, N29).

use std::sync::Arc;

use super::{Machine, Turn};
use crate::exchange::answer::{self, Budget};
use crate::exchange::{Answered, Body, Response};
use crate::sync::SessionId;
use crate::sync::session::{Owed, Writing};
use crate::sync::time::later;

impl Machine {
    /// N29: one object for each session that writes nothing, own nodes first, then peers in turn.
    pub(super) fn compose(&mut self, turn: &mut Turn<'_>) {
        let mut order: Vec<SessionId> = self.turn.iter().copied().collect();
        // N32: of the holders the one with the fewest open requests. The sort keeps whose turn it is.
        order.sort_by_key(|id| {
            self.sessions.get(id).map(|session| (!session.own, session.open_resources()))
        });
        for id in order {
            let idle =
                |id| self.sessions.get(id).is_some_and(|one| one.writing == Writing::Nothing);
            // One object a session at a time: nothing is composed that may be out of date when it
            // is written.
            if idle(&id) && self.compose_one(turn, id) {
                self.turn.retain(|other| *other != id);
                self.turn.push_back(id);
            }
        }
    }

    fn compose_one(&mut self, turn: &mut Turn<'_>, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(&id) else { return false };
        let (peer, draining) = (session.peer.clone(), session.is_draining());
        if !draining {
            self.begin_reread(turn, &peer, crate::sync::peer::Reread::Now);
            let request = match self.ask_for_lines(turn, id) {
                Some(request) => Some(request),
                None => self.ask_for_resources(turn, id),
            };
            if let Some(request) = request {
                self.set_writing(id, Writing::Other);
                self.put_out(turn, id, Arc::new(request));
                return true;
            }
        }
        // Requests come before answers: they are short, and the peer works while we answer.
        if let Some(response) = self.answer_next(turn, id) {
            self.set_writing(id, Writing::Answer(response.identifier.clone()));
            self.put_out(turn, id, Arc::new(Body::Response(response)));
            return true;
        }
        if draining {
            return false;
        }
        if let Some(broadcast) = self.broadcast(turn, id) {
            self.set_writing(id, Writing::Other);
            self.put_out(turn, id, broadcast);
            return true;
        }
        self.read_again_when_idle(turn, id);
        false
    }

    fn set_writing(&mut self, id: SessionId, writing: Writing) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.writing = writing;
        }
    }

    fn answer_next(&mut self, turn: &mut Turn<'_>, id: SessionId) -> Option<Response> {
        let session = self.sessions.get_mut(&id)?;
        let (peer, access) = (session.peer.clone(), session.access);
        let (identifier, answered) = match session.owed.pop_front()? {
            Owed::BadRequest { identifier } => (identifier, Answered::BadRequest),
            Owed::Resources { identifier, names } => {
                let give = |name: &_| turn.guide.give(&peer, access, name);
                (identifier, answer::resources(&names, give, Budget::default()))
            }
            Owed::Lines { identifier, since, limit } => {
                (identifier, answer::lines(since, turn.guide.lines(&since, limit)))
            }
        };
        if let Answered::Lines(lines) = &answered {
            // N33: who got lines asks on, so the rest is not sent unasked.
            let asks_on = later(turn.now, self.limits.answer);
            let last = lines.entries.last().map(|line| line.lid);
            session.asks_on_until = last.map(|_| asks_on);
            if let Some(last) = last {
                self.set_sent(&peer, last);
            }
        }
        Some(Response { identifier, answered })
    }
}
