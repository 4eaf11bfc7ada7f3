//! The task that owns the machine: tells it what happened, and does what it wishes.

mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sdmp_container::{Fingerprint, Timestamp};
use sdmp_crypto::random::SystemRandom;
use sdmp_journal::exchange::Body;
use sdmp_journal::sync::{CloseReason, Input, Limits, Machine, Outcome, SessionId, ToJudge, Wish};
use sdmp_journal::{Candidate, Code, Line, Verdict, WaitsFor};
use sdmp_store::Changes;
use sdmp_transport::SecureSession;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::dial;
use super::link::{Link, Signed, Task};
use super::news::Happened;
use super::state::State;
use super::status::{self, Status};
use super::writer::Writer;
use crate::Error;
use crate::blocking::blocking;

/// After what failed for the disk or the clock it is tried again (N49).
const AGAIN: Duration = Duration::from_secs(60);
/// The longest sleep: the system's clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Reports that are kept for `status`.
const REPORTS: usize = 64;

/// What the core is told.
#[derive(Debug)]
pub(crate) enum Event {
    Input(Input),
    Connected {
        session: SecureSession,
        dialled: bool,
    },
    Appended(Vec<Line>),
    Judged {
        epoch: u64,
        ticket: u64,
        outcomes: Vec<Outcome>,
    },
    /// An append failed; it may succeed later (N49).
    Roomless(&'static str),
    /// Something of this user waits for room in a share (N51).
    Full(Fingerprint, Code),
    /// A person confirmed the clock (N2).
    Confirmed,
    Status(oneshot::Sender<Status>),
    Stop(oneshot::Sender<()>),
}

pub(crate) struct Core {
    state: Arc<State>,
    machine: Machine,
    limits: Limits,
    writer: Writer,
    events: mpsc::Sender<Event>,
    /// How many lines the journal has, for who waits for more.
    lines: watch::Sender<u64>,
    links: BTreeMap<SessionId, Link>,
    last_session: u64,
    /// The last object that may be wished for many sessions (N33).
    signed: Option<Arc<Signed>>,
    tasks: JoinSet<()>,
    /// What could not be kept yet (N49).
    unkept: Changes,
    /// When what failed is tried again.
    again: Option<Instant>,
    /// Why an append failed, until one succeeds.
    waits: Option<&'static str>,
    /// Whether the machine cannot go on, and begins anew then.
    broken: bool,
    /// Which machine it is: what an earlier one asked for is not for this one.
    epoch: u64,
    reports: VecDeque<(Timestamp, Fingerprint, Code)>,
    /// The shares of which it was told that they are full.
    full: BTreeSet<(Fingerprint, Code)>,
}

impl Core {
    pub(crate) fn new(
        state: Arc<State>,
        limits: Limits,
        writer: Writer,
        events: mpsc::Sender<Event>,
        lines: watch::Sender<u64>,
    ) -> Result<Self, Error> {
        let kept = state.store.kept()?;
        let now = state.now()?;
        let mut machine = Machine::new(limits.clone(), kept.peers, kept.wants, now);
        // The program may be a newer one: what the last one did not understand is asked for again (N7).
        machine.upgraded(now);
        Ok(Self {
            state,
            machine,
            limits,
            writer,
            events,
            lines,
            links: BTreeMap::new(),
            last_session: 0,
            signed: None,
            tasks: JoinSet::new(),
            unkept: Changes::default(),
            again: None,
            waits: None,
            broken: false,
            epoch: 0,
            reports: VecDeque::new(),
            full: BTreeSet::new(),
        })
    }

    /// Runs until the node is stopped.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Event>) {
        self.tell(Input::Tick);
        self.tell_of_leap();
        loop {
            let wake = self.wake();
            let event = tokio::select! {
                event = queue.recv() => event,
                () = sleep_until(wake) => Some(Event::Input(Input::Tick)),
                Some(_) = self.tasks.join_next() => continue,
            };
            match event {
                Some(Event::Input(input)) => self.tell(input),
                Some(Event::Connected { session, dialled }) => self.connected(session, dialled),
                Some(Event::Appended(lines)) => self.appended(lines),
                Some(Event::Judged { epoch, ticket, outcomes }) if epoch == self.epoch => {
                    self.tell(Input::Judged { ticket, outcomes });
                }
                Some(Event::Judged { .. }) => {}
                Some(Event::Roomless(code)) => self.wait_for_room(code),
                Some(Event::Full(author, code)) => self.share_is_full(author, code),
                Some(Event::Confirmed) => self.tell_of_confirmation(),
                Some(Event::Status(reply)) => {
                    // Who asked may be gone.
                    drop(reply.send(self.status()));
                }
                Some(Event::Stop(done)) => {
                    self.stop(queue).await;
                    // The caller that stopped the node may not wait for the end.
                    let _waits = done.send(());
                    return;
                }
                None => return,
            }
        }
    }

