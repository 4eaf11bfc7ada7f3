//! The tester as a peer: it plays one side of sessions with any implementation over TCP (R43),
//! deviates from the protocol in one point in each, and judges the reaction.
//!
//! A case is an honest session in which one message is changed: one rule is broken, or something
//! unusual but legal is done. What a correct peer does then is decided by R37 and R38: a rejection
//! of the right kind, or silence; never acceptance. Cases are data ([`cases`]), so that a reader
//! sees what is sent.
//!
//! ```no_run
//! use sdmp_conformance::peer::{self, Options, Target};
//! use sdmp_envelope::Identity;
//!
//! let identity = Identity::parse(&std::fs::read("peer.json")?)?;
//! let address = "127.0.0.1:4000".parse()?;
//! let options = Options::new(Target::Dial(address), identity);
//! for report in peer::run(&options, &|_| ())? {
//!     assert!(report.passed(), "{}: {:?}", report.located.name(), report.verdict);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a change that does not concern a step is passed over by it"
)]

mod approach;
pub mod case;
pub mod cases;
mod channel;
mod draft;
mod judge;
mod people;
mod player;
mod record;
mod roles;
mod wire;

use crate::error::Error;
use crate::load::LocatedCase;
use crate::run::{CaseReport, Verdict};
use crate::vector::{self, Area, Expected, True};
use approach::Approach;
use case::{Case, Change, Side, Stage, Who};
use draft::{Facts, Maker};
use judge::{Seen, judge};
use player::Player;
use sdmp_crypto::dh::{Group, Groups, NamedGroup};
use sdmp_envelope::Identity;
use sdmp_handshake::Profile;
use serde_json::Map;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use wire::Wire;

pub use draft::Facts as SessionFacts;
pub use judge::{Seen as Reaction, expected};
pub use people::{Person, export};
pub use record::Record;

/// Where the peer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The tester opens the connections, as the initiator.
    Dial(SocketAddr),
    /// The peer opens them. The command, if there is one, makes it do so, once for each case; its
    /// words are separated by white space, and `{addr}` stands for the address.
    Listen(SocketAddr, Option<String>),
}

impl Target {
    /// The side that the tester plays.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self {
            Self::Dial(_) => Side::Initiator,
            Self::Listen(..) => Side::Responder,
        }
    }
}

/// What to play, and against whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the peer is.
    pub target: Target,
    /// Whose signatures the peer must make.
    pub peer: Identity,
    /// The profile that it is configured with.
    pub profile: Profile,
    /// How long a correct peer may take to react: 5 s.
    pub patience: Duration,
    /// How many cases run at the same time: 1.
    pub jobs: usize,
    /// Only cases whose name contains this text, or that cite this rule.
    pub only: Option<String>,
    /// Whether to leave out what waits for the peer's time limits or counts its connections.
    pub quick: bool,
}

impl Options {
    /// The defaults: hardened, one case at a time.
    #[must_use]
    pub fn new(target: Target, peer: Identity) -> Self {
        Self {
            target,
            peer,
            profile: Profile::Hardened,
            patience: Duration::from_secs(5),
            jobs: 1,
            only: None,
            quick: false,
        }
    }

    /// The cases that these options choose.
    #[must_use]
    pub fn cases(&self) -> Vec<&'static Case> {
        let side = self.target.side();
        let wanted = |case: &&Case| {
            let quick = !case.is_slow() && !case.is_exclusive();
            (quick || !self.quick)
                && self.only.as_ref().is_none_or(|text| {
                    located(case, side, self.profile).name().contains(text.as_str())
                        || case.rules.contains(&text.as_str())
                })
        };
        cases::all(side, self.profile).into_iter().filter(wanted).collect()
    }
}

/// A case in the form of the vectors, for reports and coverage.
#[must_use]
pub fn located(case: &Case, side: Side, profile: Profile) -> LocatedCase {
    let area = match case.stage {
        Stage::Creation => Area::SharedKey,
        Stage::Proof | Stage::Confirmation => Area::Handshake,
        Stage::Message | Stage::Close => Area::Traffic,
    };
    let expected = if case.is_legal() {
        Expected::Valid { valid: True, output: Map::new() }
    } else {
        Expected::Invalid { error: expected(case, side, profile), details: Map::new() }
    };
    let operation = match side {
        Side::Initiator => "peer.initiate",
        Side::Responder => "peer.respond",
    };
    let case = vector::Case {
        id: case.name(side),
        comment: case.comment.to_owned(),
        rules: case.rules.iter().map(|rule| (*rule).to_owned()).collect(),
        operation: operation.to_owned(),
        input: Map::new(),
        expected,
    };
    LocatedCase { area, case }
}

/// Every case of both sides in this profile, in the form of the vectors.
#[must_use]
pub fn all_located(profile: Profile) -> Vec<LocatedCase> {
    [Side::Initiator, Side::Responder]
        .into_iter()
        .flat_map(|side| {
            cases::all(side, profile).into_iter().map(move |case| located(case, side, profile))
        })
        .collect()
}

