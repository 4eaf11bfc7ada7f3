//! `sdmp peer`: whom this machine trusts.

use crate::address::Address;
use crate::cli::Peer;
use crate::error::{Exit, Failure};
use crate::io::{note, print_line, read_input, warn};
use crate::store::{About, Store};

pub(crate) fn run(store: &Store, command: Peer) -> Result<(), Failure> {
    match command {
        Peer::Add { name, file, addr } => {
            let octets = read_input(Some(&file))?;
            let identity = sdmp_envelope::Identity::parse(&octets).map_err(|error| {
                Failure::new(
                    Exit::Invalid,
                    error.code(),
                    format!("{} holds no identity: {error}", file.display()),
                )
                .remedy("the peer makes the right file with `sdmp key export NAME`")
            })?;
            let now = sdmp_transport::clock::wall_time()?;
            if identity.check_usable(now).is_err() {
                warn("this identity has expired; sessions with it will be refused (R16)");
            }
            store.add_peer(&name, &identity)?;
            if let Some(address) = addr {
                record(store, &name, &address)?;
            }
            note(&format!("{name} is trusted from now on; its fingerprint is"));
            print_line(&identity.fingerprint().to_string())
        }
        Peer::Addr { name, addr } => {
            record(store, &name, &addr)?;
            note(&format!("{name} stands for {addr} from now on"));
            Ok(())
        }
        Peer::List { json } => {
            for peer in store.list_peers()? {
                super::key::print_row(&peer, json)?;
            }
            Ok(())
        }
        Peer::Remove { name } => {
            store.remove_peer(&name)?;
            note(&format!("{name} is no longer trusted"));
            Ok(())
        }
    }
}

fn record(store: &Store, name: &str, address: &Address) -> Result<(), Failure> {
    let about = store.about(name)?;
    store.set_about(name, &About { address: Some(address.to_string()), ..about })
}

/// The fields of an identity that `--json` prints.
pub(crate) fn identity_members(
    name: &str,
    identity: &sdmp_envelope::Identity,
) -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("name", name.into()),
        ("type", super::key::kind_name(identity.kind()).into()),
        ("fingerprint", identity.fingerprint().to_string().into()),
        ("expires", identity.expires().to_string().into()),
        ("bits", identity.public_key().bits().into()),
    ]
}
