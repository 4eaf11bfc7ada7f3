//! The program `sdmp-conformance`: runs the vectors, or plays the peer, and writes reports.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to the person who runs it"
)]

use clap::Parser;
use sdmp_conformance::coverage::{Count, Coverage};
use sdmp_conformance::error::Error;
use sdmp_conformance::load::{self, LocatedCase};
use sdmp_conformance::node;
use sdmp_conformance::peer::{self, Options, Target};
use sdmp_conformance::report::Report;
use sdmp_conformance::run::CaseReport;
use sdmp_conformance::{coverage, operation, run};
use sdmp_envelope::Identity;
use sdmp_handshake::Profile;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Judges an implementation of SDMP 0.12: by vectors, or as a peer that misbehaves.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Run only cases whose area/id contains this text, or that cite this rule (such as R25)
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// List the cases instead of running them
    #[arg(long)]
    list: bool,
    /// Read vectors from this directory instead of those that come with the program
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Write report.json, report.html and report.xml (JUnit) into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    peer: PeerArguments,
}

/// How to play the peer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Playing the peer")]
struct PeerArguments {
    /// Call the peer at this address, and play a misbehaving initiator
    #[arg(long = "peer", value_name = "ADDR", conflicts_with = "listen")]
    dial: Option<String>,
    /// Wait for the peer at this address (port 0: any free one), and play a misbehaving responder
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Call the node at this address, and play a node that misbehaves in the exchange of journals
    #[arg(long = "node", value_name = "ADDR", conflicts_with_all = ["dial", "listen"])]
    node: Option<String>,
    /// Write the introductions that the node takes in into this directory, and do nothing else
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dial", "listen", "node"])]
    node_files: Option<PathBuf>,
    /// Write the tester's identities into this directory, for the peer to trust, and do nothing else
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dial", "listen"])]
    keys: Option<PathBuf>,
    /// The identity container of the peer
    #[arg(long, value_name = "FILE")]
    peer_identity: Option<PathBuf>,
    /// The profile that the peer is configured with: hardened or published
    #[arg(long, default_value_t)]
    profile: Profile,
    /// Start the peer with this command once for each case; {addr} stands for the address
    #[arg(long, value_name = "COMMAND", requires = "listen")]
    dial_command: Option<String>,
    /// How many cases run at the same time (with --listen, port 0 and --dial-command)
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    jobs: usize,
    /// Leave out cases that wait for the peer's time limits or count its connections
    #[arg(long)]
    quick: bool,
    /// How long the peer may take to react, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5000)]
    patience: u64,
}

