//! Every file of tests is run.

use super::Complaint;
use crate::workspace::TextFile;

/// Where the tests of a crate are one program, a file that this program does not name, and that is
/// no program of its own, is never run.
pub(crate) fn check(manifests: &[TextFile], sources: &[TextFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for root in sources {
        let Some(folder) = root.path.strip_suffix("/tests/it.rs") else { continue };
        let manifest = manifests.iter().find(|file| file.path == format!("{folder}/Cargo.toml"));
        for source in sources {
            let below =
                source.path.strip_prefix(folder).and_then(|path| path.strip_prefix("/tests/"));
            let Some(name) = below.and_then(|path| path.strip_suffix(".rs")) else { continue };
            let named = |text: &str, line: String| text.lines().any(|other| other == line);
            let run = name == "it"
                || name.contains('/')
                || named(&root.text, format!("mod {name};"))
                || manifest.is_some_and(|file| named(&file.text, format!("name = \"{name}\"")));
            if !run {
                complaints.push(format!(
                    "{}: is never run; name it in {} (mod {name};)",
                    source.path, root.path
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.into(), text: text.to_owned() }
    }

    #[test]
    fn a_file_of_tests_that_nothing_runs_is_named() {
        let sources = [
            file("crates/a/tests/it.rs", "mod b;\nmod common;\n"),
            file("crates/a/tests/b.rs", ""),
            file("crates/a/tests/common/mod.rs", ""),
            file("crates/a/tests/alone.rs", ""),
            file("crates/a/tests/lost.rs", ""),
            file("crates/b/tests/own.rs", ""),
        ];
        let manifests = [file("crates/a/Cargo.toml", "[[test]]\nname = \"alone\"\n")];
        assert_eq!(
            check(&manifests, &sources),
            ["crates/a/tests/lost.rs: is never run; name it in crates/a/tests/it.rs (mod lost;)"]
        );
    }
}
