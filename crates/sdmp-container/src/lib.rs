//! Strict parsing, typed objects and byte-exact emission of SDMP 0.12 containers.
//!
//! Everything in SDMP is a container: a JSON object that says in its member `sdmp` what version and
//! which schemas it keeps to. Every octet that arrives is hostile until it was parsed, so the parser
//! here accepts less than any other: see [`strict`]. Rule numbers such as R4 are those of the wire
//! profile in the project's documentation.
//!
//! ```
//! use sdmp_container::{Container, CoreSchema, RequestJournal};
//!
//! // What is received: the octets are kept beside the parsed view (R5).
//! let text = r#"{"request":{"type":"journal","identifier":"7","since":"x","limit":10},
//!                "sdmp":{"version":"0.12.0","schemas":["request_journal"]}}"#;
//! let container = Container::parse(text)?;
//! assert!(container.version().is_0_12() && container.lists(CoreSchema::RequestJournal));
//! assert_eq!(container.as_bytes(), text.as_bytes());
//!
//! // The typed object, and its one emitted form (R3).
//! let request = RequestJournal::from_container(&container)?;
//! assert_eq!(request.limit(), Some(10));
//! assert!(request.to_text().starts_with(r#"{"sdmp":{"version":"0.12.0","schemas":["#));
//!
//! // What is refused says why, in a stable code, and where.
//! let text = text.replace("10", "1e1");
//! let error = Container::parse(text.as_str())?.check_core().unwrap_err();
//! assert_eq!(error.code(), "field.not_an_integer");
//! assert_eq!(error.pointer(), Some("/request/limit"));
//! assert_eq!(error.position(text.as_bytes()), Some((1, 67)));
//! # Ok::<(), sdmp_container::Error>(())
//! ```
//!
//! | what | where | rules |
//! |---|---|---|
//! | JSON text to values, and back | [`strict`] | R3, R4 |
//! | containers | [`Container`] | R5, R7 to R9, R11 |
//! | the objects of the 16 core schemas | [`kind`] | table of section 2 |
//! | closed objects of handshake and traffic | [`closed`] | R12, R27, R29, R32, R37, R40 |
//! | base64url | [`b64url`] | R1 |
//! | hashes | [`Fingerprint`], [`Identifier`] | R2 |
//! | timestamps, versions, resource URIs | [`Timestamp`], [`Version`], [`ResourceUri`] | R6, R8, R10 |
//! | limits | [`Limits`] | R4, R42 |
//! | errors: all kinds and their codes | [`ErrorKind`] | |
//!
//! There is no cryptography here, no schema engine, no clock and no I/O: those are other crates'.
//! No octets of a peer make anything here panic, and no error repeats what a peer wrote.

pub mod b64url;
pub mod closed;
mod container;
mod emit;
mod error;
mod hash;
pub mod kind;
mod limits;
mod plain;
mod schema_name;
pub mod strict;
mod timestamp;
mod uri;
mod version;

pub use container::Container;
pub use error::{Error, ErrorKind, Place};
pub use hash::{Fingerprint, Identifier};
pub use kind::objects::*;
pub use limits::Limits;
pub use schema_name::{CoreSchema, SchemaName};
pub use timestamp::Timestamp;
pub use uri::ResourceUri;
pub use version::Version;

/// The examples of the README are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