fn main() -> ExitCode {
    match conformance(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn conformance(arguments: &Arguments) -> Result<bool, Error> {
    let peer = &arguments.peer;
    if let Some(directory) = &peer.keys {
        for line in peer::export(directory)? {
            println!("{line}");
        }
        return Ok(true);
    }
    if let Some(directory) = &peer.node_files {
        for line in node::export(directory)? {
            println!("{line}");
        }
        return Ok(true);
    }
    if let Some(address) = &peer.node {
        return play_node(arguments, resolve(address)?);
    }
    match target(peer)? {
        Some(target) => play(arguments, target),
        None => vectors(arguments),
    }
}

fn vectors(arguments: &Arguments) -> Result<bool, Error> {
    let directory = arguments.vectors.clone().unwrap_or_else(load::own_directory);
    let all = load::load(&directory)?;
    let chosen: Vec<LocatedCase> =
        all.iter().filter(|located| wanted(located, arguments.only.as_deref())).cloned().collect();
    if arguments.list {
        list(&chosen);
        return Ok(true);
    }
    // Coverage is a property of all vectors; a chosen part says nothing about it.
    let mut coverage = coverage::of_vectors(&all, &coverage::excuses(&directory)?);
    if arguments.only.is_some() {
        coverage.complaints.clear();
        coverage.excused.clear();
    }
    finish(arguments, &Report { cases: run::run(&chosen, operation::perform), coverage })
}

fn target(peer: &PeerArguments) -> Result<Option<Target>, Error> {
    let target = match (&peer.dial, &peer.listen) {
        (Some(address), _) => Target::Dial(resolve(address)?),
        (None, Some(address)) => Target::Listen(resolve(address)?, peer.dial_command.clone()),
        (None, None) => return Ok(None),
    };
    Ok(Some(target))
}

fn resolve(address: &str) -> Result<SocketAddr, Error> {
    let unknown = || Error::Peer(format!("{address} is no address: write it as HOST:PORT"));
    address.to_socket_addrs().map_err(|_| unknown())?.next().ok_or_else(unknown)
}

fn play(arguments: &Arguments, target: Target) -> Result<bool, Error> {
    let options = options(arguments, target)?;
    let side = options.target.side();
    if arguments.list {
        let cases = options.cases();
        let cases: Vec<LocatedCase> =
            cases.iter().map(|case| peer::located(case, side, options.profile)).collect();
        list(&cases);
        println!("{} cases", cases.len());
        return Ok(true);
    }
    // Who starts the peer by hand must know when to.
    let by_hand = matches!(options.target, Target::Listen(_, None));
    if let Target::Listen(address, _) = &options.target {
        eprintln!("listening on {address}");
    }
    let reports = peer::run(&options, &|name| {
        if by_hand {
            eprintln!("{name}: waiting for the peer");
        }
    })?;
    finish(arguments, &of_cases(reports))
}

/// Plays a misbehaving node.
fn play_node(arguments: &Arguments, address: SocketAddr) -> Result<bool, Error> {
    let tester = || peer::Person::new(peer::case::Who::Tester).map(|tester| tester.identity);
    let identity = match &arguments.peer.peer_identity {
        Some(path) => read_identity(path)?,
        // A list of cases does not depend on who the node is.
        None if arguments.list => tester()?,
        None => return Err(whose()),
    };
    let mut options = node::Options::new(address, identity);
    options.patience = Duration::from_millis(arguments.peer.patience);
    options.only.clone_from(&arguments.only);
    if arguments.list {
        let cases: Vec<LocatedCase> = options.cases().into_iter().map(node::located).collect();
        list(&cases);
        println!("{} cases", cases.len());
        return Ok(true);
    }
    finish(arguments, &of_cases(node::run(&options, &|name| eprintln!("{name}"))?))
}

fn whose() -> Error {
    Error::Peer(
        "whose signatures must the peer make? Give its identity: --peer-identity FILE".to_owned(),
    )
}

fn read_identity(path: &Path) -> Result<Identity, Error> {
    let text = std::fs::read(path).map_err(|error| Error::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    Identity::parse(&text).map_err(|error| Error::Format {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

/// What an implementation shows on the wire is a part of the rules; of the others it says nothing.
fn of_cases(cases: Vec<CaseReport>) -> Report {
    let located: Vec<LocatedCase> = cases.iter().map(|report| report.located.clone()).collect();
    let mut coverage =
        Coverage { complaints: Vec::new(), ..coverage::measure(&located, &[].into()) };
    coverage.counts.retain(|(_, count)| *count != Count::default());
    Report { cases, coverage }
}

fn options(arguments: &Arguments, target: Target) -> Result<Options, Error> {
    let peer = &arguments.peer;
    let path = match &peer.peer_identity {
        Some(path) => path.clone(),
        // A list of cases does not depend on who the peer is.
        None if arguments.list => {
            let tester = peer::Person::new(peer::case::Who::Tester)?;
            return Ok(with(arguments, Options::new(target, tester.identity)));
        }
        None => return Err(whose()),
    };
    let identity = read_identity(&path)?;
    let by_hand = matches!(target, Target::Listen(_, None));
    let fixed = matches!(&target, Target::Listen(address, _) if address.port() != 0);
    let mut options = with(arguments, Options::new(target, identity));
    if by_hand || fixed {
        options.jobs = 1;
    }
    Ok(options)
}

fn with(arguments: &Arguments, options: Options) -> Options {
    let peer = &arguments.peer;
    Options {
        profile: peer.profile,
        patience: Duration::from_millis(peer.patience),
        jobs: peer.jobs,
        only: arguments.only.clone(),
        quick: peer.quick,
        ..options
    }
}

fn list(cases: &[LocatedCase]) {
    for located in cases {
        println!(
            "{:<50} {:<14} {}",
            located.name(),
            located.case.rules.join(" "),
            located.case.comment
        );
    }
}

fn wanted(located: &LocatedCase, only: Option<&str>) -> bool {
    only.is_none_or(|text| {
        located.name().contains(text) || located.case.rules.iter().any(|rule| rule == text)
    })
}

fn finish(arguments: &Arguments, report: &Report) -> Result<bool, Error> {
    print!("{}", report.table());
    if let Some(out) = &arguments.out {
        write(out, report)?;
    }
    Ok(report.is_success())
}

fn write(directory: &Path, report: &Report) -> Result<(), Error> {
    let failed = |path: &Path, error: &std::io::Error| Error::Unwritable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let json = format!("{:#}\n", report.json());
    for (name, text) in
        [("report.json", json), ("report.html", report.html()), ("report.xml", report.junit())]
    {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    println!("reports: {}", directory.display());
    Ok(())
}
