//! The arguments of the commands that take part in sessions.
//!
//! What these commands share stands in groups that each of them flattens: [`Link`] for all,
//! [`Dial`] for those that open sessions, [`Door`] for those that accept them.

use std::path::PathBuf;

use clap::Args;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;

use super::values::{group, profile, size};
use crate::address::Address;
use crate::link::Target;

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

#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// HOST:PORT (port 0: any free one), unix:PATH, ws://HOST:PORT/PATH, files:DIR or stdio
    /// [default: 0.0.0.0:7667]
    pub(crate) address: Option<Address>,
    /// Carry each session to a TCP connection of its own: the other side of `sdmp forward`
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["pipe", "command"])]
    pub(crate) forward_to: Option<String>,
    /// Carry one session through standard input and output: the other side of `sdmp pipe`
    #[arg(long, conflicts_with = "command")]
    pub(crate) pipe: bool,
    /// Carry each session through the standard input and output of a command of its own
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    #[command(flatten)]
    pub(crate) door: Door,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// A peer's name, or HOST:PORT, unix:PATH, ws://HOST:PORT/PATH, files:DIR or stdio
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// A peer's name, or HOST:PORT, unix:PATH, ws://HOST:PORT/PATH or files:DIR
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    /// The files; each arrives under the last component of its path
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

#[derive(Debug, Args)]
pub(crate) struct Recv {
    /// Where senders connect to, in any of the forms of `sdmp listen` [default: 0.0.0.0:7667]
    pub(crate) address: Option<Address>,
    /// The directory that files arrive in; made if its parent is there
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace files of the same name
    #[arg(long)]
    pub(crate) force: bool,
    /// Refuse larger files: a number of octets, or with KiB, MiB, GiB, TiB [default: 32GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Let all unfinished files together take so much; older ones give way [default: twice --max-size]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_unfinished: Option<u64>,
    #[command(flatten)]
    pub(crate) door: Door,
}

#[derive(Debug, Args)]
pub(crate) struct Pipe {
    /// A peer's name, or HOST:PORT, unix:PATH, ws://HOST:PORT/PATH or files:DIR
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// A command whose standard input and output are carried, in place of our own
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Forward {
    /// The local end: PORT of this machine's loopback address, HOST:PORT, or unix:PATH for this user only
    #[arg(value_name = "[HOST:]PORT|unix:PATH")]
    pub(crate) local: String,
    /// A peer's name, NAME:PORT for another port of its host, or an address
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) dial: Dial,
}
