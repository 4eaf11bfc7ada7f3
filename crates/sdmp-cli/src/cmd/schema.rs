//! `sdmp schema`: the schemas that this program knows, as it runs them.

use clap::Subcommand;
use sdmp_schema::{Registry, Schema, extensions};

use crate::error::Failure;
use crate::io::{print_exact, print_json, print_line};
use crate::link::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Schemas {
    /// List the schemas
    List {
        /// Print one JSON object a line instead
        #[arg(long)]
        json: bool,
    },
    /// Print a schema
    Show {
        /// `container`, a core name, `stream`, `file`, `channels`, or a resource URI
        name: String,
    },
}

pub(super) fn run(_context: &Context, command: Schemas) -> Result<(), Failure> {
    match command {
        Schemas::List { json } => list(json),
        Schemas::Show { name } => show(&name),
    }
}

/// The extension schemas that come with the program, by short name.
const EXTENSIONS: [(&str, &str, &str); 4] = [
    ("stream", extensions::STREAM_URI, extensions::STREAM_SCHEMA),
    ("file", extensions::FILE_URI, extensions::FILE_SCHEMA),
    ("channels", extensions::CHANNELS_URI, extensions::CHANNELS_SCHEMA),
    ("pieces", extensions::PIECES_URI, extensions::PIECES_SCHEMA),
];

fn list(json: bool) -> Result<(), Failure> {
    for (schema, _) in Registry::core().iter() {
        let member = match &schema {
            Schema::Core(core) => core.member(),
            Schema::Container | Schema::Extension(_) => "sdmp",
        };
        let kind = if schema == Schema::Container { "container" } else { "core" };
        line(json, &schema.to_string(), kind, member, None)?;
    }
    for (name, uri, _) in EXTENSIONS {
        line(json, name, "extension", name, Some(uri))?;
    }
    Ok(())
}

fn line(
    json: bool,
    name: &str,
    kind: &str,
    member: &str,
    uri: Option<&str>,
) -> Result<(), Failure> {
    if json {
        return print_json(&[
            ("name", name.into()),
            ("kind", kind.into()),
            ("member", member.into()),
            ("uri", uri.into()),
        ]);
    }
    match uri {
        Some(uri) => print_line(&format!("{name:<17} {kind:<10} {member:<12} {uri}")),
        None => print_line(&format!("{name:<17} {kind:<10} {member}")),
    }
}

fn show(name: &str) -> Result<(), Failure> {
    // Core names first: an extension cannot take one, since its name is a URI.
    if let Some(text) = Registry::core().get(name) {
        return print_exact(text);
    }
    let extension = EXTENSIONS.iter().find(|(short, uri, _)| *short == name || *uri == name);
    match extension {
        // Exactly the octets that were signed, and a line end for the terminal.
        Some((_, _, text)) => print_exact(&format!("{text}\n")),
        None => Err(Failure::usage("there is no schema of this name")
            .remedy("`sdmp schema list` shows those that there are")),
    }
}
