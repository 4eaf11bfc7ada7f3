//! How the program fails: an exit code for scripts, a cause and a remedy for people.

use std::fmt;
use std::io;

use sdmp_handshake::{Distrust, Error as HandshakeError, MessageKind};
use sdmp_node::Error as NodeError;
use sdmp_node::channels::{Fault, Reason};
use sdmp_node::error::Unsendable;
use sdmp_node::transfer::Refusal;
use sdmp_transport::Error as TransportError;

/// The exit codes, as `sdmp --help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Anything that has no code of its own.
    Other = 1,
    /// A wrong argument, a name that does not exist, a file that cannot be read.
    Usage = 2,
    /// The peer, or the signer, is not trusted.
    NotTrusted = 3,
    /// A peer that is known has, or claims, another key than the one that is trusted.
    ChangedKey = 4,
    /// The handshake was refused or invalid.
    Refused = 5,
    /// A message, or a file given to verify or unseal, is invalid.
    Invalid = 6,
    /// The stream was cut before the peer's close.
    Cut = 7,
    /// A time limit ran out.
    Timeout = 8,
    /// Ctrl-C, before the command was done.
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::NotTrusted => 3,
            Self::ChangedKey => 4,
            Self::Refused => 5,
            Self::Invalid => 6,
            Self::Cut => 7,
            Self::Timeout => 8,
            Self::Interrupted => 130,
        }
    }
}

impl Exit {
    /// What can be tried where nothing better is known.
    fn remedy(self) -> &'static str {
        match self {
            Self::Other => "-v shows more of what happened",
            Self::Usage => "`sdmp help` lists the commands, `sdmp help COMMAND` explains one",
            Self::NotTrusted => "`sdmp peer list` shows whom this machine trusts",
            Self::ChangedKey => {
                "ask the peer, over a channel that you trust, whether its key is new"
            }
            Self::Refused => {
                "does the other side trust this key, and do both use the same profile? its own output says why"
            }
            Self::Invalid => {
                "what was read is damaged, or does not follow SDMP 0.12: `sdmp inspect` shows it"
            }
            Self::Cut => "what came is authentic, but it may not be all: try again",
            Self::Timeout => {
                "check the address, the network, and whether the other side is running"
            }
            Self::Interrupted => "give the command again",
        }
    }
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// Stable, for `--json`.
    pub(crate) code: &'static str,
    pub(crate) cause: String,
    pub(crate) remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &'static str, cause: impl Into<String>) -> Self {
        Self { exit, code, cause: cause.into(), remedy: None }
    }

    pub(crate) fn usage(cause: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", cause)
    }

    /// Adds what the person can do about it.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Something the file system or a socket refused.
    pub(crate) fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(Exit::Other, "io", format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        write!(
            f,
            "\n  {}",
            self.remedy.as_deref().or(by_code(self.code)).unwrap_or(self.exit.remedy())
        )
    }
}

/// What can be done about failures that say it better than their exit code.
fn by_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "key.passphrase" => "type it again, or look into the passphrase file",
        "clock.unusable" | "random.unavailable" => "`sdmp doctor` checks this machine",
        "session.shut_down" | "session.aborted" => "open the session again for the rest",
        _ => return None,
    })
}

impl From<sdmp_container::Error> for Failure {
    fn from(error: sdmp_container::Error) -> Self {
        Self::new(Exit::Invalid, error.code(), error.to_string())
    }
}

impl From<sdmp_crypto::Error> for Failure {
    fn from(error: sdmp_crypto::Error) -> Self {
        Self::new(Exit::Other, error.code(), error.to_string())
    }
}

impl From<sdmp_envelope::Error> for Failure {
    fn from(error: sdmp_envelope::Error) -> Self {
        let exit = match &error {
            sdmp_envelope::Error::UnknownSigner(_) => Exit::NotTrusted,
            sdmp_envelope::Error::Crypto(_) => Exit::Other,
            _ => Exit::Invalid,
        };
        Self::new(exit, error.code(), error.to_string())
    }
}

impl From<HandshakeError> for Failure {
    fn from(error: HandshakeError) -> Self {
        let failure = Self::new(exit_of(&error), error.code(), error.to_string());
        match &error {
            HandshakeError::Untrusted(Distrust::NotPinned) => {
                failure.remedy("another node may listen at this address, or the connection may be intercepted; if the peer says, over a channel that you trust, that its key is new, `sdmp peer remove NAME`, then `sdmp peer add NAME FILE`")
            }
            HandshakeError::Untrusted(_) => {
                failure.remedy("to trust it, get its identity over a channel that you trust, then `sdmp peer add NAME FILE`")
            }
            HandshakeError::PeerRejected { .. } => {
                failure.remedy("the reason is in the other side's output; if it does not know this node: `sdmp key export NAME` here, `sdmp peer add NAME FILE` there")
            }
            HandshakeError::Truncated => {
                failure.remedy("what was printed is authentic, but it may not be all; ask the peer to send again")
            }
            HandshakeError::Timeout(_) => {
                failure.remedy("check that the address is that of an SDMP node and that the network is up")
            }
            _ => failure,
        }
    }
}

