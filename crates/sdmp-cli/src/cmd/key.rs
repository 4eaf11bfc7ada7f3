//! `sdmp key`: this machine's own keys.

mod file;
mod serve;

use std::path::Path;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_node::fingerprint;
use sdmp_node::home::{Home, Named};
use sdmp_transport::clock::wall_time;
use zeroize::Zeroizing;

use super::peer::identity_members;
use crate::args::values::{bits, timestamp};
use crate::error::{Exit, Failure};
use crate::io::{note, print, print_json, print_line, read_input};
use crate::link::{Context, listed};
use crate::passphrase::{self, Passphrase, ask_new};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key and its identity
    #[command(after_help = "Example:\n  sdmp key new alice --expires 2027-12-31T23:59:59.999Z")]
    New(KeyNew),
    /// List the keys
    List {
        /// Print one JSON object a line instead
        #[arg(long)]
        json: bool,
    },
    /// Show a key's fingerprint and identity container
    Show(KeyShow),
    /// Print the identity container, to be given to peers
    Export {
        /// The key's name
        name: String,
    },
    /// Offer the identity container to every connection, for `sdmp peer add --fetch`
    Serve(serve::KeyServe),
    /// Import a private key: PEM (PKCS#8 or PKCS#1), DER, or a `private_key` container
    Import(KeyImport),
    /// Set, change or remove the passphrase that protects a key
    Passwd(KeyPasswd),
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Kind {
    /// The identity of a node: it can take part in sessions (the default)
    #[arg(long)]
    pub(crate) node: bool,
    /// The identity of a user: it signs, and takes no part in sessions
    #[arg(long)]
    pub(crate) user: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeyNew {
    /// A name for it on this machine
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) kind: Kind,
    /// The length of the RSA key
    #[arg(long, value_parser = bits, default_value = "3072")]
    pub(crate) bits: u32,
    /// The moment from which it is no longer valid, as 2027-12-31T23:59:59.999Z
    /// [default: in one year]
    #[arg(long, value_name = "TIMESTAMP", value_parser = timestamp)]
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyShow {
    /// The key's name
    pub(crate) name: String,
    /// Print one JSON object
    #[arg(long, conflicts_with_all = ["words", "art"])]
    pub(crate) json: bool,
    /// Print the fingerprint as words, to be compared aloud
    #[arg(long)]
    pub(crate) words: bool,
    /// Print the fingerprint as a picture, to be compared by eye
    #[arg(long)]
    pub(crate) art: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeyImport {
    /// The file, or - for standard input
    pub(crate) file: PathBuf,
    /// A name for it on this machine [default: the file's name]
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) kind: Kind,
    /// The moment from which it is no longer valid [default: the container's, or in one year]
    #[arg(long, value_name = "TIMESTAMP", value_parser = timestamp)]
    pub(crate) expires: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyPasswd {
    /// The key's name
    pub(crate) name: String,
    /// Read the new passphrase from the first line of a file, instead of asking
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Store the key without a passphrase
    #[arg(long)]
    pub(crate) remove: bool,
}

/// Keys that name no end last so long.
const YEAR_MILLIS: i64 = 365 * 24 * 60 * 60 * 1000;

pub(super) fn run(context: &Context, command: Key) -> Result<(), Failure> {
    let Context { store, passphrase, .. } = context;
    match command {
        Key::New(args) => new(store, passphrase, &args),
        Key::List { json } => {
            for key in listed(store.list_keys()?) {
                print_row(&key, json)?;
            }
            Ok(())
        }
        Key::Show(args) => show(store, &args),
        Key::Export { name } => print_line(store.key_identity(&name)?.text()),
        Key::Serve(args) => serve::run(context, &args),
        Key::Import(args) => import(store, passphrase, &args),
        Key::Passwd(args) => passwd(store, passphrase, &args),
    }
}

pub(crate) fn kind_name(kind: IdentityType) -> &'static str {
    match kind {
        IdentityType::User => "user",
        IdentityType::Node => "node",
    }
}

fn kind_of(kind: Kind) -> IdentityType {
    if kind.user { IdentityType::User } else { IdentityType::Node }
}

/// One line of a list.
pub(crate) fn print_row(row: &Named, json: bool) -> Result<(), Failure> {
    let Named { name, identity } = row;
    if json {
        return print_json(&identity_members(name, identity));
    }
    let ended = if identity.check_usable(wall_time()?).is_err() { " EXPIRED" } else { "" };
    print_line(&format!(
        "{name:<16} {} {}{ended} {}",
        kind_name(identity.kind()),
        identity.expires(),
        identity.fingerprint()
    ))
}

/// The end of a key, checked to be still ahead.
fn expiry(given: Option<Timestamp>) -> Result<Timestamp, Failure> {
    let now = wall_time()?;
    let Some(expires) = given else {
        return now
            .unix_millis()
            .checked_add(YEAR_MILLIS)
            .and_then(Timestamp::from_unix_millis)
            .ok_or_else(|| Failure::usage("the year after this one has no timestamp (R6)"));
    };
    if expires.is_expired(now) {
        return Err(Failure::usage(format!("{expires} is in the past")));
    }
    Ok(expires)
}

fn new(store: &Home, passphrase: &Passphrase, args: &KeyNew) -> Result<(), Failure> {
    // Before the seconds that making a key takes.
    store.check_new_key(&args.name)?;
    let expires = expiry(args.expires)?;
    let secret = passphrase.file()?;
    note(&format!("making an RSA key of {} bits ...", args.bits));
    let key = PrivateKey::generate(args.bits)?;
    let secret = secret.as_ref().map(|secret| secret.as_bytes());
    let identity = store.add_key(&args.name, &key, kind_of(args.kind), expires, secret)?;
    note(&format!(
        "the key {} is ready until {expires}; give peers the output of `sdmp key export {}`. Its fingerprint is",
        args.name, args.name
    ));
    print_line(&identity.fingerprint().to_string())
}

fn show(store: &Home, args: &KeyShow) -> Result<(), Failure> {
    let identity = store.key_identity(&args.name)?;
    if args.words || args.art {
        let octets = identity.fingerprint().as_octets();
        if args.words {
            print(&fingerprint::words(octets))?;
        }
        if args.art {
            let title = format!("RSA {}", identity.public_key().bits());
            print(&fingerprint::art(octets, &title, "SHA512"))?;
        }
        return Ok(());
    }
    if args.json {
        let container: serde_json::Value = serde_json::from_str(identity.text())
            .map_err(|_| Failure::new(Exit::Other, "store.broken", "the identity is not JSON"))?;
        let mut members = identity_members(&args.name, &identity);
        members.push(("identity", container));
        return print_json(&members);
    }
    print_line(&format!("name         {}", args.name))?;
    print_line(&format!("type         {}", kind_name(identity.kind())))?;
    print_line(&format!("key          RSA, {} bits", identity.public_key().bits()))?;
    print_line(&format!("expires      {}", identity.expires()))?;
    print_line(&format!("fingerprint  {}", identity.fingerprint()))?;
    print_line(&format!("identity     {}", identity.text()))
}

fn import(store: &Home, passphrase: &Passphrase, args: &KeyImport) -> Result<(), Failure> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&args.file)?,
    };
    store.check_new_key(&name)?;
    // The file is a secret from its first octet on.
    let octets = Zeroizing::new(read_input(Some(&args.file))?);
    let read = file::read(&octets, passphrase)?;
    let expires = expiry(args.expires.or(read.expires))?;
    // What was protected stays protected, wherever its passphrase came from.
    let secret = passphrase.file()?.or(read.passphrase);
    let kept =
        if secret.is_some() { "protected by its passphrase" } else { "without a passphrase" };
    let secret = secret.as_ref().map(|secret| secret.as_bytes());
    let identity = store.add_key(&name, &read.key, kind_of(args.kind), expires, secret)?;
    note(&format!("the key {name} is ready until {expires}, {kept}; its fingerprint is"));
    print_line(&identity.fingerprint().to_string())
}

/// The file's name up to its first dot.
fn name_of(file: &Path) -> Result<String, Failure> {
    let stem =
        file.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
    match stem {
        Some(stem) if file != Path::new("-") => Ok(stem.to_owned()),
        _ => Err(Failure::usage("the key needs a name: add --name NAME")),
    }
}

fn passwd(store: &Home, passphrase: &Passphrase, args: &KeyPasswd) -> Result<(), Failure> {
    let loaded = passphrase::private_key(store, &args.name, passphrase)?;
    let new = match &args.new_passphrase_file {
        _ if args.remove => None,
        Some(path) => Passphrase::new(Some(path.clone())).file()?,
        None => Some(ask_new()?),
    };
    let secret = new.as_ref().map(|secret| secret.as_bytes());
    store.replace_private(&args.name, &loaded.key, loaded.expires, secret)?;
    let done = if secret.is_some() { "has a new passphrase" } else { "has no passphrase any more" };
    note(&format!("the key {} {done}", args.name));
    Ok(())
}
