//! Every rule number that code or a page cites exists in docs/protocol.md, and every rule there is
//! tested.

use super::Complaint;
use crate::workspace::TextFile;
use std::collections::BTreeSet;

/// The rules that the specification page defines: lines that begin with `**R<number>`, also in a
/// list.
pub(crate) fn defined(protocol: &str) -> BTreeSet<String> {
    protocol
        .lines()
        .filter_map(|line| line.trim_start_matches(['-', ' ']).strip_prefix("**"))
        .filter_map(|line| numbers(line).next().filter(|number| line.starts_with(number)))
        .map(str::to_owned)
        .collect()
}

/// The page must define R1 to its highest number without a gap.
pub(crate) fn check_sequence(known: &BTreeSet<String>) -> Vec<Complaint> {
    let highest =
        known.iter().filter_map(|rule| rule.trim_start_matches('R').parse::<u32>().ok()).max();
    (1..=highest.unwrap_or(0))
        .map(|number| format!("R{number}"))
        .filter(|rule| !known.contains(rule))
        .map(|rule| format!("docs/protocol.md: {rule} is not defined"))
        .collect()
}

/// How a line ends whose numbers are not meant: a test of a rule that does not exist.
const NO_RULE: &str = "// no rule";

/// Complains about citations of rules that do not exist.
pub(crate) fn check_citations<'a>(
    known: &BTreeSet<String>,
    files: impl Iterator<Item = &'a TextFile>,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in files {
        let meant = |(_, line): &(usize, &str)| !line.trim_end().ends_with(NO_RULE);
        for (index, line) in file.text.lines().enumerate().filter(meant) {
            for number in numbers(line).filter(|number| !known.contains(*number)) {
                let (path, line) = (&file.path, index.saturating_add(1));
                complaints.push(format!(
                    "{path}:{line}: cites {number}, which docs/protocol.md does not define"
                ));
            }
        }
    }
    complaints
}

/// Complains about rules that neither a test nor a conformance vector names. Tests name them in
/// comments (`R35`) or in their own names (`r35_`).
pub(crate) fn check_tested(
    known: &BTreeSet<String>,
    sources: &[TextFile],
    vectors: &[TextFile],
) -> Vec<Complaint> {
    let mut named = BTreeSet::new();
    for file in sources {
        let all = file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
        let tests = file.text.lines().skip_while(|line| !all && line.trim() != "#[cfg(test)]");
        for line in tests {
            named.extend(numbers(line).map(str::to_owned));
            named.extend(name_of_test(line));
        }
    }
    let vectors = vectors.iter().filter(|file| file.path.contains("/vectors/"));
    let strings = vectors.flat_map(|file| file.text.lines()).filter(|line| line.contains("\"R"));
    named.extend(strings.flat_map(numbers).map(str::to_owned));
    known
        .iter()
        .filter(|rule| !named.contains(*rule))
        .map(|rule| format!("docs/protocol.md: {rule} is named by no test and no vector"))
        .collect()
}

/// The rule in a function's name: `fn r35_...`.
fn name_of_test(line: &str) -> Option<String> {
    let (_, name) = line.split_once("fn r")?;
    let (number, _) = name.split_once('_')?;
    let rule = format!("R{number}");
    numbers(&rule).next().map(str::to_owned)
}

/// The rule numbers in a line: `R`, one or two digits, perhaps an `a`, standing alone.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').filter(
        |word| {
            word.strip_prefix('R')
                .map(|digits| digits.strip_suffix('a').unwrap_or(digits))
                .is_some_and(|digits| {
                    (1..=2).contains(&digits.len())
                        && digits.bytes().all(|octet| octet.is_ascii_digit())
                })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_read_from_the_page() {
        let known = defined(
            "# Rules\n- **R1** text\n- **R2 Name**: see R7\n**R2a** more\nR3 is not defined here\n", // no rule
        );
        assert_eq!(known.into_iter().collect::<Vec<_>>(), ["R1", "R2", "R2a"]); // no rule
    }

    #[test]
    fn a_gap_is_named() {
        let known = defined("**R1**\n**R3**\n");
        assert_eq!(check_sequence(&known), ["docs/protocol.md: R2 is not defined"]);
    }

    #[test]
    fn a_rule_that_nothing_tests_is_named() {
        let known = defined("**R1**\n**R2**\n**R3**\n**R4**\n");
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.into() };
        let sources = [
            file("crates/a/src/lib.rs", "// R4 in code\n#[cfg(test)]\nmod tests { /* R1 */ }\n"),
            file("crates/a/tests/all.rs", "fn r2_holds() {}\n"),
        ];
        let vectors = [file("crates/a/vectors/a.json", "\"rules\": [\"R3\"]\n")];
        let complaints = check_tested(&known, &sources, &vectors);
        assert_eq!(complaints, ["docs/protocol.md: R4 is named by no test and no vector"]);
    }

    #[test]
    fn unknown_numbers_are_named_and_other_words_are_not() {
        let known = defined("**R1**\n");
        let text = "// R1, R77; RFC 7518, PRK1, R100, R1b, FIN_R2\n".to_owned(); // no rule
        let file = TextFile { path: "a.rs".into(), text };
        let complaints = check_citations(&known, std::iter::once(&file));
        assert_eq!(complaints, ["a.rs:1: cites R77, which docs/protocol.md does not define"]); // no rule
    }
}
