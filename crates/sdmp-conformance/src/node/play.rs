//! One session of the tester's node: it serves its journal and answers honestly, but for the one deed.

use super::Options;
use super::case::{Given, Lines};
use super::cast::{Cast, Extra, Household, name};
use super::draft::{Made, Maker};
use super::wire::{Came, Session, now};
use crate::error::Error;
use sdmp_container::{Container, Fingerprint, Identifier, ResourceName};
use sdmp_crypto::random::SystemRandom;
use sdmp_envelope::LocalIdentity;
use sdmp_journal::exchange::{self, Answered, Body, RequestId, Response, Sender};
use sdmp_journal::{Head, Line, LineId, Resource, Rsa};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often the node's journal is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long one read waits.
const TURN: Duration = Duration::from_millis(10);

/// An answer of the node.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) answered: Answered,
    /// The text of its member `response`, without the identifier.
    pub(super) text: String,
}

/// The deed, until it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Nothing,
    Lines(Lines),
    Given(Given),
}

/// A session and what the tester's node knows in it.
#[derive(Debug)]
pub(super) struct Play<'a> {
    pub(super) session: Session,
    pub(super) options: &'a Options,
    pub(super) cast: Option<&'a Cast>,
    pub(super) maker: Option<Maker<'a>>,
    sender: Sender,
    head: Head,
    pub(super) lines: Vec<Line>,
    /// By author and identifier; of a key's identity also by the key.
    texts: BTreeMap<(Fingerprint, Identifier), String>,
    pub(super) hook: Hook,
    /// What the case is about.
    pub(super) subject: Option<Made>,
    pub(super) answers: BTreeMap<String, Answer>,
    /// The node's journal as far as it was read, and the node's first line.
    theirs: Vec<Line>,
    their_first: LineId,
    asked: Option<String>,
    looked: Option<Instant>,
    pub(super) ended: bool,
}

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::vector(error.to_string())
}

impl<'a> Play<'a> {
    fn open(
        options: &'a Options,
        own: &LocalIdentity,
        (user, trust): (Fingerprint, Identifier),
    ) -> Result<Self, Error> {
        let peer = options.node.clone();
        let session = Session::dial(options.address, own.clone(), peer, options.patience)?;
        let head = Head::new(name(own));
        Ok(Self {
            session,
            options,
            cast: None,
            maker: None,
            sender: Sender { node: own.clone(), user, trust },
            head,
            lines: Vec::new(),
            texts: BTreeMap::new(),
            hook: Hook::Nothing,
            subject: None,
            answers: BTreeMap::new(),
            theirs: Vec::new(),
            their_first: LineId::first(options.node.fingerprint()),
            asked: None,
            looked: None,
            ended: false,
        })
    }

    /// A session of a household's node, with its first lines.
    pub(super) fn of_household(options: &'a Options, house: &'a Household) -> Result<Self, Error> {
        let trust = house.first[1].id().clone();
        let mut play = Self::open(options, &house.node, (name(&house.user).clone(), trust))?;
        house.first.iter().for_each(|one| play.add(one));
        Ok(play)
    }

    /// A session of a case's node. `known` is how the node's journal begins.
    pub(super) fn of_extra(
        options: &'a Options,
        (cast, extra): (&'a Cast, &'a Extra),
        known: &[Line],
    ) -> Result<Self, Error> {
        let trust = extra.trust.as_ref().unwrap_or(&extra.identity);
        let user = name(&cast.tester.user).clone();
        let mut play = Self::open(options, &extra.node, (user, trust.id().clone()))?;
        play.cast = Some(cast);
        play.maker = Some(Maker::new(cast, extra)?);
        play.theirs = known.to_vec();
        for one in [&cast.tester.first[0], trust, &extra.identity] {
            play.add(one);
        }
        Ok(play)
    }

    /// Adds a resource to the journal.
    pub(super) fn add(&mut self, resource: &Resource) {
        self.add_made(&Made {
            author: resource.user().clone(),
            id: resource.id().clone(),
            text: resource.text().to_owned(),
            is_identity: resource.kind() == sdmp_journal::Kind::Identity,
        });
    }

