//! `sdmp inspect`: a container, a recording, a capture or a stream of objects, opened and explained.

use std::path::{Path, PathBuf};

use clap::Args;
use sdmp_envelope::Identity;
use sdmp_handshake::Role;
use sdmp_inspect::key_log::SessionKeys;
use sdmp_inspect::render::{html, json, text};
use sdmp_inspect::{Input, InputKind, Keys, KnownIdentities, Outcome, Report, inspect};
use sdmp_node::Home;
use sdmp_transport::clock::wall_time;

use crate::error::{Exit, Failure};
use crate::io::{note, print_json_text, print_styled, read_input, read_up_to, write_atomically};
use crate::link::Context;
use crate::passphrase;

/// Of a longer recording the beginning is read.
const MOST: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A container, a recording (--record), a capture (pcap or pcapng), or objects one after the
    /// other; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// Open the session with the secrets that --key-log wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) key_log: Option<PathBuf>,
    /// Check signatures against the identities in these files too [always: all peers and own keys]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// Open a container that is encrypted for this key of yours
    #[arg(long, value_name = "NAME")]
    pub(crate) key: Option<String>,
    /// Who sent the objects of a stream of one direction: initiator or responder
    #[arg(long, value_name = "SIDE")]
    pub(crate) from: Option<Role>,
    /// Print one JSON object
    #[arg(long, conflicts_with = "html")]
    pub(crate) json: bool,
    /// Write one page that shows everything, to be opened in a browser
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Abbreviate long base64url on the wire
    #[arg(long, conflicts_with_all = ["json", "html"])]
    pub(crate) short: bool,
}

pub(super) fn run(context: &Context, args: Inspect) -> Result<(), Failure> {
    let (Context { store, passphrase, .. }, args) = (context, &args);
    let (octets, cut) = read_up_to(args.file.as_deref(), MOST)?;
    // The likeliest mix-up of two files, and the one that must not be printed.
    if SessionKeys::is_key_log(&octets) {
        return Err(Failure::usage("this is a key log: secrets, and nothing to look at").remedy(
            "name the recording or the capture, and give the key log with --key-log FILE",
        ));
    }
    let known = known(store, &args.identity)?;
    let (log, mut notes) = match &args.key_log {
        Some(path) => SessionKeys::parse(&read_input(Some(path))?),
        None => (SessionKeys::default(), Vec::new()),
    };
    if cut {
        notes.push("the input is longer than 64 MiB; only its beginning was read".to_owned());
    }
    let input = Input::new(&octets).sent_by(args.from);
    // A passphrase is asked for only where the key may be of use.
    let private_key = match &args.key {
        Some(name) if input.kind() == InputKind::Container => {
            Some(passphrase::private_key(store, name, passphrase)?)
        }
        _ => None,
    };
    let mut keys = Keys::none().with_log(&log);
    if let Some(key) = &private_key {
        keys = keys.with_private_key(&key.key);
    }
    let mut report = inspect(&input, &keys, &known, wall_time()?);
    // First, since they limit what the rest of the report can say.
    report.notes.splice(..0, notes);
    show(&report, args)?;
    verdict(&report)
}

fn known(store: &Home, files: &[PathBuf]) -> Result<KnownIdentities, Failure> {
    let mut known = KnownIdentities::new();
    for path in files {
        known.add(path.display().to_string(), identity(path)?);
    }
    for named in store.list_peers()?.named.into_iter().chain(store.list_keys()?.named) {
        known.add(named.name, named.identity);
    }
    Ok(known)
}

fn identity(path: &Path) -> Result<Identity, Failure> {
    Identity::parse(&read_input(Some(path))?).map_err(|error| {
        let cause = format!("{} holds no identity: {error}", path.display());
        Failure::new(Exit::Usage, error.code(), cause)
    })
}

/// Writes the page to a file. It may hold opened secrets, so only its owner can read it.
pub(crate) fn write_page(path: &Path, report: &Report) -> Result<(), Failure> {
    write_atomically(path, &html::page(report))?;
    note(&format!("written: {}", path.display()));
    Ok(())
}

fn show(report: &Report, args: &Inspect) -> Result<(), Failure> {
    if let Some(path) = &args.html {
        return write_page(path, report);
    }
    if args.json {
        return print_json_text(&json::report(report));
    }
    let mut out = String::new();
    text::report(&mut out, report, text::Detail { short: args.short, fields: true });
    print_styled(&out)
}

/// Scripts learn from the exit code whether a check failed.
fn verdict(report: &Report) -> Result<(), Failure> {
    let failed = report.count(Outcome::Fails);
    if failed == 0 {
        return Ok(());
    }
    let rule = report
        .steps()
        .flat_map(|step| step.checks.iter())
        .find(|check| check.outcome == Outcome::Fails)
        .map_or("", |check| check.rule);
    let checks = if failed == 1 { "1 check fails" } else { &format!("{failed} checks fail") };
    let cause = format!("{checks}, the first by {rule}");
    Err(Failure::new(Exit::Invalid, "inspect.fails", cause)
        .remedy("the line marked ✗ says which and why; everything else was read as far as it goes"))
}