/// Whose message it was decides: the handshake's is a refusal, the session's an invalid message.
fn exit_of(error: &HandshakeError) -> Exit {
    match error {
        HandshakeError::Untrusted(Distrust::NotPinned) => Exit::ChangedKey,
        HandshakeError::Untrusted(_) => Exit::NotTrusted,
        // Scripts tell a peer that was never accepted from one that misbehaved later.
        HandshakeError::InvalidMessage { message, .. } | HandshakeError::Decrypt(message) => {
            match message {
                MessageKind::Traffic | MessageKind::Close => Exit::Invalid,
                _ => Exit::Refused,
            }
        }
        HandshakeError::PeerMisbehaved(_)
        | HandshakeError::PeerIncompatible(_)
        | HandshakeError::PeerRejected { .. }
        | HandshakeError::PeerProof(_)
        | HandshakeError::Expired => Exit::Refused,
        HandshakeError::Truncated => Exit::Cut,
        HandshakeError::Timeout(_) => Exit::Timeout,
        _ => Exit::Other,
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let exit = match &error {
            // The same failure must have the same exit code, whichever layer reports it.
            TransportError::Handshake(error) => return error.clone().into(),
            error if error.is_timeout() => Exit::Timeout,
            TransportError::NoSession { .. } => {
                return Self::new(Exit::Cut, error.code(), error.to_string()).remedy(
                    "try again in a moment; check the address, and what the other side says",
                );
            }
            error if error.is_cut() => Exit::Cut,
            _ => Exit::Other,
        };
        Self::new(exit, error.code(), error.to_string())
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let (exit, remedy) = match &error {
            NodeError::Session(error) => return error.clone().into(),
            NodeError::Envelope(error) | NodeError::Key { cause: error, .. } => {
                let inner = Self::from(error.clone());
                (inner.exit, inner.remedy)
            }
            NodeError::Container(error) => return error.clone().into(),
            error => (exit_of_node(error), remedy_of_node(error)),
        };
        let failure = Self::new(exit, error.code(), error.to_string());
        Self { remedy, ..failure }
    }
}

fn exit_of_node(error: &NodeError) -> Exit {
    match error {
        NodeError::Name
        | NodeError::KeyExists(_)
        | NodeError::NoKey(_)
        | NodeError::NoPrivateKey(_)
        | NodeError::NoPeer(_)
        | NodeError::Unsendable { .. } => Exit::Usage,
        NodeError::ChangedKey(_) => Exit::ChangedKey,
        NodeError::Damaged { .. }
        | NodeError::NotATransfer
        | NodeError::NotAStream
        | NodeError::Channel(Fault::Malformed | Fault::Unknown | Fault::Order | Fault::Flood)
        | NodeError::NothingOffered
        | NodeError::UnsignedOffer => Exit::Invalid,
        NodeError::Incomplete
        | NodeError::Unanswered
        | NodeError::Superseded
        | NodeError::Channel(Fault::Cut)
        | NodeError::StreamCut => Exit::Cut,
        NodeError::Silent { .. } | NodeError::NoAnswer { .. } | NodeError::OfferTimeout(_) => {
            Exit::Timeout
        }
        _ => Exit::Other,
    }
}

/// What a person can do about it.
fn remedy_of_node(error: &NodeError) -> Option<String> {
    Some(match error {
        NodeError::KeyExists(_) => {
            "choose another name, or move its files out of the data directory".to_owned()
        }
        NodeError::NoKey(_) | NodeError::NoPrivateKey(_) => {
            "`sdmp key list` shows the keys, `sdmp key new NAME` makes one".to_owned()
        }
        NodeError::NoPeer(_) => {
            "`sdmp peer list` shows the peers, `sdmp peer add NAME FILE` adds one".to_owned()
        }
        NodeError::ChangedKey(name) => format!(
            "if it is another node, choose another name; if {name} says, over a channel that you trust, that its key is new, `sdmp peer remove {name}` first; otherwise the connection may be intercepted"
        ),
        NodeError::Damaged { .. } => {
            "restore it from a backup, or remove it and make or add it again".to_owned()
        }
        NodeError::Readable { path, .. } => format!(
            "if no other user has read it, `chmod 600 {}`; otherwise make a new key",
            path.display()
        ),
        NodeError::Writable { path, .. } => format!(
            "if no other user has changed it, `chmod go-w {}`, and make yourself its owner",
            path.display()
        ),
        NodeError::Locked(_) => "wait for it, or end it".to_owned(),
        NodeError::Unsendable { cause, .. } => return remedy_of_unsendable(cause),
        NodeError::FileChanged { .. } => {
            "send it again when nothing writes to it any more".to_owned()
        }
        _ => return remedy_of_talk(error).map(str::to_owned),
    })
}

