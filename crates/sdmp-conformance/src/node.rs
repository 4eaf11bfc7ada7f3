//! The tester as a node: it exchanges journals and resources with any implementation over TCP (N17 to
//! N36), does one thing in each session that a correct node answers in one way only, and judges the
//! reaction.
//!
//! The node under test has to know two users beforehand ([`introductions`]); everything else it learns in
//! the play. Each case has a node of its own, so that what a correct node remembers about one does not
//! change the next.
//!
//! ```no_run
//! use sdmp_conformance::node::{self, Options};
//! use sdmp_envelope::Identity;
//!
//! let identity = Identity::parse(&std::fs::read("node.json")?)?;
//! let options = Options::new("127.0.0.1:4000".parse()?, identity);
//! for report in node::run(&options, &|_| ())? {
//!     assert!(report.passed(), "{}: {:?}", report.located.name(), report.verdict);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a deed that does not concern a step is passed over by it"
)]

mod answers;
pub mod case;
pub mod cases;
mod cast;
mod deeds;
mod draft;
mod play;
mod questions;
pub mod wire;

use crate::error::Error;
use crate::load::LocatedCase;
use crate::run::{CaseReport, Verdict};
use crate::vector::{self, Area, Expected, True};
use case::{Case, Expect, Standing};
use cast::{Cast, Extra};
use play::Play;
use sdmp_envelope::Identity;
use sdmp_journal::Line;
use serde_json::Map;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use cast::{export, introductions};

/// How long the node may take to collect what the cases need.
const PREPARATION: Duration = Duration::from_secs(120);

/// What to play, and against which node.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the node listens.
    pub address: SocketAddr,
    /// Its identity.
    pub node: Identity,
    /// How long a correct node may take to react: 5 s.
    pub patience: Duration,
    /// Only cases whose name contains this text, or that cite this rule.
    pub only: Option<String>,
}

impl Options {
    /// The defaults.
    #[must_use]
    pub const fn new(address: SocketAddr, node: Identity) -> Self {
        Self { address, node, patience: Duration::from_secs(5), only: None }
    }

    /// The cases that these options choose.
    #[must_use]
    pub fn cases(&self) -> Vec<&'static Case> {
        let is_wanted = |case: &&Case| {
            self.only.as_ref().is_none_or(|text| {
                located(case).name().contains(text.as_str()) || case.rules.contains(&text.as_str())
            })
        };
        cases::all().into_iter().filter(is_wanted).collect()
    }
}

/// A case in the form of the vectors, for reports.
#[must_use]
pub fn located(case: &Case) -> LocatedCase {
    let expected = if case.is_legal() {
        Expected::Valid { valid: True, output: Map::new() }
    } else {
        Expected::Invalid { error: format!("{:?}", case.expect), details: Map::new() }
    };
    let case = vector::Case {
        id: format!("exchange/{}", case.name),
        comment: case.comment.to_owned(),
        rules: case.rules.iter().map(|rule| (*rule).to_owned()).collect(),
        operation: "node.exchange".to_owned(),
        input: Map::new(),
        expected,
    };
    LocatedCase { area: Area::Node, case }
}

/// Plays the cases and judges them. `progress` is told the name of each case as it begins.
///
/// # Errors
/// The node cannot be reached, does not collect what the cases need, or the tester is damaged.
pub fn run(options: &Options, progress: &dyn Fn(&str)) -> Result<Vec<CaseReport>, Error> {
    let cast = Cast::new()?;
    let cases = options.cases();
    let extras: Result<Vec<Extra>, Error> =
        cases.iter().map(|case| cast.extra(case.standing)).collect();
    let extras = extras?;
    progress("preparation");
    let known = prepare(options, &cast, &cases, &extras)?;
    let mut reports = Vec::new();
    for (case, extra) in cases.into_iter().zip(&extras) {
        let located = located(case);
        progress(&located.name());
        let started = Instant::now();
        let verdict = match one(options, (&cast, extra), &known, case) {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Failed(error.to_string()),
        };
        reports.push(CaseReport { located, verdict, elapsed: started.elapsed() });
    }
    Ok(reports)
}

/// Lets the node collect the trusts in the nodes of the cases, and the second user's message. Returns
/// the first lines of its journal.
fn prepare(
    options: &Options,
    cast: &Cast,
    cases: &[&'static Case],
    extras: &[Extra],
) -> Result<Vec<Line>, Error> {
    let mut needed = vec![cast.tester.message.clone()];
    let mut others = Vec::new();
    for (case, extra) in cases.iter().zip(extras) {
        needed.extend(extra.trust.iter().chain(&extra.bar).cloned());
        match case.standing {
            Standing::Full | Standing::Expired => needed.push(extra.identity.clone()),
            // A correct node does not collect these; one that does is found out.
            Standing::Stranger | Standing::Barred => others.push(extra.identity.clone()),
        }
    }
    let mut first = Play::of_household(options, &cast.tester)?;
    needed.iter().chain(&others).for_each(|one| first.add(one));
    first.collect(&needed, PREPARATION)?;
    let lines = first.their_lines().to_vec();
    let mut second = Play::of_household(options, &cast.second)?;
    let needed = [cast.second.first[1].clone(), cast.second.message.clone()];
    second.add(&cast.second.message);
    second.collect(&needed, PREPARATION)?;
    Ok(lines)
}

fn one(
    options: &Options,
    (cast, extra): (&Cast, &Extra),
    known: &[Line],
    case: &Case,
) -> Result<Verdict, Error> {
    let opened = Play::of_extra(options, (cast, extra), known);
    match (opened, case.expect) {
        (Err(_), Expect::Refused) => Ok(Verdict::Passed),
        (Err(error), _) => Err(error),
        (Ok(_), Expect::Refused) => Ok(Verdict::Failed("the node accepted a session".to_owned())),
        (Ok(play), _) => play.perform(case),
    }
}
