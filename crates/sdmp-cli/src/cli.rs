//! The command line: the options that go with every command. [`Command`] lists the commands.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Parser};

use crate::cmd::Command;

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

    /// Print only warnings and errors
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
