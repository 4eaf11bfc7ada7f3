//! Every rule number that code or a page cites exists in docs/protocol.md (R) or docs/node.md (N),
//! and every rule there is tested.

use super::Complaint;
use crate::workspace::TextFile;
use std::collections::BTreeSet;

/// The rules that a specification page defines: lines that begin with `**R<number>` or
/// `**N<number>`, also in a list.
pub(crate) fn defined(protocol: &str) -> BTreeSet<String> {
    protocol
        .lines()
        .filter_map(|line| line.trim_start_matches(['-', ' ']).strip_prefix("**"))
        .filter_map(|line| numbers(line).next().filter(|number| line.starts_with(number)))
        .map(str::to_owned)
        .collect()
}

/// The letters of rules, each with the page that defines them.
const PAGES: [(char, &str); 2] = [('R', "docs/protocol.md"), ('N', "docs/node.md")];

/// The page that defines a rule.
fn page(rule: &str) -> &'static str {
    PAGES.iter().find(|(letter, _)| rule.starts_with(*letter)).map_or("docs", |(_, page)| page)
}

/// Each page must define its rules from 1 to its highest number without a gap.
pub(crate) fn check_sequence(known: &BTreeSet<String>) -> Vec<Complaint> {
    let highest = |letter| {
        known.iter().filter_map(|rule| rule.strip_prefix(letter)?.parse::<u32>().ok()).max()
    };
    PAGES
        .iter()
        .flat_map(|(letter, _)| {
            (1..=highest(*letter).unwrap_or(0)).map(move |number| format!("{letter}{number}"))
        })
        .filter(|rule| !known.contains(rule))
        .map(|rule| format!("{}: {rule} is not defined", page(&rule)))
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
                    "{path}:{line}: cites {number}, which {} does not define",
                    page(number)
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
            named.extend(names_of_test(line));
        }
    }
    let vectors = vectors.iter().filter(|file| file.path.contains("/vectors/"));
    let quotes_rule = |line: &&str| line.contains("\"R") || line.contains("\"N");
    let strings = vectors.flat_map(|file| file.text.lines()).filter(quotes_rule);
    named.extend(strings.flat_map(numbers).map(str::to_owned));
    known
        .iter()
        .filter(|rule| !named.contains(*rule))
        .map(|rule| format!("{}: {rule} is named by no test and no vector", page(rule)))
        .collect()
}

/// The rules at the beginning of a function's name: `fn r35_...`, `fn n13_n14_...`.
fn names_of_test(line: &str) -> impl Iterator<Item = String> {
    let name = line.split_once("fn ").map_or("", |(_, name)| name);
    let words = name.split('_').map(|word| {
        let (letter, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        letter.to_uppercase() + rest
    });
    words.take_while(|word| is_rule(word))
}

/// The rule numbers in a line: a letter of [`PAGES`], one or two digits, perhaps an `a`, standing
/// alone.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| is_rule(word))
}

fn is_rule(word: &str) -> bool {
    PAGES
        .iter()
        .find_map(|(letter, _)| word.strip_prefix(*letter))
        .map(|digits| digits.strip_suffix('a').unwrap_or(digits))
        .is_some_and(|digits| {
            (1..=2).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit())
        })
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
