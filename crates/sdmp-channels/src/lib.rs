#![doc = include_str!("../README.md")]

mod channel;
mod fault;
mod frame;
mod limits;
mod machine;
mod queues;
mod read;

pub use fault::{Fault, Reason};
pub use frame::{Frame, Step, write};
pub use limits::{INITIAL_WINDOW, Limits};
pub use machine::{Event, Machine, Outcome, Side};
pub use read::read;
