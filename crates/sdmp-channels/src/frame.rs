//! The containers of the extension schema `channels`: lists of steps.

use sdmp_container::strict::{Object, Value};
use sdmp_container::{Container, b64url};
use sdmp_schema::extensions::CHANNELS_URI;

use crate::fault::{Fault, Reason};
use crate::limits::LARGEST_CREDIT;

/// The longest name of a destination, in characters.
pub(crate) const LONGEST_TARGET: usize = 300;
/// The longest word for a reason, in characters.
pub(crate) const LONGEST_WORD: usize = 64;
/// Integers beyond this are not the same in every JSON reader.
pub(crate) const LARGEST_ID: u64 = (1 << 53) - 1;
/// What stands before the URI of the schema, and between it and the steps.
pub(crate) const HEAD: &str = r#"{"sdmp":{"version":"0.12.0","schemas":[""#;
pub(crate) const MIDDLE: &str = r#""]},"channels":["#;
/// The text of a step around its data: longer than any of them.
const AROUND: usize = r#",{"id":9007199254740991,"data":""}"#.len();

/// One step of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The channel: odd where the side opened it that greeted first, even otherwise.
    pub id: u64,
    /// What happens to it.
    pub step: Step,
}

/// What happens to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins; the text says what it is to be connected to.
    Open(String),
    /// The next octets, at least one.
    Data(Vec<u8>),
    /// The receiver of this may send so many octets more, at least one.
    Window(u64),
    /// The sender of this sends no more octets; the other direction goes on.
    End,
    /// Both directions are given up.
    Reset(Reason),
}

/// Reads a message from its tree.
pub(crate) fn of_tree(container: &Container) -> Result<Vec<Frame>, Fault> {
    let [schema] = container.schemas() else { return Err(Fault::Malformed) };
    let (root, listed) = (container.root(), schema.to_string() == CHANNELS_URI);
    // Closed: a member that one version ignores and another obeys would be a trap.
    let (true, 2, Some(Value::Array(steps))) = (listed, root.len(), root.get("channels")) else {
        return Err(Fault::Malformed);
    };
    steps.iter().map(|step| frame(step).ok_or(Fault::Malformed)).collect()
}

fn frame(value: &Value<'_>) -> Option<Frame> {
    let Value::Object(object) = value else { return None };
    let id = number(object, "id", LARGEST_ID)?;
    let mut others = object.iter().filter(|(name, _)| name != "id");
    let ((name, value), None) = (others.next()?, others.next()) else { return None };
    let step = match (name.as_ref(), value) {
        ("open", Value::String(target)) if target.chars().count() <= LONGEST_TARGET => {
            Step::Open(target.to_string())
        }
        ("data", Value::String(data)) if !data.is_empty() => {
            Step::Data(b64url::decode(data.as_bytes()).ok()?)
        }
        ("window", _) => Step::Window(number(object, "window", LARGEST_CREDIT)?),
        ("end", Value::Bool(true)) => Step::End,
        ("reset", Value::String(word)) if (1..=LONGEST_WORD).contains(&word.chars().count()) => {
            Step::Reset(Reason::of_word(word))
        }
        _ => return None,
    };
    Some(Frame { id, step })
}

fn number(object: &Object<'_>, name: &str, largest: u64) -> Option<u64> {
    let Value::Number(number) = object.get(name)? else { return None };
    number.as_u64().filter(|number| (1..=largest).contains(number))
}

/// Writes a message of channels.
///
/// # Errors
/// [`Fault::Malformed`] for steps that no message can carry.
pub fn write(frames: &[Frame]) -> Result<Container, Fault> {
    let mut draft = Draft::new(0);
    for Frame { id, step } in frames {
        match step {
            Step::Open(target) => draft.open(*id, target),
            Step::Data(octets) => draft.data(*id, octets),
            Step::Window(octets) => draft.window(*id, *octets),
            Step::End => draft.end(*id),
            Step::Reset(reason) => draft.reset(*id, *reason),
        }
    }
    let container = draft.finish()?;
    of_tree(&container).map(|_| container)
}

/// A message that is being written.
#[derive(Debug)]
pub(crate) struct Draft {
    text: String,
    empty: bool,
    limit: usize,
}

impl Draft {
    /// A message whose text should have at most so many octets.
    pub(crate) fn new(limit: usize) -> Self {
        let mut text = String::with_capacity(limit);
        text.push_str(HEAD);
        text.push_str(CHANNELS_URI);
        text.push_str(MIDDLE);
        Self { text, empty: true, limit }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether another step without data fits.
    pub(crate) fn has_room(&self) -> bool {
        // In JSON a character takes at most twelve octets.
        self.text.len() + LONGEST_TARGET * 12 + AROUND < self.limit
    }

    /// How many octets of data fit into another step.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(self.text.len() + AROUND + 2) / 4 * 3
    }

    fn step(&mut self, id: u64, name: &str) {
        if !self.empty {
            self.text.push(',');
        }
        self.empty = false;
        self.text.push_str(r#"{"id":"#);
        self.text.push_str(&id.to_string());
        self.text.push_str(",\"");
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    pub(crate) fn open(&mut self, id: u64, target: &str) {
        self.step(id, "open");
        self.text.push('"');
        for character in target.chars() {
            match character {
                '"' | '\\' => self.text.extend(['\\', character]),
                control if control < ' ' => {
                    self.text.push_str(&format!("\\u{:04x}", u32::from(control)));
                }
                other => self.text.push(other),
            }
        }
        self.text.push_str("\"}");
    }

    pub(crate) fn data(&mut self, id: u64, octets: &[u8]) {
        self.step(id, "data");
        self.text.push('"');
        b64url::encode_append(octets, &mut self.text);
        self.text.push_str("\"}");
    }

    pub(crate) fn window(&mut self, id: u64, octets: u64) {
        self.step(id, "window");
        self.text.push_str(&octets.to_string());
        self.text.push('}');
    }

    pub(crate) fn end(&mut self, id: u64) {
        self.step(id, "end");
        self.text.push_str("true}");
    }

    pub(crate) fn reset(&mut self, id: u64, reason: Reason) {
        self.step(id, "reset");
        self.text.push('"');
        self.text.push_str(reason.word());
        self.text.push_str("\"}");
    }

    pub(crate) fn finish(mut self) -> Result<Container, Fault> {
        self.text.push_str("]}");
        Container::parse(self.text).map_err(|_| Fault::Malformed)
    }
}

/// Whether a destination can be written into a message.
pub(crate) fn is_target(target: &str) -> bool {
    target.chars().count() <= LONGEST_TARGET
}