    fn wake(&self) -> Instant {
        let now = Instant::now();
        let due = self.state.now().ok().map_or(AGAIN, |time| {
            let millis = self.machine.wake_at().unix_millis().saturating_sub(time.unix_millis());
            // Never at once again: a machine that wakes in the past must not spin.
            Duration::from_millis(u64::try_from(millis).unwrap_or(0).max(1))
        });
        let at = now.checked_add(due.min(LONGEST_SLEEP)).unwrap_or(now);
        self.again.map_or(at, |again| at.min(again))
    }

    /// Tells the machine what happened, and does what it wishes.
    fn tell(&mut self, input: Input) {
        self.try_again();
        if self.broken {
            return;
        }
        let closed = match &input {
            Input::Closed { session } => Some(*session),
            _ => None,
        };
        self.hear(&input);
        let Some(wishes) = self.handle(input) else { return };
        wishes.into_iter().for_each(|wish| self.fulfil(wish));
        if let Some(session) = closed {
            self.close(session, false);
        }
        for (id, link) in &mut self.links {
            if link.holds && self.machine.reads(*id) {
                link.allow();
            }
        }
    }

    fn handle(&mut self, input: Input) -> Option<Vec<Wish>> {
        let Self { state, machine, .. } = self;
        let signature = state.signature.load(Ordering::Relaxed);
        if signature > 0 {
            machine.signature_took(Duration::from_micros(signature));
        }
        let handled = blocking(|| {
            let mut random = SystemRandom::new();
            state.look(|view| machine.handle(input, &view.guide(), view.now, &mut random))
        });
        match handled {
            Ok(wishes) => Some(wishes),
            Err(error) => {
                self.fail(&error);
                None
            }
        }
    }

    /// Ends a session from this side, or takes note of its end.
    fn close(&mut self, session: SessionId, haste: bool) {
        let Some(link) = self.links.remove(&session) else { return };
        link.close(haste);
        if !self.links.values().any(|other| other.peer == link.peer) {
            self.happened(|now| Happened::Closed(now, link.peer));
        }
    }

    /// Tells who listens. The time is the system's: it matters to people even where the node waits.
    fn happened(&self, what: impl FnOnce(Timestamp) -> Happened) {
        if let Ok(now) = self.state.system_time() {
            self.state.told.tell(what(now));
        }
    }

    fn connected(&mut self, session: SecureSession, dialled: bool) {
        if self.broken {
            // Dropped, and so cut: whom it is with cannot be judged now.
            return;
        }
        self.state.counters.sessions.add(1);
        self.last_session = self.last_session.saturating_add(1);
        let id = SessionId(self.last_session);
        let (state, events) = (Arc::clone(&self.state), self.events.clone());
        // The end of a session takes as long as an object does: 5 s, or hours (N37).
        let grace = self.limits.answer / 12;
        let (link, running) = Link::start(id, session, state, (events, grace));
        drop(self.tasks.spawn(running));
        let peer = link.peer.clone();
        self.links.insert(id, link);
        self.happened(|now| Happened::Connected(now, peer.clone()));
        self.tell(Input::Connected { session: id, peer, dialled });
    }

    fn appended(&mut self, lines: Vec<Line>) {
        if self.waits.take().is_some() {
            self.happened(Happened::GoesOn);
        }
        let read = blocking(|| {
            self.state.store.snapshot().map(|snapshot| {
                let mut book = self.state.book();
                let mut moved = false;
                for line in &lines {
                    moved |= book.read(&*snapshot, &line.id);
                }
                (snapshot.head().count(), moved)
            })
        });
        self.tell(Input::Appended { lines });
        if let Ok((count, moved)) = read {
            if moved {
                self.tell(Input::Addresses);
            }
            self.lines.send_replace(count);
            self.state.told.ring();
        }
    }

