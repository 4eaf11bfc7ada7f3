//! What can be wrong with a text, a container or one of its values.

use std::borrow::Cow;
use std::fmt;

/// Why a text was refused: what is wrong, and where.
///
/// The text of the error names the rule and says what to do; it never repeats what a peer wrote.
///
/// ```
/// use sdmp_container::{Container, ErrorKind};
///
/// let text = "{\"sdmp\":{},\n\"sdmp\":{}}";
/// let error = Container::parse(text).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::DuplicateMember);
/// assert_eq!(error.code(), "json.duplicate_member");
/// assert_eq!(error.position(text.as_bytes()), Some((2, 1)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    place: Place,
}

/// Where in the input an [`Error`] stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The whole input.
    Whole,
    /// An offset in octets from the start of the input.
    Octet(usize),
    /// A JSON pointer (RFC 6901) to the value, or to where a missing value should be.
    Pointer(Cow<'static, str>),
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self { kind, place: Place::Whole }
    }

    pub(crate) const fn at(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, place: Place::Octet(offset) }
    }

    pub(crate) fn pointing(kind: ErrorKind, pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, place: Place::Pointer(pointer.into()) }
    }

    /// The same fault, told as the fault of the value that `pointer` points to.
    pub(crate) fn within(self, pointer: impl Into<Cow<'static, str>>) -> Self {
        Self::pointing(self.kind, pointer)
    }

    /// Another fault at the same place.
    pub(crate) fn recast(self, kind: ErrorKind) -> Self {
        Self { kind, place: self.place }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable code of what is wrong, such as `json.duplicate_member`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where it is wrong.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The JSON pointer to the faulty value, for errors that have one.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        match &self.place {
            Place::Pointer(pointer) => Some(pointer),
            Place::Whole | Place::Octet(_) => None,
        }
    }

    /// The offset in octets of the fault in `octets`, which must be the text that was refused.
    ///
    /// A pointer is looked up; where it leads to a missing member, the offset is that of the
    /// object that lacks it. `None` when the fault is not at one place.
    #[must_use]
    pub fn offset(&self, octets: &[u8]) -> Option<usize> {
        match &self.place {
            Place::Whole => None,
            Place::Octet(offset) => Some(*offset),
            Place::Pointer(pointer) => crate::strict::locate(octets, pointer),
        }
    }

    /// Line and column, both from 1, of the fault in `octets`, which must be the text that was
    /// refused. Lines end with LF; a column is one character (one octet where the text is not
    /// UTF-8).
    #[must_use]
    pub fn position(&self, octets: &[u8]) -> Option<(usize, usize)> {
        crate::strict::line_and_column(octets, self.offset(octets)?)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Whole => write!(f, "{}", self.kind),
            Place::Octet(offset) => write!(f, "{} (at octet {offset})", self.kind),
            Place::Pointer(pointer) => write!(f, "{} (at {pointer})", self.kind),
        }
    }
}

impl std::error::Error for Error {}

