//! The outer form of exchange objects (N25).

use sdmp_container::{Container, CoreSchema, Timestamp};
use sdmp_envelope::{Identity, LocalIdentity, signature};

use crate::exchange::read::{self, Malformed};
use crate::exchange::{Body, RequestId, write};
use crate::{Code, Error, Fingerprint, Identifier, Outer, Verify};

/// An exchange object whose signature verified.
#[derive(Clone, Debug)]
pub struct Opened {
    /// When it says it was made: what N2 confirms a clock with.
    pub created: Option<Timestamp>,
    /// The body; of a malformed request its identifier alone, for `bad_request` (N27).
    pub body: Result<Body, RequestId>,
}

/// Opens what came from the session's peer: form, kind, signer and signature (N25).
///
/// `user` and `trust` are not checked, and nothing of it is ever admitted or passed on.
///
/// # Errors
/// `exchange.unexpected` for another container, signer or body, `journal.line` for an entry that
/// is no line: the session ends (N29).
pub fn open(
    text: impl Into<Vec<u8>>,
    peer: &Identity,
    verifier: &dyn Verify,
) -> Result<Opened, Error> {
    let outer = Outer::parse_any_length(text).map_err(|_| Code::ExchangeUnexpected)?;
    // The session has proved who the peer is; an object of another signer does not belong into it.
    if outer.signer() != peer.fingerprint() {
        return Err(Code::ExchangeUnexpected.into());
    }
    // Verified although the session is authentic: the object may be shown to others later.
    if !outer.is_signed_by(peer.public_key(), verifier) {
        return Err(Code::ExchangeUnexpected.into());
    }
    let payload = Container::parse(outer.payload_text()).map_err(unexpected)?;
    read_payload(&payload)
}

/// Reads the payload of an exchange object, without a look at its signer.
///
/// # Errors
/// As [`open`].
pub fn read_payload(payload: &Container) -> Result<Opened, Error> {
    if !payload.version().is_0_12() || read::kind_of(payload).is_none() {
        return Err(Code::ExchangeUnexpected.into());
    }
    let resource = sdmp_container::Resource::from_container(payload).map_err(unexpected)?;
    let body = match read::body(payload) {
        Ok(body) => Ok(body),
        Err(Malformed::Request(identifier)) => Err(identifier),
        Err(Malformed::Body(error)) => return Err(error),
    };
    Ok(Opened { created: resource.created(), body })
}

fn unexpected(error: sdmp_container::Error) -> Error {
    Error::Container(Code::ExchangeUnexpected, error)
}

/// Who sends exchange objects: a node, its user and the trust that makes it that user's (N21, N25).
#[derive(Clone, Debug)]
pub struct Sender {
    /// The node's identity and key.
    pub node: LocalIdentity,
    /// The user of line 2.
    pub user: Fingerprint,
    /// The trust of line 3.
    pub trust: Identifier,
}

/// Writes and signs an exchange object (N25), for a session to send.
///
/// # Errors
/// The node's identity has expired, or its signer fails; `exchange.unexpected` for a body without
/// the form of N26.
pub fn seal(sender: &Sender, body: &Body, now: Timestamp) -> Result<Container, Error> {
    let payload = write_payload((&sender.user, &sender.trust), body, now)?;
    signature::sign(&payload, &[&sender.node], now).map_err(Error::Signing)
}

/// Writes the payload of an exchange object.
///
/// # Errors
/// `exchange.unexpected` for a body without the form of N26.
pub fn write_payload(
    (user, trust): (&Fingerprint, &Identifier),
    body: &Body,
    now: Timestamp,
) -> Result<Container, Error> {
    let (kind, member) = write::member(body)?;
    let text = format!(
        concat!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["{}","{}"]}},"#,
            r#""resource":{{"user":"{}","trust":"{}","created":"{}"}},"{}":{}}}"#
        ),
        CoreSchema::Resource.name(),
        kind.name(),
        user,
        trust,
        now,
        kind.member(),
        member
    );
    Container::parse(text).map_err(unexpected)
}
