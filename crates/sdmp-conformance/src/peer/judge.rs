//! Compares what a peer did with what a correct one does.

use super::case::{Case, Expect, Side, Stage};
use super::record::Record;
use crate::run::Verdict;
use sdmp_handshake::Profile;
use std::fmt;
use std::time::Duration;

/// What the peer did in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It accepted the session, and the session ended as it should.
    Accepted,
    /// It sent `bad_request` in plaintext and ended the connection.
    RefusedPlain,
    /// It sent so many sealed `not_found` and ended the connection.
    RefusedSealed(usize),
    /// It ended the connection without a word, at this age of the connection.
    Dropped(Duration),
    /// It did nothing for as long as the tester waited.
    Silent(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("the session was accepted"),
            Self::RefusedPlain => f.write_str("bad_request in plaintext, then the end"),
            Self::RefusedSealed(number) => write!(f, "{number} sealed not_found, then the end"),
            Self::Dropped(age) => {
                write!(f, "the end without a word, {} ms after connecting", age.as_millis())
            }
            Self::Silent(when) => write!(f, "nothing, {when}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// A reaction with everything that decides it filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Accepted,
    Plain,
    Sealed(usize),
    Dropped,
    DroppedAfter(u64, u64),
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("an accepted session"),
            Self::Plain => f.write_str("bad_request in plaintext, then the end"),
            Self::Sealed(number) => write!(f, "{number} sealed not_found, then the end"),
            Self::Dropped => f.write_str("the end without a word"),
            Self::DroppedAfter(from, to) => {
                write!(f, "the end without a word, {from} to {to} ms after connecting")
            }
        }
    }
}

/// What R37 and R38 owe to a case.
fn due(case: &Case, side: Side, profile: Profile) -> Due {
    let stage = match case.expect {
        Expect::Accepted => return Due::Accepted,
        Expect::Dropped => return Due::Dropped,
        Expect::DroppedAfter(from, to) => return Due::DroppedAfter(from, to),
        Expect::Refused(stage) => stage,
    };
    match (stage, side) {
        (Stage::Creation, _) => Due::Plain,
        (Stage::Proof, Side::Initiator) if profile == Profile::Hardened => Due::Sealed(2),
        (Stage::Proof, _) | (Stage::Confirmation, Side::Responder) => Due::Sealed(1),
        (Stage::Confirmation, Side::Initiator) | (Stage::Message | Stage::Close, _) => Due::Dropped,
    }
}

/// The reaction that a correct peer shows, in words.
#[must_use]
pub fn expected(case: &Case, side: Side, profile: Profile) -> String {
    due(case, side, profile).to_string()
}

/// The judgement on one case.
pub(super) fn judge(
    case: &Case,
    side: Side,
    profile: Profile,
    seen: &Seen,
    records: &[Record],
) -> Verdict {
    let due = due(case, side, profile);
    let right = match (due, seen) {
        (Due::Accepted, Seen::Accepted)
        | (Due::Plain, Seen::RefusedPlain)
        | (Due::Dropped, Seen::Dropped(_)) => true,
        (Due::Sealed(due), Seen::RefusedSealed(number)) => due == *number,
        (Due::DroppedAfter(from, to), Seen::Dropped(age)) => {
            (u128::from(from)..=u128::from(to)).contains(&age.as_millis())
        }
        _ => false,
    };
    if !right {
        return Verdict::Failed(format!("expected {due}; seen: {seen}"));
    }
    match case.check.map(|(_, check)| check(records)) {
        Some(Err(why)) => Verdict::Failed(why),
        Some(Ok(())) | None => Verdict::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::cases;

    fn passes(case: &Case, side: Side, profile: Profile, seen: &Seen) -> bool {
        judge(case, side, profile, seen, &[Record::default()]) == Verdict::Passed
    }

    /// Every case, wherever it can be played.
    fn each(mut test: impl FnMut(&Case, Side, Profile)) {
        for side in [Side::Initiator, Side::Responder] {
            for profile in [Profile::Hardened, Profile::Published] {
                for case in cases::all(side, profile) {
                    test(case, side, profile);
                }
            }
        }
    }

    #[test]
    fn no_broken_rule_passes_with_a_peer_that_accepts_or_keeps_silent() {
        each(|case, side, profile| {
            let silent = Seen::Silent("waiting".to_owned());
            assert!(!passes(case, side, profile, &silent), "{}", case.id);
            assert!(!passes(case, side, profile, &Seen::Other("odd".to_owned())), "{}", case.id);
            if case.expect != Expect::Accepted {
                assert!(!passes(case, side, profile, &Seen::Accepted), "{}", case.id);
            }
        });
    }

    #[test]
    fn no_peer_passes_that_answers_everything_in_the_same_way() {
        let age = Duration::from_millis(5);
        for seen in [
            Seen::Accepted,
            Seen::Dropped(age),
            Seen::RefusedPlain,
            Seen::RefusedSealed(1),
            Seen::RefusedSealed(2),
        ] {
            let mut failed = 0;
            each(|case, side, profile| {
                failed += usize::from(!passes(case, side, profile, &seen));
            });
            assert!(failed > 200, "{seen}: {failed}");
        }
    }

    #[test]
    fn the_kind_of_rejection_matters() {
        let all = cases::all(Side::Initiator, Profile::Hardened);
        let proof = all.iter().find(|case| case.id == "stranger").expect("a case");
        let side = Side::Initiator;
        assert!(passes(proof, side, Profile::Hardened, &Seen::RefusedSealed(2)));
        assert!(!passes(proof, side, Profile::Hardened, &Seen::RefusedSealed(1)));
        assert!(passes(proof, side, Profile::Published, &Seen::RefusedSealed(1)));
        assert!(passes(proof, Side::Responder, Profile::Hardened, &Seen::RefusedSealed(1)));
        assert!(!passes(proof, side, Profile::Hardened, &Seen::RefusedPlain));
    }

    #[test]
    fn time_limits_are_neither_missed_nor_early() {
        let all = cases::all(Side::Initiator, Profile::Hardened);
        let case = all.iter().find(|case| case.id == "silence").expect("a case");
        for (milliseconds, right) in [(100, false), (5100, true), (12_000, false)] {
            let seen = Seen::Dropped(Duration::from_millis(milliseconds));
            assert_eq!(passes(case, Side::Initiator, Profile::Hardened, &seen), right);
        }
    }
}
