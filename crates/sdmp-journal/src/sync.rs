//! Synchronisation: one node with all its peers, as a value (N29 to N36).
//!
//! [`Machine`] is told what happened, by [`Input`]s with the time, and answers with [`Wish`]es. What
//! it must know of the node it asks a [`Guide`], one consistent state at one moment. [`PeerRow`]s and
//! [`Want`]s are what a store keeps; everything else is gone with the process and comes again.

mod address;
mod event;
mod guide;
mod holders;
mod limits;
mod machine;
mod peer;
mod queue;
mod session;
mod snapshot;
pub(crate) mod time;
mod want;
mod wants;

pub use crate::authority::Collected;
pub use address::{MAX_ADDRESSES, Prefix, addresses};
pub use event::{CloseReason, Input, Outcome, SessionId, ToJudge, Wish};
pub use guide::{Access, Guide, Standing};
pub use holders::Holders;
pub use limits::Limits;
pub use machine::{Machine, Plan};
pub use peer::PeerRow;
pub use snapshot::{Library, Snapshot};
pub use want::{Doubt, Holder, MAX_HOLDERS, Next, WaitsFor, Want};
pub use wants::Wants;
