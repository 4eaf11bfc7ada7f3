//! Sessions with whom the node's trust allows (N17): dialled, and accepted.

use std::sync::Arc;

use async_trait::async_trait;
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;
use sdmp_handshake::{Config, Policy};
use sdmp_transport::{Listener, SecureSession, Trust};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tracing::debug;

use super::core::Event;
use super::state::State;
use crate::opener::attempt;
use crate::{Address, Error};

/// Opens a session with a node at one of its addresses.
pub(crate) async fn dial(state: &Arc<State>, peer: &Fingerprint) -> Result<SecureSession, Error> {
    let unknown = || Error::NoPeer(peer.to_string());
    // Diallers pin: another key that answers there is not the peer (N17).
    let (looking, whom) = (Arc::clone(state), peer.clone());
    let look = move || looking.look(|view| view.identity(&whom));
    let identity = spawn_blocking(look).await.map_err(|_| Error::NodeStopped)??;
    let identity = identity.ok_or_else(unknown)?;
    let addresses = state.book().of(peer);
    let mut last = unknown();
    for address in addresses {
        let policy = Policy { limits: address.limits(), ..Policy::default() };
        let config = Config::new(state.me.clone()).with_policy(policy).with_peer(identity.clone());
        match attempt(&address.to_string(), address.dial(), config).await {
            Ok(session) => return Ok(session),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Opens the place where other nodes come in, and says how it is reached.
pub(crate) async fn listen(
    state: &Arc<State>,
    address: &Address,
) -> Result<(Listener, String), Error> {
    let (acceptor, place) = open_place(address).await?;
    let policy = Policy { limits: address.limits(), ..Policy::default() };
    let config = Config::new(state.me.clone()).with_policy(policy).ask_about_unknown();
    let listener = Listener::builder(acceptor, config).with_trust(NodeTrust(Arc::clone(state)));
    Ok((listener.start(), place))
}

async fn open_place(
    address: &Address,
) -> Result<(Box<dyn sdmp_transport::listener::Acceptor>, String), Error> {
    let failed = |error| Error::io(format!("cannot listen on {address}"), &error);
    address.bind().await.map_err(failed)
}

/// Tells the core of accepted sessions, until the listener or the node ends.
pub(crate) async fn accept(listener: &mut Listener, events: &mpsc::Sender<Event>) {
    while let Some(outcome) = listener.accept().await {
        match outcome.result {
            Ok(session) => {
                if events.send(Event::Connected { session, dialled: false }).await.is_err() {
                    return;
                }
            }
            // Strangers knock at any open port; the listener counts them.
            Err(error) => debug!(code = error.code(), "no session: {error}"),
        }
    }
}

/// Judges a peer at each handshake by what the node knows at that moment.
#[derive(Clone, Debug)]
struct NodeTrust(Arc<State>);

impl NodeTrust {
    async fn known(&self, peer: &Fingerprint) -> Option<Identity> {
        let (state, peer) = (Arc::clone(&self.0), peer.clone());
        let look = move || {
            let known = |view: &super::state::View<'_>| {
                view.identity(&peer).filter(|_| view.may_connect(&peer))
            };
            // A clock or a store that fails trusts no peer (N2).
            state.look(known).ok().flatten()
        };
        spawn_blocking(look).await.ok().flatten()
    }
}

#[async_trait]
impl Trust for NodeTrust {
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
        self.known(claimed).await
    }

    async fn authorize(&mut self, peer: &Identity) -> bool {
        self.known(peer.fingerprint()).await.is_some()
    }
}
