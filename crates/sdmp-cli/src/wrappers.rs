//! Tests: what this program wraps around a carrier hands on every method, and the session's
//! limits (R42).

use sdmp_handshake::Role;
use sdmp_testkit::probe::assert_hands_everything_on;

use crate::activity;
use crate::cmd::demo::tap::{Wire, tap};

#[tokio::test]
async fn the_demo_tap_hands_everything_on() {
    assert_hands_everything_on(|probe| Box::new(tap(probe, Role::Initiator, Wire::new()))).await;
}

#[tokio::test]
async fn the_activity_watch_hands_everything_on() {
    assert_hands_everything_on(|probe| activity::watched(Box::new(probe))).await;
}
