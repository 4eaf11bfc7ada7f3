//! `sdmp sign` and `sdmp verify`: signature containers.

use std::path::PathBuf;

use clap::Args;
use sdmp_container::{Container, Fingerprint, Timestamp};
use sdmp_envelope::{Identity, LocalIdentity, compat, signature};
use sdmp_node::home::{Home, Named};
use sdmp_transport::clock::wall_time;

use crate::args::values::timestamp;
use crate::error::{Exit, Failure};
use crate::io::{note, print_container, printable, read_input, warn};
use crate::link::Context;
use crate::passphrase;

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
    /// Check that the signers' identities were valid at this moment [default: now]
    #[arg(long, value_name = "TIMESTAMP", value_parser = timestamp)]
    pub(crate) at: Option<Timestamp>,
    /// Read the forms published with the 0.12 text too (R45): weaker, and only for old documents
    #[arg(long)]
    pub(crate) compat: bool,
}

pub(super) fn sign(context: &Context, args: Sign) -> Result<(), Failure> {
    let container = read_container(args.file.as_deref())?;
    container.check_core()?;
    let signers = args
        .key
        .iter()
        .map(|name| passphrase::local(&context.store, name, &context.passphrase))
        .collect::<Result<Vec<LocalIdentity>, Failure>>()?;
    let signers: Vec<_> = signers.iter().collect();
    print_container(signature::sign(&container, &signers, wall_time()?)?.text(), false)
}

/// Prints exactly the signed octets, and only when every signature holds.
pub(super) fn verify(context: &Context, args: Verify) -> Result<(), Failure> {
    let (store, args) = (&context.store, &args);
    if args.compat {
        return verify_compat(store, args);
    }
    let octets = read_input(args.file.as_deref())?;
    let known = known_identities(store, args)?;
    let container = Container::parse(octets)?;
    let find = |kid: &Fingerprint| {
        known.iter().map(|known| &known.identity).find(|known| known.fingerprint() == kid).cloned()
    };
    // Everything is verified before the first octet is printed.
    let verified = signature::verify(&container, &find, moment(args)?).map_err(explain)?;
    for signer in &verified.signers {
        note(&format!("signed by {} ({})", name_of(&known, signer), signer.fingerprint()));
    }
    if let Some(published) = &verified.published {
        note(&publication(&known, published));
    }
    print_container(verified.container.text(), args.raw)
}

/// For whom a resource is published, and whether that rests on more than the signature (R12, R20).
fn publication(known: &[Named], published: &signature::Published) -> String {
    let user = published.resource.user();
    if published.by_user {
        return format!("published by its user itself ({user})");
    }
    let name = known.iter().find(|named| named.identity.fingerprint() == user);
    let name = name.map_or("a user without a name", |named| named.name.as_str());
    let basis = match published.resource.trust() {
        Some(trust) => format!("by the trust {trust}, which was not looked at"),
        None => "without naming a trust that lets it".to_owned(),
    };
    format!("published for {name} ({user}) by another key, {basis}")
}

/// When the signers' identities must have been usable (R16).
fn moment(args: &Verify) -> Result<Timestamp, Failure> {
    match args.at {
        Some(at) => Ok(at),
        None => Ok(wall_time()?),
    }
}

/// The older rules (R45), with their weaknesses named.
fn verify_compat(store: &Home, args: &Verify) -> Result<(), Failure> {
    let container = compat::parse(read_input(args.file.as_deref())?)?;
    let known = match &args.identity {
        Some(path) => vec![compat_identity(path)?],
        None => known_identities(store, args)?
            .iter()
            .map(|named| Ok(compat::Identity::parse(named.identity.as_bytes())?))
            .collect::<Result<Vec<_>, Failure>>()?,
    };
    let find = |kid: &Fingerprint| known.iter().find(|known| known.fingerprint() == kid).cloned();
    let verified = compat::verify(&container, &find, moment(args)?).map_err(explain)?;
    for signer in &verified.signers {
        note(&format!("signed by {}", signer.identity.fingerprint()));
        if signer.identity.is_known_compromised() {
            warn(
                "the private half of this key is published with the specification: anyone can sign with it (R13)",
            );
        }
        if !signer.covers_header {
            warn("the signature does not cover its header: an older form, weaker than R19");
        }
    }
    print_container(verified.container.text(), args.raw)
}

fn compat_identity(path: &std::path::Path) -> Result<compat::Identity, Failure> {
    compat::Identity::parse(&read_input(Some(path))?).map_err(|error| not_an_identity(path, &error))
}

fn not_an_identity(path: &std::path::Path, error: &sdmp_envelope::Error) -> Failure {
    let cause = format!("{} holds no identity: {error}", printable(&path.display().to_string()));
    Failure::new(Exit::Usage, error.code(), cause)
}

fn name_of<'a>(known: &'a [Named], signer: &Identity) -> &'a str {
    known
        .iter()
        .find(|named| named.identity.fingerprint() == signer.fingerprint())
        .map_or("an identity without a name", |named| named.name.as_str())
}

fn explain(error: sdmp_envelope::Error) -> Failure {
    let unknown = matches!(error, sdmp_envelope::Error::UnknownSigner(_));
    let failure = Failure::from(error);
    if unknown {
        failure
            .remedy("`sdmp peer add NAME FILE` trusts it; --identity FILE checks against it once")
    } else {
        failure
    }
}

/// The identities that a signature may be by.
fn known_identities(store: &Home, args: &Verify) -> Result<Vec<Named>, Failure> {
    if let Some(name) = &args.peer {
        return Ok(vec![Named { name: name.clone(), identity: store.peer(name)? }]);
    }
    if let Some(path) = &args.identity {
        let octets = read_input(Some(path))?;
        let identity = Identity::parse(&octets).map_err(|error| not_an_identity(path, &error))?;
        return Ok(vec![Named { name: path.display().to_string(), identity }]);
    }
    let mut all = store.list_peers()?.named;
    all.extend(store.list_keys()?.named);
    Ok(all)
}

pub(crate) fn read_container(file: Option<&std::path::Path>) -> Result<Container, Failure> {
    Ok(Container::parse(read_input(file)?)?)
}
