//! Words that the glossary retires do not come back.

use super::Complaint;
use crate::workspace::TextFile;

/// What is written no longer, and what is written instead. Each stands as code writes it.
const RETIRED: &[(&str, &str)] = &[
    ("ConnectionSender", "Connection"),
    ("ConnectionReceiver", "Connection"),
    ("current_policy", "policy"),
    ("is_published_key", "is_known_compromised"),
    ("told_to_end", "shutdown_signal"),
    ("TcpIncoming", "TcpAcceptor"),
    ("UnixIncoming", "UnixAcceptor"),
    ("FilesIncoming", "FilesAcceptor"),
    ("WebSocketIncoming", "WebSocketAcceptor"),
    ("Peeler", "Unwrapper"),
    ("debug_says_nothing", "debug_output_is_redacted"),
    ("somebody may be in the way", "the connection may be intercepted"),
    ("whoever is on the way", "an on-path attacker"),
    ("anybody on the way", "an on-path attacker"),
    ("omebody", "the peer, an attacker or a caller, by its name"),
    ("hoever", "the peer, an attacker or a caller, by its name"),
    ("verybody", "all, or any peer"),
];

/// Complains about retired words in sources and pages. Where they are listed they may stand, and
/// the history may name them.
pub(crate) fn check<'a>(files: impl Iterator<Item = &'a TextFile>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in files {
        let history = ["CHANGELOG.md", "CONTRIBUTING.md", "xtask/src/tidy/words.rs"];
        if history.contains(&file.path.as_str()) {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            for (old, new) in RETIRED.iter().filter(|(old, _)| line.contains(old)) {
                let (path, line) = (&file.path, index.saturating_add(1));
                complaints.push(format!("{path}:{line}: says {old}; the glossary says {new}"));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_word_is_named_with_its_line() {
        let file = |path: &str| TextFile {
            path: path.into(),
            text: ["one\nfn told_to", "_end() {}\n"].concat(),
        };
        let files = [file("crates/a/src/lib.rs"), file("CHANGELOG.md")];
        assert_eq!(
            check(files.iter()),
            ["crates/a/src/lib.rs:2: says told_to_end; the glossary says shutdown_signal"]
        );
    }
}
