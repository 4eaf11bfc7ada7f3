//! The SDMP 0.12 handshake and session as state machines that do no I/O.
//!
//! Two tiers, one protocol:
//!
//! - **by value**: [`Initiator`] and [`Responder`] take one object at a time and give a [`Step`], and in
//!   the end a [`Session`]; every call consumes the state it starts from;
//! - **polled**: [`Connection`] adds framing (R43), time limits (R42) and bounded queues; carriers use
//!   only this.
//!
//! Time and randomness are arguments. After the first failure everything says the same error, keys
//! are wiped, and the peer learns only that it was refused (R37, R39).
//!
//! # Example
//!
//! Two nodes in one process; real programs put a socket between them.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use sdmp_container::{Container, IdentityType};
//! use sdmp_crypto::{random::SystemRandom, rsa::PrivateKey};
//! use sdmp_envelope::{Identity, LocalIdentity};
//! use sdmp_handshake::{Config, Connection, Event, Now};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Now { elapsed: Duration::ZERO, wall: "2026-01-01T00:00:00.000Z".parse()? };
//! let node = || -> Result<LocalIdentity, Box<dyn std::error::Error>> {
//!     let key = Arc::new(PrivateKey::generate(2048)?);
//!     let expires = "2027-01-01T00:00:00.000Z".parse()?;
//!     let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
//!     Ok(LocalIdentity::new(identity, key)?)
//! };
//! let (alice, bob) = (node()?, node()?);
//! let random = || Box::new(SystemRandom::new());
//!
//! let config = Config::new(alice.clone()).trust([bob.identity().clone()]);
//! let mut initiator = Connection::initiate(config, now, random())?;
//! let config = Config::new(bob).trust([alice.identity().clone()]);
//! let mut responder = Connection::respond(config, now, random());
//!
//! // What a carrier does: take output here, give it as input there.
//! let mut received = Vec::new();
//! let text = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;
//! let hello = Container::parse(text)?;
//! loop {
//!     let mut silent = true;
//!     while let Some(object) = initiator.poll_output() {
//!         responder.handle_input(now, object.as_bytes());
//!         silent = false;
//!     }
//!     while let Some(object) = responder.poll_output() {
//!         initiator.handle_input(now, object.as_bytes());
//!         silent = false;
//!     }
//!     if let Some(Event::Accepted(_)) = initiator.poll_event() {
//!         initiator.send(now, &hello)?;
//!         silent = false;
//!     }
//!     while let Some(event) = responder.poll_event() {
//!         if let Event::Message(message) = event {
//!             received.push(message.container.text().to_owned());
//!         }
//!     }
//!     if silent {
//!         break;
//!     }
//! }
//! assert_eq!(received, [text]);
//! # Ok(())
//! # }
//! ```

mod channel;
mod common;
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "in a phase that is not named, an operation does nothing"
)]
mod connection;
mod deframe;
mod error;
mod event;
mod initiator;
pub mod labels;
mod policy;
mod proof;
mod refusal;
mod responder;
mod role;
pub mod schedule;
mod secured;
mod session;
mod step;

pub use connection::Connection;
pub use deframe::{Deframer, FrameError};
pub use error::{
    Distrust, Error, Exhausted, Incompatible, MessageKind, Misbehaviour, Misuse, TimeLimit,
    UnknownName,
};
pub use event::{Accepted, Event, Verdict};
pub use initiator::Initiator;
pub use policy::{Config, KeyLog, Now, Policy, Profile, SessionLimits};
pub use refusal::{REFUSAL_STEP, refusal_due};
pub use responder::Responder;
pub use role::Role;
pub use session::{Ended, ExtensionCheck, Opened, Received, Receiver, Sender, Session};
pub use step::{Authorize, Failed, Machine, NeedIdentity, Step};

/// The example of the README is compiled and run.
#[cfg(all(doctest, feature = "aws-lc-rs"))]
#[doc = include_str!("../README.md")]
struct Readme;