/// Declares the kinds once: variant, code, sentence.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident, $code:literal, $text:literal;)+) => {
        /// What can be wrong, each with a stable [`code`](ErrorKind::code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ #[error($text)] $variant,)+
        }

        impl ErrorKind {
            /// Every kind there is, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, such as `json.duplicate_member`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

kinds! {
    // R3, R4: the text.
    /// The text is longer than the limit in force.
    TooLarge, "json.too_large", "the text is longer than the limit (R4): send less in one object";
    /// The text begins with a byte order mark.
    ByteOrderMark, "json.byte_order_mark", "the text begins with a byte order mark (R3): remove it";
    /// The text is not UTF-8.
    InvalidUtf8, "json.invalid_utf8", "the text is not UTF-8 (R3): encode it as UTF-8";
    /// A character is written in more UTF-8 octets than it needs.
    OverlongUtf8, "json.overlong_utf8", "a character has an overlong UTF-8 form (R3): use the shortest form";
    /// The text ends too early.
    UnexpectedEnd, "json.unexpected_end", "the text ends too early (R3): it must be one whole object";
    /// The value at the top is not an object.
    NotAnObject, "json.not_an_object", "the value at the top is not an object (R3): wrap it in one";
    /// Something other than white space follows the object.
    TrailingData, "json.trailing_data", "something follows the object (R3): only white space may";
    /// A NUL octet outside a string or unescaped in one.
    Nul, "json.nul", "the text holds a NUL octet (R3): remove padding before parsing, or escape it";
    /// An unescaped control character in a string.
    ControlCharacter, "json.control_character", "a string holds a control character (R3): escape it";
    /// A member name occurs twice in one object, compared after unescaping.
    DuplicateMember, "json.duplicate_member", "a member name occurs twice in one object (R4): keep one";
    /// An escape for half a surrogate pair.
    LoneSurrogate, "json.lone_surrogate", "an escape names half a surrogate pair (R4): write both halves";
    /// A backslash before a character that has no escape.
    InvalidEscape, "json.invalid_escape", "a backslash stands before a character that has no escape (R3)";
    /// `\u` without exactly four hexadecimal digits.
    InvalidUnicodeEscape, "json.invalid_unicode_escape", "a \\u escape has not four hexadecimal digits (R3)";
    /// Nesting deeper than the limit.
    TooDeep, "json.too_deep", "objects and arrays are nested too deeply (R4): flatten them";
    /// More members and elements than the limit.
    TooManyMembers, "json.too_many_members", "the text has too many members and elements: split the object";
    /// NaN or an infinity.
    NotANumber, "json.not_a_number", "JSON has no NaN and no infinity (R4): use null or a string";
    /// A number that begins with a superfluous zero.
    LeadingZero, "json.leading_zero", "a number has a leading zero (R3): remove it";
    /// A number that is not spelled as JSON demands.
    InvalidNumber, "json.invalid_number", "a number is not spelled as JSON demands (R3)";
    /// A number whose magnitude no double can hold.
    NumberOutOfRange, "json.number_out_of_range", "a number is larger than any JSON reader can hold (R4)";
    /// A word other than `true`, `false` and `null`.
    InvalidLiteral, "json.invalid_literal", "only the words true, false and null exist (R3), in lower case";
    /// A comma before a closing bracket.
    TrailingComma, "json.trailing_comma", "a comma stands before a closing bracket (R3): remove it";
    /// A character that may not stand here.
    UnexpectedCharacter, "json.unexpected_character", "a character may not stand here (R3)";

    // R1: base64url.
    /// Padding.
    Base64Padding, "b64url.padding", "base64url has no padding here (R1): remove the equals signs";
    /// White space or a line break.
    Base64WhiteSpace, "b64url.white_space", "base64url has no white space (R1): remove it";
    /// A character outside the alphabet.
    Base64Alphabet, "b64url.alphabet", "a character is outside the base64url alphabet (R1)";
    /// A length that no octets encode to.
    Base64Length, "b64url.length", "no octets encode to base64url of this length (R1): some is missing";
    /// Bits after the last octet that are not zero.
    Base64TrailingBits, "b64url.trailing_bits", "the unused bits of base64url must be zero (R1)";

    // R2: hashes.
    /// Not 86 characters.
    HashLength, "hash.length", "the text form of a hash has exactly 86 characters (R2)";

    // R6: timestamps.
    /// Not of the form `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    TimestampShape, "timestamp.shape", "a timestamp has the form YYYY-MM-DDTHH:MM:SS.mmmZ (R6)";
    /// A day that no calendar has.
    TimestampDate, "timestamp.date", "a timestamp names a day that does not exist (R6)";
    /// An hour, minute or second that no clock has; second 60 included.
    TimestampTime, "timestamp.time", "a timestamp names a time that does not exist; second 60 is refused (R6)";

    // R8: versions.
    /// Not three decimal numbers joined by dots.
    VersionShape, "version.shape", "a version is three decimal numbers joined by dots (R8)";
    /// A number with a leading zero.
    VersionLeadingZero, "version.leading_zero", "the numbers of a version have no leading zeros (R8)";
    /// A pre-release or build part.
    VersionSuffix, "version.suffix", "a version has no pre-release and no build part (R8)";
    /// A number beyond 64 bits.
    VersionRange, "version.range", "a number of the version is too large to compare (R8)";
    /// Not 0.12.x where that is demanded.
    VersionUnsupported, "version.unsupported", "objects on the network must be of version 0.12.x (R8)";

    // R10: resource URIs.
    /// Not `sdmp://`.
    UriScheme, "uri.scheme", "a resource URI begins with sdmp:// (R10)";
    /// `sdmp` in other than lower case.
    UriSchemeCase, "uri.scheme_case", "the scheme of a resource URI is in lower case (R10)";
    /// No host.
    UriEmptyHost, "uri.empty_host", "a resource URI needs a key fingerprint as its host (R10)";
    /// A user name or password.
    UriUser, "uri.user", "a resource URI has no user part (R10)";
    /// A port.
    UriPort, "uri.port", "a resource URI has no port (R10)";
    /// A query.
    UriQuery, "uri.query", "a resource URI has no query (R10)";
    /// A fragment.
    UriFragment, "uri.fragment", "a resource URI has no fragment (R10)";
    /// A host that is not a key fingerprint.
    UriHost, "uri.host", "the host of a resource URI is a key fingerprint of 86 characters (R10)";
    /// A path that is not one resource identifier.
    UriPath, "uri.path", "the path of a resource URI is one resource identifier of 86 characters (R10)";

    // R7 to R9: containers.
    /// The member `sdmp` holds more than `version` and `schemas`.
    ContainerExtraMember, "container.extra_member", "sdmp has exactly the members version and schemas (R7)";
    /// No schema is listed.
    SchemasEmpty, "container.schemas_empty", "schemas lists at least one schema (R9)";
    /// A schema is listed twice.
    SchemasDuplicate, "container.schemas_duplicate", "schemas lists no schema twice (R9)";
    /// A listed schema is neither a core name nor a resource URI.
    UnknownSchema, "container.unknown_schema", "a listed schema is neither a core name nor a resource URI (R9)";

    // The fields of typed objects.
    /// The container does not list the schema asked for.
    WrongSchema, "kind.wrong_schema", "the container does not list the schema of this object (R9)";
    /// A required member is missing.
    Missing, "field.missing", "a required member is missing";
    /// A value is of another JSON type.
    WrongType, "field.wrong_type", "a value is of the wrong JSON type";
    /// A number is not written as an integer.
    NotAnInteger, "field.not_an_integer", "an integer is written without fraction, exponent and -0 (R4)";
    /// An integer is too small or too large.
    IntegerRange, "field.integer_range", "an integer is too small or too large";
    /// A string is not one of those allowed.
    UnexpectedValue, "field.unexpected_value", "a value is not one of those allowed here";
    /// An array needs an element.
    Empty, "field.empty", "an array needs at least one element";
    /// An array has more elements than it may.
    TooMany, "field.too_many", "an array has more elements than are allowed here: ask in several steps";
    /// A member may not stand beside the others.
    Forbidden, "field.forbidden", "data is present if and only if status is ok, revoked only beside data";
    /// An initialisation vector is not 16 octets.
    IvLength, "encrypted.iv_length", "an initialisation vector is 16 octets (R32)";

    // R12, R40: closed objects.
    /// A member that the closed object does not have.
    ClosedExtraMember, "closed.extra_member", "a closed object has a member that the profile does not name (R40)";
    /// The closed object does not list exactly its one schema.
    ClosedSchemas, "closed.schemas", "a closed object lists exactly its one schema (R12)";
    /// `recipients` of an encrypted network object is not empty.
    ClosedRecipients, "closed.recipients", "a network object has no recipients (R32)";
    /// Not exactly one signature in a handshake or on a resource.
    ClosedSignatures, "closed.signatures", "a resource or a handshake's proof has exactly one signature (R12, R29)";
    /// The identifier of a rejection is not empty.
    ClosedIdentifier, "closed.identifier", "a rejection has an empty identifier (R37)";
    /// An encoded prime with a zero octet first, or of no octets.
    LeadingZeroOctet, "closed.leading_zero_octet", "p is encoded without leading zero octets (R25)";
}
