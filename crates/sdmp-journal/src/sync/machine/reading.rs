//! What comes from peers: broadcasts, requests, answers (N23, N24, N28, N29).

use std::collections::BTreeSet;
use std::sync::Arc;

use sdmp_container::{Fingerprint, ResourceName};

use super::judging::{Item, Purpose};
use super::{Machine, Turn};
use crate::exchange::check::{self, Found};
use crate::exchange::{Answered, Body, Lines, MAX_LINES, Opened, RequestId, Response};
use crate::sync::session::{Asked, JournalState, Open, Owed};
use crate::sync::{Access, Doubt, Next, SessionId};
use crate::{Code, Error, Kind, Line, Read, Resource};

impl Machine {
    pub(super) fn received(&mut self, turn: &mut Turn<'_>, id: SessionId, object: Opened) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        (session.active, session.received) = (turn.now, true);
        let handled = match object.body {
            Err(identifier) => self.owe(id, Owed::BadRequest { identifier }),
            Ok(Body::RequestResource { identifier, names }) => {
                self.owe(id, Owed::Resources { identifier, names })
            }
            Ok(Body::RequestJournal { identifier, since, limit }) => {
                self.peer_asks_from(turn, id, since);
                self.owe(id, Owed::Lines { identifier, since, limit })
            }
            Ok(Body::Broadcast(lines)) => self.take_lines(turn, id, &lines, false),
            Ok(Body::Response(response)) => self.answered(turn, id, response),
        };
        match handled {
            Ok(()) => {}
            Err(Code::JournalLine) => self.cut(turn, id, Code::JournalLine),
            Err(code) => self.fault(turn, id, code),
        }
    }

