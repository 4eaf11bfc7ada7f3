//! What the tester's node asks, and whether the answer is right.

use super::case::{Expect, Question, Tamper, Who};
use super::cast::name;
use super::deeds::{failed, verdict};
use super::play::{Answer, Play};
use crate::error::Error;
use crate::run::Verdict;
use sdmp_container::{Fingerprint, Identifier, ResourceName};
use sdmp_journal::exchange::Answered;
use sdmp_journal::exchange::body::identity_of;
use sdmp_journal::{Line, LineId};

impl Play<'_> {
    /// Asks, and waits for the answer.
    pub(super) fn question(&mut self, question: Question) -> Result<Option<Answer>, Error> {
        let cast = self.cast.ok_or_else(|| Error::vector("a case without people"))?;
        let (tester, second) = (name(&cast.tester.user).clone(), name(&cast.second.user).clone());
        let unknown = self.maker()?.unknown().clone();
        let nobody = Fingerprint::from_octets(*unknown.as_octets());
        let first = LineId::first(self.options.node.fingerprint());
        let pair = |author: &Fingerprint, id: &Identifier| {
            vec![ResourceName { author: author.clone(), resource: id.clone() }]
        };
        let line = |number: usize| {
            let line = self.their_lines().get(number).cloned();
            line.ok_or_else(|| Error::Peer("the node's journal has no first lines".to_owned()))
        };
        let names = match question {
            Question::Unknown => pair(&tester, &unknown),
            Question::UnknownAuthor => pair(&nobody, &Identifier::from_octets([7; 64])),
            Question::UnknownIdentity => vec![identity_of(&nobody)],
            Question::Secret => pair(&second, cast.second.message.id()),
            Question::SecretRenamed => pair(&tester, cast.second.message.id()),
            Question::SecretTrust => pair(&second, cast.second.first[1].id()),
            Question::IdentityRenamed => pair(&tester, cast.second.first[0].id()),
            Question::TrustRenamed => pair(&second, &line(1)?.id),
            Question::Own => pair(&tester, cast.tester.message.id()),
            Question::Identity => vec![identity_of(&line(0)?.author)],
            Question::Several => {
                let user = identity_of(&line(0)?.author);
                let mut names = vec![user];
                names.extend(pair(&tester, &unknown));
                names.extend(pair(&tester, cast.tester.message.id()));
                names
            }
            Question::UnknownLine | Question::Lines | Question::LinesBeyondLimit => Vec::new(),
        };
        let asked = match question {
            Question::UnknownLine => self.ask_lines(LineId::after("no line"), 1)?,
            Question::Lines => self.ask_lines(first, 16)?,
            Question::LinesBeyondLimit => {
                let members = format!(
                    "\"request\":{{\"identifier\":\"probe\",\"type\":\"journal\",\
                     \"since\":\"{first}\",\"limit\":9999}}"
                );
                let request = ("\"request_journal\"", members.as_str());
                let object = self.exchange(request, Who::Node, Tamper::Nothing)?;
                self.session.send(&object)?;
                "probe".to_owned()
            }
            _ => self.ask(names)?,
        };
        self.until(self.options.patience, |play| play.answers.contains_key(&asked))?;
        Ok(self.answers.get(&asked).cloned())
    }

    pub(super) fn judge_answer(
        &self,
        expect: Expect,
        question: Question,
        answer: Option<&Answer>,
    ) -> Verdict {
        let Some(answer) = answer else { return failed("the node did not answer") };
        let is_nothing = answer.answered == Answered::not_found();
        if expect == Expect::NotFound {
            return verdict(is_nothing, "the node gave something");
        }
        match (&answer.answered, question) {
            (Answered::Lines(lines), Question::Lines | Question::LinesBeyondLimit) => verdict(
                self.is_a_journal(&lines.entries),
                "the lines do not chain, or begin wrongly",
            ),
            (Answered::Resources(found), Question::Several) => {
                let shape: Vec<bool> = found.iter().map(Option::is_some).collect();
                verdict(shape == [true, false, true], "the answers are not in the request's order")
            }
            (Answered::Resources(found), Question::Own | Question::Identity) => {
                verdict(found.iter().all(Option::is_some), "the node did not give it")
            }
            _ => failed("the node answered something else"),
        }
    }

    /// Whether lines begin a journal of the node (N21).
    fn is_a_journal(&self, lines: &[Line]) -> bool {
        let mut head = sdmp_journal::Head::new(self.options.node.fingerprint());
        let chained =
            lines.iter().all(|line| head.append(line.author.clone(), line.id.clone()) == *line);
        let user = lines.first().map(|line| &line.author);
        chained && lines.len() >= 2 && lines.get(1).map(|line| &line.author) == user
    }
}
