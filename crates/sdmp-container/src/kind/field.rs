//! Reading the members of an object with pointers, and writing containers.

use std::fmt;
use std::str::FromStr;

use crate::strict::{Object, Value};
use crate::{CoreSchema, Error, ErrorKind, Version, b64url, emit};

/// Where an object stands; a pointer is written only for an error.
#[derive(Clone, Copy)]
enum Place {
    Root,
    /// A root member.
    Member(&'static str),
    /// An element of an array in a root member.
    Element(&'static str, &'static str, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(member) => write!(f, "/{member}"),
            Self::Element(member, array, index) => write!(f, "/{member}/{array}/{index}"),
        }
    }
}

/// The members of an object at a known place.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'o> {
    object: &'o Object<'o>,
    place: Place,
}

impl<'o> Fields<'o> {
    /// The root object.
    pub(crate) fn root(object: &'o Object<'_>) -> Self {
        Self { object, place: Place::Root }
    }

    /// The root member that a core schema describes, which must be an object.
    pub(crate) fn member(root: &'o Object<'_>, schema: CoreSchema) -> Result<Self, Error> {
        let (root, name) = (Self::root(root), schema.member());
        match root.required(name)?.as_object() {
            Some(object) => Ok(Self { object, place: Place::Member(name) }),
            None => Err(root.fault(ErrorKind::WrongType, name)),
        }
    }

    pub(crate) fn fault(&self, kind: ErrorKind, name: &str) -> Error {
        Error::pointing(kind, format!("{}/{name}", self.place))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.object.contains(name)
    }

    /// A required member.
    pub(crate) fn required(&self, name: &str) -> Result<&'o Value<'o>, Error> {
        self.object.get(name).ok_or_else(|| self.fault(ErrorKind::Missing, name))
    }

    /// A required string.
    pub(crate) fn string(&self, name: &str) -> Result<&'o str, Error> {
        self.required(name)?.as_str().ok_or_else(|| self.fault(ErrorKind::WrongType, name))
    }

    /// A string that may be missing.
    pub(crate) fn optional_string(&self, name: &str) -> Result<Option<&'o str>, Error> {
        if self.contains(name) { self.string(name).map(Some) } else { Ok(None) }
    }

    /// A required string with a form of its own.
    pub(crate) fn parsed<T: FromStr<Err = Error>>(&self, name: &str) -> Result<T, Error> {
        self.string(name)?
            .parse()
            .map_err(|error: Error| error.within(format!("{}/{name}", self.place)))
    }

    /// A string with a form of its own, that may be missing.
    pub(crate) fn optional_parsed<T: FromStr<Err = Error>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Error> {
        if self.contains(name) { self.parsed(name).map(Some) } else { Ok(None) }
    }

    /// A required string of base64url (R1).
    pub(crate) fn base64(&self, name: &str) -> Result<&'o str, Error> {
        let text = self.string(name)?;
        b64url::check(text)
            .map_err(|error| error.within(format!("{}/{name}", self.place)))
            .map(|()| text)
    }

    /// A required string that must be exactly `value`.
    pub(crate) fn constant(&self, name: &str, value: &str) -> Result<(), Error> {
        if self.string(name)? == value {
            Ok(())
        } else {
            Err(self.fault(ErrorKind::UnexpectedValue, name))
        }
    }

    /// A required integer of at least `minimum`, without fraction, exponent or minus zero (R4).
    pub(crate) fn unsigned(&self, name: &str, minimum: u64) -> Result<u64, Error> {
        let number = self.required(name)?.as_number();
        let number = number.ok_or_else(|| self.fault(ErrorKind::WrongType, name))?;
        if !number.is_integer() {
            return Err(self.fault(ErrorKind::NotAnInteger, name));
        }
        match number.as_u64() {
            Some(value) if value >= minimum => Ok(value),
            _ => Err(self.fault(ErrorKind::IntegerRange, name)),
        }
    }

    /// An object that may be missing.
    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<&'o Object<'o>>, Error> {
        match self.object.get(name) {
            None => Ok(None),
            Some(value) => match value.as_object() {
                Some(object) => Ok(Some(object)),
                None => Err(self.fault(ErrorKind::WrongType, name)),
            },
        }
    }

    /// A required array.
    pub(crate) fn array(&self, name: &str) -> Result<&'o [Value<'o>], Error> {
        self.required(name)?.as_array().ok_or_else(|| self.fault(ErrorKind::WrongType, name))
    }

    /// A required array of strings, one after the other.
    pub(crate) fn strings(
        &self,
        name: &'static str,
    ) -> Result<impl Iterator<Item = Result<&'o str, Error>> + use<'o>, Error> {
        let fields = *self;
        Ok(self.array(name)?.iter().enumerate().map(move |(index, element)| {
            element
                .as_str()
                .ok_or_else(|| fields.fault(ErrorKind::WrongType, &format!("{name}/{index}")))
        }))
    }

    /// A required array of objects, one after the other.
    pub(crate) fn objects(
        &self,
        name: &'static str,
    ) -> Result<impl Iterator<Item = Result<Self, Error>> + use<'o>, Error> {
        let fields = *self;
        Ok(self.array(name)?.iter().enumerate().map(move |(index, element)| {
            let place = fields.element(name, index);
            match element.as_object() {
                Some(object) => Ok(Self { object, place }),
                None => Err(Error::pointing(ErrorKind::WrongType, place.to_string())),
            }
        }))
    }

    /// A required array of objects and nulls, one after the other.
    pub(crate) fn nullable_objects(
        &self,
        name: &'static str,
    ) -> Result<impl Iterator<Item = Result<Option<Self>, Error>> + use<'o>, Error> {
        let fields = *self;
        Ok(self.array(name)?.iter().enumerate().map(move |(index, element)| {
            let place = fields.element(name, index);
            match (element, element.as_object()) {
                (Value::Null, _) => Ok(None),
                (_, Some(object)) => Ok(Some(Self { object, place })),
                _ => Err(Error::pointing(ErrorKind::WrongType, place.to_string())),
            }
        }))
    }

    /// Where an element of an array among these members stands.
    fn element(&self, name: &'static str, index: usize) -> Place {
        let member = match self.place {
            Place::Member(member) | Place::Element(member, ..) => member,
            Place::Root => "",
        };
        Place::Element(member, name, index)
    }

    /// Refuses members other than these: for closed objects (R12, R40).
    pub(crate) fn close(&self, names: &[&str]) -> Result<(), Error> {
        if self.object.iter().all(|(name, _)| names.contains(&name.as_ref())) {
            return Ok(());
        }
        Err(Error::pointing(ErrorKind::ClosedExtraMember, self.place.to_string()))
    }
}

