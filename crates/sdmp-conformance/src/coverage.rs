//! Which rules have cases, and which are excused from having them.

use crate::error::Error;
use crate::load::LocatedCase;
use crate::{node, peer, rules};
use sdmp_handshake::Profile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// How many cases show a rule kept, and how many show it broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Cases that must be accepted.
    pub valid: usize,
    /// Cases that must be refused.
    pub invalid: usize,
}

/// The cases of each rule, and what is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Counts by rule, in the order of the specification.
    pub counts: Vec<(&'static str, Count)>,
    /// Rules excused, with what they lack and the reason.
    pub excused: Vec<(String, Vec<Kind>, String)>,
    /// Sentences about rules that lack cases without an excuse, and excuses that are not needed.
    pub complaints: Vec<String>,
}

/// A kind of case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Must be accepted.
    Valid,
    /// Must be refused.
    Invalid,
}

/// Why a rule has no case of some kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excuse {
    /// The kinds that it lacks.
    pub lacks: Vec<Kind>,
    /// Why.
    pub reason: String,
    /// What tests the rule instead: `CRATE/tests/FILE.rs: FUNCTION`.
    #[serde(default)]
    pub tests: Vec<String>,
}

/// Reads `excused.json` of a vector directory: an object from rule to [`Excuse`].
///
/// # Errors
/// The file cannot be read or has another form. A missing file excuses nothing.
pub fn excuses(directory: &Path) -> Result<BTreeMap<String, Excuse>, Error> {
    let path = directory.join("excused.json");
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let name = path.display().to_string();
    let text = std::fs::read(&path)
        .map_err(|error| Error::Unreadable { path: name.clone(), reason: error.to_string() })?;
    serde_json::from_slice(&text)
        .map_err(|error| Error::Format { path: name, reason: error.to_string() })
}

/// The coverage of these vectors and of all that the tester plays as a peer and as a node, together.
#[must_use]
pub fn of_vectors(vectors: &[LocatedCase], excuses: &BTreeMap<String, Excuse>) -> Coverage {
    let mut all = vectors.to_vec();
    all.extend(peer::all_located(Profile::Hardened));
    all.extend(node::cases::all().into_iter().map(node::located));
    measure(&all, excuses)
}

/// Counts the cases of each rule and compares them with the excuses.
#[must_use]
pub fn measure(cases: &[LocatedCase], excuses: &BTreeMap<String, Excuse>) -> Coverage {
    let mut coverage = Coverage { counts: Vec::new(), excused: Vec::new(), complaints: Vec::new() };
    for rule in rules::ALL {
        let mut count = Count::default();
        for located in
            cases.iter().filter(|located| located.case.rules.iter().any(|cited| cited == rule))
        {
            let kind = if located.case.expected.is_valid() {
                &mut count.valid
            } else {
                &mut count.invalid
            };
            *kind = kind.saturating_add(1);
        }
        let excuse = excuses.get(rule);
        for (kind, number, word) in
            [(Kind::Valid, count.valid, "valid"), (Kind::Invalid, count.invalid, "invalid")]
        {
            let excused = excuse.is_some_and(|excuse| excuse.lacks.contains(&kind));
            if number == 0 && !excused {
                coverage.complaints.push(format!("{rule} has no {word} case"));
            } else if number > 0 && excused {
                coverage
                    .complaints
                    .push(format!("{rule} is excused from {word} cases but has {number}"));
            }
        }
        if let Some(excuse) = excuse {
            coverage.excused.push((rule.to_owned(), excuse.lacks.clone(), excuse.reason.clone()));
        }
        coverage.counts.push((rule, count));
    }
    for unknown in excuses.keys().filter(|rule| !rules::ALL.contains(&rule.as_str())) {
        coverage.complaints.push(format!("{unknown} is excused but is no rule"));
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_cases_is_named_unless_excused() {
        let none = measure(&[], &BTreeMap::new());
        assert_eq!(none.complaints.len(), 2 * rules::ALL.len());

        let excuse =
            Excuse { lacks: vec![Kind::Valid, Kind::Invalid], reason: "x".into(), tests: vec![] };
        let excused = measure(&[], &BTreeMap::from([("R24".to_owned(), excuse)]));
        assert_eq!(excused.complaints.len(), 2 * rules::ALL.len() - 2);
    }

    #[test]
    fn a_needless_or_unknown_excuse_is_named() {
        let case = serde_json::from_value(serde_json::json!({
            "id": "a", "comment": "b", "rules": ["R1"], "operation": "x.y", "input": {}, "expected": {"valid": true}
        }))
        .expect("a case");
        let cases = [LocatedCase { area: crate::vector::Area::Container, case }];
        let excuse = Excuse { lacks: vec![Kind::Valid], reason: "x".into(), tests: vec![] };
        let excuses =
            BTreeMap::from([("R1".to_owned(), excuse.clone()), ("R98x".to_owned(), excuse)]);
        let complaints = measure(&cases, &excuses).complaints;
        assert!(complaints.contains(&"R1 is excused from valid cases but has 1".to_owned()));
        assert!(complaints.contains(&"R98x is excused but is no rule".to_owned()));
    }
}
