//! One session of a running node: reading, writing, and its end (N29, R41).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sdmp_container::{Container, Fingerprint};
use sdmp_journal::exchange::{self, Body};
use sdmp_journal::sync::{Input, SessionId};
use sdmp_journal::{Code, Rsa};
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender};
use tokio::sync::{OnceCell, Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{Instrument, debug_span};

use super::core::Event;
use super::state::State;

/// How long one may take that was judged otherwise, or in which something was wrong (N16).
const SHORT: Duration = Duration::from_millis(500);
/// How often it is looked whether a part of an object has come.
const LOOK: Duration = Duration::from_secs(5);

/// A body on its way to one or many sessions: signed once (N33).
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) body: Arc<Body>,
    container: OnceCell<Option<Container>>,
}

impl Signed {
    pub(crate) fn new(body: Arc<Body>) -> Arc<Self> {
        Arc::new(Self { body, container: OnceCell::new() })
    }

    /// The signed object; nothing if the node cannot sign any more.
    async fn container(self: &Arc<Self>, state: &Arc<State>) -> Option<Container> {
        let (state, body) = (Arc::clone(state), Arc::clone(&self.body));
        let sign = || async move {
            let sign = move || {
                let (sender, now) = (state.sender().ok()?, state.now().ok()?);
                let began = Instant::now();
                let sealed = exchange::seal(&sender, &body, now).ok();
                let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                state.signature.store(took, Ordering::Relaxed);
                state.counters.signed.add(1);
                sealed
            };
            spawn_blocking(sign).await.ok().flatten()
        };
        self.container.get_or_init(sign).await.clone()
    }
}

/// What a session is to do.
#[derive(Debug)]
pub(crate) enum Task {
    Send(Arc<Signed>),
    /// To end; in haste if something was wrong.
    Close {
        haste: bool,
    },
}

/// A session as the core knows it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: Fingerprint,
    pub(crate) tasks: mpsc::UnboundedSender<Task>,
    /// One permit lets the next object in: reading waits for judging (N29).
    reading: Arc<Semaphore>,
    /// Whether an object was let in, and the next was not allowed since.
    pub(crate) holds: bool,
}

impl Link {
    /// Runs a session: a task of its own, which ends with it. `grace` is how long one may take to end that
    /// has run its time.
    pub(crate) fn start(
        id: SessionId,
        session: SecureSession,
        state: Arc<State>,
        (events, grace): (mpsc::Sender<Event>, Duration),
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let peer = session.peer().fingerprint().clone();
        // The machine has one object under way in a session, so the queue is short.
        let (tasks, todo) = mpsc::unbounded_channel();
        let reading = Arc::new(Semaphore::new(1));
        let permits = Arc::clone(&reading);
        let running = async move {
            let (sender, receiver) = session.split();
            let span = debug_span!("session", number = id.0, peer = %receiver.peer().fingerprint());
            let reading = read(id, receiver, permits, (Arc::clone(&state), events.clone()));
            let reading = tokio::spawn(reading.instrument(span.clone()));
            write(id, sender, todo, &state, (&events, grace)).instrument(span).await;
            reading.abort();
        };
        (Self { peer, tasks, reading, holds: false }, running)
    }

    /// Lets one more object in.
    pub(crate) fn allow(&mut self) {
        self.holds = false;
        self.reading.add_permits(1);
    }

    pub(crate) fn close(&self, haste: bool) {
        // From now on what comes is read and dropped, so that the peer's close is found.
        self.reading.close();
        // A session that has ended needs no telling.
        drop(self.tasks.send(Task::Close { haste }));
    }
}

async fn read(
    id: SessionId,
    mut receiver: SessionReceiver,
    permits: Arc<Semaphore>,
    (state, events): (Arc<State>, mpsc::Sender<Event>),
) {
    let peer = receiver.peer().clone();
    let mut arrived = receiver.arrived();
    loop {
        let received = match timeout(LOOK, receiver.recv()).await {
            Ok(Ok(Some(received))) => received,
            Ok(Ok(None) | Err(_)) => break,
            Err(_) => {
                // Nothing whole came, and perhaps a part of something large (N32).
                let (before, now) = (arrived, receiver.arrived());
                arrived = now;
                let octets = now.saturating_sub(before);
                let input = Input::Arriving { session: id, octets };
                if octets > 0 && events.send(Event::Input(input)).await.is_err() {
                    return;
                }
                continue;
            }
        };
        arrived = receiver.arrived();
        let sender = peer.clone();
        // Verified beside the core, one object ahead.
        let open = move || exchange::open(received.container.as_bytes(), &sender, &Rsa);
        let Ok(opened) = spawn_blocking(open).await else { break };
        let Ok(permit) = permits.acquire().await else { continue };
        permit.forget();
        let input = match opened {
            Ok(object) => {
                state.counters.received.add(1);
                Input::Received { session: id, object }
            }
            Err(error) => {
                state.counters.refused.add(1);
                let code = error.rule().unwrap_or(Code::ExchangeUnexpected);
                Input::Unexpected { session: id, code }
            }
        };
        if events.send(Event::Input(input)).await.is_err() {
            return;
        }
    }
    drop(events.send(Event::Input(Input::Closed { session: id })).await);
}

async fn write(
    id: SessionId,
    mut sender: SessionSender,
    mut todo: mpsc::UnboundedReceiver<Task>,
    state: &Arc<State>,
    (events, grace): (&mpsc::Sender<Event>, Duration),
) {
    let mut haste = false;
    while let Some(task) = todo.recv().await {
        let signed = match task {
            Task::Send(signed) => signed,
            Task::Close { haste: wished } => {
                haste = wished;
                break;
            }
        };
        let Some(container) = signed.container(state).await else { break };
        // Whatever comes meanwhile is the wish to end: then nothing more is owed (N16).
        state.counters.sent.add(1);
        let sent = tokio::select! {
            sent = sender.send(container) => sent.is_ok(),
            _ = todo.recv() => { haste = true; false }
        };
        if !sent {
            break;
        }
        drop(events.send(Event::Input(Input::Written { session: id })).await);
    }
    let ending = async {
        sender.finish().await?;
        sender.finished().await
    };
    let limit = if haste { SHORT } else { grace };
    // A peer that does not end it, too, is cut.
    drop(timeout(limit, ending).await);
    drop(events.send(Event::Input(Input::Closed { session: id })).await);
}
