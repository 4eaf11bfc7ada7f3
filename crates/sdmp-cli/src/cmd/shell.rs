//! `sdmp completions` and `sdmp man`: what shells and manual readers want to know.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Failure;
use crate::io::{note, print_exact, printable};
use crate::link::Context;

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Where to; made if it is not there
    directory: PathBuf,
}

/// Prints the completions for a shell.
pub(super) fn completions(_context: &Context, args: Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sdmp", &mut script);
    print_exact(&String::from_utf8_lossy(&script))
}

/// Writes a manual page for each command.
pub(super) fn man(_context: &Context, Man { directory }: Man) -> Result<(), Failure> {
    let directory = &directory;
    let failed = |error: std::io::Error| {
        let shown = printable(&directory.display().to_string());
        Failure::usage(format!("cannot write manual pages to {shown}: {error}"))
            .remedy("name a directory that you may write to")
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    // Each page stands for itself; a page about `help` would repeat the others.
    let mut all = Cli::command().disable_help_subcommand(true);
    all.build();
    pages(&all, directory).map_err(failed)?;
    note(&format!("read them with `man {}`", directory.join("sdmp.1").display()));
    Ok(())
}

fn pages(command: &Command, directory: &Path) -> std::io::Result<()> {
    for below in command.get_subcommands() {
        pages(below, directory)?;
    }
    let page = clap_mangen::Man::new(command.clone());
    let mut file = std::fs::File::create(directory.join(page.get_filename()))?;
    page.render_title(&mut file)?;
    page.render_name_section(&mut file)?;
    synopsis(command, &mut file)?;
    page.render_description_section(&mut file)?;
    page.render_options_section(&mut file)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut file)?;
    }
    if command.get_after_help().is_some() {
        page.render_extra_section(&mut file)?;
    }
    file.flush()
}

/// What clap_mangen leaves out of its own: the options' values, and which arguments may be repeated.
fn synopsis(command: &Command, file: &mut impl Write) -> std::io::Result<()> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let shown = |argument: &&Arg| !argument.is_hide_set() && !argument.is_global_set();
    let (operands, options): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(shown).partition(|argument| argument.is_positional());
    let words = options.into_iter().chain(operands).map(|argument| {
        let form = argument.to_string();
        if argument.is_required_set() || form.starts_with('[') { form } else { format!("[{form}]") }
    });
    let below = command.has_subcommands().then(|| "<COMMAND>".to_owned());
    let line: Vec<_> = words.chain(below).map(|word| word.replace('-', "\\-")).collect();
    writeln!(file, ".SH SYNOPSIS\n\\fB{}\\fR {}", name.replace('-', "\\-"), line.join(" "))
}
