//! Files over a session: the containers that both sides exchange.
//!
//! For each file the sender gives a `file` container (name, size, SHA-512); the receiver answers
//! with a `response` whose identifier is that hash: `ok` with `{"offset": N}`, the octets that it
//! holds already, or `bad_request` with the member `reason` beside it. The octets from N on follow
//! as `stream` containers. After the last one the receiver answers once more: `ok`, with the size as
//! offset, when the file is stored and its hash was right. A refusal may come at any time before.

pub(crate) mod inbox;
pub(crate) mod name;

use std::fmt;

use sdmp_container::strict::{Object, Value};
use sdmp_container::{Container, CoreSchema, Identifier, Limits, Response};
use sdmp_schema::extensions::FILE_URI;

use crate::error::{Exit, Failure};

/// What a file is called, how long it is, and what it hashes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) hash: Identifier,
}

impl Announced {
    /// The `file` container.
    pub(crate) fn container(&self) -> Result<Container, Failure> {
        let Self { name, size, hash } = self;
        let name = serde_json::Value::from(name.as_str());
        parsed(format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["{FILE_URI}"]}},"file":{{"name":{name},"size":{size},"sha512":"{hash}"}}}}"#
        ))
    }

    /// Reads a `file` container as its schema says; `None` for anything else. Whether the name may
    /// be used is another question ([`name::check`]).
    pub(crate) fn read(container: &Container) -> Option<Self> {
        if !container.schemas().iter().any(|schema| schema.to_string() == FILE_URI) {
            return None;
        }
        let Value::Object(file) = container.root().get("file")? else { return None };
        let of = |name| file.get(name).and_then(Value::as_str);
        let Value::Number(size) = file.get("size")? else { return None };
        let (name, hash) = (of("name")?, of("sha512")?.parse().ok()?);
        (file.len() == 3).then_some(Self { name: name.to_owned(), size: size.as_u64()?, hash })
    }
}

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The name could lead out of the directory, or means something else on some system.
    Name,
    /// Another file has this name.
    Exists,
    /// Larger than is accepted, or than was announced.
    Size,
    /// Another session is receiving the same file.
    Busy,
    /// It cannot be written; the text is for this side's eyes only.
    Storage(String),
    /// What came is not what was announced.
    Mismatch,
    /// A reason that this program does not know.
    Unknown,
}

impl Refusal {
    /// The word in `reason`.
    fn word(&self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Exists => "exists",
            Self::Size => "size",
            Self::Busy => "busy",
            Self::Storage(_) => "storage",
            Self::Mismatch => "mismatch",
            Self::Unknown => "unknown",
        }
    }

    fn of(word: Option<&str>) -> Self {
        match word {
            Some("name") => Self::Name,
            Some("exists") => Self::Exists,
            Some("size") => Self::Size,
            Some("busy") => Self::Busy,
            Some("storage") => Self::Storage("it cannot be written there".to_owned()),
            Some("mismatch") => Self::Mismatch,
            _ => Self::Unknown,
        }
    }

    /// Stable, for `--json`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Name => "file.name",
            Self::Exists => "file.exists",
            Self::Size => "file.size",
            Self::Busy => "file.busy",
            Self::Storage(_) => "file.storage",
            Self::Mismatch => "file.mismatch",
            Self::Unknown => "file.refused",
        }
    }

    /// The failure of a command; `doing` says which file it was and on which side.
    pub(crate) fn failure(&self, doing: &str) -> Failure {
        let exit = if *self == Self::Mismatch { Exit::Invalid } else { Exit::Other };
        Failure::new(exit, self.code(), format!("{doing}: {self}")).remedy(self.remedy())
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::Name => {
                "send it under another name: no leading dot, no separators or control characters, no name of a device"
            }
            Self::Exists => {
                "the receiver may move that file away, or allow it to be replaced with `sdmp recv --force`"
            }
            Self::Size => "the receiver may allow larger files with `sdmp recv --max-size`",
            Self::Busy => "wait until the other transfer has ended",
            Self::Storage(_) => {
                "look at the receiver's disk: space, permissions; what came so far is kept"
            }
            Self::Mismatch => "send it again; a file must not change while it is sent",
            Self::Unknown => "the receiver's own output says why",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the name is not allowed",
            Self::Exists => "there is another file of this name",
            Self::Size => "it is too large",
            Self::Busy => "the same file is being received already",
            Self::Storage(cause) => cause,
            Self::Mismatch => "what arrived does not have the announced SHA-512",
            Self::Unknown => "it was refused",
        })
    }
}

