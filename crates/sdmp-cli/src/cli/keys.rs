//! The arguments of the commands about keys and peers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sdmp_container::{Fingerprint, Timestamp};

use super::values::{bits, fingerprint, timestamp};
use crate::address::Address;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key and its identity
    #[command(after_help = "Example:\n  sdmp key new alice --expires 2027-12-31T23:59:59.999Z")]
    New(KeyNew),
    /// List the keys
    List {
        /// Print one JSON object a line instead
        #[arg(long)]
        json: bool,
    },
    /// Show a key's fingerprint and identity container
    Show(KeyShow),
    /// Print the identity container, to be given to peers
    Export {
        /// The key's name
        name: String,
    },
    /// Offer the identity container to everybody who connects, for `sdmp peer add --fetch`
    Serve(KeyServe),
    /// Take over a private key: PEM (PKCS#8 or PKCS#1), DER, or a `private_key` container
    Import(KeyImport),
    /// Set, change or remove the passphrase that protects a key
    Passwd(KeyPasswd),
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Kind {
    /// The identity of a node: it can take part in sessions (the default)
    #[arg(long)]
    pub(crate) node: bool,
    /// The identity of a user: it signs, and takes no part in sessions
    #[arg(long)]
    pub(crate) user: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeyNew {
    /// A name for it on this machine
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) kind: Kind,
    /// The length of the RSA key
    #[arg(long, value_parser = bits, default_value = "3072")]
    pub(crate) bits: u32,
    /// The moment from which it is no longer valid, as 2027-12-31T23:59:59.999Z
    /// [default: in one year]
    #[arg(long, value_name = "TIMESTAMP", value_parser = timestamp)]
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyShow {
    /// The key's name
    pub(crate) name: String,
    /// Print one JSON object
    #[arg(long, conflicts_with_all = ["words", "art"])]
    pub(crate) json: bool,
    /// Print the fingerprint as words, to be compared aloud
    #[arg(long)]
    pub(crate) words: bool,
    /// Print the fingerprint as a picture, to be compared by eye
    #[arg(long)]
    pub(crate) art: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeyImport {
    /// The file, or - for standard input
    pub(crate) file: PathBuf,
    /// A name for it on this machine [default: the file's name]
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) kind: Kind,
    /// The moment from which it is no longer valid [default: the container's, or in one year]
    #[arg(long, value_name = "TIMESTAMP", value_parser = timestamp)]
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyPasswd {
    /// The key's name
    pub(crate) name: String,
    /// Read the new passphrase from the first line of a file, instead of asking
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Store the key without a passphrase
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Peer {
    /// Trust an identity from now on
    #[command(
        after_help = "Examples:\n  sdmp peer add bob bob.json --addr 192.0.2.7:7667\n  sdmp peer add bob --fetch 192.0.2.7:7668     (there: sdmp key serve 0.0.0.0:7668)"
    )]
    Add(PeerAdd),
    /// Record where a peer listens
    Addr {
        /// The peer's name
        name: String,
        /// Its address, in any of the forms that `sdmp connect` takes
        addr: Address,
    },
    /// Compare fingerprints with a peer, as words read aloud, and mark it as verified
    Verify(PeerVerify),
    /// List the trusted peers: until when, whether verified, and where
    List {
        /// Print one JSON object a line instead
        #[arg(long)]
        json: bool,
    },
    /// Trust a peer no longer
    Remove {
        /// The peer's name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PeerAdd {
    /// A name for it on this machine
    pub(crate) name: String,
    /// The identity container, or - for standard input
    #[arg(required_unless_present = "fetch")]
    pub(crate) file: Option<PathBuf>,
    /// Take the identity that `sdmp key serve` offers there, and ask whether it is the right one
    #[arg(long, value_name = "ADDR", conflicts_with = "file")]
    pub(crate) fetch: Option<Address>,
    /// Accept only this fingerprint, known from elsewhere; then nobody is asked
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Where it listens, so that its name stands for the address
    #[arg(long, value_name = "ADDR")]
    pub(crate) addr: Option<Address>,
}

#[derive(Debug, Args)]
pub(crate) struct PeerVerify {
    /// The peer's name
    pub(crate) name: String,
    /// The own key whose words the peer compares [default: the only one there is]
    #[arg(long, value_name = "NAME", env = "SDMP_KEY")]
    pub(crate) key: Option<String>,
    /// The fingerprint that the peer says it has; then nobody is asked
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    pub(crate) fingerprint: Option<Fingerprint>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyServe {
    /// HOST:PORT (port 0: any free one), unix:PATH, ws://HOST:PORT/PATH or files:DIR
    pub(crate) address: Address,
    /// The key whose identity is offered [default: the only one there is]
    #[arg(long, value_name = "NAME", env = "SDMP_KEY")]
    pub(crate) key: Option<String>,
    /// Give it once, then end
    #[arg(long)]
    pub(crate) once: bool,
}
