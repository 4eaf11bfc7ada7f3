//! Recordings: what went over the wire, one JSON object a line.

use std::collections::HashMap;

use sdmp_container::strict::{self, Object, Value};
use sdmp_container::{Limits, Timestamp, b64url};
use sdmp_handshake::{Profile, Role};

use super::budget::{Budget, OBJECT_LIMIT};
use crate::escape::json_object;
use crate::shorten::{cut, shortest};
use crate::transcript::{Piece, Seen, Transcript};

/// The version of the format, in each session's first line.
pub const FORMAT: u64 = 1;

/// A line holds an object as a string: each octet of it may be escaped.
const LINE: Limits = Limits { octets: 6 * OBJECT_LIMIT, depth: 4, members: 64 };

/// More sessions than this of one recording are not told apart.
const SESSIONS: usize = 4096;

/// Writes the lines of one session: the format's other half. Each method gives one line with its
/// line end, to be appended to the recording.
///
/// ```
/// use sdmp_handshake::Role;
/// use sdmp_inspect::recording::SessionLines;
///
/// let lines = SessionLines::new("a");
/// assert_eq!(
///     lines.object(1.5, Role::Initiator, b"{}"),
///     "{\"event\":\"wire\",\"session\":\"a\",\"ms\":1.5,\"from\":\"initiator\",\"wire\":\"{}\"}\n"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct SessionLines {
    session: String,
}

impl SessionLines {
    /// Lines of the session with this name, which tells the sessions of a file apart.
    #[must_use]
    pub fn new(session: impl Into<String>) -> Self {
        Self { session: session.into() }
    }

    /// The first line: who records, with whom, and when.
    #[must_use]
    pub fn begin(&self, role: Role, profile: Profile, address: &str, time: &str) -> String {
        let members = [
            ("event", "session".into()),
            ("session", self.session.as_str().into()),
            ("format", FORMAT.into()),
            ("role", role.name().into()),
            ("profile", profile.name().into()),
            ("address", address.into()),
            ("time", time.into()),
        ];
        json_object(&members) + "\n"
    }

    /// One object, from its opening to its closing brace.
    #[must_use]
    pub fn object(&self, ms: f64, from: Role, object: &[u8]) -> String {
        match std::str::from_utf8(object) {
            Ok(text) => self.line("wire", ms, from, ("wire", text.into())),
            Err(_) => self.octets(ms, from, object),
        }
    }

    /// Octets that are no text, or that could not be cut into objects.
    #[must_use]
    pub fn octets(&self, ms: f64, from: Role, octets: &[u8]) -> String {
        self.line("octets", ms, from, ("octets", b64url::encode(octets).into()))
    }

    /// The side sends no more; `whole` where it ended between two objects.
    #[must_use]
    pub fn end(&self, ms: f64, from: Role, whole: bool) -> String {
        self.line("end", ms, from, ("whole", whole.into()))
    }

    /// Nothing more of this side is recorded, for this reason.
    #[must_use]
    pub fn cut(&self, ms: f64, from: Role, why: &str) -> String {
        self.line("cut", ms, from, ("why", why.into()))
    }

    fn line(&self, event: &str, ms: f64, from: Role, more: (&str, serde_json::Value)) -> String {
        let members = [
            ("event", event.into()),
            ("session", self.session.as_str().into()),
            ("ms", ms.into()),
            ("from", from.name().into()),
            more,
        ];
        json_object(&members) + "\n"
    }
}

