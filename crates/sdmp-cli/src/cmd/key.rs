//! `sdmp key`: this machine's own keys.

mod file;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::LocalIdentity;
use sdmp_node::fingerprint;
use sdmp_node::introduction::{self, Served};
use sdmp_transport::clock::wall_time;
use sdmp_transport::listener::{Source, Throttle};
use zeroize::Zeroizing;

use super::peer::identity_members;
use crate::address::Address;
use crate::cli::{Key, KeyImport, KeyNew, KeyPasswd, KeyServe, KeyShow, Kind};
use crate::error::{Exit, Failure};
use crate::io::{note, print, print_json, print_line, read_input};
use crate::link::{Context, MINUTE, block_on, listed};
use crate::passphrase::{self, Passphrase, ask_new};
use crate::shutdown;
use sdmp_node::home::{Home, Named};

/// Keys that name no end last so long.
const YEAR_MILLIS: i64 = 365 * 24 * 60 * 60 * 1000;

pub(crate) fn run(context: &Context, command: Key) -> Result<(), Failure> {
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
        Key::Serve(args) => serve(context, &args),
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

/// All that connect learn who this node is, which sessions do not reveal (R30): hence only on request.
fn serve(context: &Context, args: &KeyServe) -> Result<(), Failure> {
    let name = context.key(args.key.as_deref())?;
    let local = passphrase::local(&context.store, &name, &context.passphrase)?;
    block_on(offer(&name, &local, &args.address, args.once))
}

/// Gives the identity to all that connect, until the program is told to end.
async fn offer(
    name: &str,
    local: &LocalIdentity,
    address: &Address,
    once: bool,
) -> Result<(), Failure> {
    let text = introduction::signed(local, wall_time()?)?;
    let (acceptor, shown) = address.bind().await.map_err(|error| {
        Failure::new(Exit::Other, "listen.failed", format!("cannot listen on {address}: {error}"))
            .remedy(address.where_else())
    })?;
    note(&format!("all that connect are given the identity of {name}; its words are\n"));
    note(&fingerprint::words(local.identity().fingerprint().as_octets()));
    note(&format!("listening on {shown}"));
    let _finishing = shutdown::finishing();
    let reports = Arc::new(Mutex::new(Throttle::new(MINUTE)));
    let told = Arc::clone(&reports);
    let report = move |source: &Source, served| report(&told, source, &served);
    tokio::select! {
        () = introduction::offer(acceptor, &text, once, report) => {}
        () = shutdown::signal() => {}
        () = report_the_rest(&reports) => {}
    }
    for (source, more) in lock(&reports).rest() {
        note_more(&source, more);
    }
    Ok(())
}

/// What is said about each source: one line a minute, and how many more connections there were.
type Reports = Mutex<Throttle<Source>>;

fn lock(reports: &Reports) -> MutexGuard<'_, Throttle<Source>> {
    reports.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(reports: &Reports, source: &Source, served: &Served) {
    match lock(reports).note(&source.bucket()) {
        Some(1) => note(&match served {
            Served::Given => format!("gave the identity to {source}"),
            Served::Dropped(limit) => format!("dropped a connection from {source}: {limit}"),
            _ => format!("{source} did not take the identity"),
        }),
        Some(more) => note_more(source, more),
        None => {}
    }
}

fn note_more(source: &Source, more: u64) {
    note(&format!("{more} more connections from {source}"));
}

/// Says how many connections were only counted, as soon as it is due.
async fn report_the_rest(reports: &Reports) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for (source, more) in lock(reports).due() {
            note_more(&source, more);
        }
    }
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
