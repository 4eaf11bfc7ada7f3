//! A running node: one user's journal, kept in a store and exchanged with other nodes (N1 to N51).
//!
//! [`Setup`] says who the node is, where its store is and where it listens; [`Node::start`] runs it.
//! Sessions begin with whom the node's trust allows, are judged again when trust changes, and end by
//! themselves (N16, N17, N34). What comes is verified on several cores, judged, and appended by one
//! writer in batches (N6, N22).
//!
//! ```
//! use std::sync::Arc;
//! # use sdmp_container::IdentityType;
//! use sdmp_container::{Message, Timestamp};
//! use sdmp_crypto::rsa::PrivateKey;
//! use sdmp_envelope::{Identity, LocalIdentity};
//! use sdmp_journal::introduction::{Term, Trustee, grants};
//! use sdmp_journal::{Author, Candidate};
//! use sdmp_node::node::{Node, Setup, begin};
//! use sdmp_store::Memory;
//! # fn key() -> Result<Arc<PrivateKey>, sdmp_crypto::Error> { Ok(Arc::new(PrivateKey::generate(2048)?)) }
//! # fn local(key: &Arc<PrivateKey>, kind: IdentityType, now: Timestamp) -> LocalIdentity {
//! #     let identity = Identity::create(key.public(), kind, Term::Identity.end(now)).unwrap();
//! #     LocalIdentity::new(identity, Arc::<PrivateKey>::clone(key)).unwrap()
//! # }
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!
//! let now = sdmp_transport::clock::wall_time()?;
//! let (user_key, node_key) = (key()?, key()?);
//! let user = local(&user_key, IdentityType::User, now);
//! let me = local(&node_key, IdentityType::Node, now);
//! let (u, n) = (user.identity().fingerprint().clone(), me.identity().fingerprint().clone());
//!
//! // The user's key says who the user is, and trusts its first device (N43).
//! let by_user = Author::of_own_name(&user);
//! let end = Some(Term::Trust.end(now));
//! let first = vec![
//!     by_user.identity(now)?,
//!     by_user.trust(&n, grants(Trustee::FirstDevice), end, now)?,
//!     Author::of_own_name(&me).identity(now)?,
//! ];
//! let store = Arc::new(Memory::new(n));
//! begin(&*store, &u, first, now)?;
//!
//! let node = Node::start(Setup::new(me, node_key, u, store)).await?;
//! let id = node.publish(Message::new("hello").into()).await?;
//! assert!(node.get(&id)?.is_some());
//! node.stop().await;
//! # Ok(())
//! # }
//! ```

mod book;
mod core;
mod dial;
mod keeping;
mod link;
mod mail;
mod metrics;
mod near;
mod news;
mod publish;
mod rights;
mod room;
mod setup;
mod state;
mod status;
mod upkeep;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, Identifier};
use sdmp_journal::sync::Library;
use sdmp_journal::{Candidate, Resource, Verdict};
use sdmp_transport::Listener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

pub use self::mail::Mail;
pub use self::news::{Cursor, Happened, News};
pub use self::setup::{Setup, begin};
pub use self::status::{PeerStatus, Status, WantStatus};

use self::core::{Core, Event};
use self::setup::Rest;
use self::state::State;
use self::writer::Writer;
use crate::blocking::blocking;
use crate::{Address, Error};

/// Events that may wait for the core.
const QUEUE: usize = 256;
/// How long sessions that others opened may take to end.
const STOPPING: Duration = Duration::from_secs(5);

/// A running node. Dropping it without [`stop`](Self::stop) stops it, too, but waits for nothing.
#[derive(Debug)]
pub struct Node {
    state: Arc<State>,
    events: mpsc::Sender<Event>,
    /// Taken when the node is stopped.
    writer: Option<Writer>,
    lines: watch::Receiver<u64>,
    address: Option<String>,
    accepting: Option<JoinHandle<Listener>>,
    stopping: Option<oneshot::Sender<()>>,
    /// What ends by itself once the core has ended, and holds the store until then.
    tasks: JoinSet<()>,
}

