//! `sdmp seal` and `sdmp unseal`: encrypted containers for recipients.

use std::path::PathBuf;

use clap::Args;
use sdmp_container::Container;
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PublicKey;
use sdmp_envelope::Identity;
use sdmp_envelope::compat::{self, Unwrap};
use sdmp_envelope::encrypted::{self, Form, Opened};
use sdmp_node::home::Home;
use sdmp_transport::clock::wall_time;

use super::sign::read_container;
use crate::error::{Exit, Failure};
use crate::io::{print_container, read_input, warn};
use crate::link::Context;
use crate::passphrase;

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

pub(super) fn seal(context: &Context, args: Seal) -> Result<(), Failure> {
    let container = read_container(args.file.as_deref())?;
    container.check_core()?;
    let now = wall_time()?;
    let recipients = args
        .to
        .iter()
        .map(|name| {
            let identity = recipient(&context.store, name)?;
            // A container that is sealed for an expired key may never be opened.
            identity.check_usable(now).map_err(|error| {
                Failure::new(
                    Exit::NotTrusted,
                    error.code(),
                    format!("cannot seal for {name}: {error}"),
                )
            })?;
            Ok(identity)
        })
        .collect::<Result<Vec<Identity>, Failure>>()?;
    let keys: Vec<&PublicKey> = recipients.iter().map(Identity::public_key).collect();
    let sealed = encrypted::seal(&container, &keys, Form::Hardened, &mut SystemRandom::new())?;
    print_container(sealed.text(), false)
}

/// A peer of this name, or else an own key.
fn recipient(store: &Home, name: &str) -> Result<Identity, Failure> {
    Ok(store.peer(name).or_else(|error| store.key_identity(name).map_err(|_| error))?)
}

pub(super) fn unseal(context: &Context, args: Unseal) -> Result<(), Failure> {
    let octets = read_input(args.file.as_deref())?;
    let key = passphrase::private_key(&context.store, &args.key, &context.passphrase)?.key;
    let opened = if args.compat {
        compat::open(&compat::parse(octets)?, &key, Unwrap::Oaep)?
    } else {
        encrypted::open(&Container::parse(octets)?, &key)?
    };
    let inside: &Container = opened.container();
    if matches!(opened, Opened::Unauthenticated(_)) {
        warn(
            "this is the form of the 0.12 text (R21): it is not \
             authenticated, so it may have been altered; only a signature inside, checked with `sdmp verify`, would",
        );
    }
    print_container(inside.text(), args.raw)
}
