//! `sdmp peer`: whom this machine trusts.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sdmp_container::{Fingerprint, Timestamp};
use sdmp_envelope::Identity;
use sdmp_node::fingerprint::words;
use sdmp_node::home::notes::Notes;
use sdmp_node::home::{Home, Named};
use sdmp_node::introduction;
use sdmp_transport::clock::wall_time;

use crate::args::values::fingerprint;
use crate::error::{Exit, Failure};
use crate::io::{note, print, print_json, print_line, printable, read_input, tell, warn};
use crate::link::{Context, block_on, listed};
use sdmp_node::Address;

#[derive(Debug, Subcommand)]
pub(crate) enum Peer {
    /// Trust an identity from now on
    #[command(
        after_help = "Examples:\n  sdmp peer add bob bob.json --addr 192.0.2.7:7667\n  sdmp peer add bob --fetch 192.0.2.7:7668     (there: sdmp key serve 0.0.0.0:7668)"
    )]
    Add(PeerAdd),
    /// Record where a peer listens
    Addr {
        /// The peer's name
        name: String,
        /// Its address, in any of the forms that `sdmp connect` takes
        addr: Address,
    },
    /// Compare fingerprints with a peer, as words read aloud, and mark it as verified
    Verify(PeerVerify),
    /// List the trusted peers: until when, whether verified, and where
    List {
        /// Print one JSON object a line instead
        #[arg(long)]
        json: bool,
    },
    /// Trust a peer no longer
    Remove {
        /// The peer's name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PeerAdd {
    /// A name for it on this machine
    pub(crate) name: String,
    /// The identity container, or - for standard input
    #[arg(required_unless_present = "fetch")]
    pub(crate) file: Option<PathBuf>,
    /// Take the identity that `sdmp key serve` offers there, and ask whether it is the right one
    #[arg(long, value_name = "ADDR", conflicts_with = "file")]
    pub(crate) fetch: Option<Address>,
    /// Accept only this fingerprint, known from elsewhere, without asking
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Where it listens, so that its name stands for the address
    #[arg(long, value_name = "ADDR")]
    pub(crate) addr: Option<Address>,
}

#[derive(Debug, Args)]
pub(crate) struct PeerVerify {
    /// The peer's name
    pub(crate) name: String,
    /// The own key whose words the peer compares [default: the only one there is]
    #[arg(long, value_name = "NAME", env = "SDMP_KEY")]
    pub(crate) key: Option<String>,
    /// The fingerprint that the peer says it has; compared without asking
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    pub(crate) fingerprint: Option<Fingerprint>,
}

pub(super) fn run(context: &Context, command: Peer) -> Result<(), Failure> {
    let store = &context.store;
    match command {
        Peer::Add(args) => add(store, &args),
        Peer::Addr { name, addr } => {
            record(store, &name, &addr)?;
            note(&format!("{name} stands for {addr} from now on"));
            Ok(())
        }
        Peer::Verify(args) => verify(context, &args),
        Peer::List { json } => {
            let now = wall_time()?;
            for peer in listed(store.list_peers()?) {
                print_peer(&peer, &store.notes(&peer.name)?, now, json)?;
            }
            Ok(())
        }
        Peer::Remove { name } => remove(store, &name),
    }
}

fn add(store: &Home, args: &PeerAdd) -> Result<(), Failure> {
    // On the command line a name and an address stand in the same place.
    if args.name.parse::<Address>().is_ok() {
        let cause =
            format!("{} means an address, so a peer of this name could not be called", args.name);
        return Err(Failure::usage(cause).remedy("choose another name"));
    }
    let identity = match (&args.file, &args.fetch) {
        (_, Some(address)) => fetch(address)?,
        (file, None) => read(file.as_deref())?,
    };
    // Before the user is asked to compare words.
    store.check_new_peer(&args.name, &identity)?;
    if identity.check_usable(wall_time()?).is_err() {
        warn("this identity has expired; sessions with it will be refused (R16)");
    }
    let compared = match &args.fingerprint {
        Some(expected) => {
            expect(expected, &identity)?;
            true
        }
        None if args.fetch.is_some() => compare(&args.name, &identity)?,
        None => false,
    };
    store.add_peer(&args.name, &identity)?;
    let others = other_names(store, &args.name, &identity);
    if !others.is_empty() {
        warn(&format!("the same identity is trusted as {} already", others.join(" and ")));
    }
    if compared {
        mark(store, &args.name)?;
    }
    if let Some(address) = &args.addr {
        record(store, &args.name, address)?;
    }
    note(&format!("{} is trusted from now on; its fingerprint is", args.name));
    print_line(&identity.fingerprint().to_string())
}

fn remove(store: &Home, name: &str) -> Result<(), Failure> {
    let others = store.peer(name).map(|identity| other_names(store, name, &identity));
    store.remove_peer(name)?;
    // Trust is in keys: one that is kept under another name is still trusted.
    match others {
        Ok(others) if !others.is_empty() => warn(&format!(
            "{name} is removed, but the same identity is still trusted as {}; remove that too if it should not be",
            others.join(" and ")
        )),
        _ => note(&format!("{name} is no longer trusted")),
    }
    Ok(())
}

