//! The extension schemas that this project publishes.
//!
//! Each is published the way 0.12 means it: a container that is itself a draft-04 schema, listing
//! `resource`, signed by its publisher. The URI names the publisher's key and the signed content, so
//! the schema under a URI can never change; a new edition has a new URI. The signed resources and
//! the publisher's identity stand beside the schemas; the key that signed them was not kept.

/// The resource URI of the `stream` schema.
pub const STREAM_URI: &str = include_str!("../schemas/extensions/stream.uri");

/// `stream`: a chunk of a stream of octets, `{"stream":{"data":BASE64URL,"end":BOOLEAN}}`.
pub const STREAM_SCHEMA: &str = include_str!("../schemas/extensions/stream.json");

/// The resource URI of the `file` schema.
pub const FILE_URI: &str = include_str!("../schemas/extensions/file.uri");

/// `file`: what a file is called, how long it is and what it hashes to,
/// `{"file":{"name":STRING,"size":OCTETS,"sha512":HASH}}`.
pub const FILE_SCHEMA: &str = include_str!("../schemas/extensions/file.json");

/// The resource URI of the `channels` schema.
pub const CHANNELS_URI: &str = include_str!("../schemas/extensions/channels.uri");

/// `channels`: steps of several streams over one session, `{"channels":[{"id":N,"data":BASE64URL}, ...]}`.
pub const CHANNELS_SCHEMA: &str = include_str!("../schemas/extensions/channels.json");

/// The resource URI of the `pieces` schema.
pub const PIECES_URI: &str = include_str!("../schemas/extensions/pieces.uri");

/// `pieces`: what the sender of files says that are hashed while they go, `{"pieces":{"entry":{...}}}`.
pub const PIECES_SCHEMA: &str = include_str!("../schemas/extensions/pieces.json");

/// The signed resource (a signature container) whose payload is [`STREAM_SCHEMA`].
pub const STREAM_RESOURCE: &str = include_str!("../schemas/extensions/stream.resource.json");

/// The signed resource (a signature container) whose payload is [`FILE_SCHEMA`].
pub const FILE_RESOURCE: &str = include_str!("../schemas/extensions/file.resource.json");

/// The signed resource (a signature container) whose payload is [`CHANNELS_SCHEMA`].
pub const CHANNELS_RESOURCE: &str = include_str!("../schemas/extensions/channels.resource.json");

/// The signed resource (a signature container) whose payload is [`PIECES_SCHEMA`].
pub const PIECES_RESOURCE: &str = include_str!("../schemas/extensions/pieces.resource.json");

/// The identity container of the publisher of `stream` and `file`.
pub const PUBLISHER: &str = include_str!("../schemas/extensions/publisher.json");

/// The identity container of the publisher of `channels`.
pub const CHANNELS_PUBLISHER: &str = include_str!("../schemas/extensions/channels.publisher.json");

/// The identity container of the publisher of `pieces`.
pub const PIECES_PUBLISHER: &str = include_str!("../schemas/extensions/pieces.publisher.json");

/// An extension schema that this project publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its short name, which is that of the member that it describes.
    pub name: &'static str,
    /// The resource URI.
    pub uri: &'static str,
    /// The schema.
    pub schema: &'static str,
    /// The signed resource whose payload is the schema.
    pub resource: &'static str,
    /// The identity container of the publisher.
    pub publisher: &'static str,
}

/// Every extension schema.
pub const ALL: [Extension; 4] = [
    Extension {
        name: "stream",
        uri: STREAM_URI,
        schema: STREAM_SCHEMA,
        resource: STREAM_RESOURCE,
        publisher: PUBLISHER,
    },
    Extension {
        name: "file",
        uri: FILE_URI,
        schema: FILE_SCHEMA,
        resource: FILE_RESOURCE,
        publisher: PUBLISHER,
    },
    Extension {
        name: "channels",
        uri: CHANNELS_URI,
        schema: CHANNELS_SCHEMA,
        resource: CHANNELS_RESOURCE,
        publisher: CHANNELS_PUBLISHER,
    },
    Extension {
        name: "pieces",
        uri: PIECES_URI,
        schema: PIECES_SCHEMA,
        resource: PIECES_RESOURCE,
        publisher: PIECES_PUBLISHER,
    },
];
