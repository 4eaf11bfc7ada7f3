#![doc = include_str!("../README.md")]

mod channel;
mod fault;
mod frame;
mod limits;
mod machine;
mod queues;

pub use fault::{Fault, Reason};
pub use frame::{Frame, Step, read, write};
pub use limits::{INITIAL_WINDOW, Limits};
pub use machine::{Event, Machine, Outcome, Side};
