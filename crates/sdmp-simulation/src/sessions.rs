//! Sessions between nodes: objects that arrive late, together with their session, or not at all.

use sdmp_journal::Code;
use sdmp_journal::Fingerprint;
use sdmp_journal::exchange::{self, Body};
use sdmp_journal::sync::{CloseReason, Input, SessionId};
use sdmp_store::suite::people::Keyed;

use crate::observer;
use crate::world::{Event, World};

impl World {
    /// The node at the other end.
    fn other_end(&self, index: usize, session: SessionId) -> usize {
        let (a, b) = self.sessions[&session];
        if a == index { b } else { a }
    }

    fn reaches(&self, a: usize, b: usize) -> bool {
        !self.apart.contains(&(a.min(b), a.max(b)))
    }

    pub(crate) fn dial(&mut self, index: usize, peer: Fingerprint) {
        let delay = self.delay();
        match self.index(&peer) {
            Some(to) if !self.off.contains(&to) && self.reaches(index, to) => {
                self.later(delay, Event::Connect { from: index, to });
            }
            _ => self.later(delay, Event::DialFailed { at: index, peer }),
        }
    }

    pub(crate) fn connect(&mut self, from: usize, to: usize) {
        if self.off.contains(&from) {
            return;
        }
        let peer = self.nodes[to].fp.clone();
        // The responder accepts only those in its handshake (R30) with whom it may have a session (N17).
        if self.off.contains(&to) || !self.reaches(from, to) || !self.may_connect(to, from) {
            return self.tell(from, Input::DialFailed { peer });
        }
        self.serial += 1;
        let session = SessionId(self.serial);
        self.sessions.insert(session, (from, to));
        self.open.extend([(from, session), (to, session)]);
        self.tell(from, Input::Connected { session, peer, dialled: true });
        let dialler = self.nodes[from].fp.clone();
        self.tell(to, Input::Connected { session, peer: dialler, dialled: false });
    }

    pub(crate) fn close(&mut self, index: usize, session: SessionId, reason: CloseReason) {
        let other = self.other_end(index, session);
        if self.logged {
            self.closed.push((index, self.nodes[other].fp.clone(), reason));
        }
        self.open.remove(&(index, session));
        let delay = self.delay();
        self.later(delay, Event::Closed { at: other, session });
    }

    pub(crate) fn send(&mut self, index: usize, session: SessionId, body: &Body) {
        let to = self.other_end(index, session);
        let mut body = body.clone();
        if self.checked {
            let now = self.time_of(index);
            observer::look(&self.nodes[index], &self.nodes[to].fp, &body, now);
        }
        let mut arrives = true;
        if let Some(tamper) = &mut self.tamper {
            arrives = tamper(&self.nodes[index], &self.nodes[to].fp, &mut body);
        }
        if self.logged {
            self.sent.push((self.now, index, to, name(&body)));
        }
        let object = exchange::seal(&self.nodes[index].sender, &body, self.time_of(index)).unwrap();
        let text = object.text().to_owned();
        let delay = self.delay();
        if self.dice.chance(self.loss) {
            self.break_session(session);
        }
        if arrives {
            self.later(delay, Event::Deliver { to, session, text });
        }
        self.later(2, Event::Written { at: index, session });
    }

    /// Lets a node send something that its machine did not wish for.
    pub fn inject(&mut self, from: usize, to: usize, body: &Body) {
        let both = |(a, b): (usize, usize)| (a, b) == (from, to) || (b, a) == (from, to);
        let session = self.open.iter().find(|(end, id)| *end == to && both(self.sessions[id]));
        let (_, session) = *session.expect("a session");
        let object = exchange::seal(&self.nodes[from].sender, body, self.time_of(from)).unwrap();
        let text = object.text().to_owned();
        self.later(1, Event::Deliver { to, session, text });
    }

    /// The carrier breaks: both ends notice, what was under way is lost.
    pub(crate) fn break_session(&mut self, session: SessionId) {
        let (a, b) = self.sessions[&session];
        for end in [a, b] {
            let delay = self.delay();
            self.later(delay, Event::Closed { at: end, session });
        }
        self.events.retain(
            |_, event| !matches!(event, Event::Deliver { session: other, .. } if *other == session),
        );
    }

    /// Two nodes do not reach each other any more; their sessions break.
    pub fn part(&mut self, a: usize, b: usize) {
        self.apart.insert((a.min(b), a.max(b)));
        let between = |id: &SessionId| {
            let ends = self.sessions[id];
            ends == (a, b) || ends == (b, a)
        };
        let open: Vec<SessionId> = self
            .open
            .iter()
            .filter(|(end, id)| *end == a && between(id))
            .map(|(_, id)| *id)
            .collect();
        open.into_iter().for_each(|session| self.break_session(session));
    }

    pub(crate) fn deliver(&mut self, to: usize, session: SessionId, text: String) {
        if !self.open.contains(&(to, session)) {
            return;
        }
        if !self.nodes[to].machine.reads(session) {
            // Reading waits for judging.
            return self.later(3, Event::Deliver { to, session, text });
        }
        let from = self.other_end(to, session);
        let peer = self.nodes[from].me.identity().clone();
        let input = match exchange::open(text, &peer, &Keyed) {
            Ok(object) => Input::Received { session, object },
            Err(error) => {
                let code = error.rule().unwrap_or(Code::ExchangeUnexpected);
                Input::Unexpected { session, code }
            }
        };
        self.tell(to, input);
    }
}

fn name(body: &Body) -> &'static str {
    match body {
        Body::Broadcast(_) => "broadcast",
        Body::RequestJournal { limit: 1, .. } => "keepalive",
        Body::RequestJournal { .. } => "lines?",
        Body::RequestResource { .. } => "resources?",
        Body::Response(_) => "response",
    }
}
