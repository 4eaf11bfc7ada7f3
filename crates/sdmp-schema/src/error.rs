//! What validation can report (R11).

use std::fmt;

use sdmp_container::{CoreSchema, ResourceUri};
use thiserror::Error as ThisError;

/// The schema that a failure is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// The schema that every container must fit (R7 to R10).
    Container,
    /// One of the sixteen core schemas.
    Core(CoreSchema),
    /// An extension schema, by its resource URI.
    Extension(ResourceUri),
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container => f.write_str("container"),
            Self::Core(core) => f.write_str(core.name()),
            Self::Extension(uri) => write!(f, "{uri}"),
        }
    }
}

/// A container does not fit a schema: which one, where, and by which keyword (R11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub(crate) schema: Schema,
    pub(crate) pointer: String,
    pub(crate) keyword: &'static str,
    pub(crate) sentence: String,
}

impl Violation {
    /// The schema that the container does not fit.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The JSON pointer (RFC 6901) of the value at fault; empty for the whole container.
    ///
    /// It can hold member names of the container, so treat it as text of the container's author;
    /// `Display` shows only its harmless part.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The draft-04 keyword that is not satisfied.
    pub fn keyword(&self) -> &'static str {
        self.keyword
    }

    /// What is wrong, as a sentence without peer text.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the container does not fit the schema {} at {}: {} (keyword {}, R11)",
            self.schema,
            Shown(&self.pointer),
            self.sentence,
            self.keyword
        )
    }
}

/// A JSON pointer as it may be printed: tokens that could carry a message are left out.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("its root");
        }
        for token in self.0.split('/').skip(1) {
            let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
            // The pointer is made of names that a peer chose; logs get only harmless ones.
            if token.len() <= 32 && token.bytes().all(plain) {
                write!(f, "/{token}")?;
            } else {
                f.write_str("/?")?;
            }
        }
        Ok(())
    }
}

/// Why a document cannot serve as an extension schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum DocumentFault {
    /// The document is not one strict JSON object (R3, R4).
    #[error("it is not one strict JSON object (R3, R4)")]
    Json,
    /// The document is longer or deeper than a schema may be.
    #[error("it is longer than 256 KiB or nested deeper than 32")]
    TooLarge,
    /// The document asks for more work than a schema may.
    #[error("it asks for more work than is allowed: simplify it")]
    TooComplex,
    /// The document carries no draft-04 keyword, so it would accept everything.
    #[error("it has no draft-04 keyword at its root, so it would accept everything")]
    NotASchema,
    /// The document is a signature container.
    #[error("it is a signed resource: verify it first, then give its payload")]
    Signed,
    /// The document names another publisher than its URI.
    #[error("its member resource.user is not the host of its URI (R10)")]
    Publisher,
    /// The document declares a dialect other than draft-04.
    #[error("it declares a dialect other than draft-04")]
    Dialect,
    /// A subschema carries an `id`.
    #[error("a subschema has an id, which would move references: remove it")]
    Identifier,
    /// A `$ref` is neither a JSON pointer nor a resource URI.
    #[error("a $ref would have to be fetched: nothing is fetched (R11)")]
    RemoteReference,
    /// The fragment of a `$ref` is not a JSON pointer.
    #[error("the fragment of a $ref is not a JSON pointer")]
    BadReference,
    /// A `$ref` points to a place that holds no schema.
    #[error("a $ref points to a place that holds no schema")]
    DanglingReference,
    /// A `$ref` names a resource that the resolver does not have.
    #[error("a $ref names a schema that is not given (R11)")]
    UnresolvedReference,
    /// A number in the document is out of range.
    #[error("a number in it is out of range")]
    Number,
    /// A regular expression is invalid, too large, or needs backtracking.
    #[error("a pattern is invalid, too large, or needs backtracking")]
    Pattern,
    /// The document does not satisfy the draft-04 meta-schema.
    #[error("it is not valid by the draft-04 meta-schema")]
    Invalid,
}

impl DocumentFault {
    /// A stable name for logs and vectors.
    pub fn code(self) -> &'static str {
        match self {
            Self::Json => "schema.document.json",
            Self::TooLarge => "schema.document.too_large",
            Self::TooComplex => "schema.document.too_complex",
            Self::NotASchema => "schema.document.not_a_schema",
            Self::Signed => "schema.document.signed",
            Self::Publisher => "schema.document.publisher",
            Self::Dialect => "schema.document.dialect",
            Self::Identifier => "schema.document.id",
            Self::RemoteReference => "schema.document.remote_ref",
            Self::BadReference => "schema.document.bad_ref",
            Self::DanglingReference => "schema.document.dangling_ref",
            Self::UnresolvedReference => "schema.document.unresolved_ref",
            Self::Number => "schema.document.number",
            Self::Pattern => "schema.document.pattern",
            Self::Invalid => "schema.document.invalid",
        }
    }
}

