//! Two nodes with published keys, for examples only.
#![allow(dead_code, reason = "each example uses a part of it")]

use std::error::Error;

use sdmp_container::Message;
use sdmp_handshake::Config;
use sdmp_transport::SecureSession;

pub(crate) type Anything<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

use sdmp_testkit::keys::{ALICE, BOB};
pub(crate) use sdmp_testkit::nodes::message;
use sdmp_testkit::nodes::node;

/// Alice, who trusts Bob.
pub(crate) fn alice() -> Anything<Config> {
    Ok(Config::new(node(ALICE)).trust([node(BOB).identity().clone()]))
}

/// Bob, who trusts Alice.
pub(crate) fn bob() -> Anything<Config> {
    Ok(Config::new(node(BOB)).trust([node(ALICE).identity().clone()]))
}

/// The next message's text.
pub(crate) async fn hear(session: &mut SecureSession) -> Anything<String> {
    let received = session.recv().await?.ok_or("the peer has closed")?;
    Ok(Message::from_container(&received.container)?.as_str().to_owned())
}
