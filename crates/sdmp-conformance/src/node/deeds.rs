//! The deeds of the cases, and what they are judged by.

use super::case::{
    Case, Deed, Draft, Expect, Given, Lines, MESSAGE, Object, Standing, Tamper, Who,
};
use super::cast::name;
use super::draft::{Made, Maker};
use super::play::{Hook, Play};
use crate::error::Error;
use crate::run::Verdict;
use sdmp_container::{Container, Fingerprint, Identifier};
use sdmp_journal::exchange::Answered;
use sdmp_journal::{Line, LineId};
use std::time::Duration;

/// The message behind what a case is about: where that is admitted, the node has judged it.
const MARKER: Draft = Draft { members: "\"message\":\"and on it goes\"", ..MESSAGE };

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::vector(error.to_string())
}

pub(super) fn failed(what: &str) -> Verdict {
    Verdict::Failed(what.to_owned())
}

pub(super) fn verdict(holds: bool, otherwise: &str) -> Verdict {
    if holds { Verdict::Passed } else { failed(otherwise) }
}

impl<'a> Play<'a> {
    /// Does a case's deed and judges the reaction.
    pub(super) fn perform(mut self, case: &Case) -> Result<Verdict, Error> {
        let patience = self.options.patience;
        match case.deed {
            Deed::Dial => Ok(failed("the node accepted a session")),
            Deed::Publish(drafts) => self.publish(drafts, case.expect),
            Deed::Send(object) => {
                self.settle()?;
                self.send_object(object)?;
                self.judge(case.expect, patience)
            }
            Deed::AnswerLines(deed) => {
                self.hook = Hook::Lines(deed);
                let marker = self.marker()?;
                if deed == Lines::Fork {
                    self.settle_with(&marker.id)?;
                    self.fork()?;
                }
                self.judge_marker(case.expect, &marker, patience)
            }
            Deed::AnswerResource(deed) => self.give(deed, case.expect),
            Deed::Ask(question) => {
                self.settle_unless(case.standing)?;
                let answer = self.question(question)?;
                Ok(self.judge_answer(case.expect, question, answer.as_ref()))
            }
            Deed::Probe(one, other) => {
                self.settle()?;
                let answers = (self.question(one)?, self.question(other)?);
                let (Some(one), Some(other)) = answers else {
                    return Ok(failed("the node does not answer"));
                };
                let is_nothing = one.answered == Answered::not_found();
                Ok(verdict(is_nothing && one.text == other.text, "the answers differ"))
            }
        }
    }

