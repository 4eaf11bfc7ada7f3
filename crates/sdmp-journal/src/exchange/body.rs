//! The bodies of exchange objects (N26).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sdmp_container::{ResourceName, b64url};
use sdmp_crypto::random::Random;

use crate::{Code, Error, Line, LineId};

/// What an answer repeats of its request: 1 to 127 printable ASCII characters (N26).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A fresh one: 16 random octets in base64url.
    ///
    /// # Errors
    /// A failure of the random source.
    pub fn fresh(random: &mut dyn Random) -> Result<Self, sdmp_crypto::Error> {
        let mut octets = [0; 16];
        // Random and not counted: an answer of a former session must not match.
        random.fill(&mut octets)?;
        Ok(Self(b64url::encode(&octets).into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let printable = text.bytes().all(|octet| (0x20..0x7f).contains(&octet));
        // It is sent back and logged, so it is kept short and harmless.
        if printable && (1..=127).contains(&text.len()) {
            return Ok(Self(text.into()));
        }
        Err(Code::ExchangeUnexpected.into())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

/// Lines of a journal, and the one before them (N21, N26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The line before the first entry.
    pub since: LineId,
    /// At most [`MAX_LINES`](super::MAX_LINES) lines, in order.
    pub entries: Vec<Line>,
}

/// One resource that was given (N27): texts of signature containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The resource asked for, or the revocation of it.
    pub data: Arc<str>,
    /// Beside a revocation of an identity or a trust: the resource asked for.
    pub revoked: Option<Arc<str>>,
}

/// The content of an answer (N26, N27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The request was malformed; only its identifier could be read.
    BadRequest,
    /// To a request for lines: the lines.
    Lines(Lines),
    /// For each resource that was tried, in the order of the request: what is given, or that
    /// nothing is, for whatever reason. A single `None` is also the answer to an unknown `since`.
    Resources(Vec<Option<Given>>),
}

impl Answered {
    /// There is nothing for the asker: the one form of it, whatever was asked for (N27).
    #[must_use]
    pub fn not_found() -> Self {
        Self::Resources(vec![None])
    }
}

/// An answer (N26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// That of the request.
    pub identifier: RequestId,
    /// What was found.
    pub answered: Answered,
}

/// The body of an exchange object (N26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Lines that were added to the sender's journal: one or more.
    Broadcast(Lines),
    /// Asks for the lines of the receiver's journal after one.
    RequestJournal {
        /// What the answer repeats.
        identifier: RequestId,
        /// The last line that the asker has.
        since: LineId,
        /// The most lines to send, 1 to [`MAX_LINES`](super::MAX_LINES).
        limit: usize,
    },
    /// Asks for resources, or for the identities of keys.
    RequestResource {
        /// What the answer repeats.
        identifier: RequestId,
        /// 1 to [`MAX_NAMES`](super::MAX_NAMES) names; `resource` = `author` is that key's identity.
        names: Vec<ResourceName>,
    },
    /// Answers a request.
    Response(Response),
}

/// The name of a key's identity, whichever resource that is (N26).
#[must_use]
pub fn identity_of(key: &sdmp_container::Fingerprint) -> ResourceName {
    ResourceName {
        author: key.clone(),
        resource: sdmp_container::Identifier::from_octets(*key.as_octets()),
    }
}

/// Whether a name is that of a key's identity (N26).
#[must_use]
pub fn is_identity(name: &ResourceName) -> bool {
    name.author.as_octets() == name.resource.as_octets()
}
