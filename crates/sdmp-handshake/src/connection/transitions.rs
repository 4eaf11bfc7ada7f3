//! How a connection goes from one phase to the next.

use super::directions::{Receiving, Sending};
use super::handshake::Handshake;
use super::{Asking, Connection, Phase};
use crate::error::Error;
use crate::event::{Accepted, Event};
use crate::policy::Now;
use crate::refusal::Held;
use crate::session::Session;
use crate::step::private::Resume;
use crate::step::{Failed, Machine, Step};

impl Connection {
    pub(super) fn handshake_object(&mut self, now: Now, object: &[u8]) {
        // The moment of a refusal counts from here (R37), not from when the application has
        // decided.
        self.arrived = now.elapsed;
        match self.take() {
            Phase::Initiator(Asking::Peer(machine)) => {
                let step = machine.object(object, now.wall, self.outgoing.random());
                self.advance(step);
            }
            Phase::Responder(Asking::Peer(machine)) => {
                let step = machine.object(object, now.wall, self.outgoing.random());
                self.advance(step);
            }
            // While the application is asked, input stays with the caller, so this is not reached
            // by a peer.
            other => self.phase = other,
        }
    }

    /// Octets that are no object, or too long, are refused as a malformed object (R38).
    pub(super) fn unframed(&mut self, now: Now, error: Error) {
        self.arrived = now.elapsed;
        let phase = self.take();
        let random = self.outgoing.random();
        let failed = match phase {
            Phase::Initiator(Asking::Peer(machine)) => machine.refuse(error, random),
            Phase::Responder(Asking::Peer(machine)) => machine.refuse(error, random),
            _ => error.into(),
        };
        self.fail(failed);
    }

    pub(super) fn advance<M: Handshake>(&mut self, step: Result<Step<M>, Failed>) {
        match step {
            Ok(Step::Continue { machine, send }) => {
                self.outgoing.extend(send);
                self.phase = M::phase(Asking::Peer(machine));
            }
            Ok(Step::NeedIdentity(question)) => {
                let claimed = question.claimed().clone();
                self.inbox.push(Event::NeedIdentity { claimed });
                self.phase = M::phase(Asking::Identity(question));
            }
            Ok(Step::Authorize(question)) => {
                self.inbox.push(Event::Authorize { peer: question.peer().clone() });
                self.phase = M::phase(Asking::Verdict(question));
            }
            Ok(Step::Complete { session, send }) => {
                self.outgoing.extend(send);
                self.accept(*session);
            }
            Err(failed) => self.fail(failed),
        }
    }

    fn accept(&mut self, session: Session) {
        self.inbox.push(Event::Accepted(Accepted {
            peer: session.peer().clone(),
            session_id: session.session_id().copied(),
            group: session.group().clone(),
        }));
        let (sender, receiver) = session.split();
        self.phase = Phase::Session(Sending::new(sender), Receiving::new(receiver));
    }

    pub(super) fn fail(&mut self, failed: Failed) {
        // Pushed now and held back by the queue, so that an error is reported to the application at
        // once.
        self.held = failed.delayed.then(|| Held::new(self.arrived));
        self.outgoing.extend(failed.send);
        self.inbox.push(Event::Failed(failed.error.clone()));
        self.phase = Phase::Failed(failed.error);
    }
}
