//! From octets to a [`Value`].

use std::borrow::Cow;
use std::str::Utf8Error;

use crate::strict::{Number, Object, Value, string};
use crate::{Error, ErrorKind, Limits};

/// Up to this many members are compared with each other as they come; more are sorted at the end
/// of their object, so that no choice of names makes the parser slow.
const FEW: usize = 16;

type Member<'a> = (Cow<'a, str>, Value<'a>);

/// Parses a JSON text, strictly (R3, R4): one object, nothing but white space around it.
///
/// Faults are reported in this order: size, byte order mark, UTF-8, then the first one in the text;
/// only a duplicate among more than 16 members is noticed at the end of its object.
///
/// # Errors
/// A `json.*` kind with the offset of the fault.
///
/// ```
/// use sdmp_container::{Limits, strict};
///
/// let value = strict::parse(br#"{"a":[1,"\u00e9"]}"#, &Limits::DEFAULT).unwrap();
/// assert_eq!(value.to_text(), r#"{"a":[1,"é"]}"#);
/// let error = strict::parse(br#"{"a":1,"\u0061":2}"#, &Limits::DEFAULT).unwrap_err();
/// assert_eq!(error.code(), "json.duplicate_member");
/// ```
pub fn parse<'a>(octets: &'a [u8], limits: &Limits) -> Result<Value<'a>, Error> {
    // The length is checked before anything is read: work is bounded by the limit, not by the
    // input.
    check_start(octets, limits)?;
    let text = std::str::from_utf8(octets).map_err(|error| fault_of_utf8(octets, error))?;
    parse_text(text, limits)
}

/// Checks what needs no reading: the size and the byte order mark.
pub(crate) fn check_start(octets: &[u8], limits: &Limits) -> Result<(), Error> {
    if octets.len() > limits.octets {
        return Err(Error::new(ErrorKind::TooLarge));
    }
    if octets.starts_with(b"\xef\xbb\xbf") {
        return Err(Error::at(ErrorKind::ByteOrderMark, 0));
    }
    Ok(())
}

/// Says why octets are not UTF-8.
pub(crate) fn fault_of_utf8(octets: &[u8], error: Utf8Error) -> Error {
    let at = error.valid_up_to();
    let kind = match octets.get(at..).unwrap_or_default() {
        [0xc0 | 0xc1, ..] | [0xe0, 0x80..=0x9f, ..] | [0xf0, 0x80..=0x8f, ..] => {
            ErrorKind::OverlongUtf8
        }
        _ => ErrorKind::InvalidUtf8,
    };
    Error::at(kind, at)
}

/// Parses a text whose size and encoding were checked before.
pub(crate) fn parse_text<'a>(text: &'a str, limits: &Limits) -> Result<Value<'a>, Error> {
    let mut parser = Parser {
        text,
        octets: text.as_bytes(),
        at: 0,
        depth: limits.depth.min(Limits::MAX_DEPTH),
        members: limits.members,
    };
    // R3 allows white space around the object; carriers rely on it between objects.
    parser.skip_white_space();
    let start = parser.at;
    let value = parser.value()?;
    // What is not even a value was told as that; what is one is told not to be an object.
    if !matches!(value, Value::Object(_)) {
        return Err(Error::at(ErrorKind::NotAnObject, start));
    }
    parser.skip_white_space();
    match parser.peek() {
        None => Ok(value),
        Some(0) => Err(parser.fault(ErrorKind::Nul)),
        Some(_) => Err(parser.fault(ErrorKind::TrailingData)),
    }
}

