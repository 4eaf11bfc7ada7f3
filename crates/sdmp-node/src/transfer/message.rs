//! The containers that both sides of a transfer exchange.

use sdmp_container::strict::{Object, Value};
use sdmp_container::{Container, CoreSchema, Identifier, Response};
use sdmp_schema::extensions::FILE_URI;

use super::name;
use super::refusal::Refusal;

/// What a file is called, how long it is, and what it hashes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its name, the last component of a path; not checked yet.
    pub name: String,
    /// Its size in octets.
    pub size: u64,
    /// The SHA-512 of its octets.
    pub hash: Identifier,
}

impl Announced {
    /// The `file` container.
    ///
    /// # Errors
    /// A name that is longer than a container may be.
    pub fn container(&self) -> Result<Container, sdmp_container::Error> {
        let Self { name, size, hash } = self;
        let name = serde_json::Value::from(name.as_str());
        parsed(format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["{FILE_URI}"]}},"file":{{"name":{name},"size":{size},"sha512":"{hash}"}}}}"#
        ))
    }

    /// Reads a `file` container as its schema says; `None` for anything else. Whether the name may
    /// be used is another question ([`name::check`]); one that is longer than any file system takes
    /// is kept cut, so that it is refused without filling memory or messages.
    pub fn read(container: &Container) -> Option<Self> {
        if !container.schemas().iter().any(|schema| schema.to_string() == FILE_URI) {
            return None;
        }
        let Value::Object(file) = container.root().get("file")? else { return None };
        let of = |name| file.get(name).and_then(Value::as_str);
        let Value::Number(size) = file.get("size")? else { return None };
        let (name, hash) = (of("name")?, of("sha512")?.parse().ok()?);
        // Closed: a member that one version ignores and another obeys would be a trap.
        (file.len() == 3).then_some(Self { name: cut(name), size: size.as_u64()?, hash })
    }
}

/// At most one character more than a name may have.
pub(super) fn cut(name: &str) -> String {
    if name.len() <= name::LONGEST {
        return name.to_owned();
    }
    let longest = name.len().min(name::LONGEST);
    let end = (0..=longest).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", name.get(..end).unwrap_or_default())
}

/// The receiver's answer about the file with this hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So many octets are there.
    Holds(u64),
    /// It is not taken.
    Refused(Refusal),
}

impl Answer {
    /// The `response` container.
    ///
    /// # Errors
    /// None that can occur: all values have a form.
    pub fn container(&self, hash: &Identifier) -> Result<Container, sdmp_container::Error> {
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
    pub fn read(container: &Container, hash: &Identifier) -> Option<Self> {
        if !container.lists(CoreSchema::Response) {
            return None;
        }
        let response = Response::from_container(container).ok()?;
        // The answer to an earlier file, which was refused or repeated meanwhile.
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

fn parsed(text: String) -> Result<Container, sdmp_container::Error> {
    Container::parse(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that is wrong should stop")]
    use super::*;
    use sdmp_schema::extensions::{ALL, Extension};
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
        for Extension { uri, schema, .. } in ALL {
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

    /// An insider must not fill memory and messages with names.
    #[test]
    fn a_name_that_is_too_long_is_kept_cut_and_refused() {
        for long in ["a".repeat(256), "ü".repeat(1 << 20), format!("a{}", "ü".repeat(128))] {
            let container = Announced { name: long, ..announced() }.container().unwrap();
            let read = Announced::read(&container).unwrap();
            assert!((255..=258).contains(&read.name.len()), "{}", read.name.len());
            assert_eq!(name::check(&read.name), Err(name::Problem::Length));
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
            Answer::Refused(Refusal::Role),
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