/// What validation of a container can report.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The container does not fit a schema that it lists.
    #[error("{0}")]
    Violation(Box<Violation>),
    /// The container lists an extension schema that the resolver does not have.
    #[error("the extension schema {0} is not known: give it to the resolver (R11)")]
    Unresolved(Box<ResourceUri>),
    /// The resolver itself failed.
    #[error("the resolver failed on {uri}: {reason}")]
    Resolver {
        /// The schema that was asked for.
        uri: Box<ResourceUri>,
        /// What the resolver said.
        reason: String,
    },
    /// What the resolver gave for an extension schema cannot serve as one.
    #[error("the extension schema {uri} cannot be used: {fault}")]
    Document {
        /// The schema that the container lists, or that one of those refers to.
        uri: Box<ResourceUri>,
        /// What is wrong with it.
        fault: DocumentFault,
    },
    /// Validating against the extension schema takes more work than is allowed.
    #[error("validating against {0} takes more work than is allowed")]
    TooCostly(Box<ResourceUri>),
    /// A core schema cannot be compiled, which is a fault of this crate.
    #[error("the built-in schema {0} cannot be compiled: please report this")]
    BuiltIn(Box<Schema>),
}

impl Error {
    /// An error for a [`Resolver`](crate::Resolver) to report: it has no answer, not even "unknown".
    pub fn resolver(uri: &ResourceUri, reason: impl Into<String>) -> Self {
        Self::Resolver { uri: Box::new(uri.clone()), reason: reason.into() }
    }

    /// A stable dotted name; for a violation it is `schema.` and the keyword, such as
    /// `schema.min_length`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Violation(violation) => keyword_code(violation.keyword),
            Self::Unresolved(_) => "schema.unresolved",
            Self::Resolver { .. } => "schema.resolver",
            Self::Document { fault, .. } => fault.code(),
            Self::TooCostly(_) => "schema.too_costly",
            Self::BuiltIn(_) => "schema.built_in",
        }
    }

    /// The schema that the failure is about.
    pub fn schema(&self) -> Schema {
        match self {
            Self::Violation(violation) => violation.schema.clone(),
            Self::Unresolved(uri)
            | Self::Resolver { uri, .. }
            | Self::Document { uri, .. }
            | Self::TooCostly(uri) => Schema::Extension((**uri).clone()),
            Self::BuiltIn(schema) => (**schema).clone(),
        }
    }

    /// The JSON pointer of the value at fault, if one value is.
    pub fn pointer(&self) -> Option<&str> {
        self.violation().map(Violation::pointer)
    }

    /// The draft-04 keyword that is not satisfied, if it is about one.
    pub fn keyword(&self) -> Option<&'static str> {
        self.violation().map(Violation::keyword)
    }

    /// The violation, if the container does not fit a schema.
    pub fn violation(&self) -> Option<&Violation> {
        match self {
            Self::Violation(violation) => Some(violation),
            Self::Unresolved(_)
            | Self::Resolver { .. }
            | Self::Document { .. }
            | Self::TooCostly(_)
            | Self::BuiltIn(_) => None,
        }
    }

    /// Whether the failure is about an extension schema: such a container does not end a session,
    /// it is handed to the application marked (R38a).
    pub fn is_extension(&self) -> bool {
        matches!(self.schema(), Schema::Extension(_))
    }

    /// Whether an extension schema could not be resolved, so that nothing is known about the
    /// container's fit.
    pub fn is_unresolved(&self) -> bool {
        match self {
            Self::Unresolved(_) | Self::Resolver { .. } => true,
            Self::Document { fault, .. } => *fault == DocumentFault::UnresolvedReference,
            Self::Violation(_) | Self::TooCostly(_) | Self::BuiltIn(_) => false,
        }
    }
}

/// Every keyword of draft-04 that can fail, with its code.
const KEYWORDS: [(&str, &str); 21] = [
    ("additionalItems", "schema.additional_items"),
    ("additionalProperties", "schema.additional_properties"),
    ("anyOf", "schema.any_of"),
    ("enum", "schema.enum"),
    ("exclusiveMaximum", "schema.exclusive_maximum"),
    ("exclusiveMinimum", "schema.exclusive_minimum"),
    ("maxItems", "schema.max_items"),
    ("maximum", "schema.maximum"),
    ("maxLength", "schema.max_length"),
    ("maxProperties", "schema.max_properties"),
    ("minItems", "schema.min_items"),
    ("minimum", "schema.minimum"),
    ("minLength", "schema.min_length"),
    ("minProperties", "schema.min_properties"),
    ("multipleOf", "schema.multiple_of"),
    ("not", "schema.not"),
    ("oneOf", "schema.one_of"),
    ("pattern", "schema.pattern"),
    ("required", "schema.required"),
    ("type", "schema.type"),
    ("uniqueItems", "schema.unique_items"),
];

/// The static spelling of a keyword that the engine reports.
pub(crate) fn static_keyword(keyword: &str) -> &'static str {
    match keyword {
        // `dependencies` fails as the `required` or the schema inside it; a closed object may fail
        // as a `false` schema.
        "falseSchema" => "additionalProperties",
        _ => KEYWORDS.iter().find(|(name, _)| *name == keyword).map_or("$ref", |(name, _)| name),
    }
}

fn keyword_code(keyword: &str) -> &'static str {
    KEYWORDS.iter().find(|(name, _)| *name == keyword).map_or("schema.violation", |(_, code)| code)
}
