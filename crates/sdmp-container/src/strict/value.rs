//! The parsed view of a JSON text.

use std::borrow::Cow;
use std::collections::BTreeSet;

use zeroize::Zeroize;

use crate::strict::Number;
use crate::{Error, ErrorKind, emit};

/// Declares [`known`].
macro_rules! known {
    ($($text:literal)+) => {
        /// The texts that containers are mostly made of, which need no memory of their own.
        fn known(text: &str) -> Option<&'static str> {
            match text {
                $($text => Some($text),)+
                _ => None,
            }
        }
    };
}

known! {
    "sdmp" "version" "schemas" "0.12.0"
    "identity" "encrypted" "signature" "shared_key" "resource" "broadcast" "request_journal"
    "request_resource" "response" "message" "receipt" "node" "user" "trust" "revoke" "private_key"
    "connection" "journal" "request" "information" "type" "expires" "key" "fingerprint"
    "identifier" "payload" "signatures" "protected" "iv" "recipients" "g" "p" "N" "since"
    "entries" "limit" "author" "status" "data" "ok" "name" "ips" "about" "trustee" "authorization"
}

/// The same text, independent of where it was read.
fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    match known(&text) {
        // Containers repeat a few dozen names: sharing those saves an allocation for each.
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(text.into_owned()),
    }
}

/// A JSON value; strings without escapes are borrowed from the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly as it was written.
    Number(Number<'a>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// The same value, independent of the text.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number.into_owned()),
            Self::String(text) => Value::String(own(text)),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Value::into_owned).collect())
            }
            Self::Object(object) => Value::Object(object.into_owned()),
        }
    }

    /// The string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if this is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<&Number<'a>> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// The elements, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The object, if this is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The value as JSON text, compact, as `JSON.stringify` writes it (R3). Integers are written
    /// exactly, however long they are.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Overwrites every string that the value owns.
    pub(crate) fn wipe(&mut self) {
        match self {
            Self::String(Cow::Owned(text)) => text.zeroize(),
            Self::Array(elements) => elements.iter_mut().for_each(Self::wipe),
            Self::Object(object) => object.wipe(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(Cow::Borrowed(_)) => {}
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => number.write(out),
            Self::String(text) => emit::string(out, text),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

/// A JSON object: its members in the order of the text, no name twice (R4).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

/// The members of an object in order: what [`Object::iter`] gives.
pub type Members<'o, 'a> = std::slice::Iter<'o, (Cow<'a, str>, Value<'a>)>;

impl<'a> Object<'a> {
    /// Makes an object of members.
    ///
    /// # Errors
    /// `json.duplicate_member` if a name occurs twice (R4).
    pub fn from_members(members: Vec<(Cow<'a, str>, Value<'a>)>) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        // Objects are also built by callers, and a duplicate would make one text mean two things.
        if members.iter().all(|(name, _)| names.insert(name)) {
            drop(names);
            return Ok(Self { members });
        }
        Err(Error::new(ErrorKind::DuplicateMember))
    }

    /// The caller has made sure that no name occurs twice.
    pub(super) const fn from_unique(members: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        Self { members }
    }

    /// The value of a member. Takes time linear in the number of members: to look at all of them,
    /// use [`Object::iter`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Takes the string member `name` out of the object member `outer`.
    pub(crate) fn take_string(self, outer: &str, name: &str) -> Option<Cow<'a, str>> {
        let member = |object: Self, name: &str| {
            object.members.into_iter().find(|(member, _)| member == name).map(|(_, value)| value)
        };
        let Value::Object(object) = member(self, outer)? else { return None };
        let Value::String(text) = member(object, name)? else { return None };
        Some(text)
    }

    /// Whether there is a member of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names and values, in the order of the text.
    pub fn iter(&self) -> Members<'_, 'a> {
        self.members.iter()
    }

    /// The number of members.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The same object, independent of the text.
    #[must_use]
    pub fn into_owned(self) -> Object<'static> {
        let members = self.members.into_iter();
        Object { members: members.map(|(name, value)| (own(name), value.into_owned())).collect() }
    }

    /// The object as JSON text, as [`Value::to_text`].
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Overwrites every string among the members' values that the object owns.
    pub(crate) fn wipe(&mut self) {
        self.members.iter_mut().for_each(|(_, value)| value.wipe());
    }

    pub(crate) fn write(&self, out: &mut String) {
        out.push('{');
        for (index, (name, value)) in self.members.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            emit::string(out, name);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

impl<'o, 'a> IntoIterator for &'o Object<'a> {
    type Item = &'o (Cow<'a, str>, Value<'a>);
    type IntoIter = Members<'o, 'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
