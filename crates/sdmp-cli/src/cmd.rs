//! The commands: one module each, and one row each in the table below.

mod chat;
mod connect;
mod container;
pub(crate) mod demo;
mod doctor;
mod forward;
mod inspect;
mod key;
mod listen;
mod peer;
mod pipe;
mod recv;
mod schema;
mod seal;
mod send;
pub(crate) mod shell;
mod shown;
mod sign;

use clap::Subcommand;

use crate::error::Failure;
use crate::link::Context;

/// A command with its help, its arguments and the function that runs it.
macro_rules! commands {
    ($($(#[$attribute:meta])* $name:ident($arguments:ty) => $run:path,)*) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($(#[$attribute])* $name($arguments),)*
        }

        impl Command {
            pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
                match self {
                    $(Self::$name(arguments) => $run(context, arguments),)*
                }
            }
        }
    };
}

commands! {
    /// Show two nodes in this process shaking hands and talking over a real TCP connection
    Demo(demo::Demo) => demo::run,
    /// Make, show, import and export this machine's keys
    #[command(subcommand)]
    Key(key::Key) => key::run,
    /// Keep the identities of the peers that you trust
    #[command(subcommand)]
    Peer(peer::Peer) => peer::run,
    /// Wait for trusted peers; each line of standard input becomes a message
    #[command(
        after_help = "Examples:\n  sdmp listen 0.0.0.0:7667\n  sdmp listen 0.0.0.0:7667 --forward-to 127.0.0.1:8080\n  sdmp listen 0.0.0.0:7667 -- tar c /srv/photos"
    )]
    Listen(listen::Listen) => listen::run,
    /// Open a session with one trusted peer; each line of standard input becomes a message
    #[command(
        after_help = "Examples:\n  sdmp connect bob\n  sdmp connect 192.0.2.7:7667 --peer bob"
    )]
    Connect(connect::Connect) => connect::run,
    /// Send files to a trusted peer; an interrupted one goes on where it stopped
    #[command(
        after_help = "Examples:\n  sdmp send bob letter.txt picture.png\n  sdmp send 192.0.2.7:7667 --peer bob letter.txt"
    )]
    Send(send::Send) => send::run,
    /// Receive files from trusted peers into a directory
    #[command(
        after_help = "Examples:\n  sdmp recv --out inbox\n  sdmp recv 127.0.0.1:7667 --out inbox --once --max-size 1GiB"
    )]
    Recv(recv::Recv) => recv::run,
    /// Carry standard input and output, or a command's, through a session
    #[command(
        after_help = "Examples:\n  tar c photos | sdmp pipe bob          (there: sdmp listen 0.0.0.0:7667 --pipe | tar x)\n  sdmp pipe bob -- cat /var/log/syslog"
    )]
    Pipe(pipe::Pipe) => pipe::run,
    /// Carry the connections to a local TCP port to a peer, or the other way round, through one session
    #[command(
        after_help = "Examples:\n  sdmp forward 8080 bob                  (there: sdmp listen 0.0.0.0:7667 --forward-to 127.0.0.1:80)\n  sdmp forward 8080 bob:7668             (another port of the host that is recorded for bob)"
    )]
    Forward(forward::Forward) => forward::run,
    /// Sign a container
    Sign(sign::Sign) => sign::sign,
    /// Check a signed container and print what was signed
    Verify(sign::Verify) => sign::verify,
    /// Encrypt a container for peers
    Seal(seal::Seal) => seal::seal,
    /// Decrypt a container and print what is inside
    Unseal(seal::Unseal) => seal::unseal,
    /// Open a container, or a recorded session, and explain it layer by layer
    Inspect(inspect::Inspect) => inspect::run,
    /// Look at containers
    #[command(subcommand)]
    Container(container::Containers) => container::run,
    /// Look at the schemas that containers are checked against
    #[command(subcommand)]
    Schema(schema::Schemas) => schema::run,
    /// Check whether this machine has what sessions need: directory, keys, clock, network
    Doctor(doctor::Doctor) => doctor::run,
    /// Print the completions for a shell
    #[command(
        after_help = "Example:\n  sdmp completions bash > ~/.local/share/bash-completion/completions/sdmp"
    )]
    Completions(shell::Completions) => shell::completions,
    /// Write manual pages, one for each command
    Man(shell::Man) => shell::man,
}
