//! Many streams over one session: channels opened and accepted, and the session that carries them.
//!
//! [`first`] starts them on a session and greets, [`second`] answers a greeting. [`Keeper`] and [`serve`] are the two
//! sides of a tunnel: both fall back to a session for each stream where the peer knows no channels.
//! The rules (windows, turns, what is a fault) are those of `sdmp-channels`.

mod channel;
mod drive;
mod keeper;
mod remote;
mod serve;
mod shared;
mod socks;

pub use channel::{Channel, ChannelReader, ChannelWriter};
pub use drive::{Channels, first, second};
pub use keeper::Keeper;
pub use remote::expose;
pub use sdmp_channels::{Fault, Limits, Reason, Side};
pub use serve::{Allowed, Services, serve};
