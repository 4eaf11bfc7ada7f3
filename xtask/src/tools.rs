//! Steps of continuous integration that need a tool of their own, and say so where it is missing.

use crate::process::{Report, answers, quiet, skipped, step};
use crate::workspace;
use std::process::Command;

fn cargo(arguments: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command.args(arguments);
    command
}

/// The oldest compiler that the manifests promise compiles what is published.
pub(crate) fn oldest_compiler(name: &str) -> Vec<Report> {
    let Some(version) = promised(&workspace::manifest()) else {
        return skipped(name, "Cargo.toml promises no rust-version");
    };
    // The cargo that runs this may be another toolchain's, which does not know `+`.
    let run = |arguments: &[&str]| {
        let mut command = Command::new("rustup");
        command.current_dir(workspace::root()).args(["run", &version, "cargo"]).args(arguments);
        command.env_remove("RUSTC").env_remove("RUSTDOC").env_remove("CARGO");
        command
    };
    if !answers(&mut run(&["--version"])) {
        return skipped(
            name,
            &format!(
                "Rust {version} is not installed (rustup toolchain install {version} --profile minimal)"
            ),
        );
    }
    let mut check = run(&["check", "--locked", "--package", "sdmp", "--package", "sdmp-cli"]);
    check.env("CARGO_TARGET_DIR", workspace::root().join("target/oldest"));
    vec![step(name, &mut check, quiet)]
}

/// What `rust-version` says in a manifest of a workspace.
fn promised(manifest: &str) -> Option<String> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "))?;
    Some(line.trim_matches('"').to_owned())
}

/// Dependencies that no line of code uses.
pub(crate) fn unused_dependencies(name: &str) -> Vec<Report> {
    if !answers(&mut cargo(&["machete", "--version"])) {
        return skipped(
            name,
            "cargo-machete is not installed (cargo install --locked cargo-machete)",
        );
    }
    vec![step(name, &mut cargo(&["machete", "--with-metadata"]), quiet)]
}

/// Whether the version says what changed for callers, against the last tag.
pub(crate) fn compatible_versions(name: &str) -> Vec<Report> {
    if !answers(&mut cargo(&["semver-checks", "--version"])) {
        return skipped(
            name,
            "cargo-semver-checks is not installed (cargo install --locked cargo-semver-checks)",
        );
    }
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args(["describe", "--tags", "--abbrev=0"]);
    let tag = git.output().ok().filter(|output| output.status.success());
    let Some(tag) = tag.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    else {
        return skipped(name, "there is no tag yet to compare with");
    };
    vec![step(name, &mut cargo(&["semver-checks", "--workspace", "--baseline-rev", &tag]), quiet)]
}

#[cfg(test)]
mod tests {
    use super::promised;

    #[test]
    fn the_promised_version_is_read() {
        assert_eq!(promised("[a]\nrust-version = \"1.2\"\n").as_deref(), Some("1.2"));
        assert_eq!(promised("[a]\n"), None);
    }
}