    /// Adds anything to the journal.
    pub(super) fn add_made(&mut self, made: &Made) {
        self.lines.push(self.head.append(made.author.clone(), made.id.clone()));
        self.texts.insert((made.author.clone(), made.id.clone()), made.text.clone());
        if made.is_identity {
            let key = Identifier::from_octets(*made.author.as_octets());
            self.texts.insert((made.author.clone(), key), made.text.clone());
        }
    }

    /// Another line for a text: one that lies about its author.
    pub(super) fn add_line(&mut self, author: &Fingerprint, id: &Identifier) {
        self.lines.push(self.head.append(author.clone(), id.clone()));
    }

    /// The fingerprint of the tester's node.
    pub(super) fn own_name(&self) -> &Fingerprint {
        name(&self.sender.node)
    }

    pub(super) const fn head(&self) -> &Head {
        &self.head
    }

    /// The node's journal as far as it was read.
    pub(super) fn their_lines(&self) -> &[Line] {
        &self.theirs
    }

    fn their_last(&self) -> LineId {
        self.theirs.last().map_or(self.their_first, |line| line.lid)
    }

    pub(super) fn has(&self, id: &Identifier) -> bool {
        self.theirs.iter().any(|line| line.id == *id)
    }

    /// Goes on until all of these are in the node's journal.
    pub(super) fn collect(&mut self, needed: &[Resource], limit: Duration) -> Result<(), Error> {
        let ids: Vec<Identifier> = needed.iter().map(|one| one.id().clone()).collect();
        if self.until(limit, |play| ids.iter().all(|id| play.has(id)))? {
            return Ok(());
        }
        let lacks = ids.iter().filter(|id| !self.has(id)).count();
        Err(Error::Peer(format!(
            "the node did not collect what the cases need: {lacks} of {} resources are not in its journal{}",
            ids.len(),
            if self.ended { ", and it ended the session" } else { "" }
        )))
    }