/// Whether a text begins as a recording does.
pub(crate) fn is_recording(octets: &[u8]) -> bool {
    octets.starts_with(br#"{"event":"#)
}

/// Reads a recording: one capture for each session in it, and what is wrong with it as a whole.
pub(crate) fn read(octets: &[u8]) -> (Vec<Transcript>, Vec<String>) {
    let mut reader = Reader {
        captures: Vec::new(),
        places: HashMap::new(),
        notes: Vec::new(),
        faults: 0,
        budget: Budget::new(),
    };
    let last = octets.iter().filter(|octet| **octet == b'\n').count() + 1;
    for (number, line) in (1_usize..).zip(octets.split(|octet| *octet == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if let Err(why) = reader.line(line) {
            reader.fault(number, number == last, why);
        }
    }
    reader.notes.extend(reader.budget.note());
    (reader.captures, reader.notes)
}

struct Reader {
    captures: Vec<Transcript>,
    /// By the session's name.
    places: HashMap<String, usize>,
    notes: Vec<String>,
    faults: usize,
    budget: Budget,
}

impl Reader {
    fn fault(&mut self, number: usize, last: bool, why: &str) {
        self.faults += 1;
        if last {
            self.notes.push(format!(
                "the recording was cut in line {number}; the rest of that line is lost"
            ));
        } else if self.faults <= 5 {
            self.notes.push(format!("line {number} is left out: {why}"));
        } else if self.faults == 6 {
            self.notes.push("more lines are left out".to_owned());
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let Ok(Value::Object(line)) = strict::parse(line, &LINE) else {
            return Err("it is no JSON object (R3, R4)");
        };
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let name = text("session").ok_or("it names no session")?;
        match text("event").ok_or("it names no event")? {
            "session" => self.begin(&line, name),
            "wire" => {
                let wire = text("wire").ok_or("it holds no object")?;
                self.piece(&line, name, Seen::Object(wire.as_bytes().to_vec()))
            }
            "octets" => {
                let octets = text("octets").and_then(|text| b64url::decode(text).ok());
                self.piece(&line, name, Seen::Unframed(octets.ok_or("it holds no octets")?))
            }
            "end" => {
                let whole = matches!(line.get("whole"), Some(Value::Bool(true)));
                self.piece(&line, name, Seen::End { whole })
            }
            "cut" => {
                let why = text("why").unwrap_or("a reason that it does not name");
                let note = format!("the recording of this session stops early: {}", cut(why));
                let notes = &mut self.capture(name)?.notes;
                if notes.len() < 16 && !notes.contains(&note) {
                    notes.push(note);
                }
                Ok(())
            }
            // A later version may know more.
            _ => Ok(()),
        }
    }

    fn begin(&mut self, line: &Object<'_>, name: &str) -> Result<(), &'static str> {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let role =
            text("role").and_then(|role| role.parse::<Role>().ok()).ok_or("it names no role")?;
        let capture = self.capture(name)?;
        let format = match line.get("format") {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        let unknown = "the recording is in a format that is not known here";
        // Read all the same: a later format most likely only adds members.
        if format != Some(FORMAT) && !capture.notes.iter().any(|note| note == unknown) {
            capture.notes.push(unknown.to_owned());
        }
        capture.title = format!("session {}, recorded by the {role}", shortest(name));
        if let Some(address) = text("address") {
            let verb = if role == Role::Initiator { "to" } else { "from" };
            capture.title.push_str(&format!(", {verb} {}", cut(address)));
        }
        capture.profile = text("profile").and_then(|profile| profile.parse().ok());
        capture.time = text("time").and_then(|time| time.parse::<Timestamp>().ok());
        Ok(())
    }

    fn piece(&mut self, line: &Object<'_>, name: &str, seen: Seen) -> Result<(), &'static str> {
        let from =
            line.get("from").and_then(Value::as_str).and_then(|role| role.parse::<Role>().ok());
        let from = Some(from.ok_or("it names no sender")?);
        let ms = match line.get("ms") {
            Some(Value::Number(ms)) => Some(ms.as_f64()).filter(|ms| ms.is_finite()),
            _ => None,
        };
        if self.budget.spend() {
            self.capture(name)?.pieces.push(Piece { from, ms, seen });
        }
        Ok(())
    }

    fn capture(&mut self, name: &str) -> Result<&mut Transcript, &'static str> {
        // Names come from the file, so their number needs a bound.
        let full = self.captures.len() >= SESSIONS;
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if full => return Err("there are too many sessions"),
            None => {
                self.places.insert(name.to_owned(), self.captures.len());
                let title = format!("session {}, whose beginning is missing", shortest(name));
                self.captures.push(Transcript { title, ..Transcript::default() });
                self.captures.len() - 1
            }
        };
        self.captures.get_mut(place).ok_or("there is no such session")
    }
}