impl Node {
    /// Starts a node whose journal was [begun](begin).
    ///
    /// # Errors
    /// What the store or the clock says; [`Error::Io`] for an address that cannot be listened on;
    /// [`Error::NotAllowed`] for a journal without a trust in the node.
    pub async fn start(setup: Setup) -> Result<Self, Error> {
        let (state, Rest { listen, limits, ips, room, upkeep }) = setup.into_state()?;
        let state = Arc::new(state);
        let (events, queue) = mpsc::channel(QUEUE);
        let mut tasks = JoinSet::new();
        let writer = Writer::start(Arc::clone(&state), events.clone(), &mut tasks);
        let count = state.look(|view| view.shelf.head().count())?;
        let (told, lines) = watch::channel(count);
        let core = Core::new(Arc::clone(&state), limits, writer.clone(), events.clone(), told)?;
        drop(tasks.spawn(mail::run(Arc::clone(&state), lines.clone())));
        let keeping = (writer.clone(), events.clone(), lines.clone());
        let keeping = upkeep::run(Arc::clone(&state), keeping, (upkeep, room, ips.clone()));
        drop(tasks.spawn(keeping));
        let mut node = Self {
            state,
            events,
            writer: Some(writer),
            lines,
            address: None,
            accepting: None,
            stopping: None,
            tasks,
        };
        if let Some(address) = listen {
            node.listen(&address).await?;
        }
        drop(tokio::spawn(core.run(queue)));
        for resource in blocking(|| publish::addresses(&node.state, &ips)).unwrap_or_default() {
            // A node whose clock leapt, whose disk is full or whose trust has ended runs all the same (N2,
            // N16, N49); the upkeep tries again.
            drop(node.admit(resource).await);
        }
        Ok(node)
    }

    async fn listen(&mut self, address: &Address) -> Result<(), Error> {
        let (mut listener, place) = dial::listen(&self.state, address).await?;
        let (stopping, mut stopped) = oneshot::channel();
        let events = self.events.clone();
        self.address = Some(place);
        self.stopping = Some(stopping);
        self.accepting = Some(tokio::spawn(async move {
            tokio::select! {
                () = dial::accept(&mut listener, &events) => {}
                _ = &mut stopped => {}
            }
            listener
        }));
        Ok(())
    }

    /// The node's fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.state.node
    }

    /// The fingerprint of its user.
    #[must_use]
    pub fn user(&self) -> &Fingerprint {
        &self.state.user
    }

    /// Where it listens, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Names an address of another node, beside those that it publishes. Whom the node may not have a
    /// session with it does not dial there either.
    pub async fn add_address(&self, node: &Fingerprint, address: Address) {
        self.state.book().configure(node, address);
        // Nothing to tell a node that was stopped.
        drop(self.events.send(Event::Input(sdmp_journal::sync::Input::Addresses)).await);
    }

    /// Judges these together, as if a peer had given them, and appends what is admitted: an
    /// introduction whose user's words were compared (N44), or what was signed elsewhere. Returns a
    /// verdict for each, in their order.
    ///
    /// # Errors
    /// What the store or the clock says, [`Error::NodeStopped`].
    pub async fn take_in(&self, resources: &[Resource]) -> Result<Vec<Verdict>, Error> {
        let candidates = resources.iter().cloned().map(Candidate::new);
        let writer = self.writer.as_ref().ok_or(Error::NodeStopped)?;
        writer.append(candidates.collect()).await
    }

    /// The text of an admitted resource; [`None`] for one that is not known, or whose text went.
    ///
    /// # Errors
    /// What the store says.
    pub fn get(&self, id: &Identifier) -> Result<Option<Arc<str>>, Error> {
        blocking(|| self.state.look(|view| view.shelf.text(id)))
    }

    /// A number that grows with the journal: who waits for something looks again when it changes.
    #[must_use]
    pub fn lines(&self) -> watch::Receiver<u64> {
        self.lines.clone()
    }

    /// A person says that the system's clock is right, although it leapt ahead while the node was off
    /// (N2): it appends again.
    pub async fn confirm_clock(&self) {
        self.state.clock().confirm();
        // Nothing to tell a node that was stopped.
        drop(self.events.send(Event::Confirmed).await);
    }

    /// What is next for every peer and every want, or why not.
    ///
    /// # Errors
    /// [`Error::NodeStopped`].
    pub async fn status(&self) -> Result<Status, Error> {
        let (reply, status) = oneshot::channel();
        self.events.send(Event::Status(reply)).await.map_err(|_| Error::NodeStopped)?;
        status.await.map_err(|_| Error::NodeStopped)
    }

    /// Takes no further sessions, ends those that are open as both sides agree (R41), and returns
    /// when all is done and durable, after 5 seconds at most.
    pub async fn stop(mut self) {
        drop(self.stopping.take());
        let listener = match self.accepting.take() {
            Some(accepting) => accepting.await.ok(),
            None => None,
        };
        let (done, stopped) = oneshot::channel();
        if self.events.send(Event::Stop(done)).await.is_ok() {
            // An error says that the core ended before: then all is done, too.
            drop(stopped.await);
        }
        if let Some(listener) = listener {
            listener.shutdown(STOPPING).await;
        }
        drop(self.writer.take());
        // The store is free for another process when the last of them has let go.
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let (done, _) = oneshot::channel();
        // A full queue or none: the core ends with its runtime.
        drop(self.events.try_send(Event::Stop(done)));
    }
}