/// The receiver's answer about the file with this hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// So many octets are there.
    Holds(u64),
    Refused(Refusal),
}

impl Answer {
    /// The `response` container.
    pub(crate) fn container(&self, hash: &Identifier) -> Result<Container, Failure> {
        let (response, reason) = match self {
            Self::Holds(octets) => {
                let data =
                    format!(r#""status":"ok","identifier":"{hash}","data":{{"offset":{octets}}}"#);
                (data, String::new())
            }
            Self::Refused(refusal) => (
                format!(r#""status":"bad_request","identifier":"{hash}""#),
                format!(r#","reason":"{}""#, refusal.word()),
            ),
        };
        parsed(format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["response"]}},"response":{{{response}}}{reason}}}"#
        ))
    }

    /// Reads an answer about this file; `None` for anything else.
    pub(crate) fn read(container: &Container, hash: &Identifier) -> Option<Self> {
        if !container.lists(CoreSchema::Response) {
            return None;
        }
        let response = Response::from_container(container).ok()?;
        if response.identifier() != hash.to_string() {
            return None;
        }
        match response.data() {
            Some(data) => offset(data).map(Self::Holds),
            None => {
                let reason = container.root().get("reason").and_then(Value::as_str);
                Some(Self::Refused(Refusal::of(reason)))
            }
        }
    }
}

fn offset(data: &Object<'_>) -> Option<u64> {
    match data.get("offset")? {
        Value::Number(offset) => offset.as_u64(),
        _ => None,
    }
}

fn parsed(text: String) -> Result<Container, Failure> {
    Ok(Container::parse(text, &Limits::DEFAULT)?)
}

/// The peer does not follow the order of a transfer.
pub(crate) fn unexpected() -> Failure {
    Failure::new(
        Exit::Invalid,
        "file.unexpected",
        "the peer sent something that does not belong to a transfer of files here",
    )
    .remedy("`sdmp send` and `sdmp recv` talk with each other, and with nothing else")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdmp_schema::extensions::ALL;
    use sdmp_schema::{MemoryResolver, Validator};

    fn announced() -> Announced {
        let hash = Identifier::from_octets([7; 64]);
        Announced { name: "a \"b\" ü.txt".to_owned(), size: 1 << 40, hash }
    }

    #[test]
    fn what_is_announced_is_read_and_satisfies_the_schema() {
        let container = announced().container().unwrap();
        assert_eq!(Announced::read(&container), Some(announced()));
        let mut resolver = MemoryResolver::new();
        for (uri, schema) in ALL {
            resolver.insert(&uri.parse().unwrap(), schema);
        }
        let validator = Validator::with_resolver(std::sync::Arc::new(resolver));
        validator.validate(&container).unwrap();
    }

    #[test]
    fn other_announcements_are_none() {
        let good = announced().container().unwrap().text().to_owned();
        for (from, to) in [
            ("\"size\":1099511627776", "\"size\":-1"),
            ("\"size\":1099511627776", "\"size\":1.0"),
            ("\"size\":1099511627776", "\"size\":18446744073709551616"),
            ("\"size\":1099511627776", "\"size\":1,\"more\":1"),
            ("\"file\":", "\"files\":"),
            ("\"sha512\":\"Bw", "\"sha512\":\"B"),
        ] {
            assert!(good.contains(from), "{from}");
            let container = parsed(good.replace(from, to)).unwrap();
            assert_eq!(Announced::read(&container), None, "{to}");
        }
    }

    #[test]
    fn answers_come_back() {
        let hash = announced().hash;
        let all = [
            Answer::Holds(0),
            Answer::Holds(u64::MAX),
            Answer::Refused(Refusal::Exists),
            Answer::Refused(Refusal::Mismatch),
            Answer::Refused(Refusal::Unknown),
        ];
        for answer in all {
            let container = answer.container(&hash).unwrap();
            container.check_core().unwrap();
            assert_eq!(Answer::read(&container, &hash), Some(answer));
            assert_eq!(Answer::read(&container, &Identifier::from_octets([8; 64])), None);
        }
    }
}
