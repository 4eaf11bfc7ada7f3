#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(all(
        feature = "tcp",
        feature = "unix",
        feature = "websocket",
        feature = "files",
        feature = "stdio",
        unix
    )),
    allow(rustdoc::broken_intra_doc_links, reason = "the page names every carrier")
)]

pub mod home;

pub use sdmp_container::{
    self as objects, Container, Fingerprint, Identifier, IdentityType, Message, Timestamp,
};
#[cfg(feature = "generate")]
pub use sdmp_envelope::encrypted;
pub use sdmp_envelope::{self as identity, Identity, LocalIdentity, signature};
pub use sdmp_handshake::{Config, Policy, Profile, Received, Role, SessionLimits};
#[cfg(feature = "node")]
pub use sdmp_node as node;
#[cfg(feature = "schema")]
pub use sdmp_schema as schema;
#[cfg(feature = "stream")]
pub use sdmp_transport::SecureStream;
#[cfg(feature = "files")]
pub use sdmp_transport::files;
#[cfg(feature = "stdio")]
pub use sdmp_transport::stdio;
#[cfg(feature = "tcp")]
pub use sdmp_transport::tcp;
#[cfg(all(feature = "unix", unix))]
pub use sdmp_transport::unix;
#[cfg(feature = "websocket")]
pub use sdmp_transport::websocket;
pub use sdmp_transport::{
    ByteStream, Carrier, Error, Listener, SecureSession, SessionReceiver, SessionSender, Trust,
    accept, accept_with, connect, connect_with, memory,
};
