//! Each crate can be met by itself: a README, an example that is compiled, its features explained,
//! the licences.

use super::Complaint;
use crate::workspace::TextFile;

/// Checks the crates whose manifests are among `manifests`.
pub(crate) fn check(
    manifests: &[TextFile],
    sources: &[TextFile],
    pages: &[TextFile],
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for manifest in manifests {
        let Some(folder) = manifest
            .path
            .strip_suffix("/Cargo.toml")
            .filter(|folder| folder.starts_with("crates/") && folder.matches('/').count() == 1)
        else {
            continue;
        };
        let find = |files: &'_ [TextFile], name: &str| {
            let path = format!("{folder}/{name}");
            files.iter().find(|file| file.path == path).map(|file| file.text.clone())
        };
        // A workspace of its own is no dependency.
        if manifest.text.lines().any(|line| line == "[workspace]") {
            continue;
        }
        let Some(readme) = find(pages, "README.md") else {
            complaints.push(format!("{folder}/README.md: is missing; say what the crate is for"));
            continue;
        };
        for feature in features(&manifest.text).filter(|feature| *feature != "default") {
            if !readme.contains(&format!("`{feature}`")) {
                complaints
                    .push(format!("{folder}/README.md: does not explain the feature `{feature}`"));
            }
        }
        if let Some(library) = find(sources, "src/lib.rs")
            && !has_example(&library, &readme)
        {
            complaints.push(format!(
                "{folder}/src/lib.rs: its documentation has no example that is compiled"
            ));
        }
    }
    complaints
}

/// Whether the crate's own documentation, or the README that it includes, has a block of Rust.
fn has_example(library: &str, readme: &str) -> bool {
    let own = library
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("//!") || line.starts_with("#!"))
        .any(|line| matches!(line, "//! ```" | "//! ```rust" | "//! ```no_run"));
    let included = library.contains("include_str!(\"../README.md\")")
        && readme.lines().any(|line| line.starts_with("```rust"));
    own || included
}

/// The names in `[features]`.
fn features(manifest: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    manifest.lines().filter_map(move |line| {
        if line.starts_with('[') {
            inside = line == "[features]";
            return None;
        }
        line.split_once(" = ").map(|(name, _)| name).filter(|name| inside && !name.starts_with('#'))
    })
}

/// The copies of the licences that each package carries are those of the project.
pub(crate) fn check_licences(root: &std::path::Path) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let crates = std::fs::read_dir(root.join("crates")).into_iter().flatten().flatten();
    for folder in crates.map(|entry| entry.path()) {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let copy = std::fs::read(folder.join(name));
            if copy.is_ok_and(|copy| std::fs::read(root.join(name)).ok() != Some(copy)) {
                complaints.push(format!("{}: is not the project's", folder.join(name).display()));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_crate_needs_a_readme_that_explains_its_features() {
        let manifest =
            [file("crates/a/Cargo.toml", "[features]\ndefault = []\nx = []\n[lib]\ny = 1\n")];
        assert_eq!(check(&manifest, &[], &[]).len(), 1);
        let readme = [file("crates/a/README.md", "# a\n")];
        assert_eq!(
            check(&manifest, &[], &readme),
            ["crates/a/README.md: does not explain the feature `x`"]
        );
        let readme = [file("crates/a/README.md", "- `x`: more\n")];
        assert_eq!(check(&manifest, &[], &readme), Vec::<String>::new());
    }

    #[test]
    fn a_library_needs_an_example() {
        assert!(has_example("//! Text.\n//!\n//! ```\n//! a();\n//! ```\n", ""));
        assert!(has_example("#![doc = include_str!(\"../README.md\")]\n", "```rust\na();\n```\n"));
        assert!(!has_example("//! Text.\n", "```rust\na();\n```\n"));
        assert!(!has_example("//! Text.\npub mod a;\n//! ```\n", ""));
    }
}
