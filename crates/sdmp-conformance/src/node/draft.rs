//! Makes resources and exchange objects of what the tables say, right ones and wrong ones.

use super::case::{Draft, Tamper, Under, Who};
use super::cast::{Cast, Extra, fresh, name};
use super::wire::now;
use crate::error::Error;
use sdmp_container::{Container, Fingerprint, Identifier, Message, Timestamp};
use sdmp_crypto::random::{Random, SystemRandom};
use sdmp_envelope::encrypted::{self, Form};
use sdmp_envelope::{LocalIdentity, signature};
use serde_json::Value;
use std::cell::OnceCell;

/// A resource that was made: how a line names it, and its text.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) author: Fingerprint,
    pub(super) id: Identifier,
    pub(super) text: String,
    /// Whether it is an identity: also asked for by its key.
    pub(super) is_identity: bool,
}

/// What makes things in one case.
#[derive(Debug)]
pub(super) struct Maker<'a> {
    cast: &'a Cast,
    extra: &'a Extra,
    /// A key that takes time to make, and is not needed in most cases.
    helper: OnceCell<LocalIdentity>,
    unknown: Identifier,
    made: i64,
}

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::vector(error.to_string())
}

/// A long message: one octet more than a payload may have (N5).
const LONG: usize = (1 << 20) + 1;

impl<'a> Maker<'a> {
    pub(super) fn new(cast: &'a Cast, extra: &'a Extra) -> Result<Self, Error> {
        let mut octets = [0; 64];
        SystemRandom::new().fill(&mut octets).map_err(wrong)?;
        let unknown = Identifier::from_octets(octets);
        Ok(Self { cast, extra, helper: OnceCell::new(), unknown, made: 0 })
    }

    /// An identifier that nothing has.
    pub(super) const fn unknown(&self) -> &Identifier {
        &self.unknown
    }

    fn key(&self, who: Who) -> Result<&LocalIdentity, Error> {
        match (who, self.cast.known(who)) {
            (Who::Node, _) => Ok(&self.extra.node),
            (_, Some(known)) => Ok(known),
            (_, None) => self.helper(),
        }
    }

    fn helper(&self) -> Result<&LocalIdentity, Error> {
        if self.helper.get().is_none() {
            let fresh = fresh()?;
            return Ok(self.helper.get_or_init(|| fresh));
        }
        self.helper.get().ok_or_else(|| Error::vector("no helper"))
    }

    /// A time so many minutes from now; never the same twice.
    fn time(&mut self, minutes: i64) -> Result<Timestamp, Error> {
        self.made = self.made.saturating_add(1);
        let by = minutes.saturating_mul(60_000).saturating_add(self.made);
        // A little in the past, so that many of them do not run ahead of the clock.
        let millis = now()?.unix_millis().saturating_sub(1_000).saturating_add(by);
        Timestamp::from_unix_millis(millis).ok_or_else(|| Error::vector("a time beyond all"))
    }

    /// All resources of a case, in their order.
    pub(super) fn resources(&mut self, drafts: &[Draft]) -> Result<Vec<Made>, Error> {
        let mut made: Vec<Made> = Vec::new();
        // What names its successor is made after that.
        let mut ahead: Option<Made> = None;
        for (index, draft) in drafts.iter().enumerate() {
            if let Some(next) = ahead.take() {
                made.push(next);
                continue;
            }
            if draft.members.contains("{next}")
                && let Some(next) = drafts.get(index.saturating_add(1))
            {
                ahead = Some(self.resource(next, &made, None)?);
            }
            let named = ahead.as_ref().map(|next| next.id.clone());
            made.push(self.resource(draft, &made, named.as_ref())?);
        }
        Ok(made)
    }

    /// One resource; `earlier` are those that it may name.
    pub(super) fn resource(
        &mut self,
        draft: &Draft,
        earlier: &[Made],
        next: Option<&Identifier>,
    ) -> Result<Made, Error> {
        let trust = match draft.under {
            Under::Nothing => None,
            Under::Own => self.extra.trust.as_ref().map(|trust| trust.id().clone()),
            Under::First => Some(self.cast.tester.first[1].id().clone()),
            Under::Unknown => Some(self.unknown.clone()),
            Under::Earlier(index) => earlier.get(index).map(|one| one.id.clone()),
        };
        let created = draft.created.map(|minutes| self.time(minutes)).transpose()?;
        let author = name(self.key(draft.user)?).clone();
        let members = self.expand(draft.members, earlier, next)?;
        let payload = payload(
            (version(draft.tamper), draft.schemas),
            (&author, trust.as_ref(), created),
            &members,
        );
        let text = self.sign(&payload, draft.signer, draft.tamper)?;
        let outer: Value = serde_json::from_str(&text).map_err(wrong)?;
        let id = outer.pointer("/signature/identifier").and_then(Value::as_str);
        let id = id.ok_or_else(|| Error::vector("no identifier"))?.parse().map_err(wrong)?;
        Ok(Made { author, id, text, is_identity: draft.schemas == "\"identity\"" })
    }

