//! Whom a session is opened with: a peer by name, or an address and the peer expected there.

use std::str::FromStr;

use sdmp_envelope::Identity;

use crate::error::Failure;
use sdmp_node::address::{Address, AddressError};
use sdmp_node::home::{Home, check_name};

/// What was written on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A peer whose address is recorded.
    Peer(String),
    /// An address; of the form NAME:PORT it may mean a port of a peer's recorded host.
    Address(Address),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(address) => Ok(Self::Address(address)),
            // Addresses first: names cannot contain colons, so only `stdio` could be both.
            Err(_) if check_name(text).is_ok() => Ok(Self::Peer(text.to_owned())),
            Err(error) => Err(format!("{error}, or the name of a peer")),
        }
    }
}

/// Where to go, and who must be there.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) address: Address,
    pub(crate) name: String,
    pub(crate) identity: Identity,
}

impl Target {
    /// Finds the address and the identity to be pinned. `peer` is what `--peer` says.
    pub(crate) fn resolve(&self, store: &Home, peer: Option<&str>) -> Result<Destination, Failure> {
        let (address, name) = match (self, peer) {
            (Self::Peer(name), Some(peer)) if name != peer => {
                return Err(Failure::usage(format!(
                    "{name} and --peer {peer} are not the same peer"
                ))
                .remedy(format!(
                    "leave out --peer, or write an address (such as HOST:PORT) in place of {name}"
                )));
            }
            (Self::Peer(name), _) => (recorded(store, name)?, name.clone()),
            (Self::Address(address), Some(peer)) => (address.clone(), peer.to_owned()),
            (Self::Address(address), None) => expected_at(store, address)?,
        };
        let identity = store.peer(&name)?;
        Ok(Destination { address, name, identity })
    }
}

fn recorded(store: &Home, name: &str) -> Result<Address, Failure> {
    store.peer(name)?;
    let text = store.notes(name)?.address.ok_or_else(|| {
        Failure::usage(format!("no address of {name} is recorded")).remedy(format!(
            "record it with `sdmp peer addr {name} ADDR`, or write the address with --peer {name}"
        ))
    })?;
    text.parse()
        .map_err(|error: AddressError| Failure::usage(format!("the address of {name}: {error}")))
}

/// The peer whose recorded address this is, or whose name stands in place of the host.
fn expected_at(store: &Home, address: &Address) -> Result<(Address, String), Failure> {
    let mut found = Vec::new();
    for peer in store.list_peers()?.named {
        let Some(recorded) = store.notes(&peer.name)?.address else { continue };
        let Ok(recorded) = recorded.parse::<Address>() else { continue };
        if let Some(meant) = same_place(address, &peer.name, recorded) {
            found.push((meant, peer.name));
        }
    }
    match found.pop() {
        // With two candidates a guess could send a message to the wrong one.
        Some(only) if found.is_empty() => Ok(only),
        _ => Err(Failure::usage("an address says where, but not whom to expect there")
            .remedy("add --peer NAME; `sdmp peer list` shows the names")),
    }
}

fn same_place(asked: &Address, name: &str, recorded: Address) -> Option<Address> {
    if *asked == recorded {
        return Some(recorded);
    }
    let (Address::Tcp(asked), Address::Tcp(recorded)) = (asked, recorded) else { return None };
    let (host, port) = asked.rsplit_once(':')?;
    let (known, _) = recorded.rsplit_once(':')?;
    (host == name).then(|| Address::Tcp(format!("{known}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        assert_eq!("bob".parse(), Ok(Target::Peer("bob".to_owned())));
        let tcp = Target::Address(Address::Tcp("bob:7".to_owned()));
        assert_eq!("bob:7".parse(), Ok(tcp));
        assert_eq!("stdio".parse(), Ok(Target::Address(Address::Stdio)));
        for bad in ["", "-x", "a b", "a/b", ":7"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_stands_for_its_host_on_another_port() {
        let tcp = |text: &str| Address::Tcp(text.to_owned());
        let meant = |asked, recorded: Address| same_place(&tcp(asked), "bob", recorded);
        assert_eq!(meant("bob:9", tcp("10.0.0.2:7667")), Some(tcp("10.0.0.2:9")));
        assert_eq!(meant("10.0.0.2:7667", tcp("10.0.0.2:7667")), Some(tcp("10.0.0.2:7667")));
        assert_eq!(meant("10.0.0.2:9", tcp("10.0.0.2:7667")), None);
        assert_eq!(meant("bob:9", Address::Stdio), None);
    }
}
