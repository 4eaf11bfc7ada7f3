//! What is next, and when, or why not: for every peer and every want one line.

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, ResourceName, Timestamp};
use sdmp_journal::Code;
use sdmp_journal::sync::{Access, Guide, Library, Machine, Next, Plan, WaitsFor, Want};

use super::state::State;

/// The state of a running node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How many lines the journal has.
    pub lines: u64,
    /// Every node with which there may be a session.
    pub peers: Vec<PeerStatus>,
    /// Every resource that is wanted and not here.
    pub wants: Vec<WantStatus>,
    /// What was told about peers since the start, the latest last.
    pub reports: Vec<(Timestamp, Fingerprint, Code)>,
}

/// What is next with a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The node.
    pub node: Fingerprint,
    /// Whether there is a session.
    pub connected: bool,
    /// Whether it is a node of the own user.
    pub own: bool,
    /// How far its journal was read, in lines.
    pub read: u64,
    /// What is next and when, or why not.
    pub next: String,
}

/// What is next with a want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantStatus {
    /// Author and identifier.
    pub name: ResourceName,
    /// What is next and when, or why not.
    pub next: String,
}

pub(crate) fn gather(
    state: &State,
    machine: &Machine,
    connected: &BTreeSet<Fingerprint>,
    reports: Vec<(Timestamp, Fingerprint, Code)>,
) -> Status {
    let wants = machine.wants().iter();
    let wants = wants.map(|(name, want)| WantStatus { name: name.clone(), next: next_of(want) });
    let wants = wants.collect();
    let looked = state.look(|view| {
        let guide = view.guide();
        let peers = guide.peers().into_iter().map(|(node, _)| {
            let standing = guide.standing(&node);
            let row = machine.peer(&node);
            let next = plan_of(machine.plan(&node, &guide, view.now), standing.access);
            PeerStatus {
                connected: connected.contains(&node),
                own: standing.own,
                read: row.map_or(0, |row| row.cursor.head().count()),
                next,
                node,
            }
        });
        (view.shelf.head().count(), peers.collect())
    });
    let (lines, peers) = looked.unwrap_or_default();
    Status { lines, peers, wants, reports }
}

fn plan_of(plan: Plan, access: Access) -> String {
    match plan {
        Plan::Connected if access == Access::ControlOnly => {
            "connected, for control only (N17)".to_owned()
        }
        Plan::Connected => "connected".to_owned(),
        Plan::Dialling => "being dialled".to_owned(),
        Plan::Cut(until) => format!("no session before {until}: it broke the rules (N51)"),
        Plan::NoAddress => "waits until it dials: no address of it is known (N35)".to_owned(),
        Plan::Stranger => "waits for a trust: no session is allowed (N17)".to_owned(),
        Plan::Dial(at) => format!("dialled from {at} on: there is something for it"),
        Plan::Again(at, fails) => format!("dialled again from {at} on, after {fails} failures"),
        Plan::Visit(at) => format!("nothing to do; visited at {at} (N34)"),
    }
}

fn next_of(want: &Want) -> String {
    match &want.next {
        Next::Due(at) => {
            format!("asked for from {at} on, of {} that may have it", want.holders.len())
        }
        Next::Asked(peers) => format!("asked of {} now", peers.len()),
        Next::Judging => "being judged".to_owned(),
        Next::Waits(WaitsFor::Resource(other)) => format!("waits for {}", other.resource),
        Next::Waits(WaitsFor::Room) => "waits for room (N51)".to_owned(),
        Next::Closed(code) => format!("refused ({code}) until new control of its author"),
        Next::Aside(code) => format!("not understood by this version ({code})"),
        Next::GivenUp => "given up: asked for again only by a person (N50)".to_owned(),
    }
}
