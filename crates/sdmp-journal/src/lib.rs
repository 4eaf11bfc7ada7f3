#![cfg_attr(feature = "aws-lc-rs", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "aws-lc-rs"), doc = "The rules of an SDMP 0.12 node as values.")]

pub mod authority;
pub mod build;
mod clock;
pub mod error;
pub mod exchange;
pub mod fact;
mod grants;
mod id;
pub mod introduction;
pub mod journal;
pub mod judge;
mod kind;
pub mod resource;
pub mod sealed;
pub mod sync;
mod verify;
pub mod view;

pub use authority::{Authority, Connect, Strength, Wanted, connect};
pub use build::Author;
pub use clock::{Clock, Teller};
pub use error::{Code, Error};
pub use grants::Grants;
pub use id::{Fingerprint, Identifier, LineId};
pub use journal::{Cursor, Head, Line, Read};
pub use judge::{Batch, Candidate, Judge, Judged, Verdict, WaitsFor};
pub use kind::Kind;
pub use resource::{Body, Outer, Payload, Resource};
pub use sdmp_container::{Authorization, IdentityType, Timestamp};
pub use verify::{Rsa, Verify};
pub use view::{Admit, View};
