//! `sdmp seal` and `sdmp unseal`: encrypted containers for recipients.

use sdmp_container::Container;
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PublicKey;
use sdmp_envelope::Identity;
use sdmp_envelope::compat::{self, Unwrap};
use sdmp_envelope::encrypted::{self, Form, Opened};
use sdmp_transport::clock::wall_time;

use super::sign::read_container;
use crate::cli::{Seal, Unseal};
use crate::error::{Exit, Failure};
use crate::io::{print_container, read_input, warn};
use crate::passphrase::{self, Passphrase};
use sdmp_node::home::Home;

pub(crate) fn seal(store: &Home, args: &Seal) -> Result<(), Failure> {
    let container = read_container(args.file.as_deref())?;
    container.check_core()?;
    let now = wall_time()?;
    let recipients = args
        .to
        .iter()
        .map(|name| {
            let identity = recipient(store, name)?;
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

pub(crate) fn unseal(store: &Home, passphrase: &Passphrase, args: &Unseal) -> Result<(), Failure> {
    let octets = read_input(args.file.as_deref())?;
    let key = passphrase::private_key(store, &args.key, passphrase)?.key;
    let opened = if args.compat {
        compat::open(&compat::parse(octets)?, &key, Unwrap::Oaep)?
    } else {
        encrypted::open(&Container::parse(octets)?, &key)?
    };
    let inside: &Container = opened.container();
    if matches!(opened, Opened::Unauthenticated(_)) {
        warn(
            "this is the form of the 0.12 text (R21): nothing shows that it was not \
             altered on the way; only a signature inside, checked with `sdmp verify`, would",
        );
    }
    print_container(inside.text(), args.raw)
}
