//! `sdmp schema`: the schemas that this program knows, as it runs them.

use clap::Subcommand;
use sdmp_schema::extensions::{self, Extension};
use sdmp_schema::{Registry, Schema};

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
        /// `container`, a core name, `stream`, `file`, `channels`, `pieces`, or a resource URI
        name: String,
    },
}

pub(super) fn run(_context: &Context, command: Schemas) -> Result<(), Failure> {
    match command {
        Schemas::List { json } => list(json),
        Schemas::Show { name } => show(&name),
    }
}

fn list(json: bool) -> Result<(), Failure> {
    for (schema, _) in Registry::core().iter() {
        let member = match &schema {
            Schema::Core(core) => core.member(),
            Schema::Container | Schema::Extension(_) => "sdmp",
        };
        let kind = if schema == Schema::Container { "container" } else { "core" };
        line(json, &schema.to_string(), kind, member, None)?;
    }
    for Extension { name, uri, .. } in extensions::ALL {
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
    match extensions::ALL.iter().find(|one| one.name == name || one.uri == name) {
        // Exactly the octets that were signed, and a line end for the terminal.
        Some(Extension { schema, .. }) => print_exact(&format!("{schema}\n")),
        None => Err(Failure::usage("there is no schema of this name")
            .remedy("`sdmp schema list` shows those that there are")),
    }
}
