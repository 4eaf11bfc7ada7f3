//! Octets through a session: from and to a socket, a command, or anything that reads and writes.
//!
//! An end is passed on as an end, and everything else as a reset: a local socket is reset when the
//! session was cut, and the session is cut when the local socket was reset, so that neither side takes a
//! part for the whole. To end a tunnel early, drop its future: that resets and cuts as well, and
//! kills what a command has started.

mod command;
mod forward;
mod outcome;
mod pump;
mod socket;

pub use command::to_command;
pub use forward::{Local, forward};
pub use outcome::Outcome;
pub(crate) use pump::failure;
pub use pump::{Ended, Until, pump};
pub use socket::{Socket, channel_through, through, to_service};
pub(crate) use socket::{connect, stream_through};