struct Parser<'a> {
    text: &'a str,
    octets: &'a [u8],
    /// The offset of the next octet.
    at: usize,
    /// How many more levels may be opened.
    depth: usize,
    /// How many more members and elements may come.
    members: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    const fn fault(&self, kind: ErrorKind) -> Error {
        Error::at(kind, self.at)
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The fault of an octet that may not stand here.
    fn unexpected(&self) -> Error {
        self.fault(match self.peek() {
            None => ErrorKind::UnexpectedEnd,
            Some(0) => ErrorKind::Nul,
            Some(_) => ErrorKind::UnexpectedCharacter,
        })
    }

    fn value(&mut self) -> Result<Value<'a>, Error> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => self.number(),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.word(),
            _ => Err(self.unexpected()),
        }
    }

    fn nested(
        &mut self,
        read: impl Fn(&mut Self) -> Result<Value<'a>, Error>,
    ) -> Result<Value<'a>, Error> {
        // Recursion is bounded by this counter, so that nested input cannot exhaust the stack.
        self.depth = self.depth.checked_sub(1).ok_or(self.fault(ErrorKind::TooDeep))?;
        self.at += 1;
        self.skip_white_space();
        let value = read(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn count(&mut self) -> Result<(), Error> {
        self.members = self.members.checked_sub(1).ok_or(self.fault(ErrorKind::TooManyMembers))?;
        Ok(())
    }

    /// After a member or element: true if another one follows, at whose first octet we then stand.
    fn another(&mut self, close: u8) -> Result<bool, Error> {
        self.skip_white_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_white_space();
                if matches!(self.peek(), Some(b'}' | b']')) {
                    return Err(self.fault(ErrorKind::TrailingComma));
                }
                Ok(true)
            }
            Some(octet) if octet == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn array(&mut self) -> Result<Value<'a>, Error> {
        let mut elements = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(elements));
        }
        loop {
            self.count()?;
            elements.push(self.value()?);
            if !self.another(b']')? {
                return Ok(Value::Array(elements));
            }
        }
    }

    fn object(&mut self) -> Result<Value<'a>, Error> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let start = self.at;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(Object::from_unique(members)));
        }
        loop {
            self.count()?;
            let at = self.at;
            let name = self.name()?;
            // A quadratic comparison is the fastest for few members, and harmless as it stays below
            // 16.
            if members.len() < FEW && members.iter().any(|(other, _)| *other == name) {
                return Err(Error::at(ErrorKind::DuplicateMember, at));
            }
            let value = self.value()?;
            members.push((name, value));
            if !self.another(b'}')? {
                break;
            }
        }
        // Sorting once costs n log n whatever the names are: a hash table could be attacked by its
        // keys.
        if members.len() > FEW
            && let Some(index) = first_duplicate(&members)
        {
            return Err(Error::at(ErrorKind::DuplicateMember, self.offset_of(start, index)));
        }
        Ok(Value::Object(Object::from_unique(members)))
    }

    /// Reads a member's name and colon, and stops before its value.
    fn name(&mut self) -> Result<Cow<'a, str>, Error> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let name = self.string()?;
        self.skip_white_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        self.skip_white_space();
        Ok(name)
    }

    /// The offset of the member number `index` of the object whose first member is at `start`;
    /// the object was read before, so that this cannot fail.
    fn offset_of(&mut self, start: usize, index: usize) -> usize {
        self.at = start;
        self.members = usize::MAX;
        for _ in 0..index {
            let read = self.name().and_then(|_| self.value()).and_then(|_| self.another(b'}'));
            if read.is_err() {
                break;
            }
        }
        self.at
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        let (string, after) = string::read(self.text, self.at + 1)?;
        self.at = after;
        Ok(string)
    }

    fn word(&mut self) -> Result<Value<'a>, Error> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|octet| octet.is_ascii_alphanumeric()).count();
        let value = match rest.get(..length).unwrap_or_default() {
            b"null" => Value::Null,
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            // What JavaScript and Python print by mistake gets an error that says so.
            b"NaN" | b"Infinity" => return Err(self.fault(ErrorKind::NotANumber)),
            _ => return Err(self.fault(ErrorKind::InvalidLiteral)),
        };
        self.at += length;
        Ok(value)
    }

    fn digits(&mut self) -> usize {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<Value<'a>, Error> {
        let start = self.at;
        let fault = |kind| Error::at(kind, start);
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.octets.get(self.at..).is_some_and(|rest| rest.starts_with(b"Infinity")) {
            return Err(fault(ErrorKind::NotANumber));
        }
        let leading_zero = self.peek() == Some(b'0');
        match self.digits() {
            0 => return Err(fault(ErrorKind::InvalidNumber)),
            1 => {}
            _ if leading_zero => return Err(fault(ErrorKind::LeadingZero)),
            _ => {}
        }
        let mut is_integer = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            is_integer = false;
            if self.digits() == 0 {
                return Err(fault(ErrorKind::InvalidNumber));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            is_integer = false;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(fault(ErrorKind::InvalidNumber));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        Number::from_text(text, is_integer).map(Value::Number).map_err(fault)
    }
}

/// The index of the first member whose name occurred before.
fn first_duplicate(members: &[Member<'_>]) -> Option<usize> {
    // The common case of sorted names needs no second vector.
    if members.is_sorted_by(|(one, _), (next, _)| one < next) {
        return None;
    }
    let mut names: Vec<(&str, usize)> =
        members.iter().enumerate().map(|(index, (name, _))| (name.as_ref(), index)).collect();
    names.sort_unstable();
    let neighbours = names.windows(2).filter_map(|pair| match pair {
        [(one, _), (next, index)] if one == next => Some(*index),
        _ => None,
    });
    neighbours.min()
}