    fn fulfil(&mut self, wish: Wish) {
        match wish {
            Wish::Send { session, body } => self.send(session, body),
            Wish::Close { session, reason } => {
                self.close(session, matches!(reason, CloseReason::Code(_)));
            }
            Wish::Dial { peer } => self.dial(peer),
            Wish::Judge { ticket, resources } => self.judge(ticket, resources),
            Wish::Store { peers, wants } => self.keep(Changes { peers, wants }),
            Wish::Tell { peer, code } => self.report(peer, code),
        }
    }

    fn send(&mut self, session: SessionId, body: Arc<Body>) {
        let Some(link) = self.links.get(&session) else { return };
        let known = self.signed.take().filter(|signed| Arc::ptr_eq(&signed.body, &body));
        let signed = known.unwrap_or_else(|| Signed::new(body));
        // A session that has just ended says so itself.
        drop(link.tasks.send(Task::Send(Arc::clone(&signed))));
        if matches!(*signed.body, Body::Broadcast(_)) {
            self.signed = Some(signed);
        }
    }

    fn dial(&mut self, peer: Fingerprint) {
        let (state, events) = (Arc::clone(&self.state), self.events.clone());
        drop(self.tasks.spawn(async move {
            let event = match dial::dial(&state, &peer).await {
                Ok(session) => Event::Connected { session, dialled: true },
                Err(error) => {
                    state.counters.dials_failed.add(1);
                    info!(%peer, code = error.code(), "no session: {error}");
                    Event::Input(Input::DialFailed { peer })
                }
            };
            // The node may have been stopped meanwhile.
            drop(events.send(event).await);
        }));
    }

    fn judge(&mut self, ticket: u64, resources: Vec<ToJudge>) {
        let (writer, events, epoch) = (self.writer.clone(), self.events.clone(), self.epoch);
        drop(self.tasks.spawn(async move {
            let count = resources.len();
            let authors: Vec<_> = resources.iter().map(|one| one.resource.user().clone()).collect();
            let candidates = resources.into_iter().map(|one| {
                Candidate::new(Arc::try_unwrap(one.resource).unwrap_or_else(|one| (*one).clone()))
            });
            let outcomes = match writer.append(candidates.collect()).await {
                Ok(verdicts) => {
                    for (author, code) in full_shares(authors, &verdicts) {
                        drop(events.send(Event::Full(author, code)).await);
                    }
                    verdicts.into_iter().map(Outcome::from).collect()
                }
                Err(error) => {
                    // Nothing of it is here: it is asked for again when there is room (N49).
                    warn!(code = error.code(), "nothing was appended: {error}");
                    drop(events.send(Event::Roomless(error.code())).await);
                    vec![Outcome::NoRoom; count]
                }
            };
            drop(events.send(Event::Judged { epoch, ticket, outcomes }).await);
        }));
    }

    /// Keeps cursors and wants; what cannot be kept now is kept later, in its order.
    fn keep(&mut self, changes: Changes) {
        self.unkept.peers.extend(changes.peers);
        self.unkept.wants.extend(changes.wants);
        if self.unkept.peers.is_empty() && self.unkept.wants.is_empty() {
            return;
        }
        match blocking(|| self.state.store.keep(self.unkept.clone())) {
            Ok(()) => self.unkept = Changes::default(),
            Err(error) => {
                warn!(code = error.code(), "cursors and wants were not kept: {error}");
                self.again = Instant::now().checked_add(AGAIN);
            }
        }
    }

    fn status(&self) -> Status {
        let connected = self.links.values().map(|link| link.peer.clone()).collect();
        let reports = self.reports.iter().cloned().collect();
        status::gather(&self.state, &self.machine, &connected, reports)
    }

    /// Ends all sessions as both sides agree (R41), and waits for that.
    async fn stop(mut self, mut queue: mpsc::Receiver<Event>) {
        for (_, link) in std::mem::take(&mut self.links) {
            link.close(false);
        }
        queue.close();
        // What is under way tells its end to a queue that nothing reads any more.
        while queue.recv().await.is_some() {}
        self.keep(Changes::default());
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Of whom something waits for room in a share (N51).
fn full_shares(authors: Vec<Fingerprint>, verdicts: &[Verdict]) -> BTreeSet<(Fingerprint, Code)> {
    let full = |(author, verdict): (Fingerprint, &Verdict)| match verdict {
        Verdict::Waits(waits) => match **waits {
            WaitsFor::Room(code) => Some((author, code)),
            _ => None,
        },
        _ => None,
    };
    authors.into_iter().zip(verdicts).filter_map(full).collect()
}
