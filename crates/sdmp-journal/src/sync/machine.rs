//! The machine: one node's synchronisation with all its peers (N29 to N36).

mod answering;
mod dialling;
mod fetching;
mod growing;
mod judging;
mod lifecycle;
mod reading;
mod telling;

pub use dialling::Plan;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, ResourceName, Timestamp};
use sdmp_crypto::random::Random;

use crate::exchange::Body;
use crate::sync::peer::{Peer, Reread};
use crate::sync::session::{Session, Writing};
use crate::sync::{
    CloseReason, Collected, Guide, Input, Limits, PeerRow, SessionId, Want, Wants, Wish,
};
use crate::{Code, LineId};

/// Synchronisation as a value: it is told what happened and at what time, and wishes for what is to
/// be done. It does no I/O, reads no clock, signs and verifies nothing.
///
/// After each [`Machine::handle`] the caller fulfils the wishes in their order, and calls again when
/// something happens, at the latest at [`Machine::wake_at`]. The [`Guide`] must be a state that
/// includes everything that the machine was told was appended.
///
/// The same inputs, guides, times and random octets give the same wishes.
#[derive(Clone, Debug)]
pub struct Machine {
    limits: Limits,
    started: bool,
    wants: Wants,
    peers: BTreeMap<Fingerprint, Peer>,
    sessions: BTreeMap<SessionId, Session>,
    collected: Collected,
    tickets: BTreeMap<u64, Vec<judging::Item>>,
    next_ticket: u64,
    held: BTreeMap<ResourceName, judging::Held>,
    held_octets: usize,
    /// The last broadcast, for all peers that are to get the same (N33).
    signed: Option<telling::Signed>,
    /// Sessions that were served, the last one at the end (N29).
    turn: VecDeque<SessionId>,
    /// Own nodes that asked for a line which this journal does not have: told once (N24).
    strangers: BTreeSet<Fingerprint>,
    wake: Timestamp,
}

/// What one call of the machine works with.
pub(crate) struct Turn<'t> {
    pub(crate) guide: &'t dyn Guide,
    pub(crate) now: Timestamp,
    pub(crate) random: &'t mut dyn Random,
    pub(crate) wishes: Vec<Wish>,
}

impl Turn<'_> {
    /// An octet of randomness; the middle one if the source has none, for times only.
    fn octet(&mut self) -> u8 {
        let mut octet = [0];
        match self.random.fill(&mut octet) {
            Ok(()) => octet[0],
            // Only jitter depends on it, so a failed generator must not stop synchronisation.
            Err(_) => 128,
        }
    }
}

impl Machine {
    /// A machine with what was stored.
    #[must_use]
    pub fn new(
        limits: Limits,
        peers: Vec<(Fingerprint, PeerRow)>,
        wants: Vec<(ResourceName, Want)>,
        now: Timestamp,
    ) -> Self {
        let peers = peers.into_iter().map(|(peer, row)| {
            let mut peer_state = Peer::new(row, now);
            // It comes from the store: writing it back would be work for nothing.
            peer_state.changed = false;
            (peer, peer_state)
        });
        Self {
            limits,
            started: false,
            wants: Wants::restore(wants, now),
            peers: peers.collect(),
            sessions: BTreeMap::new(),
            collected: Collected::default(),
            tickets: BTreeMap::new(),
            next_ticket: 0,
            held: BTreeMap::new(),
            held_octets: 0,
            signed: None,
            turn: VecDeque::new(),
            strangers: BTreeSet::new(),
            wake: now,
        }
    }

