//! The command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sdmp_container::Timestamp;
use sdmp_crypto::dh::NamedGroup;

use crate::address::Address;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  anything that has no code of its own
  2  wrong usage: an argument, a name that does not exist
  3  the peer (or the signer) is not trusted
  4  reserved: a known peer with a changed key
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
    /// Sign a container
    Sign(Sign),
    /// Check a signed container and print what was signed
    Verify(Verify),
    /// Encrypt a container for peers
    Seal(Seal),
    /// Decrypt a container and print what is inside
    Unseal(Unseal),
    /// Look at containers
    #[command(subcommand)]
    Container(ContainerCommand),
    /// Look at the schemas that containers are checked against
    #[command(subcommand)]
    Schema(SchemaCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContainerCommand {
    /// Check a container against R3 to R11 and its schemas; exit code 6 when it is invalid
    Check(ContainerCheck),
}

#[derive(Debug, Args)]
pub(crate) struct ContainerCheck {
    /// The container; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// Extension schemas, as DIR/HOST/PATH.json for sdmp://HOST/PATH; nothing is ever fetched
    #[arg(long, value_name = "DIR")]
    pub(crate) schema_dir: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// List the schemas
    List {
        /// Print one JSON object a line instead
        #[arg(long)]
        json: bool,
    },
    /// Print a schema
    Show {
        /// `container`, a core name, `stream`, `file`, or a resource URI
        name: String,
    },
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

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key and its identity
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
    /// Trust the identity in a file from now on
    Add {
        /// A name for it on this machine
        name: String,
        /// The identity container, or - for standard input
        file: PathBuf,
    },
    /// List the trusted peers
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
pub(crate) struct Listen {
    /// HOST:PORT (port 0: any free one), unix:PATH, ws://HOST:PORT/PATH, files:DIR or stdio
    pub(crate) address: Address,
    /// The key that this node proves itself with
    #[arg(long, value_name = "NAME")]
    pub(crate) key: String,
    /// Append the secrets of the handshake to a file: LABEL HANDSHAKE SECRET, in hexadecimal
    #[arg(long, value_name = "FILE", env = "SDMPKEYLOGFILE")]
    pub(crate) key_log: Option<PathBuf>,
    /// Serve one connection, then exit with its exit code
    #[arg(long)]
    pub(crate) once: bool,
    /// Print each event as one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// The profile
    #[arg(long, value_enum, default_value_t)]
    pub(crate) profile: Profile,
    /// The largest Diffie-Hellman group that peers may offer
    #[arg(long, value_name = "BITS", default_value_t = 4096)]
    pub(crate) max_group_bits: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// HOST:PORT, unix:PATH, ws://HOST:PORT/PATH, files:DIR or stdio
    pub(crate) address: Address,
    /// The key that this node proves itself with
    #[arg(long, value_name = "NAME")]
    pub(crate) key: String,
    /// Append the secrets of the handshake to a file: LABEL HANDSHAKE SECRET, in hexadecimal
    #[arg(long, value_name = "FILE", env = "SDMPKEYLOGFILE")]
    pub(crate) key_log: Option<PathBuf>,
    /// The peer to talk to; any other is refused
    #[arg(long, value_name = "PEERNAME")]
    pub(crate) peer: String,
    /// Print each event as one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// The profile
    #[arg(long, value_enum, default_value_t)]
    pub(crate) profile: Profile,
    /// The Diffie-Hellman group to offer, such as ffdhe3072 or modp14
    #[arg(long, value_name = "NAME", value_parser = group)]
    pub(crate) group: Option<NamedGroup>,
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The container to sign; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// The key to sign with; several sign one after the other
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) key: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The signature container; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// Accept this trusted peer only [default: any trusted peer and any own key]
    #[arg(long, value_name = "NAME")]
    pub(crate) peer: Option<String>,
    /// Accept the identity in this file only
    #[arg(long, value_name = "FILE", conflicts_with = "peer")]
    pub(crate) identity: Option<PathBuf>,
    /// Judge the signers' identities at this moment [default: now]
    #[arg(long, value_name = "TIMESTAMP", value_parser = timestamp)]
    pub(crate) at: Option<Timestamp>,
    /// Read the forms published with the 0.12 text too (R45): weaker, and only for old documents
    #[arg(long)]
    pub(crate) compat: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// The container to encrypt; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// A peer, or an own key, that can read it
    #[arg(long, value_name = "NAME", required = true, num_args = 1..)]
    pub(crate) to: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Unseal {
    /// The encrypted container; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// The key to open it with
    #[arg(long, value_name = "NAME")]
    pub(crate) key: String,
    /// Read the forms published with the 0.12 text too (R45): weaker, and only for old documents
    #[arg(long)]
    pub(crate) compat: bool,
}

fn group(name: &str) -> Result<NamedGroup, String> {
    name.parse().map_err(|_| {
        "not a named group (R23): ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192, \
         modp14, modp15, modp16, modp17 or modp18"
            .to_owned()
    })
}

fn bits(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "3072" => Ok(3072),
        "4096" => Ok(4096),
        _ => Err("2048, 3072 or 4096 (R13)".to_owned()),
    }
}

fn timestamp(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "not a timestamp (R6): write it as 2027-12-31T23:59:59.999Z".to_owned())
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