    /// Goes on, with looks at the node's journal, until something holds, the session ends, or the time
    /// is over. Returns whether it holds.
    pub(super) fn until(
        &mut self,
        limit: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Result<bool, Error> {
        let began = Instant::now();
        loop {
            if holds(self) {
                return Ok(true);
            }
            if self.ended || began.elapsed() > limit {
                return Ok(false);
            }
            self.look()?;
            self.turn()?;
        }
    }

    /// Goes on without looking, so that nothing but the deed is there to react to.
    pub(super) fn wait_for_end(&mut self, limit: Duration) -> Result<bool, Error> {
        let began = Instant::now();
        while !self.ended && began.elapsed() <= limit {
            self.turn()?;
        }
        Ok(self.ended)
    }

    fn look(&mut self) -> Result<(), Error> {
        let is_due = self.looked.is_none_or(|looked| looked.elapsed() >= LOOK);
        if self.asked.is_none() && is_due {
            self.looked = Some(Instant::now());
            let since = self.their_last();
            self.asked = Some(self.ask_lines(since, exchange::MAX_LINES)?);
        }
        Ok(())
    }

    /// Asks for lines; returns the request's identifier.
    pub(super) fn ask_lines(&mut self, since: LineId, limit: usize) -> Result<String, Error> {
        let identifier = RequestId::fresh(&mut SystemRandom::new()).map_err(wrong)?;
        let text = identifier.as_str().to_owned();
        self.send(&Body::RequestJournal { identifier, since, limit })?;
        Ok(text)
    }

    /// Asks for resources; returns the request's identifier.
    pub(super) fn ask(&mut self, names: Vec<ResourceName>) -> Result<String, Error> {
        let identifier = RequestId::fresh(&mut SystemRandom::new()).map_err(wrong)?;
        let text = identifier.as_str().to_owned();
        self.send(&Body::RequestResource { identifier, names })?;
        Ok(text)
    }

    pub(super) fn send(&mut self, body: &Body) -> Result<(), Error> {
        let object = exchange::seal(&self.sender, body, now()?).map_err(wrong)?;
        self.session.send(&object)
    }

    /// Waits a moment for something, and handles it.
    fn turn(&mut self) -> Result<(), Error> {
        match self.session.receive(TURN)? {
            Came::Object(object) => self.handle(&object),
            Came::End => {
                self.ended = true;
                Ok(())
            }
            Came::Nothing => Ok(()),
        }
    }

    fn handle(&mut self, object: &Container) -> Result<(), Error> {
        let opened = exchange::open(object.as_bytes(), &self.options.node, &Rsa);
        let opened = opened.map_err(|_| {
            Error::Peer("the node sent something that is no exchange object of its own".to_owned())
        })?;
        let Ok(body) = opened.body else {
            return Err(Error::Peer("the node sent a malformed request".to_owned()));
        };
        match body {
            Body::RequestJournal { identifier, since, limit } => {
                self.answer_lines(identifier, since, limit)
            }
            Body::RequestResource { identifier, names } => self.answer_names(identifier, &names),
            Body::Response(response) => {
                self.take_answer(object, response);
                Ok(())
            }
            // The tester asks for lines, and has these then.
            Body::Broadcast(_) => Ok(()),
        }
    }

    fn take_answer(&mut self, object: &Container, response: Response) {
        let identifier = response.identifier.as_str().to_owned();
        if self.asked.as_ref() == Some(&identifier) {
            self.asked = None;
            if let Answered::Lines(lines) = &response.answered
                && lines.since == self.their_last()
            {
                self.theirs.extend(lines.entries.iter().cloned());
            }
        }
        let text = response_text(object).replace(&identifier, "");
        self.answers.insert(identifier, Answer { answered: response.answered, text });
    }

    fn answer_lines(
        &mut self,
        identifier: RequestId,
        since: LineId,
        limit: usize,
    ) -> Result<(), Error> {
        let honest = self.lines_after(since, limit);
        if let Hook::Lines(deed) = self.hook
            && deed != Lines::Fork
        {
            self.hook = Hook::Nothing;
            return self.answer_lines_wrongly(deed, identifier, since, honest);
        }
        let answered = honest.map_or_else(Answered::not_found, |entries| {
            Answered::Lines(exchange::Lines { since, entries })
        });
        self.send(&Body::Response(Response { identifier, answered }))
    }

    fn lines_after(&self, since: LineId, limit: usize) -> Option<Vec<Line>> {
        let from = if since == LineId::first(name(&self.sender.node)) {
            0
        } else {
            self.lines.iter().position(|line| line.lid == since)?.saturating_add(1)
        };
        Some(self.lines.iter().skip(from).take(limit).cloned().collect())
    }

    fn answer_names(&mut self, identifier: RequestId, names: &[ResourceName]) -> Result<(), Error> {
        let is_subject = |made: &Made| names.iter().any(|name| name.resource == made.id);
        if let Hook::Given(deed) = self.hook
            && self.subject.as_ref().is_some_and(is_subject)
        {
            self.hook = Hook::Nothing;
            return self.answer_names_wrongly(deed, identifier, names);
        }
        let answered = Answered::Resources(names.iter().map(|name| self.given(name)).collect());
        self.send(&Body::Response(Response { identifier, answered }))
    }

    /// What there is for a name.
    pub(super) fn given(&self, name: &ResourceName) -> Option<exchange::Given> {
        let key = (name.author.clone(), name.resource.clone());
        let text = self.texts.get(&key)?;
        Some(exchange::Given { data: text.as_str().into(), revoked: None })
    }
}

/// The member `response` of an exchange object's payload.
fn response_text(object: &Container) -> String {
    let Ok(outer) = sdmp_journal::Outer::parse_any_length(object.as_bytes()) else {
        return String::new();
    };
    let payload = String::from_utf8_lossy(outer.payload_text()).into_owned();
    payload.split_once("\"response\":").map_or_else(String::new, |(_, member)| member.to_owned())
}