    /// A request is answered later. Its identifier may not be one that is open (N26), and only so
    /// many may be open (N51).
    fn owe(&mut self, id: SessionId, owed: Owed) -> Result<(), Code> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let full = session.their_open.len() >= self.limits.open_requests;
        if full || !session.their_open.insert(owed.identifier().clone()) {
            return Err(Code::ExchangeUnexpected);
        }
        session.owed.push_back(owed);
        Ok(())
    }

    /// N30: the peer's journal request says what it has; N24: or that it has what we do not.
    fn peer_asks_from(&mut self, turn: &mut Turn<'_>, id: SessionId, since: crate::LineId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.asks_on_until = None;
        let (peer, own) = (session.peer.clone(), session.own);
        if turn.guide.lines(&since, 0).is_some() {
            self.set_sent(&peer, since);
        } else if own && self.strangers.insert(peer.clone()) {
            Self::tell(turn, &peer, Code::JournalUnknownSince);
        }
    }

    fn answered(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        response: Response,
    ) -> Result<(), Code> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(Open { asked, .. }) = session.our_open.remove(&response.identifier) else {
            return Err(Code::ExchangeUnexpected);
        };
        let code = |error: Error| error.rule().unwrap_or(Code::ExchangeWrongAnswer);
        match asked {
            _ if response.answered == Answered::BadRequest => {
                self.put_back(turn, id, asked);
                Err(Code::ExchangeUnexpected)
            }
            Asked::Late => Ok(()),
            Asked::Lines { since } => match check::lines(&since, &response.answered) {
                Ok(Some(lines)) => self.take_lines(turn, id, &lines, true),
                Ok(None) => {
                    self.peer_lost_line(turn, id);
                    Ok(())
                }
                Err(error) => Err(code(error)),
            },
            Asked::Resources { names } => match check::resources(&names, &response.answered) {
                Ok(found) => {
                    self.take_resources(turn, id, &names, found);
                    Ok(())
                }
                Err(error) => {
                    self.put_back(turn, id, Asked::Resources { names });
                    Err(code(error))
                }
            },
        }
    }

    /// What was asked stays open, until the end of the session gives it back.
    fn put_back(&mut self, turn: &Turn<'_>, id: SessionId, asked: Asked) {
        let Some(session) = self.sessions.get(&id) else { return };
        let peer = session.peer.clone();
        if let Asked::Resources { names } = asked {
            for name in names {
                self.wants.not_asked(&name, &peer, turn.now);
            }
        }
    }

    /// Lines of the peer's journal (N23). Those that are wanted and not here become wants (N31).
    fn take_lines(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        lines: &Lines,
        asked: bool,
    ) -> Result<(), Code> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(peer) = self.peers.get_mut(&session.peer) else { return Ok(()) };
        let fingerprint = session.peer.clone();
        let read = turn.guide.read(&mut peer.row.cursor, session.own, lines);
        peer.changed = true;
        match read {
            Read::Lines(new) => {
                // N23: after an answer with entries ask on, until none come.
                if asked {
                    session.journal = JournalState::Ask { limit: MAX_LINES };
                }
                self.want_lines(turn, &fingerprint, &new);
            }
            Read::End | Read::Later(_) => session.journal = JournalState::Quiet,
            Read::Ask => session.journal = JournalState::Ask { limit: MAX_LINES },
            Read::Fork => {
                session.journal = JournalState::Ask { limit: MAX_LINES };
                Self::tell(turn, &fingerprint, Code::JournalFork);
            }
            Read::Malformed => return Err(Code::JournalLine),
        }
        Ok(())
    }

    fn want_lines(&mut self, turn: &Turn<'_>, holder: &Fingerprint, lines: &[Line]) {
        let mut told = BTreeSet::new();
        for line in lines.iter().filter(|line| self.collected.contains(&line.author)) {
            match turn.guide.kind(&line.id) {
                None => {
                    let (author, resource) = (line.author.clone(), line.id.clone());
                    self.wants.add(&ResourceName { author, resource }, holder, turn.now);
                }
                Some(kind) if kind.is_control() => drop(told.insert(&line.author)),
                Some(_) => {}
            }
        }
        // Control that was known here, from a third node, is now known to the holder as well: what it
        // did not give before, for want of that control, it may give now (N31).
        for author in told {
            self.wants.retry_author(holder, author, turn.now);
        }
    }

    /// N24: the peer does not have the line from which we asked.
    fn peer_lost_line(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(peer) = self.peers.get_mut(&session.peer) else { return };
        let fingerprint = session.peer.clone();
        let read = turn.guide.unknown_since(&mut peer.row.cursor, session.own);
        peer.changed = true;
        if read == Read::Fork {
            session.journal = JournalState::Ask { limit: MAX_LINES };
            Self::tell(turn, &fingerprint, Code::JournalFork);
        }
    }

    /// The resources of one response are judged together (N7).
    fn take_resources(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        names: &[ResourceName],
        found: Vec<Found>,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (peer, access) = (session.peer.clone(), session.access);
        let draining = session.is_draining();
        // N27: a shorter answer did not try the rest.
        for name in names.iter().skip(found.len()) {
            self.wants.not_asked(name, &peer, turn.now);
        }
        let mut items = Vec::new();
        for (name, found) in names.iter().zip(found) {
            match found {
                // The session that replaced this one may be judged otherwise: asked there (N17, N32).
                Found::Nothing if draining => self.wants.not_asked(name, &peer, turn.now),
                Found::Nothing => self.wants.not_found(name, &peer, turn.now),
                Found::Resource(copy) => {
                    self.take_copy(turn, id, name, copy, access, &mut items);
                }
                Found::Revoked { revocation, resource } => {
                    let purpose = Purpose::Revocation { of: name.clone() };
                    let of_revocation = ResourceName {
                        author: revocation.user().clone(),
                        resource: revocation.id().clone(),
                    };
                    self.wants.judging(name, turn.now);
                    items.push(Item::new(of_revocation, &peer, id, purpose, revocation));
                    if let Some(copy) = resource {
                        self.take_copy(turn, id, name, copy, access, &mut items);
                    }
                }
            }
        }
        self.judge(turn, items);
    }

    fn take_copy(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        name: &ResourceName,
        copy: Result<Resource, Error>,
        access: Access,
        items: &mut Vec<Item>,
    ) {
        let Some(peer) = self.sessions.get(&id).map(|session| session.peer.clone()) else {
            return;
        };
        match copy {
            // N17: what comes over a control-only session is dropped without blame.
            Ok(resource) if access != Access::Full && !resource.kind().is_control() => {
                self.wants.not_found(name, &peer, turn.now);
            }
            // N19: of keys that stand under their own name only, lines do not say what is wanted.
            Ok(resource) if !self.takes(name, resource.kind()) => self.wants.unwanted(name),
            Ok(resource) => {
                self.wants.judging(name, turn.now);
                items.push(Item::new(name.clone(), &peer, id, Purpose::Copy, resource));
            }
            Err(error) => match error.rule() {
                // N7: step 1 depends on the outer part, step 2 on the payload.
                Some(code @ (Code::ResourcePayload | Code::ResourceKind)) => {
                    self.wants.next(name, Next::Aside(code), turn.now);
                }
                code => {
                    let code = code.unwrap_or(Code::ResourceForm);
                    self.wants.doubt(name, &peer, &Doubt::BadCopy(code), turn.now);
                    self.blame(turn, id, code);
                }
            },
        }
    }

    /// Whether a resource of this kind is collected (N19), or others wait for it.
    fn takes(&self, name: &ResourceName, kind: Kind) -> bool {
        self.collected.wanted(&name.author).takes(kind) || self.wants.is_waited_for(name)
    }

    /// N51: bad copies count against their giver, where its outer part was wrong (N7).
    pub(super) fn blame(&mut self, turn: &mut Turn<'_>, id: SessionId, code: Code) {
        let counts = matches!(
            code,
            Code::ResourceForm | Code::ResourceSize | Code::ResourceIdentity | Code::SignatureBad
        );
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(peer) = self.peers.get_mut(&session.peer) else { return };
        if counts && peer.bad_copy(&self.limits, turn.now) {
            self.cut(turn, id, code);
        }
    }

    /// Notes a request of ours.
    pub(super) fn open(&mut self, turn: &Turn<'_>, id: SessionId, name: RequestId, asked: Asked) {
        let deadline = crate::sync::time::later(turn.now, self.limits.answer);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.our_open.insert(name, Open { asked, deadline });
        }
    }
}

impl Item {
    fn new(
        name: ResourceName,
        giver: &Fingerprint,
        session: SessionId,
        purpose: Purpose,
        resource: Resource,
    ) -> Self {
        Self { name, giver: giver.clone(), session, purpose, resource: Arc::new(resource) }
    }
}
