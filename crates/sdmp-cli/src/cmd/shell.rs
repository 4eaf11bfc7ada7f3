//! `sdmp completions` and `sdmp man`: what shells and manual readers want to know.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Failure;
use crate::io::{note, print_exact, printable};

/// Prints the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sdmp", &mut script);
    print_exact(&String::from_utf8_lossy(&script))
}

/// Writes a manual page for each command.
pub(crate) fn man(directory: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!(
            "cannot write manual pages to {}: {error}",
            printable(&directory.display().to_string())
        ))
        .remedy("name a directory that you may write to")
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(failed)?;
    note(&format!("read them with `man {}`", directory.join("sdmp.1").display()));
    Ok(())
}
