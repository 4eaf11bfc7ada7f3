//! What the machine is told, and what it wishes.

use std::sync::Arc;

use sdmp_container::{Fingerprint, ResourceName, Timestamp};

use crate::exchange::body::identity_of;
use crate::exchange::{Body, Opened};
use crate::judge::{self, Verdict};
use crate::sync::{PeerRow, Want};
use crate::{Code, Line, Resource};

/// A session, by a number that the caller gives out and never gives out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The program began, or the wake-up time came; nothing else happened.
    Tick,
    /// A session was accepted (R30).
    Connected {
        /// The new session.
        session: SessionId,
        /// The verified peer.
        peer: Fingerprint,
        /// Whether this node dialled.
        dialled: bool,
    },
    /// A dial failed.
    DialFailed {
        /// The peer that was dialled.
        peer: Fingerprint,
    },
    /// The session is over, however it ended.
    Closed {
        /// The session.
        session: SessionId,
    },
    /// An exchange object came, and [`open`](crate::exchange::open) took it.
    Received {
        /// Where it came from.
        session: SessionId,
        /// The object.
        object: Opened,
    },
    /// An object came that [`open`](crate::exchange::open) refused.
    Unexpected {
        /// Where it came from.
        session: SessionId,
        /// Why it was refused.
        code: Code,
    },
    /// So many octets of the next object arrived: what is asked may take longer (N32).
    Arriving {
        /// Where.
        session: SessionId,
        /// How many since the last time.
        octets: u64,
    },
    /// The last object was handed to the carrier.
    Written {
        /// Where.
        session: SessionId,
    },
    /// What [`Wish::Judge`] asked for was judged, and what was admitted is durable.
    Judged {
        /// The number of the wish.
        ticket: u64,
        /// A verdict for each resource of the wish, in its order.
        outcomes: Vec<Outcome>,
    },
    /// Lines were added to this node's journal, and are durable.
    Appended {
        /// The new lines, in order.
        lines: Vec<Line>,
    },
    /// Room was made in a share (N51).
    Room,
    /// Addresses of nodes changed by configuration, not by a `node` resource (N35).
    Addresses,
}

/// What judging found (N7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Admitted now, or known already.
    Known,
    /// Waits for another resource of which it cannot do without.
    Waits(ResourceName),
    /// This copy names a signer whose identity is not known (N6, step 4).
    UnknownSigner(ResourceName),
    /// Says that it was made more than 10 minutes from now.
    NotBefore(Timestamp),
    /// No room in a share.
    NoRoom,
    /// A bad copy: others may have a good one.
    BadCopy(Code),
    /// Not for this version of the program.
    Aside(Code),
    /// Refused.
    Refused(Code),
}

impl From<Verdict> for Outcome {
    /// What a verdict means here, once what is admitted was appended.
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Admit { .. } | Verdict::Known => Self::Known,
            Verdict::Waits(waits) => match *waits {
                judge::WaitsFor::Author(key) => Self::UnknownSigner(identity_of(&key)),
                judge::WaitsFor::Resource(author, resource) => {
                    Self::Waits(ResourceName { author, resource })
                }
                judge::WaitsFor::Time(until) => Self::NotBefore(until),
                judge::WaitsFor::Room(_) => Self::NoRoom,
            },
            Verdict::BadCopy(code) => Self::BadCopy(code),
            Verdict::SetAside(code) => Self::Aside(code),
            Verdict::Refused(code) => Self::Refused(code),
        }
    }
}

/// A resource that is to be judged.
#[derive(Clone, Debug)]
pub struct ToJudge {
    /// Under which name it was asked for.
    pub name: ResourceName,
    /// Which peer gave it.
    pub giver: Fingerprint,
    /// The resource.
    pub resource: Arc<Resource>,
}

/// Why a session is closed by this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Nothing is needed of the peer, or the session lasted long enough.
    Done,
    /// There is another session with this peer (N34).
    Duplicate,
    /// Something was wrong.
    Code(Code),
}

/// What the machine wishes to be done, in this order.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Sign this body and send it; say [`Input::Written`] afterwards. One body may be wished for many
    /// sessions: the same `Arc` is signed once (N33).
    Send {
        /// Where.
        session: SessionId,
        /// What.
        body: Arc<Body>,
    },
    /// End this session (R41). Nothing more is expected of it.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        reason: CloseReason,
    },
    /// Open a session with this peer; say [`Input::Connected`] or [`Input::DialFailed`] afterwards.
    Dial {
        /// Whom.
        peer: Fingerprint,
    },
    /// Judge these together, in whatever order works, and append what is admitted (N7, N22).
    Judge {
        /// What [`Input::Judged`] repeats.
        ticket: u64,
        /// The resources of one response, or what has come of what they waited for.
        resources: Vec<ToJudge>,
    },
    /// Keep what is known of a peer, and with it the wants that its lines made: one write (S5).
    Store {
        /// Peers whose row changed.
        peers: Vec<(Fingerprint, PeerRow)>,
        /// Wants that changed, or that went.
        wants: Vec<(ResourceName, Option<Want>)>,
    },
    /// Tell the person, or the log.
    Tell {
        /// About which peer.
        peer: Fingerprint,
        /// What.
        code: Code,
    },
}
