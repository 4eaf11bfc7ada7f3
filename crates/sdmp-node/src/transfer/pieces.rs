//! What the sender of files says that are hashed in pieces while they go (extension schema `pieces`).

use std::fmt::Write as _;
use std::io::{self, Read};

use sdmp_container::strict::{Object, Value};
use sdmp_container::{Container, CoreSchema, Identifier, Response, Status};
use sdmp_crypto::hash::{Sha512, sha512};
use sdmp_lanes::Engine;
use sdmp_schema::extensions::{FILE_URI, PIECES_URI};

/// So many octets are hashed by themselves.
pub const PIECE: usize = 256 * 1024;
/// So many pieces stand between two lists of hashes: what the widest vectors hash at once.
pub const GROUP: usize = 8 * PIECE;
/// The most components of a path.
const DEPTH: usize = 64;
/// The name in a greeting. A receiver that does not know the schema refuses it and goes on: it begins with a dot.
const GREETING: &str = ".sdmp-pieces";
/// The largest number that the schema takes.
const LARGEST: u64 = (1 << 53) - 1;

/// Whether an entry is a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, whose octets follow.
    File,
    /// A directory: what is in it was sent before.
    Directory,
}

/// A file or directory that is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which of the two.
    pub kind: Kind,
    /// Its path below the receiver's directory; the names are not checked yet.
    pub path: Vec<String>,
    /// Its size in octets; `None` where the sender does not know it before the end.
    pub size: Option<u64>,
    /// Its permission bits.
    pub mode: Option<u32>,
    /// When it was modified, in seconds since 1970.
    pub modified: Option<u64>,
}

impl Entry {
    /// The path as it is shown.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.join("/")
    }
}

/// A number of octets, and the SHA-512 of the hashes of their pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// How many octets.
    pub size: u64,
    /// The SHA-512 of the hashes of the pieces, one after the other.
    pub hash: Identifier,
}

/// What a sender says between octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// So much is to come; `None` where the octets are not known.
    Greeting {
        /// Files and directories.
        files: u64,
        /// Octets in all of them.
        octets: Option<u64>,
    },
    /// The next file or directory.
    Entry(Entry),
    /// What the receiver holds should be this, or (with size 0) is not to be used.
    From(Whole),
    /// The hashes of the pieces that came since the last list.
    Hashes(Vec<Identifier>),
    /// All of the file has come.
    Whole(Whole),
    /// The rest of the file comes over another session.
    Pause,
}

impl Said {
    /// The `pieces` container. A greeting is also an empty file of the schema `file`, under a name that every
    /// receiver refuses: so one that does not know `pieces` answers too.
    ///
    /// # Errors
    /// Names that are longer than a container may be.
    pub fn container(&self) -> Result<Container, sdmp_container::Error> {
        let body = match self {
            Self::Greeting { files, octets } => {
                let octets = octets.map(|octets| format!(r#","octets":{octets}"#));
                let empty = greeted();
                let body =
                    format!(r#""greeting":{{"files":{files}{}}}"#, octets.unwrap_or_default());
                return Container::parse(format!(
                    r#"{{"sdmp":{{"version":"0.12.0","schemas":["{FILE_URI}","{PIECES_URI}"]}},"file":{{"name":"{GREETING}","size":0,"sha512":"{empty}"}},"pieces":{{{body}}}}}"#
                ));
            }
            Self::Entry(entry) => entry_text(entry),
            Self::From(whole) => format!(r#""from":{}"#, whole_text(whole)),
            Self::Whole(whole) => format!(r#""whole":{}"#, whole_text(whole)),
            Self::Hashes(hashes) => {
                let hashes: Vec<_> = hashes.iter().map(|hash| format!("\"{hash}\"")).collect();
                format!(r#""hashes":[{}]"#, hashes.join(","))
            }
            Self::Pause => r#""pause":true"#.to_owned(),
        };
        Container::parse(format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["{PIECES_URI}"]}},"pieces":{{{body}}}}}"#
        ))
    }

    /// Reads a `pieces` container as its schema says; `None` for anything else. The names of an entry
    /// are not checked.
    #[must_use]
    pub fn read(container: &Container) -> Option<Self> {
        if !container.schemas().iter().any(|schema| schema.to_string() == PIECES_URI) {
            return None;
        }
        let Value::Object(said) = container.root().get("pieces")? else { return None };
        let mut members = said.iter();
        // Closed: a member that one version ignores and another obeys would be a trap.
        let (name, value) = members.next().filter(|_| said.len() == 1)?;
        match (&**name, value) {
            ("greeting", Value::Object(greeting)) => read_greeting(greeting),
            ("entry", Value::Object(entry)) => read_entry(entry).map(Self::Entry),
            ("from", Value::Object(whole)) => read_whole(whole).map(Self::From),
            ("whole", Value::Object(whole)) => read_whole(whole).map(Self::Whole),
            ("hashes", Value::Array(hashes)) if (1..=GROUP / PIECE).contains(&hashes.len()) => {
                let hashes = hashes.iter().map(|hash| hash.as_str()?.parse().ok());
                hashes.collect::<Option<_>>().map(Self::Hashes)
            }
            ("pause", Value::Bool(true)) => Some(Self::Pause),
            _ => None,
        }
    }
}

/// The identifier in the answer to a greeting: the hash of the empty file that it is to others.
pub(super) fn greeted() -> Identifier {
    Identifier::from_octets(sha512(b""))
}

/// The answer to a greeting; `asking` if a person decides about what comes, who may take a while.
///
/// # Errors
/// None that can occur: all values have a form.
pub fn welcome(asking: bool) -> Result<Container, sdmp_container::Error> {
    let hash = greeted();
    Container::parse(format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["response"]}},"response":{{"status":"ok","identifier":"{hash}","data":{{"pieces":true,"asking":{asking}}}}}}}"#
    ))
}

