//! The arguments of the commands about containers and schemas.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sdmp_container::Timestamp;

use super::values::timestamp;

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
    /// Print exactly the octets that were signed, without a line feed after them
    #[arg(long)]
    pub(crate) raw: bool,
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
    /// Print exactly the octets that were sealed, without a line feed after them
    #[arg(long)]
    pub(crate) raw: bool,
    /// Read the forms published with the 0.12 text too (R45): weaker, and only for old documents
    #[arg(long)]
    pub(crate) compat: bool,
}
