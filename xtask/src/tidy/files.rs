//! One subject a file: a ceiling on its length without tests, and a sentence that says its subject.

use super::Complaint;
use crate::workspace::TextFile;

/// Lines that a file may have before its tests.
const CEILING: usize = 400;

/// Checks all Rust files; the ceiling holds for sources, not for files of tests and benchmarks.
pub(crate) fn check(sources: &[TextFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in sources {
        let lines = file.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
        let path = &file.path;
        let of_tests = ["/tests/", "/benches/", "/tests.rs"].iter().any(|part| path.contains(part));
        if lines > CEILING && !of_tests {
            complaints.push(format!(
                "{path}: {lines} lines without tests (at most {CEILING}); split it by subject"
            ));
        }
        if !is_documented(&file.text) {
            complaints.push(format!(
                "{path}: no module documentation; begin it with //! and its subject"
            ));
        }
        for word in ["TODO", "FIXME", "#[ignore"] {
            // This file has to name them.
            if file.text.contains(word) && !path.ends_with("tidy/files.rs") {
                complaints
                    .push(format!("{path}: contains {word}; finish it, or say it in an issue"));
            }
        }
    }
    complaints
}

/// Whether inner documentation comes before the first item.
fn is_documented(text: &str) -> bool {
    let mut depth = 0_usize;
    for line in text.lines().map(str::trim) {
        let readme = line.contains("doc = include_str!(\"../README.md\")");
        if depth == 0 && (line.starts_with("//!") || (line.starts_with("#!") && readme)) {
            return true;
        }
        let attribute = depth > 0 || line.starts_with("#!");
        if attribute {
            depth += line.matches(['[', '(']).count();
            depth = depth.saturating_sub(line.matches([']', ')']).count());
        } else if !line.is_empty() && !line.starts_with("//") {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: String) -> Vec<Complaint> {
        check(&[TextFile { path: path.into(), text }])
    }

    #[test]
    fn documentation_may_follow_attributes() {
        assert!(is_documented("//! Subject.\nfn a() {}"));
        assert!(is_documented(
            "#![no_main]\n#![allow(\n    clippy::panic,\n    reason = \"x\"\n)]\n//! Subject.\n"
        ));
        assert!(!is_documented("use a;\n//! Late.\n"));
        assert!(!is_documented(""));
    }

    #[test]
    fn the_ceiling_counts_lines_before_tests() {
        let long = format!("//! Long.\n{}", "fn a() {}\n".repeat(CEILING));
        assert_eq!(complaints("crates/a/src/lib.rs", long.clone()).len(), 1);
        assert!(complaints("crates/a/tests/all.rs", long).is_empty());
        let tested = format!("//! Short.\n#[cfg(test)]\n{}", "fn a() {}\n".repeat(CEILING));
        assert!(complaints("crates/a/src/lib.rs", tested).is_empty());
    }

    #[test]
    fn unfinished_work_is_named() {
        let text = ["//! Subject.\n// TO", "DO: later\n"].concat();
        assert_eq!(complaints("crates/a/src/lib.rs", text).len(), 1);
    }
}
