//! Objects for people: messages, receipts, what nodes and users say about themselves.

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error};

/// Declares an object whose root member is a string.
macro_rules! string_object {
    ($(#[$attribute:meta])* $name:ident, $schema:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Makes the object.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
                Self::read(root).map(|text| Self(text.to_owned()))
            }

            pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
                Self::read(root).map(drop)
            }

            fn read<'o>(root: &'o Object<'_>) -> Result<&'o str, Error> {
                Fields::root(root).string(CoreSchema::$schema.member())
            }

            /// The container as text (R3).
            #[must_use]
            pub fn to_text(&self) -> String {
                Writer::new(CoreSchema::$schema).root_string(&self.0)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

string_object! {
    /// The object of the schema `message`.
    ///
    /// ```
    /// use sdmp_container::{Container, Message};
    ///
    /// let container = Container::from(Message::new("hello"));
    /// assert_eq!(Message::try_from(&container)?.as_str(), "hello");
    /// # Ok::<(), sdmp_container::Error>(())
    /// ```
    Message, Message
}

string_object! {
    /// The object of the schema `receipt`: what was received, by its identifier. The handshake uses
    /// other texts (R31, R41), which is why only a handshake may sign them (R20a).
    Receipt, Receipt
}

/// The object of the schema `node`: how a node can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInformation {
    name: Option<String>,
    ips: Vec<String>,
}

impl NodeInformation {
    /// Makes the object; `ips` are texts of the form address:port.
    #[must_use]
    pub fn new(name: Option<String>, ips: Vec<String>) -> Self {
        Self { name, ips }
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (name, ips) = Self::read(root)?;
        Ok(Self {
            name: name.map(str::to_owned),
            ips: ips.map(|ip| ip.map(str::to_owned)).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root)?.1.try_for_each(|ip| ip.map(drop))
    }

    fn read<'o>(
        root: &'o Object<'_>,
    ) -> Result<(Option<&'o str>, impl Iterator<Item = Result<&'o str, Error>>), Error> {
        let fields = Fields::member(root, CoreSchema::Node)?;
        fields.constant("type", "node")?;
        Ok((fields.optional_string("name")?, fields.strings("ips")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        Writer::new(CoreSchema::Node)
            .open()
            .string("type", "node")
            .optional_string("name", self.name.as_deref())
            .strings("ips", self.ips.iter().map(String::as_str))
            .finish()
    }

    /// A name for people.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the node listens: texts of the form address:port, not checked.
    #[must_use]
    pub fn ips(&self) -> &[String] {
        &self.ips
    }
}

/// The object of the schema `user`: what a user says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInformation {
    name: String,
    about: Option<String>,
}

impl UserInformation {
    /// Makes the object.
    #[must_use]
    pub fn new(name: String, about: Option<String>) -> Self {
        Self { name, about }
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (name, about) = Self::read(root)?;
        Ok(Self { name: name.to_owned(), about: about.map(str::to_owned) })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root).map(drop)
    }

    fn read<'o>(root: &'o Object<'_>) -> Result<(&'o str, Option<&'o str>), Error> {
        let fields = Fields::member(root, CoreSchema::User)?;
        Ok((fields.string("name")?, fields.optional_string("about")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        Writer::new(CoreSchema::User)
            .open()
            .string("name", &self.name)
            .optional_string("about", self.about.as_deref())
            .finish()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// More, in prose.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }
}