/// Plays the cases and judges them. `progress` is told the name of each case as it begins.
///
/// # Errors
/// The address cannot be listened on, or the tester itself is damaged. That the peer cannot be
/// reached is a failure of the cases.
pub fn run(options: &Options, progress: &(dyn Fn(&str) + Sync)) -> Result<Vec<CaseReport>, Error> {
    let mut chosen = options.cases();
    // What waits for the peer's time limits goes first, so that the rest runs beside it; what
    // needs the peer for itself goes last.
    chosen.sort_by_key(|case| (case.is_exclusive(), options.jobs > 1 && !case.is_slow()));
    let alone = chosen.iter().position(|case| case.is_exclusive()).unwrap_or(chosen.len());
    let (together, apart) = chosen.split_at(alone);
    let mut reports = run_some(options, options.jobs, together, progress)?;
    reports.extend(run_some(options, 1, apart, progress)?);
    // In the order of the tables, whatever ran first.
    let side = options.target.side();
    let order: Vec<String> = options.cases().iter().map(|case| case.name(side)).collect();
    reports.sort_by_key(|report| order.iter().position(|name| *name == report.located.case.id));
    Ok(reports)
}

fn run_some(
    options: &Options,
    jobs: usize,
    cases: &[&'static Case],
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Vec<CaseReport>, Error> {
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::new());
    let approaches: Result<Vec<Approach>, Error> =
        (0..jobs.clamp(1, cases.len().max(1))).map(|_| Approach::new(&options.target)).collect();
    std::thread::scope(|scope| {
        for mut approach in approaches? {
            let (next, reports) = (&next, &reports);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = play(options, &mut approach, case, progress);
                    if let Ok(mut reports) = reports.lock() {
                        reports.push(report);
                    }
                }
            });
        }
        Ok::<(), Error>(())
    })?;
    Ok(reports.into_inner().unwrap_or_default())
}

fn play(
    options: &Options,
    approach: &mut Approach,
    case: &'static Case,
    progress: &(dyn Fn(&str) + Sync),
) -> CaseReport {
    let side = options.target.side();
    let located = located(case, side, options.profile);
    progress(&located.name());
    let started = Instant::now();
    let sessions = case.check.map_or(1, |(sessions, _)| sessions);
    let mut records = Vec::new();
    let mut verdict = Verdict::Passed;
    for _ in 0..sessions {
        let seen = session(options, approach, case).unwrap_or_else(|error| {
            (Seen::Other(format!("no session came about: {error}")), Record::default())
        });
        records.push(seen.1);
        verdict = judge(case, side, options.profile, &seen.0, &records);
        if seen.0 != Seen::Accepted {
            break;
        }
    }
    CaseReport { located, verdict, elapsed: started.elapsed() }
}

/// Plays one session of a case over one connection.
fn session(
    options: &Options,
    approach: &mut Approach,
    case: &Case,
) -> Result<(Seen, Record), Error> {
    for change in case.changes {
        match change {
            Change::Crowd(number) => {
                return Ok((approach.crowd(*number, options.patience)?, Record::default()));
            }
            Change::Prelude(text) => approach.prelude(text, options.patience)?,
            _ => {}
        }
    }
    let stream = approach.connect()?;
    let mut wire = Wire::new(stream).map_err(|error| Error::vector(error.to_string()))?;
    for change in case.changes {
        if let Change::Pieces(size) = change {
            wire.pieces = Some(*size);
        }
    }
    let facts = Facts {
        side: options.target.side(),
        group: group(case),
        own_value: Vec::new(),
        own_creation: Vec::new(),
        peer_creation: Vec::new(),
        tester: Person::new(signer(case))?,
        peer: options.peer.clone(),
        transcripts: ([0; 64], [0; 64]),
    };
    let mut player = Player {
        maker: Maker { case },
        facts,
        wire,
        keys: None,
        profile: options.profile,
        patience: options.patience,
        number: 0,
    };
    let seen = player.play();
    let Player { wire, .. } = player;
    let record = wire.into_record();
    approach.finish(options.patience);
    Ok((seen, record))
}

/// Who signs in the whole session: the signer of M3 or M4 signs FIN, too.
fn signer(case: &Case) -> Who {
    let signer = case.changes.iter().find_map(|change| match change {
        Change::Signer(who) if case.stage == Stage::Proof => Some(*who),
        _ => None,
    });
    signer.unwrap_or(Who::Tester)
}

/// The group that the tester offers: a small one, unless the case is about another.
fn group(case: &Case) -> Group {
    let named = case.changes.iter().find_map(|change| match change {
        Change::Group(name) => Some(*name),
        _ => None,
    });
    Groups::default().named(named.unwrap_or(NamedGroup::Ffdhe2048))
}

impl Case {
    /// Whether it waits for a time limit of the peer's.
    fn is_slow(&self) -> bool {
        self.has(|change| matches!(change, Change::Mute | Change::Trickle(_)))
    }

    /// Whether it must run while nothing else does.
    fn is_exclusive(&self) -> bool {
        self.has(|change| matches!(change, Change::Crowd(_)))
    }
}
