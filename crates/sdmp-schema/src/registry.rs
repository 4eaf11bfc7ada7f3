//! The built-in schemas: the container's and the sixteen core ones (profile section 2).

use sdmp_container::CoreSchema;

use crate::Schema;

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../schemas/0.12/", $name, ".json"))
    };
}

/// The draft-04 text of the schema that every container must fit (R7 to R10).
pub const CONTAINER_SCHEMA: &str = text!("container");

/// Declares [`core_schema_text`] from the rows of the core schemas.
macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $member:literal, $object:ident, $way:ident;)+) => {
        /// The draft-04 text of a core schema, as this implementation runs it.
        #[must_use]
        pub fn core_schema_text(schema: CoreSchema) -> &'static str {
            match schema {
                $(CoreSchema::$variant => text!($name),)+
            }
        }
    };
}
sdmp_container::core_schemas!(texts);

/// The names and texts of the built-in schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registry {
    entries: &'static [CoreSchema],
}

impl Registry {
    /// The registry of SDMP 0.12.
    #[must_use]
    pub fn core() -> Self {
        Self { entries: &CoreSchema::ALL }
    }

    /// Every built-in schema with its text: the container's first, then the core ones in the
    /// order of the specification.
    pub fn iter(self) -> impl Iterator<Item = (Schema, &'static str)> {
        let core =
            self.entries.iter().map(|schema| (Schema::Core(*schema), core_schema_text(*schema)));
        std::iter::once((Schema::Container, CONTAINER_SCHEMA)).chain(core)
    }

    /// The text of a built-in schema by name: `container` or one of the core names (R9).
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'static str> {
        if name == "container" {
            return Some(CONTAINER_SCHEMA);
        }
        let schema = self.entries.iter().find(|schema| schema.name() == name)?;
        Some(core_schema_text(*schema))
    }
}