    pub(super) fn maker(&mut self) -> Result<&mut Maker<'a>, Error> {
        self.maker.as_mut().ok_or_else(|| Error::vector("a case without a node"))
    }

    /// Adds the marker to the journal.
    fn marker(&mut self) -> Result<Made, Error> {
        let marker = self.maker()?.resource(&MARKER, &[], None)?;
        self.add_made(&marker);
        self.subject = Some(marker.clone());
        Ok(marker)
    }

    /// Waits until the node has collected what there is, so that it waits for nothing.
    fn settle(&mut self) -> Result<(), Error> {
        let marker = self.marker()?;
        self.settle_with(&marker.id)
    }

    fn settle_with(&mut self, marker: &Identifier) -> Result<(), Error> {
        if self.until(self.options.patience, |play| play.has(marker))? {
            return Ok(());
        }
        Err(Error::Peer("the node did not collect an honest message".to_owned()))
    }

    fn settle_unless(&mut self, standing: Standing) -> Result<(), Error> {
        // Of a node whose trust has expired no content is taken.
        if standing == Standing::Full { self.settle() } else { Ok(()) }
    }

    fn publish(&mut self, drafts: &[Draft], expect: Expect) -> Result<Verdict, Error> {
        let made = self.maker()?.resources(drafts)?;
        made.iter().for_each(|one| self.add_made(one));
        let last = made.last().map(|one| one.id.clone()).ok_or_else(|| wrong("no resource"))?;
        let marker = self.marker()?;
        let patience = self.options.patience;
        if expect == Expect::Admitted {
            let both = |play: &Self| play.has(&last) && play.has(&marker.id);
            return Ok(verdict(self.until(patience, both)?, "the node did not admit it"));
        }
        let judged = self.until(patience, |play| play.has(&marker.id))?;
        if !judged && !self.ended {
            return Ok(failed("the node did not admit the honest message behind it"));
        }
        // One more look: the two may stand in another order.
        let before = self.their_lines().len();
        self.until(self.options.patience / 10, |play| play.their_lines().len() > before)?;
        Ok(verdict(!self.has(&last), "the node admitted it"))
    }

    fn send_object(&mut self, object: Object) -> Result<(), Error> {
        let object = match object {
            Object::Exchange(schemas, members, tamper) => {
                self.exchange((schemas, members), Who::Node, tamper)?
            }
            Object::By(who, schemas, members) => {
                self.exchange((schemas, members), who, Tamper::Nothing)?
            }
            Object::Plain(text) => Container::parse(self.fill(text)?).map_err(wrong)?,
            Object::Resource(draft) => {
                Container::parse(self.maker()?.resource(&draft, &[], None)?.text).map_err(wrong)?
            }
            Object::TooManyNames => {
                let author = self.user()?;
                let unknown = self.maker()?.unknown().clone();
                let name = format!("{{\"author\":\"{author}\",\"resource\":\"{unknown}\"}}");
                let more = vec![name; 64].join(",");
                let members = format!(
                    "\"request\":{{\"identifier\":\"probe\",\"type\":\"resource\",\
                     \"author\":\"{author}\",\"resource\":\"{unknown}\",\"more\":[{more}]}}"
                );
                self.exchange(("\"request_resource\"", &members), Who::Node, Tamper::Nothing)?
            }
            Object::TooManyLines => {
                let lines = self.many_lines()?;
                let members = journal(self.head().last(), &lines);
                self.exchange(("\"broadcast\"", &members), Who::Node, Tamper::Nothing)?
            }
        };
        self.session.send(&object)
    }

    pub(super) fn exchange(
        &mut self,
        (schemas, members): (&str, &str),
        signer: Who,
        tamper: Tamper,
    ) -> Result<Container, Error> {
        let members = self.fill(members)?;
        self.maker()?.exchange((schemas, &members), signer, tamper)
    }

    /// Puts the places of the journal into a text.
    fn fill(&mut self, text: &str) -> Result<String, Error> {
        let (last, next) = (self.head().last(), self.head().next());
        let first = LineId::first(self.options.node.fingerprint());
        let text = text.replace("{since}", &last.to_string());
        let text = text.replace("{next}", &next.to_string());
        let text = text.replace("{first-line}", &first.to_string());
        self.maker()?.expand(&text, &[], None)
    }

    /// More lines than one object may have, which chain.
    pub(super) fn many_lines(&mut self) -> Result<Vec<String>, Error> {
        let (author, id) = (self.user()?, self.maker()?.unknown().clone());
        let mut head = self.head().clone();
        Ok((0..4_097).map(|_| head.append(author.clone(), id.clone()).to_string()).collect())
    }

    fn user(&self) -> Result<Fingerprint, Error> {
        let cast = self.cast.ok_or_else(|| Error::vector("a case without people"))?;
        Ok(name(&cast.tester.user).clone())
    }

    /// What a correct node does after an object.
    fn judge(&mut self, expect: Expect, patience: Duration) -> Result<Verdict, Error> {
        match expect {
            Expect::Ends => {
                Ok(verdict(self.wait_for_end(patience)?, "the node went on with the session"))
            }
            Expect::BadRequest => {
                let found = self.until(patience, |play| play.answers.contains_key("probe"))?;
                let answer = self.answers.get("probe").map(|answer| &answer.answered);
                let is_so = answer == Some(&Answered::BadRequest);
                let otherwise = if found { "it answered otherwise" } else { "it did not answer" };
                Ok(verdict(is_so, otherwise))
            }
            _ => {
                let since = LineId::first(self.options.node.fingerprint());
                let probe = self.ask_lines(since, 1)?;
                let goes_on = self.until(patience, |play| play.answers.contains_key(&probe))?;
                Ok(verdict(goes_on, "the node did not go on with the session"))
            }
        }
    }

    fn judge_marker(
        &mut self,
        expect: Expect,
        marker: &Made,
        patience: Duration,
    ) -> Result<Verdict, Error> {
        if expect == Expect::Admitted {
            let admitted = self.until(patience, |play| play.has(&marker.id))?;
            return Ok(verdict(admitted, "the node did not admit the message"));
        }
        if expect == Expect::GoesOn {
            // Until the deed is done; the node may have to ask for that first.
            self.until(patience, |play| play.hook == Hook::Nothing || play.is_forking())?;
        }
        self.judge(expect, patience)
    }

    fn is_forking(&self) -> bool {
        self.hook == Hook::Lines(Lines::Fork)
    }

    /// Lines that do not follow those which the node was given.
    fn fork(&mut self) -> Result<(), Error> {
        let (last, author) = (self.head().last(), self.user()?);
        let other = LineId::after("another line");
        let id = self.maker()?.unknown().clone();
        let line = Line { lid: other, author, id };
        let members = journal(last, &[line.to_string()]);
        let object = self.exchange(("\"broadcast\"", &members), Who::Node, Tamper::Nothing)?;
        self.session.send(&object)
    }

    fn give(&mut self, deed: Given, expect: Expect) -> Result<Verdict, Error> {
        self.hook = Hook::Given(deed);
        if deed == Given::FalseAuthor {
            let made = self.maker()?.resource(&MESSAGE, &[], None)?;
            let cast = self.cast.ok_or_else(|| Error::vector("a case without people"))?;
            self.add_line(name(&cast.second.user), &made.id);
            self.subject = Some(made);
            return self.judge(expect, self.options.patience);
        }
        if deed == Given::Shorter {
            // So that there is a rest.
            let before = self.maker()?.resource(&MESSAGE, &[], None)?;
            self.add_made(&before);
        }
        let marker = self.marker()?;
        self.judge_marker(expect, &marker, self.options.patience)
    }
}

/// The member `journal` of lines.
pub(super) fn journal(since: LineId, lines: &[String]) -> String {
    let entries: Vec<String> = lines.iter().map(|line| format!("\"{line}\"")).collect();
    format!("\"journal\":{{\"since\":\"{since}\",\"entries\":[{}]}}", entries.join(","))
}
