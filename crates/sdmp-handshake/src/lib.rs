//! The SDMP 0.12 handshake and session as sans-IO state machines.

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
mod halves;
mod initiator;
mod policy;
mod proof;
mod responder;
pub mod schedule;
mod secured;
mod session;
mod step;

pub use connection::Connection;
pub use deframe::{Deframer, FrameError};
pub use error::{
    Distrust, Error, Exhausted, Incompatible, Message, Misbehaviour, Misuse, TimeLimit,
};
pub use event::{Accepted, Event, Verdict};
pub use halves::{ConnectionReceiver, ConnectionSender};
pub use initiator::Initiator;
pub use policy::{Config, KeyLog, Now, Policy, Profile, SessionLimits};
pub use responder::Responder;
pub use secured::Role;
pub use session::{Ended, Extension, Incoming, Received, Receiver, Sender, Session};
pub use step::{Authorize, Failed, Machine, NeedIdentity, Step};
