//! Two nodes with keys, for all tests of this crate.
#![allow(dead_code, reason = "each test file uses a part of it")]

use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_handshake::{Config, Policy, Profile};

pub(crate) use sdmp_testkit::keys::{ALICE, BOB, MALLORY};
pub(crate) use sdmp_testkit::nodes::{message, node as local, text};

/// The cheapest group: tests are about carriers.
pub(crate) fn policy() -> Policy {
    Policy { offer: Groups::default().named(NamedGroup::Ffdhe2048), ..Policy::default() }
}

/// A node that trusts the others.
pub(crate) fn config(own: &str, trusted: &[&str]) -> Config {
    let trusted = trusted.iter().map(|pem| local(pem).identity().clone());
    Config::new(local(own)).with_policy(policy()).trust(trusted)
}

pub(crate) fn published(own: &str, trusted: &[&str]) -> Config {
    config(own, trusted).with_policy(Policy { profile: Profile::Published, ..policy() })
}
