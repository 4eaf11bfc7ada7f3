//! Why something that a node does failed: one enum, each with a stable code.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sdmp_journal::Verdict;

use crate::transfer::name::Problem;

/// Why an operation of this crate failed. What a person can do about it depends on the program, so
/// no remedy is given here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name of a key or a peer that could lead out of the directory, hide, or be an option.
    #[error(
        "a name is 1 to 64 letters, digits, dots, underscores or hyphens, and does not start with a dot or a hyphen"
    )]
    Name,
    /// A new key under a name that is taken.
    #[error("there is a key named {0} already")]
    KeyExists(String),
    /// No identity of a key has this name.
    #[error("there is no key named {0}")]
    NoKey(String),
    /// No private half of a key has this name.
    #[error("there is no private key named {0}")]
    NoPrivateKey(String),
    /// No trusted peer has this name.
    #[error("there is no peer named {0}")]
    NoPeer(String),
    /// A known peer comes with another key: never replaced silently.
    #[error("{0} is known here with another key")]
    ChangedKey(String),
    /// The private key with this name cannot be opened.
    #[error("cannot open the key {name}: {cause}")]
    Key {
        /// The key's name.
        name: String,
        /// Why not.
        #[source]
        cause: sdmp_envelope::Error,
    },
    /// A file of the home directory cannot be read as what it should be.
    #[error("{} is damaged: {cause}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A file or directory that other users of the machine could read, although it is secret.
    #[error("the private key {} has mode {mode:03o}: others can read it", path.display())]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file or directory that other users of the machine could change, although it is trusted.
    #[error("{} has mode {mode:03o} and owner {owner}: others can change it, so it is not trusted", path.display())]
    Writable {
        /// The file or directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Its owner's number.
        owner: u32,
    },
    /// Another process holds the home directory's lock and does not let go.
    #[error("another process is changing {} and does not finish", .0.display())]
    Locked(PathBuf),
    /// A file cannot be sent, and nothing of it was.
    #[error("cannot send {}: {cause}", path.display())]
    Unsendable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: Unsendable,
    },
    /// A file that became shorter, or could not be read any more, while it was sent.
    #[error("{name} changed while it was sent: {cause}")]
    FileChanged {
        /// The file's name.
        name: String,
        /// What was seen.
        cause: String,
    },
    /// The peer does not follow the order of a transfer: it has another role.
    #[error("the peer sent something that does not belong to a transfer of files here")]
    NotATransfer,
    /// The sender closed the session in the middle of a file.
    #[error("the sender left in the middle of a file")]
    Incomplete,
    /// The receiver closed the session before it had said what became of a file.
    #[error("the receiver left before it had stored everything")]
    Unanswered,
    /// The peer is connected but does nothing.
    #[error("the peer {doing} within {} s", limit.as_secs())]
    Silent {
        /// What it did not do, such as "did not answer".
        doing: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The same peer began the same file anew over another session, and this one was silent.
    #[error("the same file arrives over a newer session of this peer")]
    Superseded,
    /// The caller's own [`Watch`](crate::transfer::Watch) stopped the transfer.
    #[error("the transfer was stopped on this side")]
    Stopped,
    /// Nothing answers at an address.
    #[error("nothing answers at {address} within {} s", limit.as_secs())]
    NoAnswer {
        /// The address.
        address: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// No connection to an address.
    #[error("cannot connect to {address}: {cause}")]
    Connect {
        /// The address.
        address: String,
        /// The system's reason.
        cause: String,
        /// The kind of the system's reason.
        kind: io::ErrorKind,
    },
    /// The service that a tunnel leads to cannot be reached.
    #[error("cannot reach {service}: {cause}")]
    Unreachable {
        /// Its address.
        service: String,
        /// Why not.
        cause: String,
    },
    /// A command cannot be started.
    #[error("cannot start {program}: {cause}")]
    CommandStart {
        /// The program.
        program: String,
        /// Why not.
        cause: String,
    },
    /// A command ended without success.
    #[error("{program} failed: {status}")]
    CommandFailed {
        /// The program.
        program: String,
        /// Its exit status, in words.
        status: String,
    },
    /// The peer closed the session in the middle of a stream.
    #[error("the peer left in the middle of the stream")]
    StreamCut,
    /// The peer sent something other than a stream of octets.
    #[error("the peer sent something other than a stream of octets")]
    NotAStream,
    /// The local end of a stream takes no more octets, and not all were delivered.
    #[error("the local end of the stream takes nothing more")]
    LocalEndClosed,
    /// How a channel ended, or why a peer's channels do.
    #[error(transparent)]
    Channel(#[from] sdmp_channels::Fault),
    /// The peer asks for nothing that this side offers.
    #[error("the peer asks for something that is not offered here")]
    NotOffered,
    /// What came from an address that should offer an identity is none.
    #[error("no identity is offered at this address")]
    NothingOffered,
    /// An identity that is offered without the proof that its owner has its key.
    #[error("the offered identity is not signed by its own key")]
    UnsignedOffer,
    /// Nothing was offered in time.
    #[error("no identity was offered at this address within {} s", .0.as_secs())]
    OfferTimeout(Duration),
    /// The operating system refused something.
    #[error("{doing}: {cause}")]
    Io {
        /// What was tried, such as "cannot read FILE".
        doing: String,
        /// The system's reason.
        cause: String,
        /// The kind of the system's reason.
        kind: io::ErrorKind,
    },
    /// A session could not be opened, or how it ended.
    #[error(transparent)]
    Session(#[from] sdmp_transport::Error),
    /// What an identity, a key or a signature refuses.
    #[error(transparent)]
    Envelope(#[from] sdmp_envelope::Error),
    /// What a container refuses.
    #[error(transparent)]
    Container(#[from] sdmp_container::Error),
    /// What a node's rules refuse, before anything was written.
    #[error(transparent)]
    Rule(#[from] sdmp_journal::Error),
    /// A resource that was judged and not admitted (N6, N7).
    #[error("the resource was not admitted: {0:?}")]
    NotAdmitted(Box<sdmp_journal::Verdict>),
    /// What the store of a node refuses.
    #[cfg(feature = "node")]
    #[error(transparent)]
    Store(#[from] sdmp_store::Error),
    /// A cursor of a node's news that none has given out.
    #[error("this is no cursor: take the one that came with the last news")]
    Cursor,
    /// The node was stopped.
    #[error("the node was stopped")]
    NodeStopped,
    /// No live trust of its user allows this to the node.
    #[error("no trust of the user allows the node to {0}: renew its trust (N16)")]
    NotAllowed(&'static str),
}

/// Why a local file cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// A directory, pipe, socket or device.
    #[error("it is not a regular file")]
    NotRegular,
    /// A name that receivers refuse.
    #[error("its name would be refused: {0}")]
    Name(Problem),
    /// A symbolic link: what it points to may change, or lie where no other file would be sent from.
    #[error("it is a symbolic link, which is never followed: name what it points to")]
    Link,
    /// The receiver knows only files of one directory.
    #[error("the receiver's program is older, and takes neither directories nor standard input")]
    OlderReceiver,
    /// Two of the files have this name, which is all that the receiver learns.
    #[error("another of the files is called {0:?} too, and they would arrive under one name")]
    SameName(String),
    /// The system's reason.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// The stable code of this error, for logs and for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "home.name",
            Self::KeyExists(_) => "home.key_exists",
            Self::NoKey(_) | Self::NoPrivateKey(_) => "home.no_key",
            Self::NoPeer(_) => "home.no_peer",
            Self::ChangedKey(_) => "peer.changed_key",
            Self::Key { cause, .. } => cause.code(),
            Self::Damaged { .. } => "store.broken",
            Self::Readable { .. } | Self::Writable { .. } => "store.mode",
            Self::Locked(_) => "store.locked",
            Self::Unsendable { .. } => "file.unsendable",
            Self::FileChanged { .. } => "file.changed",
            Self::NotATransfer => "file.unexpected",
            Self::Incomplete => "file.incomplete",
            Self::Unanswered => "file.unanswered",
            Self::Silent { .. } => "peer.silent",
            Self::Superseded => "file.superseded",
            Self::Stopped => "transfer.stopped",
            Self::NoAnswer { .. } => "dial.timeout",
            Self::Connect { .. } => "dial.failed",
            Self::Unreachable { .. } => "forward.unreachable",
            Self::CommandStart { .. } => "command.start",
            Self::CommandFailed { .. } => "command.failed",
            Self::StreamCut => "stream.unended",
            Self::NotAStream => "stream.unexpected",
            Self::LocalEndClosed => "stream.local_end",
            Self::Channel(fault) => fault.code(),
            Self::NotOffered => "channel.not_offered",
            Self::NothingOffered | Self::OfferTimeout(_) => "fetch.nothing",
            Self::UnsignedOffer => "fetch.unsigned",
            Self::Io { .. } => "io",
            Self::Session(error) => error.code(),
            Self::Envelope(error) => error.code(),
            Self::Container(error) => error.code(),
            Self::Rule(error) => error.code(),
            Self::NotAdmitted(verdict) => verdict_code(verdict),
            #[cfg(feature = "node")]
            Self::Store(error) => error.code(),
            Self::Cursor => "node.cursor",
            Self::NodeStopped => "node.stopped",
            Self::NotAllowed(_) => "trust.lacks",
        }
    }

    /// Something that the file system or a socket refused.
    pub(crate) fn io(doing: impl Into<String>, error: &io::Error) -> Self {
        Self::Io { doing: doing.into(), cause: error.to_string(), kind: error.kind() }
    }
}

/// The code of a verdict that is no admission.
fn verdict_code(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::BadCopy(code) | Verdict::SetAside(code) | Verdict::Refused(code) => code.as_str(),
        Verdict::Waits(_) => "resource.waits",
        Verdict::Admit { .. } | Verdict::Known => "resource.known",
    }
}