/// Writes a container of one core schema, member by member.
pub(crate) struct Writer {
    text: String,
    /// What a value must be preceded by to be a member or an element.
    first: bool,
    open: usize,
}

impl Writer {
    /// Begins a container and its first member's name.
    pub(crate) fn new(schema: CoreSchema) -> Self {
        let text = format!(
            "{{\"sdmp\":{{\"version\":\"{}\",\"schemas\":[\"{}\"]}},\"{}\":",
            Version::CURRENT,
            schema.name(),
            schema.member()
        );
        Self { text, first: true, open: 1 }
    }

    /// Makes room for this many octets more, so that the text is not moved as it grows.
    pub(crate) fn reserve(mut self, octets: usize) -> Self {
        self.text.reserve(octets);
        self
    }

    /// Begins the object that is the root member.
    pub(crate) fn open(mut self) -> Self {
        self.text.push('{');
        self.open += 1;
        self
    }

    fn name(&mut self, name: &str) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
        emit::string(&mut self.text, name);
        self.text.push(':');
    }

    /// A string as the root member itself.
    pub(crate) fn root_string(mut self, value: &str) -> String {
        emit::string(&mut self.text, value);
        self.finish()
    }

    pub(crate) fn string(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        emit::string(&mut self.text, value);
        self
    }

    pub(crate) fn optional_string(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    pub(crate) fn unsigned(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        self.text.push_str(&value.to_string());
        self
    }

    pub(crate) fn object(mut self, name: &str, value: &Object<'_>) -> Self {
        self.name(name);
        value.write(&mut self.text);
        self
    }

    pub(crate) fn strings<'s>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = &'s str>,
    ) -> Self {
        self.name(name);
        self.text.push('[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            emit::string(&mut self.text, value);
        }
        self.text.push(']');
        self
    }

    /// An array of objects that have only string members.
    pub(crate) fn objects<'s, const N: usize>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = [(&'s str, &'s str); N]>,
    ) -> Self {
        self = self.begin_array(name);
        for (index, members) in values.into_iter().enumerate() {
            self = self.begin_element(index);
            for (name, value) in members {
                self = self.string(name, value);
            }
            self = self.end_element();
        }
        self.end_array()
    }

    /// Begins an array that is written element by element.
    pub(crate) fn begin_array(mut self, name: &str) -> Self {
        self.name(name);
        self.text.push('[');
        self
    }

    /// Begins an object as element `index` of an array.
    pub(crate) fn begin_element(mut self, index: usize) -> Self {
        self.text.push_str(if index > 0 { ",{" } else { "{" });
        self.first = true;
        self
    }

    pub(crate) fn end_element(mut self) -> Self {
        self.text.push('}');
        self
    }

    /// A null as element `index` of an array.
    pub(crate) fn null_element(mut self, index: usize) -> Self {
        self.text.push_str(if index > 0 { ",null" } else { "null" });
        self
    }

    pub(crate) fn end_array(mut self) -> Self {
        self.text.push(']');
        self.first = false;
        self
    }

    /// Closes everything.
    pub(crate) fn finish(mut self) -> String {
        for _ in 0..self.open {
            self.text.push('}');
        }
        self.text
    }
}