/// Reads the answer to a greeting: whether a person decides. `None` for anything else.
#[must_use]
pub fn welcomed(container: &Container) -> Option<bool> {
    let response = container.lists(CoreSchema::Response).then_some(container)?;
    let response = Response::from_container(response).ok()?;
    if response.identifier() != greeted().to_string() || response.status() != Status::Ok {
        return None;
    }
    match response.data().map(|data| (data.get("pieces"), data.get("asking")))? {
        (Some(Value::Bool(true)), Some(Value::Bool(asking))) => Some(*asking),
        _ => None,
    }
}

/// What an answer about this entry names it by.
pub(super) fn identifier(entry: &Container) -> Identifier {
    Identifier::from_octets(sha512(entry.as_bytes()))
}

/// The hashes of the pieces of a group.
pub(super) fn hashes(octets: &[u8]) -> Vec<[u8; 64]> {
    let pieces: Vec<&[u8]> = octets.chunks(PIECE).collect();
    sdmp_lanes::hash::sha512(Engine::detect(), &pieces)
}

/// What came of a file so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    hash: Sha512,
    size: u64,
}

impl Tally {
    /// Of this many octets of a reader; fewer if it ends before.
    pub(super) fn of(reader: &mut impl Read, octets: u64) -> io::Result<Self> {
        let mut tally = Self::default();
        while tally.size < octets {
            let group = read_group(reader, Some(octets.saturating_sub(tally.size)))?;
            if group.is_empty() {
                break;
            }
            tally.add(&hashes(&group), group.len());
        }
        Ok(tally)
    }

    pub(super) fn add(&mut self, hashes: &[[u8; 64]], octets: usize) {
        for hash in hashes {
            self.hash.update(hash);
        }
        self.size = self.size.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX));
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn whole(&self) -> Whole {
        Whole { size: self.size, hash: Identifier::from_octets(self.hash.clone().finish()) }
    }
}

/// The next group, or as many octets as are wanted or there; empty at the end.
pub(super) fn read_group(reader: &mut impl Read, wanted: Option<u64>) -> io::Result<Vec<u8>> {
    let group = u64::try_from(GROUP).unwrap_or(u64::MAX);
    let wanted = wanted.map_or(group, |wanted| wanted.min(group));
    let mut octets = Vec::with_capacity(usize::try_from(wanted).unwrap_or(GROUP));
    reader.take(wanted).read_to_end(&mut octets)?;
    Ok(octets)
}

fn entry_text(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
    };
    let path = serde_json::Value::from(entry.path.clone());
    let mut text = format!(r#""entry":{{"kind":"{kind}","path":{path}"#);
    let numbers =
        [("size", entry.size), ("mode", entry.mode.map(u64::from)), ("modified", entry.modified)];
    for (name, number) in numbers {
        if let Some(number) = number {
            // Writing to a string cannot fail.
            let _infallible = write!(text, r#","{name}":{number}"#);
        }
    }
    text.push('}');
    text
}

fn whole_text(whole: &Whole) -> String {
    format!(r#"{{"size":{},"sha512":"{}"}}"#, whole.size, whole.hash)
}

/// A number up to `most`: `None` if it is no such number, `Some(None)` if it is not there.
fn number(object: &Object<'_>, name: &str, most: u64) -> Option<Option<u64>> {
    match object.get(name) {
        None => Some(None),
        Some(Value::Number(number)) => number.as_u64().filter(|number| *number <= most).map(Some),
        Some(_) => None,
    }
}

/// Whether there are no other members.
fn only(object: &Object<'_>, names: &[&str]) -> bool {
    object.iter().all(|(name, _)| names.contains(&&**name))
}

fn read_greeting(greeting: &Object<'_>) -> Option<Said> {
    let (files, octets) =
        (number(greeting, "files", LARGEST)??, number(greeting, "octets", LARGEST)?);
    only(greeting, &["files", "octets"]).then_some(Said::Greeting { files, octets })
}

fn read_whole(whole: &Object<'_>) -> Option<Whole> {
    let size = number(whole, "size", LARGEST)??;
    let hash = whole.get("sha512")?.as_str()?.parse().ok()?;
    (whole.len() == 2).then_some(Whole { size, hash })
}

fn read_entry(entry: &Object<'_>) -> Option<Entry> {
    let kind = match entry.get("kind")?.as_str()? {
        "file" => Kind::File,
        "directory" => Kind::Directory,
        _ => return None,
    };
    let Value::Array(names) = entry.get("path")? else { return None };
    if !(1..=DEPTH).contains(&names.len()) {
        return None;
    }
    let path = names.iter().map(|name| name.as_str().map(super::message::cut));
    let path = path.collect::<Option<Vec<_>>>()?;
    let size = number(entry, "size", LARGEST)?;
    let mode = number(entry, "mode", 0o777)?.map(u32::try_from).transpose().ok()?;
    let modified = number(entry, "modified", 253_402_300_799)?;
    only(entry, &["kind", "path", "size", "mode", "modified"]).then_some(Entry {
        kind,
        path,
        size,
        mode,
        modified,
    })
}
