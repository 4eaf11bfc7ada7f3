//! The tests of this crate's public face, in one program.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod adversary;
mod exact;
mod schedules;
mod turns;

use sdmp_channels::{Event, Limits, Machine, Side};

/// Two machines that have greeted each other.
pub(crate) fn pair(limits: Limits) -> (Machine, Machine) {
    let (mut one, mut other) =
        (Machine::new(Side::First, limits), Machine::new(Side::Second, limits));
    deliver(&mut one, &mut other);
    deliver(&mut other, &mut one);
    assert_eq!(
        (one.poll_event(), other.poll_event()),
        (Some(Event::Greeted), Some(Event::Greeted))
    );
    (one, other)
}

/// Gives everything that one side has to say to the other.
pub(crate) fn deliver(from: &mut Machine, to: &mut Machine) {
    while let Some(message) = from.poll_message().unwrap() {
        to.handle(&message).unwrap();
    }
}
