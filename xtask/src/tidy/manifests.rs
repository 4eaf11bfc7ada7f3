//! Each member inherits the workspace lints, which forbid unsafe code; the crates of layers 0 to 3
//! have a clippy.toml that repeats the root's and adds what they must not call.

use super::{Complaint, layers};
use crate::workspace::TextFile;

/// Checks the manifests among these files.
pub(crate) fn check(manifests: &[TextFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for manifest in manifests.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        let path = manifest.path.as_str();
        match path {
            "Cargo.toml" => {
                if table_line(&manifest.text, "workspace.lints.rust", "unsafe_code")
                    != Some("\"forbid\"")
                {
                    complaints.push(format!(
                        "{path}: [workspace.lints.rust] must say unsafe_code = \"forbid\""
                    ));
                }
                // With clippy.toml this is the ceiling of a function: 60 lines.
                if table_line(&manifest.text, "workspace.lints.clippy", "too_many_lines").is_none()
                {
                    complaints.push(format!(
                        "{path}: [workspace.lints.clippy] must say too_many_lines = \"warn\""
                    ));
                }
            }
            // A workspace of its own, whose targets are one line each; libFuzzer's macro exports a
            // symbol, which counts as unsafe.
            _ if manifest.text.lines().any(|line| line == "[workspace]") => {}
            _ => {
                if table_line(&manifest.text, "lints", "workspace") != Some("true") {
                    complaints
                        .push(format!("{path}: must inherit the lints: [lints] workspace = true"));
                }
            }
        }
    }
    complaints.extend(check_clippy(manifests));
    complaints
}

/// A crate's own clippy.toml hides the root's, so it must begin with the same thresholds; and those
/// of all sans-IO crates must be the same.
fn check_clippy(manifests: &[TextFile]) -> Vec<Complaint> {
    let text =
        |path: &str| manifests.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let root = text("clippy.toml").unwrap_or_default();
    let mut complaints = Vec::new();
    if !manifests.is_empty() && !root.contains("too-many-lines-threshold = 60") {
        complaints.push("clippy.toml: must say too-many-lines-threshold = 60".to_owned());
    }
    for name in layers::sans_io() {
        let path = format!("crates/{name}/clippy.toml");
        let own = text(&path).unwrap_or_default();
        let forbids = ["SystemTime::now", "Instant::now", "env::var", "net::TcpStream"];
        if !own.starts_with(root) || forbids.iter().any(|call| !own.contains(call)) {
            complaints.push(format!(
                "{path}: must repeat the root's clippy.toml and forbid {}",
                forbids.join(", ")
            ));
        }
    }
    complaints
}

/// The value of `key` in `[table]`, as written.
fn table_line<'a>(manifest: &'a str, table: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            inside = name.trim_end_matches(']') == table;
        } else if inside
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            return Some(value.trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> usize {
        let file = TextFile { path: path.into(), text: text.into() };
        check(&[file]).iter().filter(|complaint| complaint.starts_with(path)).count()
    }

    #[test]
    fn a_sans_io_crate_must_forbid_clocks_and_sockets() {
        let all = check(&[]).len();
        assert_eq!(all, layers::sans_io().count(), "one complaint for each missing clippy.toml");
        let text = "SystemTime::now Instant::now env::var net::TcpStream".to_owned();
        let good = TextFile { path: "crates/sdmp-crypto/clippy.toml".into(), text };
        let root = "too-many-lines-threshold = 60".to_owned();
        let root = TextFile { path: "clippy.toml".into(), text: root };
        let prefixed = TextFile { text: format!("{}\n{}", root.text, good.text), ..good };
        assert_eq!(check(&[root, prefixed]).len(), all - 1);
    }

    #[test]
    fn a_member_must_inherit() {
        assert_eq!(complaints("crates/a/Cargo.toml", "[package]\n[lints]\nworkspace = true\n"), 0);
        assert_eq!(
            complaints("crates/a/Cargo.toml", "[package]\n[lints]\n[x]\nworkspace = true\n"),
            1
        );
        assert_eq!(complaints("crates/a/Cargo.toml", "[package]\n"), 1);
    }

    #[test]
    fn the_root_must_forbid_unsafe_code() {
        let lints = |word: &str| {
            format!(
                "[workspace.lints.rust]\nunsafe_code = \"{word}\"\n[workspace.lints.clippy]\ntoo_many_lines = \"warn\"\n"
            )
        };
        assert_eq!(complaints("Cargo.toml", &lints("forbid")), 0);
        assert_eq!(complaints("Cargo.toml", &lints("deny")), 1);
        assert_eq!(complaints("Cargo.toml", ""), 2);
    }
}
