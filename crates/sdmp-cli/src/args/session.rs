//! What commands that take part in sessions have in common, in groups that each of them flattens:
//! [`Link`] for all, [`Dial`] for those that open sessions, [`Door`] for those that accept them.

use std::path::PathBuf;

use clap::Args;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;

use super::values::{group, profile};

/// What each session needs, on either side.
#[derive(Debug, Args)]
pub(crate) struct Link {
    /// The key that this node proves itself with [default: the only one there is]
    #[arg(long, value_name = "NAME", env = "SDMP_KEY")]
    pub(crate) key: Option<String>,
    /// Append the secrets of the handshake to a file: LABEL HANDSHAKE SECRET, in hexadecimal
    #[arg(long, value_name = "FILE", env = "SDMPKEYLOGFILE")]
    pub(crate) key_log: Option<PathBuf>,
    /// Append what goes over the wire to a file, for `sdmp inspect`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Print each event as one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Cut a session whose peer takes nothing for so many seconds [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) stall_limit: Option<u32>,
    /// Cut a session in which nothing comes and nothing goes for so many seconds [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) silence_limit: Option<u32>,
    /// The profile [default: hardened]
    #[arg(long, value_parser = profile(), env = "SDMP_PROFILE")]
    pub(crate) profile: Option<Profile>,
}

/// What a session needs that this side opens.
#[derive(Debug, Args)]
pub(crate) struct Dial {
    /// The peer to talk to; any other is refused [default: the one that PEER or ADDR names]
    #[arg(long, value_name = "PEERNAME")]
    pub(crate) peer: Option<String>,
    /// The Diffie-Hellman group to offer, such as ffdhe3072 or modp14
    #[arg(long, value_name = "NAME", value_parser = group, env = "SDMP_GROUP")]
    pub(crate) group: Option<NamedGroup>,
    #[command(flatten)]
    pub(crate) link: Link,
}

/// What sessions need that peers open.
#[derive(Debug, Args)]
pub(crate) struct Door {
    /// Serve only this trusted peer; give it again for several [default: all trusted peers]
    #[arg(long = "peer", value_name = "PEERNAME")]
    pub(crate) peers: Vec<String>,
    /// Serve so many sessions at the same time [default: 1024, and what the descriptors allow]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_sessions: Option<usize>,
    /// Serve so many sessions with one peer at the same time [default: 256]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_sessions_per_peer: Option<usize>,
    /// Serve one connection, then exit with its exit code
    #[arg(long)]
    pub(crate) once: bool,
    /// The largest Diffie-Hellman group that peers may offer [default: 4096]
    #[arg(long, value_name = "BITS", env = "SDMP_MAX_GROUP_BITS")]
    pub(crate) max_group_bits: Option<u32>,
    #[command(flatten)]
    pub(crate) link: Link,
}
