//! Files over a session, from one node's disk to another's.
//!
//! For each file the sender gives a `file` container (name, size, SHA-512); the receiver answers
//! with a `response` whose identifier is that hash: `ok` with `{"offset": N}`, the octets that it
//! holds already, or `bad_request` with the member `reason` beside it. The octets from N on follow
//! as `stream` containers. After the last one the receiver answers once more: `ok`, with the size as
//! offset, when the file is stored and its hash was right. A refusal may come at any time before.
//!
//! That is what older programs know. Others are greeted first, and hash a file in pieces while it goes: the sender
//! gives an entry (path, kind, size, permissions, time), the receiver answers how much it holds, the sender
//! says what that should be and, if it is, goes on from there. Each list of hashes follows its
//! pieces, and at the end comes the hash of all hashes ([`pieces`]).
//!
//! [`send`] and [`receive`] are the two sides. Both tell a [`Watch`] what goes on, and neither waits
//! for a peer without a limit ([`Patience`]).

pub mod inbox;
pub mod message;
pub mod name;
pub mod outgoing;
mod parts;
mod patience;
pub mod pieces;
mod receive;
pub mod refusal;
mod send;
mod under_way;
pub mod watch;

pub use inbox::{Inbox, Rules};
pub use message::{Announced, Answer};
pub use outgoing::Outgoing;
pub use patience::Patience;
pub use receive::receive;
pub use refusal::Refusal;
pub use send::{send, send_over};
pub use watch::{Event, Item, Summary, Watch};
