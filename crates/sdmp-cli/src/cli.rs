//! The command line.

mod container;
mod keys;
mod session;
mod values;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use sdmp_crypto::dh::NamedGroup;

pub(crate) use container::{
    ContainerCheck, ContainerCommand, SchemaCommand, Seal, Sign, Unseal, Verify,
};
pub(crate) use keys::{
    Key, KeyImport, KeyNew, KeyPasswd, KeyServe, KeyShow, Kind, Peer, PeerAdd, PeerVerify,
};
pub(crate) use session::{Connect, Dial, Door, Forward, Link, Listen, Pipe, Recv, Send};
use values::{bits, group};

use crate::cmd::inspect::Inspect;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  anything that has no code of its own
  2  wrong usage: an argument, a name that does not exist
  3  the peer (or the signer) is not trusted
  4  a known peer has another key than the one that is trusted
  5  the handshake was refused or invalid
  6  a message, or a container given to verify or unseal, is invalid
  7  the stream was cut before the peer's close
  8  a time limit ran out

Start with `sdmp demo`: it shows two nodes talking, message by message.";

/// The secure distributed message protocol, SDMP 0.12: sessions that people can read.
#[derive(Debug, Parser)]
#[command(name = "sdmp", version, after_help = EXIT_CODES, styles = styles(), max_term_width = 100)]
pub(crate) struct Cli {
    /// Where keys and peers are kept [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", env = "SDMP_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// Read the passphrase of an encrypted key from the first line of a file
    #[arg(long, global = true, value_name = "FILE", env = "SDMP_PASSPHRASE_FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Tell nothing but warnings and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Log what the sessions do, to standard error; twice for more
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

fn styles() -> Styles {
    Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold())
        .placeholder(AnsiColor::Cyan.on_default())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show two nodes in this process shaking hands and talking over a real TCP connection
    Demo(Demo),
    /// Make, show, import and export this machine's keys
    #[command(subcommand)]
    Key(Key),
    /// Keep the identities of the peers that you trust
    #[command(subcommand)]
    Peer(Peer),
    /// Wait for trusted peers; each line of standard input becomes a message
    Listen(Listen),
    /// Open a session with one trusted peer; each line of standard input becomes a message
    Connect(Connect),
    /// Send files to a trusted peer; an interrupted one goes on where it stopped
    Send(Send),
    /// Receive files from trusted peers into a directory
    Recv(Recv),
    /// Carry standard input and output, or a command's, through a session
    Pipe(Pipe),
    /// Carry the connections to a local TCP port, each through a session of its own
    Forward(Forward),
    /// Sign a container
    Sign(Sign),
    /// Check a signed container and print what was signed
    Verify(Verify),
    /// Encrypt a container for peers
    Seal(Seal),
    /// Decrypt a container and print what is inside
    Unseal(Unseal),
    /// Open a container, or a recorded session, and explain it layer by layer
    Inspect(Inspect),
    /// Look at containers
    #[command(subcommand)]
    Container(ContainerCommand),
    /// Look at the schemas that containers are checked against
    #[command(subcommand)]
    Schema(SchemaCommand),
}

/// Which of the two ways of speaking SDMP 0.12. Both sides must use the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Transcript-bound keys, authenticated encryption, confirmation, authenticated close
    #[default]
    Hardened,
    /// The literal 0.12 text: INSECURE, its traffic can be altered on the way
    Published,
}

impl Profile {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hardened => "hardened",
            Self::Published => "published",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Print one JSON object a line instead
    #[arg(long)]
    pub(crate) json: bool,
    /// Abbreviate long base64url on the wire
    #[arg(long, conflicts_with = "json")]
    pub(crate) short: bool,
    /// Write one page that shows everything, to be opened in a browser
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "short"])]
    pub(crate) html: Option<PathBuf>,
    /// The profile
    #[arg(long, value_enum, default_value_t)]
    pub(crate) profile: Profile,
    /// The Diffie-Hellman group, such as ffdhe3072 or modp14
    #[arg(long, value_name = "NAME", value_parser = group, default_value = "ffdhe3072")]
    pub(crate) group: NamedGroup,
    /// The length of the two RSA keys
    #[arg(long, value_parser = bits, default_value = "3072")]
    pub(crate) bits: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
