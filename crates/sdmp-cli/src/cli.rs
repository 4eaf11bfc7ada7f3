//! The command line.

mod container;
mod keys;
mod session;
pub(crate) mod values;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand};
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::Profile;

pub(crate) use container::{
    ContainerCheck, ContainerCommand, SchemaCommand, Seal, Sign, Unseal, Verify,
};
pub(crate) use keys::{
    Key, KeyImport, KeyNew, KeyPasswd, KeyServe, KeyShow, Kind, Peer, PeerAdd, PeerVerify,
};
pub(crate) use session::{Connect, Dial, Door, Forward, Link, Listen, Pipe, Recv, Send};
use values::{bits, group, profile};

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
  7  the stream was cut before the peer's close, or by a signal
  8  a time limit ran out
  130, 143  SIGINT or SIGTERM ended the command before it was done

Start with `sdmp demo`: it shows two nodes talking, message by message.";

/// The heading of the options that go with every command.
const EVERYWHERE: &str = "Everywhere";

/// The secure distributed message protocol, SDMP 0.12: sessions that people can read.
#[derive(Debug, Parser)]
#[command(name = "sdmp", version, after_help = EXIT_CODES, styles = styles(), max_term_width = 100)]
pub(crate) struct Cli {
    /// Where keys and peers are kept [default: the platform's data directory]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", env = "SDMP_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// Read the passphrase of an encrypted key from the first line of a file
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", env = "SDMP_PASSPHRASE_FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// The configuration file [default: sdmp.toml in the data directory or the platform's]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", env = "SDMP_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// Tell nothing but warnings and errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Log what the sessions do, to standard error; twice for more
    #[arg(long, short, global = true, help_heading = EVERYWHERE, action = ArgAction::Count)]
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
    #[command(
        after_help = "Examples:\n  sdmp listen 0.0.0.0:7667\n  sdmp listen 0.0.0.0:7667 --forward-to 127.0.0.1:8080\n  sdmp listen 0.0.0.0:7667 -- tar c /srv/photos"
    )]
    Listen(Listen),
    /// Open a session with one trusted peer; each line of standard input becomes a message
    #[command(
        after_help = "Examples:\n  sdmp connect bob\n  sdmp connect 192.0.2.7:7667 --peer bob"
    )]
    Connect(Connect),
    /// Send files to a trusted peer; an interrupted one goes on where it stopped
    #[command(
        after_help = "Examples:\n  sdmp send bob letter.txt picture.png\n  sdmp send 192.0.2.7:7667 --peer bob letter.txt"
    )]
    Send(Send),
    /// Receive files from trusted peers into a directory
    #[command(
        after_help = "Examples:\n  sdmp recv --out inbox\n  sdmp recv 127.0.0.1:7667 --out inbox --once --max-size 1GiB"
    )]
    Recv(Recv),
    /// Carry standard input and output, or a command's, through a session
    #[command(
        after_help = "Examples:\n  tar c photos | sdmp pipe bob          (there: sdmp listen 0.0.0.0:7667 --pipe | tar x)\n  sdmp pipe bob -- cat /var/log/syslog"
    )]
    Pipe(Pipe),
    /// Carry the connections to a local TCP port, each through a session of its own
    #[command(
        after_help = "Examples:\n  sdmp forward 8080 bob                  (there: sdmp listen 0.0.0.0:7667 --forward-to 127.0.0.1:80)\n  sdmp forward 8080 bob:7668             (another port of the host that is recorded for bob)"
    )]
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
    /// Check whether this machine has what sessions need: directory, keys, clock, network
    Doctor {
        /// Print each check as one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Print the completions for a shell
    #[command(
        after_help = "Example:\n  sdmp completions bash > ~/.local/share/bash-completion/completions/sdmp"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages, one for each command
    Man {
        /// Where to; made if it is not there
        directory: PathBuf,
    },
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
    #[arg(long, value_parser = profile(), default_value_t)]
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

    /// The reference in the book names every command, option and environment variable.
    #[test]
    fn the_reference_is_complete() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/program.md");
        let Ok(page) = std::fs::read_to_string(path) else {
            println!("skipped: packaged without the book");
            return;
        };
        let mut missing = Vec::new();
        complain(&Cli::command(), "sdmp", &page, &mut missing);
        assert!(missing.is_empty(), "docs/program.md does not name {missing:?}");
    }

    fn complain(command: &clap::Command, name: &str, page: &str, missing: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let option = argument.get_long().map(|long| format!("--{long}"));
            let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
            let words = option.into_iter().chain(variable).filter(|word| word != "--help");
            missing
                .extend(words.filter(|word| word != "--version" && !page.contains(word.as_str())));
        }
        for below in command.get_subcommands() {
            let name = format!("{name} {}", below.get_name());
            if below.has_subcommands() {
                complain(below, &name, page, missing);
                continue;
            }
            if !page.contains(&format!("`{name}")) {
                missing.push(name.clone());
            }
            complain(below, &name, page, missing);
        }
    }
}
