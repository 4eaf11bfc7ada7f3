//! `sdmp inspect`: a container, a recording, a capture or a stream of objects, opened and explained.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sdmp_container::Timestamp;
use sdmp_envelope::Identity;
use sdmp_transport::clock::wall_time;

use crate::error::{Exit, Failure};
use crate::explain::keys::{Known, Secrets};
use crate::explain::story::{Outcome, Story};
use crate::explain::text::Detail;
use crate::explain::wire::{Capture, Side};
use crate::explain::{container, json, page, session, text};
use crate::io::{print_line, read_input, read_up_to};
use crate::passphrase::Passphrase;
use crate::record::{capture, read};
use crate::store::{Named, Store};

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
    #[arg(long, value_name = "SIDE", value_parser = side)]
    pub(crate) from: Option<Side>,
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

fn side(name: &str) -> Result<Side, String> {
    Side::from_name(name).ok_or_else(|| "initiator or responder".to_owned())
}

pub(crate) fn run(store: &Store, passphrase: &Passphrase, args: &Inspect) -> Result<(), Failure> {
    let (octets, cut) = read_up_to(args.file.as_deref(), MOST)?;
    if Secrets::is_key_log(&octets) {
        return Err(Failure::usage("this is a key log: secrets, and nothing to look at").remedy(
            "name the recording or the capture, and give the key log with --key-log FILE",
        ));
    }
    let known = known(store, &args.identity)?;
    let (secrets, mut notes) = match &args.key_log {
        Some(path) => Secrets::parse(&read_input(Some(path))?),
        None => (Secrets::default(), Vec::new()),
    };
    if cut {
        notes.push("the input is longer than 64 MiB; only its beginning was read".to_owned());
    }
    let now = wall_time()?;
    let mut story = if read::is_recording(&octets) {
        let (captures, faults) = read::recording(&octets);
        notes.extend(faults);
        sessions("recording", &captures, &secrets, &known, now)
    } else if capture::is_capture(&octets) {
        let (captures, faults) = capture::read(&octets);
        notes.extend(faults);
        sessions("capture", &captures, &secrets, &known, now)
    } else if is_container(&octets) {
        let key = args.key.as_ref().map(|name| store.private_key(name, passphrase)).transpose()?;
        let told = container::tell(&octets, &known, now, key.as_ref().map(|key| &key.key));
        Story { input: "container", sessions: vec![told], notes: Vec::new() }
    } else {
        sessions("stream", &read::stream(&octets, args.from), &secrets, &known, now)
    };
    story.notes.append(&mut notes);
    show(&story, args)?;
    verdict(&story)
}

fn sessions(
    input: &'static str,
    captures: &[Capture],
    secrets: &Secrets,
    known: &Known,
    now: Timestamp,
) -> Story {
    let tell = |capture| session::tell(capture, secrets, known, now);
    Story { input, sessions: captures.iter().map(tell).collect(), notes: Vec::new() }
}

/// One object and nothing else: a container. What cannot be cut is told as a container too, which
/// says where it is wrong.
fn is_container(octets: &[u8]) -> bool {
    let mut rest = octets.trim_ascii();
    let mut deframer = sdmp_handshake::Deframer::new();
    match deframer.next(&mut rest, usize::MAX) {
        Ok(Some(_)) => rest.trim_ascii().is_empty(),
        Ok(None) | Err(_) => true,
    }
}

fn known(store: &Store, files: &[PathBuf]) -> Result<Known, Failure> {
    let mut known = Vec::new();
    for path in files {
        known.push(Named { name: path.display().to_string(), identity: identity(path)? });
    }
    known.extend(store.list_peers()?);
    known.extend(store.list_keys()?);
    Ok(Known(known))
}

fn identity(path: &Path) -> Result<Identity, Failure> {
    Identity::parse(&read_input(Some(path))?).map_err(|error| {
        let cause = format!("{} holds no identity: {error}", path.display());
        Failure::new(Exit::Usage, error.code(), cause)
    })
}

fn show(story: &Story, args: &Inspect) -> Result<(), Failure> {
    if let Some(path) = &args.html {
        return page::write(path, story);
    }
    if args.json {
        return print_line(&json::story(story));
    }
    let mut out = String::new();
    text::story(&mut out, story, Detail { short: args.short, fields: true });
    let mut stdout = anstream::stdout().lock();
    stdout
        .write_all(out.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| crate::io::unwritable(&error))
}

/// Scripts learn from the exit code whether a check failed.
fn verdict(story: &Story) -> Result<(), Failure> {
    let failed = story.count(Outcome::Fails);
    if failed == 0 {
        return Ok(());
    }
    let rule = story
        .steps()
        .flat_map(|step| &step.checks.0)
        .find(|check| check.outcome == Outcome::Fails)
        .map_or("", |check| check.rule);
    let checks = if failed == 1 { "1 check fails" } else { &format!("{failed} checks fail") };
    let cause = format!("{checks}, the first by {rule}");
    Err(Failure::new(Exit::Invalid, "inspect.fails", cause)
        .remedy("the line marked ✗ says which and why; everything else was read as far as it goes"))
}