/// Under which other names an identity is trusted.
fn other_names(store: &Home, name: &str, identity: &Identity) -> Vec<String> {
    let same =
        |peer: &Named| peer.name != name && peer.identity.fingerprint() == identity.fingerprint();
    // A file that cannot be read adds no trust; `peer list` warns of it.
    let peers = store.list_peers().unwrap_or_default().named;
    peers.into_iter().filter(same).map(|peer| peer.name).collect()
}

/// Takes what is offered at an address, and shows what its owner has signed.
fn fetch(address: &Address) -> Result<Identity, Failure> {
    let now = wall_time()?;
    block_on(async { Ok(introduction::fetch(&address.to_string(), address.dial(), now).await?) })
}

fn read(file: Option<&Path>) -> Result<Identity, Failure> {
    let octets = read_input(file)?;
    Identity::parse(&octets).map_err(|error| {
        let what = match file {
            Some(file) if file != Path::new("-") => printable(&file.display().to_string()),
            _ => "standard input".to_owned(),
        };
        Failure::new(Exit::Invalid, error.code(), format!("{what} holds no identity: {error}"))
            .remedy("the peer makes the right file with `sdmp key export NAME`")
    })
}

/// Compares with the fingerprint that the user knows from elsewhere.
fn expect(expected: &Fingerprint, identity: &Identity) -> Result<(), Failure> {
    if identity.fingerprint() == expected {
        return Ok(());
    }
    Err(Failure::new(Exit::NotTrusted, "peer.fingerprint", "this identity has another fingerprint")
        .remedy("the connection may be intercepted: ask the peer, over a channel that you trust, for the output of `sdmp key show NAME`"))
}

/// Asks a person; `None` where there is no terminal.
pub(super) fn ask(question: &str) -> Option<bool> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return None;
    }
    for _ in 0..3 {
        tell(&format!("{question} [yes/no]"));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        match answer.trim().to_lowercase().as_str() {
            "yes" => return Some(true),
            "no" | "" => return Some(false),
            _ => {}
        }
    }
    Some(false)
}

/// What was fetched is trusted only when a person has compared it.
fn compare(name: &str, identity: &Identity) -> Result<bool, Failure> {
    tell(&format!(
        "This came from the network; nothing shows yet that it is {name}'s. Its owner says that it is the key of a {} until {}. Its words are\n",
        super::key::kind_name(identity.kind()),
        identity.expires()
    ));
    tell(&words(identity.fingerprint().as_octets()));
    let question = format!(
        "Ask {name}, by telephone say, for the words that `sdmp key show NAME --words` prints there. Are they the same?"
    );
    match ask(&question) {
        Some(true) => Ok(true),
        Some(false) => Err(untrusted("the words were not confirmed, so nothing was added")),
        None => {
            Err(untrusted("there is no terminal to compare the words on, so nothing was added"))
        }
    }
}

fn untrusted(cause: &str) -> Failure {
    Failure::new(Exit::NotTrusted, "peer.unconfirmed", cause)
        .remedy("compare on a terminal, or give the fingerprint that you know with --fingerprint")
}

fn verify(context: &Context, args: &PeerVerify) -> Result<(), Failure> {
    let store = &context.store;
    let identity = store.peer(&args.name)?;
    if let Some(expected) = &args.fingerprint {
        expect(expected, &identity)?;
    } else {
        let own = context.key(args.key.as_deref())?;
        let ours = store.key_identity(&own)?;
        print_line(&format!("The words of {}:\n", args.name))?;
        print(&words(identity.fingerprint().as_octets()))?;
        print_line(&format!("\nOurs, of the key {own}:\n"))?;
        print_line(&words(ours.fingerprint().as_octets()))?;
        let question = format!(
            "Read ours aloud, and let {} read theirs (`sdmp peer verify` shows both there too). Are all the same?",
            args.name
        );
        if ask(&question) != Some(true) {
            return Err(Failure::new(Exit::NotTrusted, "peer.unconfirmed", "nothing was marked as verified")
                .remedy("confirm with `yes` on a terminal; if the words differ, `sdmp peer remove` it: the connection was intercepted"));
        }
    }
    mark(store, &args.name)?;
    note(&format!("{} is verified", args.name));
    Ok(())
}

fn mark(store: &Home, name: &str) -> Result<(), Failure> {
    let now = wall_time()?.to_string();
    Ok(store.update_notes(name, |notes| notes.verified = Some(now))?)
}

fn record(store: &Home, name: &str, address: &Address) -> Result<(), Failure> {
    Ok(store.update_notes(name, |notes| notes.address = Some(address.to_string()))?)
}

fn print_peer(peer: &Named, about: &Notes, now: Timestamp, json: bool) -> Result<(), Failure> {
    let Named { name, identity } = peer;
    let expired = identity.expires().is_expired(now);
    if json {
        let mut members = identity_members(name, identity);
        members.push(("expired", expired.into()));
        members.push(("verified", about.verified.clone().into()));
        members.push(("address", about.address.clone().into()));
        return print_json(&members);
    }
    let mark = if about.verified.is_some() { "verified" } else { "unverified" };
    let ended = if expired { " EXPIRED" } else { "" };
    let address = about.address.as_deref().unwrap_or("-");
    print_line(&format!(
        "{name:<16} {} {}{ended} {mark:<10} {address:<21} {}",
        super::key::kind_name(identity.kind()),
        identity.expires(),
        identity.fingerprint()
    ))
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