/// What a person can do about talk with the other side that failed.
fn remedy_of_talk(error: &NodeError) -> Option<&'static str> {
    Some(match error {
        NodeError::NotATransfer => {
            "`sdmp send` and `sdmp recv` talk with each other, and with nothing else"
        }
        NodeError::Incomplete => {
            "let it send again: what came is kept, and the transfer goes on from there"
        }
        NodeError::Unanswered => {
            "send again: what it has is kept, and the transfer goes on from there"
        }
        NodeError::Silent { .. } => {
            "does the other side run the right command? `sdmp send` needs `sdmp recv` there"
        }
        NodeError::NoAnswer { .. } => "check the address, and whether a firewall blocks it",
        NodeError::Connect { .. } => "check the address, and whether the other side listens there",
        NodeError::Unreachable { .. } => {
            "check what --forward-to says, and whether that service runs"
        }
        NodeError::CommandStart { .. } => "check that the program is there and may be run",
        NodeError::CommandFailed { .. } => "what it wrote to standard error says why",
        NodeError::StreamCut => "what came is authentic, but it is not all",
        NodeError::NotAStream => {
            "both sides must carry octets: `sdmp pipe` or `forward` here, `sdmp listen` with --pipe, --forward-to or a command there"
        }
        NodeError::Channel(Fault::Reset(Reason::Refused)) | NodeError::NotOffered => {
            "the other side lists what it allows: `sdmp listen` with --forward-to, --allow or --allow-port"
        }
        NodeError::Channel(Fault::Reset(Reason::Unreachable)) => {
            "check on the other side whether that service runs, or whether that port is free"
        }
        NodeError::LocalEndClosed => {
            "the program or socket on this side reads no more; what was still to come is lost"
        }
        NodeError::NothingOffered | NodeError::OfferTimeout(_) => {
            "the peer offers its identity with `sdmp key serve ADDR`, on a port of its own"
        }
        NodeError::UnsignedOffer => {
            "the connection may be intercepted, or the other side runs an older program; get the file of `sdmp key export NAME` over a channel that you trust"
        }
        _ => return None,
    })
}

fn remedy_of_unsendable(cause: &Unsendable) -> Option<String> {
    let remedy = match cause {
        Unsendable::NotRegular => "only regular files and directories can be sent",
        Unsendable::Link => "name the file or directory itself",
        Unsendable::OlderReceiver => {
            "an archive travels to older programs: `tar c DIR | sdmp pipe PEER` here, `sdmp listen ADDR --pipe | tar x` there"
        }
        Unsendable::Name(_) => "give it another name first",
        Unsendable::SameName(_) => "send them one after the other, or give one another name first",
        _ => "check the path, and whether you may read it",
    };
    Some(remedy.to_owned())
}

/// A file that was not taken; `doing` says which one and on which side.
pub(crate) fn of_file(refusal: &Refusal, doing: &str) -> Failure {
    let exit = if *refusal == Refusal::Mismatch { Exit::Invalid } else { Exit::Other };
    let remedy = match refusal {
        Refusal::Name => {
            "send it under another name: no leading dot, no separators or control characters, no name of a device"
        }
        Refusal::Exists => {
            "the receiver may move that file away, or allow it to be replaced with `sdmp recv --force`"
        }
        Refusal::Size => "the receiver may allow larger files with `sdmp recv --max-size`",
        Refusal::Busy => "wait until the other transfer has ended",
        Refusal::Storage(_) => {
            "look at the receiver's disk: space, permissions; what came so far is kept"
        }
        Refusal::Quota => "the receiver may allow more with `sdmp recv --max-per-peer`",
        Refusal::Declined => "agree with the receiver's user, who was asked",
        Refusal::Role => "the other side needs `sdmp recv` to take files",
        Refusal::Mismatch => "send it again; a file must not change while it is sent",
        _ => "the receiver's own output says why",
    };
    Failure::new(exit, refusal.code(), format!("{doing}: {refusal}")).remedy(remedy)
}

impl Failure {
    /// The same failure, met before there was a session: a stream that ends then has lost nothing.
    pub(crate) fn before_session(self) -> Self {
        // Before acceptance nothing can have been lost, so "cut" would mislead.
        if self.exit != Exit::Cut {
            return self;
        }
        let cause = "the other side closed the connection before there was a session";
        Self { exit: Exit::Refused, cause: cause.to_owned(), ..self }.remedy(
            "it may be no SDMP node, have too many connections at once, or a key that has expired: its own output says which",
        )
    }

    /// The same failure, met after the session was accepted: a peer that misbehaves now has sent
    /// an invalid message, and is no longer refused a handshake.
    pub(crate) fn after_acceptance(mut self) -> Self {
        if self.exit == Exit::Refused {
            self.exit = Exit::Invalid;
        }
        self
    }
}
