//! Two nodes with keys, for all tests of this crate.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;

use sdmp_container::{Container, IdentityType, Limits, Message, Timestamp};
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Policy, Profile};

pub(crate) const ALICE: &str = include_str!("../../../sdmp-conformance/vectors/keys/alice.pem");
pub(crate) const BOB: &str = include_str!("../../../sdmp-conformance/vectors/keys/bob.pem");
pub(crate) const MALLORY: &str = include_str!("../../../sdmp-conformance/vectors/keys/mallory.pem");

pub(crate) fn local(pem: &str) -> LocalIdentity {
    let key = PrivateKey::from_pem(pem, None).unwrap();
    let expires: Timestamp = "2099-01-01T00:00:00.000Z".parse().unwrap();
    let identity = Identity::create(key.public(), IdentityType::Node, expires).unwrap();
    LocalIdentity::new(identity, Arc::new(key)).unwrap()
}

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

pub(crate) fn message(text: &str) -> Container {
    Container::parse(Message::new(text).unwrap().to_text(), &Limits::DEFAULT).unwrap()
}

pub(crate) fn text(container: &Container) -> String {
    Message::from_container(container).unwrap().as_str().to_owned()
}
