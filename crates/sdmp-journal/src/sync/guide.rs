//! What the machine asks of the node around it.

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, Identifier, ResourceName};

use crate::authority::Collected;
use crate::exchange::{Given, Lines};
use crate::{Cursor, Head, Kind, Line, LineId, Read, Timestamp};

/// How this node may deal with another (N17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// All that N18 allows.
    Full,
    /// Journals and control only.
    ControlOnly,
    /// No session.
    Refused,
}

/// What N17 says of a peer now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether and how there may be a session.
    pub access: Access,
    /// Whether the peer is a node of this node's user (N1).
    pub own: bool,
    /// The users on whom it rests: their control can change it, or what the peer may be given.
    pub users: BTreeSet<Fingerprint>,
    /// When it may change by time alone (N16).
    pub until: Option<Timestamp>,
}

/// One consistent state of the node at one moment: what it knows, and what that allows.
///
/// [`Snapshot`](crate::sync::Snapshot) answers from a [`View`](crate::View), a journal and the time.
pub trait Guide {
    /// This node's fingerprint.
    fn node(&self) -> &Fingerprint;

    /// Whether this node can be dialled: a node without an address keeps its sessions (N34).
    fn is_reachable(&self) -> bool;

    /// The end of this node's journal; only lines that are durable.
    fn head(&self) -> Head;

    /// The lines after one, at most `limit`; `None` if this journal does not have that line.
    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>>;

    /// The kind of a known resource.
    fn kind(&self, id: &Identifier) -> Option<Kind>;

    /// Whether an identity of this key is known.
    fn has_identity(&self, key: &Fingerprint) -> bool;

    /// What N23 makes of lines that this peer gave: moves the cursor past them.
    fn read(&self, cursor: &mut Cursor, own: bool, lines: &Lines) -> Read;

    /// What N24 makes of a peer that does not have the line asked for.
    fn unknown_since(&self, cursor: &mut Cursor, own: bool) -> Read;

    /// What N17 says of a peer.
    fn standing(&self, peer: &Fingerprint) -> Standing;

    /// All nodes with which there may be a session, and whether an address is known of them.
    fn peers(&self) -> Vec<(Fingerprint, bool)>;

    /// Whom this node collects (N19).
    fn collected(&self) -> Collected;

    /// What a peer is given for a name, or nothing (N18, N27).
    fn give(&self, peer: &Fingerprint, access: Access, name: &ResourceName) -> Option<Given>;
}
