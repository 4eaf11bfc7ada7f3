//! Every test and every Rust file that a page names exists, so that no table can rot; and no member
//! has a build script.

use super::Complaint;
use crate::workspace::TextFile;

const PAGE: &str = "docs/security.md";

/// How many lines above a function its `#[test]` may stand.
const ABOVE: usize = 4;

/// Complains about a test that a page names and that is not there: `crate/tests/file.rs::name` in
/// back-ticks, the file below `crates/` or below the root.
pub(crate) fn check(pages: &[TextFile], sources: &[TextFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for page in pages {
        for (index, line) in page.text.lines().enumerate() {
            let found = |file: &str| {
                let below = format!("crates/{file}");
                sources.iter().find(|source| [file, &below].contains(&&*source.path))
            };
            let line_number = index.saturating_add(1);
            for (file, test) in tests(line) {
                let what = match found(file) {
                    None => "whose file does not exist",
                    Some(source) if has_test(&source.text, test) => continue,
                    Some(_) => "which that file does not have",
                };
                complaints.push(format!(
                    "{}:{line_number}: names the test {file}::{test}, {what}",
                    page.path
                ));
            }
            for file in rust_files(line).filter(|file| found(file).is_none()) {
                complaints.push(format!(
                    "{}:{line_number}: names {file}, which does not exist",
                    page.path
                ));
            }
        }
    }
    match pages.iter().find(|page| page.path == PAGE) {
        None => complaints
            .push(format!("{PAGE}: is missing; it says which test shows what is survived")),
        Some(page) if page.text.lines().all(|line| tests(line).next().is_none()) => {
            complaints.push(format!("{PAGE}: names no tests; its table is gone"));
        }
        Some(_) => {}
    }
    complaints
}

/// The Rust files that a line names from the root or from `crates/` on.
fn rust_files(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|code| {
        code.ends_with(".rs")
            && ["crates/", "sdmp", "xtask/", "fuzz/"].iter().any(|start| code.starts_with(start))
            && code.contains('/')
            && code.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"/._-".contains(&octet))
    })
}

/// A build script would be code that runs before anybody has looked at what it builds.
pub(crate) fn check_build_scripts(sources: &[TextFile]) -> Vec<Complaint> {
    let scripts = sources
        .iter()
        .filter(|source| source.path.ends_with("/build.rs") && !source.path.contains("/src/"));
    scripts.map(|script| format!("{}: no crate of ours has a build script", script.path)).collect()
}

/// What a line names: files and the tests in them.
fn tests(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).filter(
        |(file, test)| {
            file.ends_with(".rs")
                && test.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
        },
    )
}

fn has_test(text: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().enumerate().filter(|(_, line)| line.contains(&head)).any(|(index, _)| {
        let above = lines.get(index.saturating_sub(ABOVE)..index).unwrap_or_default();
        above.iter().any(|line| line.trim().starts_with("#[") && line.contains("test"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.into(), text: text.to_owned() }
    }

    #[test]
    fn a_test_that_is_not_there_is_named() {
        let source =
            file("crates/a/tests/b.rs", "#[test]\nfn there() {}\n\n\n\n\nfn helper() {}\n");
        let page = |text: &str| [file(PAGE, text)];
        let complaints = |text: &str| check(&page(text), std::slice::from_ref(&source)).join("\n");
        assert_eq!(complaints("| case | `a/tests/b.rs::there` |"), "");
        assert_eq!(complaints("`crates/a/tests/b.rs::there`, and `Vec::new`"), "");
        assert_eq!(
            complaints("\n`a/tests/b.rs::gone`"),
            "docs/security.md:2: names the test a/tests/b.rs::gone, which that file does not have"
        );
        assert!(complaints("`a/tests/b.rs::helper`").ends_with("which that file does not have"));
        assert!(complaints("`a/tests/c.rs::there`").ends_with("whose file does not exist"));
        assert_eq!(
            complaints("`a/tests/b.rs::there` and `crates/a/src/gone.rs`"),
            "docs/security.md:1: names crates/a/src/gone.rs, which does not exist"
        );
        assert!(complaints("nothing").ends_with("its table is gone"));
        assert_eq!(check(&[], &[]).len(), 1);
    }

    #[test]
    fn a_build_script_is_named() {
        assert_eq!(check_build_scripts(&[file("crates/a/build.rs", "")]).len(), 1);
        assert!(check_build_scripts(&[file("crates/a/src/build.rs", "")]).is_empty());
    }
}
