//! Two nodes with keys that everybody has, for examples only.
#![allow(dead_code, reason = "each example uses a part of it")]

use std::error::Error;
use std::sync::Arc;

use sdmp_container::{Container, IdentityType, Limits, Message};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::Config;
use sdmp_transport::SecureSession;

pub(crate) type Anything<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const ALICE: &str = include_str!("../../../sdmp-conformance/vectors/keys/alice.pem");
const BOB: &str = include_str!("../../../sdmp-conformance/vectors/keys/bob.pem");

fn node(pem: &str) -> Anything<LocalIdentity> {
    let key = PrivateKey::from_pem(pem, None)?;
    let expires = "2099-01-01T00:00:00.000Z".parse()?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}

/// Alice, who trusts Bob.
pub(crate) fn alice() -> Anything<Config> {
    Ok(Config::new(node(ALICE)?).trust([node(BOB)?.identity().clone()]))
}

/// Bob, who trusts Alice.
pub(crate) fn bob() -> Anything<Config> {
    Ok(Config::new(node(BOB)?).trust([node(ALICE)?.identity().clone()]))
}

pub(crate) fn message(text: &str) -> Anything<Container> {
    Ok(Container::parse(Message::new(text)?.to_text(), &Limits::DEFAULT)?)
}

/// The next message's text.
pub(crate) async fn hear(session: &mut SecureSession) -> Anything<String> {
    let received = session.recv().await?.ok_or("the peer has closed")?;
    Ok(Message::from_container(&received.container)?.as_str().to_owned())
}
