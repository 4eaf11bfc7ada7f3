//! Holding an answer against the request (N28).
//!
//! What is wrong here is the peer's doing, so the session ends and nothing of the answer is used.
//! Whether a resource is good is another question, which [`judge`](crate::judge) answers.

use sdmp_container::strict::{self, Value};
use sdmp_container::{CoreSchema, Limits, ResourceName};
use sdmp_crypto::hash::sha512;

use crate::exchange::body::is_identity;
use crate::exchange::read;
use crate::exchange::{Answered, Given, Lines};
use crate::{Body, Code, Error, Identifier, LineId, Outer, Resource};

/// A copy of the resource asked for, or what is wrong with it by N6's steps 1 and 2.
pub type Copy = Result<Resource, Error>;

/// What an answer holds for one name.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "at most 64 of them, for one call")]
pub enum Found {
    /// Nothing for us, for whatever reason.
    Nothing,
    /// The resource, or a bad copy of it.
    Resource(Copy),
    /// A revocation of it, to be judged as itself; beside it perhaps the resource.
    Revoked {
        /// The revocation: a resource of its own.
        revocation: Resource,
        /// The identity or trust that it revokes.
        resource: Option<Copy>,
    },
}

const WRONG: Code = Code::ExchangeWrongAnswer;

/// Checks an answer to a request for resources: one outcome for each name that was tried, in the
/// order of the request.
///
/// # Errors
/// `exchange.wrong_answer`: the session ends, and nothing is used.
pub fn resources(asked: &[ResourceName], answered: &Answered) -> Result<Vec<Found>, Error> {
    let Answered::Resources(found) = answered else { return Err(WRONG.into()) };
    // Fewer are allowed, since an answer has a limit; more were not asked for.
    if found.len() > asked.len() {
        return Err(WRONG.into());
    }
    let pairs = asked.iter().zip(found);
    pairs
        .map(|(name, given)| match given {
            None => Ok(Found::Nothing),
            Some(given) => one(name, given),
        })
        .collect()
}

/// Checks an answer to a request for lines. `None`: the peer does not have the line asked for (N24).
///
/// # Errors
/// `exchange.wrong_answer`, or `journal.line` for an entry that is no line.
pub fn lines(since: &LineId, answered: &Answered) -> Result<Option<Lines>, Error> {
    let lines = match answered {
        Answered::Lines(lines) => lines.clone(),
        Answered::Resources(found) => match found.as_slice() {
            [None] => return Ok(None),
            // N27: a signed broadcast is taken too; its signature says nothing more.
            [Some(Given { data, revoked: None })] => {
                let outer = Outer::parse(data.as_bytes()).map_err(|_| WRONG)?;
                let payload = std::str::from_utf8(outer.payload_text()).map_err(|_| WRONG)?;
                let payload = read::parse(payload).map_err(|_| WRONG)?;
                if !payload.lists(CoreSchema::Broadcast) {
                    return Err(WRONG.into());
                }
                read::lines(payload.root(), 0)?
            }
            _ => return Err(WRONG.into()),
        },
        Answered::BadRequest => return Err(WRONG.into()),
    };
    if lines.since == *since { Ok(Some(lines)) } else { Err(WRONG.into()) }
}

fn one(name: &ResourceName, given: &Given) -> Result<Found, Error> {
    let data = Resource::parse(given.data.as_bytes());
    let revocation = match &data {
        Ok(resource) => match resource.body() {
            Body::Revoke { resource: target, .. } => Some((resource, target)),
            Body::Identity(_) | Body::Trust { .. } | Body::Content => None,
        },
        Err(_) => None,
    };
    // A revocation can be what was asked for, too.
    let asked_itself = id_of(given, &data) == Some(name.resource.clone());
    match revocation {
        Some((revocation, target)) if !asked_itself => {
            // Only the author's own statements can take the place of its resource.
            if revocation.user() != &name.author {
                return Err(WRONG.into());
            }
            let resource = match &given.revoked {
                Some(text) => {
                    let copy = Resource::parse(text.as_bytes());
                    let beside = Given { data: text.clone(), revoked: None };
                    check_named(name, &beside, &copy)?;
                    if id_of(&beside, &copy).as_ref() != Some(target) {
                        return Err(WRONG.into());
                    }
                    Some(copy)
                }
                // Of an identity asked for by its key only the identity tells the identifier.
                None if is_identity(name) || target != &name.resource => return Err(WRONG.into()),
                None => None,
            };
            Ok(Found::Revoked { revocation: revocation.clone(), resource })
        }
        Some(_) | None => {
            check_named(name, given, &data)?;
            if given.revoked.is_some() {
                return Err(WRONG.into());
            }
            Ok(Found::Resource(data))
        }
    }
}

/// Whether a copy has the identifier asked for, or is the identity asked for, and its user, if that
/// can be read, is the author asked for.
fn check_named(name: &ResourceName, given: &Given, copy: &Copy) -> Result<(), Error> {
    let named = if is_identity(name) {
        copy.as_ref().is_ok_and(|resource| match resource.body() {
            Body::Identity(identity) => identity.fingerprint() == &name.author,
            Body::Trust { .. } | Body::Revoke { .. } | Body::Content => false,
        })
    } else {
        id_of(given, copy).as_ref() == Some(&name.resource)
    };
    let user = match copy {
        Ok(resource) => Some(resource.user().to_string()),
        Err(_) => user_of(given),
    };
    if named && user.is_none_or(|user| user == name.author.to_string()) {
        Ok(())
    } else {
        Err(WRONG.into())
    }
}

/// The identifier of a copy, recomputed from its payload, whatever else is wrong with it.
fn id_of(given: &Given, copy: &Copy) -> Option<Identifier> {
    if let Ok(resource) = copy {
        return Some(resource.id().clone());
    }
    Some(Identifier::from_octets(sha512(payload_of(given)?.as_bytes())))
}

/// The payload of a copy that has no good form, in base64url.
fn payload_of(given: &Given) -> Option<String> {
    let Ok(Value::Object(root)) = strict::parse(given.data.as_bytes(), &Limits::DEFAULT) else {
        return None;
    };
    let signature = root.get("signature")?.as_object()?;
    Some(signature.get("payload")?.as_str()?.to_owned())
}

/// The user in the payload of a copy that has no good form, if it can be read.
fn user_of(given: &Given) -> Option<String> {
    let octets = sdmp_container::b64url::decode(payload_of(given)?).ok()?;
    let Ok(Value::Object(root)) = strict::parse(&octets, &Limits::DEFAULT) else { return None };
    let resource = root.get("resource")?.as_object()?;
    Some(resource.get("user")?.as_str()?.to_owned())
}