    /// Handles what happened.
    pub fn handle(
        &mut self,
        input: Input,
        guide: &dyn Guide,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Vec<Wish> {
        let mut turn = Turn { guide, now, random, wishes: Vec::new() };
        if !self.started {
            self.start(&mut turn);
        }
        match input {
            Input::Tick => {}
            Input::Connected { session, peer, dialled } => {
                self.connected(&mut turn, session, &peer, dialled);
            }
            Input::DialFailed { peer } => self.dial_failed(&mut turn, &peer),
            Input::Closed { session } => self.closed(&mut turn, session),
            Input::Received { session, object } => self.received(&mut turn, session, object),
            Input::Unexpected { session, code } => self.fault(&mut turn, session, code),
            Input::Arriving { session, octets } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.arriving(octets, now);
                }
            }
            Input::Written { session } => self.written(&mut turn, session),
            Input::Judged { ticket, outcomes } => self.judged(&mut turn, ticket, outcomes),
            Input::Appended { lines } => self.appended(&mut turn, &lines),
            Input::Room => self.wants.reopen_roomless(now),
            Input::Addresses => self.addresses_changed(&turn),
        }
        // In this order: time first, then what can be said, then whom to call; each sees the result
        // of the one before.
        self.advance(&mut turn);
        self.compose(&mut turn);
        self.dial(&mut turn);
        self.wake = self.next_wake(&turn);
        self.finish(turn)
    }

    /// When the machine is to be called again, with [`Input::Tick`] if nothing else happens before.
    #[must_use]
    pub const fn wake_at(&self) -> Timestamp {
        self.wake
    }

    /// Whether the next object of this session may be given to the machine: reading waits for
    /// judging, never for writing (N29).
    #[must_use]
    pub fn reads(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.judging == 0)
    }

    /// The wants.
    #[must_use]
    pub const fn wants(&self) -> &Wants {
        &self.wants
    }

    /// What is kept of a peer.
    #[must_use]
    pub fn peer(&self, peer: &Fingerprint) -> Option<&PeerRow> {
        self.peers.get(peer).map(|peer| &peer.row)
    }

    /// What this version of the program may understand although the last one did not (N7).
    pub fn upgraded(&mut self, now: Timestamp) {
        self.wants.reopen_aside(now);
    }

    /// What the last signature of this node took: lines gather so long that signing stays under a
    /// tenth of a core (N33). It replaces [`Limits::signature`], which is a guess.
    pub const fn signature_took(&mut self, time: Duration) {
        self.limits.signature = time;
    }

    /// Puts what changed before all other wishes.
    fn finish(&mut self, turn: Turn<'_>) -> Vec<Wish> {
        self.wants.bound_closed(&self.limits);
        let wants = self.wants.take_changes(turn.now);
        let mut peers = Vec::new();
        for (fingerprint, peer) in &mut self.peers {
            if std::mem::take(&mut peer.changed) {
                peers.push((fingerprint.clone(), peer.row.clone()));
            }
        }
        let mut wishes = turn.wishes;
        if !peers.is_empty() || !wants.is_empty() {
            // Before what is sent: after a crash a peer may be told something twice, but never too
            // little.
            wishes.insert(0, Wish::Store { peers, wants });
        }
        wishes
    }

    /// What time alone brings.
    fn advance(&mut self, turn: &mut Turn<'_>) {
        self.wants.advance(turn.now);
        self.drop_held(turn.now);
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.session_time(turn, id);
        }
    }

    fn next_wake(&self, turn: &Turn<'_>) -> Timestamp {
        let sessions = self.sessions.values().map(|session| session.wake_at(&self.limits));
        // What is being written ends with an input of its own.
        let idle = self.sessions.values().filter(|session| session.writing == Writing::Nothing);
        let tellings = idle.filter_map(|session| self.tell_at(turn, session));
        let times = sessions.chain(tellings).chain(self.wants.next_due());
        let times = times.chain(self.held_until()).chain(self.dial_at(turn));
        times.min().unwrap_or(Timestamp::MAX)
    }

    fn tell(turn: &mut Turn<'_>, peer: &Fingerprint, code: Code) {
        turn.wishes.push(Wish::Tell { peer: peer.clone(), code });
    }

    fn send(turn: &mut Turn<'_>, session: SessionId, body: Arc<Body>) {
        turn.wishes.push(Wish::Send { session, body });
    }

    fn wish_close(turn: &mut Turn<'_>, session: SessionId, reason: CloseReason) {
        turn.wishes.push(Wish::Close { session, reason });
    }

    /// The peer's row, made when it is first needed.
    fn peer_entry(&mut self, turn: &Turn<'_>, peer: &Fingerprint) -> &mut Peer {
        let (node, now) = (turn.guide.node(), turn.now);
        self.peers
            .entry(peer.clone())
            .or_insert_with(|| Peer::new(PeerRow::new(peer, node, now), now))
    }

    fn start(&mut self, turn: &mut Turn<'_>) {
        self.started = true;
        self.refresh(turn, true);
        // A start tries all (N34), and heals what was not read before it (N19).
        for peer in self.peers.values_mut() {
            (peer.row.due, peer.visit) = (turn.now, turn.now);
            peer.reread = Reread::WhenIdle;
        }
    }

    fn set_sent(&mut self, peer: &Fingerprint, sent: LineId) {
        if let Some(peer) = self.peers.get_mut(peer)
            && peer.row.sent != sent
        {
            peer.row.sent = sent;
            peer.changed = true;
        }
    }
}