    /// An exchange object (N25) for the node's session.
    pub(super) fn exchange(
        &mut self,
        (schemas, members): (&str, &str),
        signer: Who,
        tamper: Tamper,
    ) -> Result<Container, Error> {
        let trust = self.extra.trust.as_ref().map_or(&self.unknown, |trust| trust.id()).clone();
        let (user, created) = (name(&self.cast.tester.user).clone(), self.time(0)?);
        let header = (version(tamper), schemas);
        let payload = payload(header, (&user, Some(&trust), Some(created)), members);
        Container::parse(self.sign(&payload, signer, tamper)?).map_err(wrong)
    }

    fn sign(&self, payload: &str, signer: Who, tamper: Tamper) -> Result<String, Error> {
        let (signer, now) = (self.key(signer)?, now()?);
        // Octets, not containers: an honest signer would refuse some of these.
        let sign = |by: &[&LocalIdentity]| {
            signature::reserved::sign_octets(payload.as_bytes(), by, now).map_err(wrong)
        };
        let another = &self.cast.second.node;
        let honest = sign(&[signer])?;
        Ok(match tamper {
            Tamper::Nothing | Tamper::Version(_) => honest,
            Tamper::TwoSignatures => sign(&[signer, another])?,
            Tamper::OuterMember => honest.replacen("\"signature\":{", "\"signature\":{\"x\":1,", 1),
            Tamper::Signature => {
                let other = sign(&[another])?;
                let value = |text: &str| {
                    let (_, value) = text.rsplit_once("\"signature\":\"").unwrap_or_default();
                    value.split('"').next().unwrap_or_default().to_owned()
                };
                honest.replacen(&value(&honest), &value(&other), 1)
            }
        })
    }

    /// Puts what they stand for into the places of a text.
    pub(super) fn expand(
        &mut self,
        text: &str,
        earlier: &[Made],
        next: Option<&Identifier>,
    ) -> Result<String, Error> {
        let people = [
            ("{user}", Who::User),
            ("{first}", Who::First),
            ("{node}", Who::Node),
            ("{helper}", Who::Helper),
            ("{other}", Who::Other),
        ];
        let mut text = text.to_owned();
        for (place, who) in people {
            if text.contains(place) {
                text = text.replace(place, &name(self.key(who)?).to_string());
            }
        }
        for (index, one) in earlier.iter().enumerate() {
            text = text.replace(&format!("{{{index}}}"), &one.id.to_string());
        }
        if let Some(next) = next {
            text = text.replace("{next}", &next.to_string());
        }
        let trust = self.extra.trust.as_ref().map_or(&self.unknown, |trust| trust.id());
        text = text.replace("{own}", &trust.to_string());
        text = text.replace("{first-trust}", &self.cast.tester.first[1].id().to_string());
        text = text.replace("{unknown}", &self.unknown.to_string());
        text = text.replace("{line}", &self.unknown.to_string());
        text = text.replace("{past}", &self.time(-60)?.to_string());
        text = text.replace("{future}", &self.time(1_000_000)?.to_string());
        if text.contains("{identity:helper}") {
            let identity = members_of(self.helper()?.identity().text()).to_owned();
            text = text.replace("{identity:helper}", &identity);
        }
        if text.contains("{long}") {
            text = text.replace("{long}", &format!("\"message\":\"{}\"", "x".repeat(LONG)));
        }
        if text.contains("{sealed}") {
            let to = [self.cast.tester.user.identity().public_key()];
            let inside = Message::new("for nobody here").into();
            let sealed = encrypted::seal(&inside, &to, Form::Hardened, &mut SystemRandom::new());
            let sealed = sealed.map_err(wrong)?;
            let sealed = String::from_utf8_lossy(sealed.as_bytes()).into_owned();
            text = text.replace("{sealed}", members_of(&sealed));
        }
        Ok(text)
    }
}

const fn version(tamper: Tamper) -> &'static str {
    match tamper {
        Tamper::Version(version) => version,
        _ => "0.12.0",
    }
}

fn payload(
    (version, schemas): (&str, &str),
    (user, trust, created): (&Fingerprint, Option<&Identifier>, Option<Timestamp>),
    members: &str,
) -> String {
    let trust = trust.map_or_else(String::new, |trust| format!(",\"trust\":\"{trust}\""));
    let created = created.map_or_else(String::new, |at| format!(",\"created\":\"{at}\""));
    format!(
        "{{\"sdmp\":{{\"version\":\"{version}\",\"schemas\":[\"resource\",{schemas}]}},\
         \"resource\":{{\"user\":\"{user}\"{trust}{created}}},{members}}}"
    )
}

/// The members of a container behind its header.
fn members_of(container: &str) -> &str {
    let members = container.split_once("]},").map_or("", |(_, members)| members);
    members.strip_suffix('}').unwrap_or(members)
}
