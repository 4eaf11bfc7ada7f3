//! `cargo xtask release-check`: whether the crates could be published, as far as that can be said
//! without a network.

use crate::process::{self, Outcome, Report, finish, quiet, step};
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::Command;

/// How much to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Also build each crate from its own package (minutes)
    #[arg(long)]
    build: bool,
}

/// Checks every crate that is to be published.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let started = process::clock();
    let reports = check(arguments.build);
    process::summary(&reports, started.elapsed());
    if reports.iter().any(|report| report.outcome == Outcome::Failed) {
        bail!("the crates cannot be published as they are");
    }
    println!("\n{}", semver_note(&version()?));
    Ok(())
}

/// The same as a step of continuous integration.
pub(crate) fn quick(_: &str) -> Vec<Report> {
    check(false)
}

fn check(build: bool) -> Vec<Report> {
    println!("==> release metadata");
    let started = process::clock();
    let (outcome, output, names) = match describe() {
        Ok((complaints, names)) if complaints.is_empty() => (Outcome::Passed, String::new(), names),
        Ok((complaints, names)) => (Outcome::Failed, complaints.join("\n") + "\n", names),
        Err(error) => (Outcome::Failed, format!("{error:#}\n"), Vec::new()),
    };
    let mut reports = vec![finish("release metadata", outcome, started.elapsed(), output)];
    if !names.is_empty() {
        let mut package = workspace::cargo();
        package.args(["package", "--locked", "--allow-dirty"]);
        if !build {
            package.arg("--no-verify");
        }
        package.args(names.iter().flat_map(|name| ["--package", name]));
        let name = if build { "release build" } else { "release package" };
        reports.push(step(name, &mut package, quiet));
    }
    reports
}

/// What is wrong with manifests and package lists, and the crates that are to be published.
fn describe() -> Result<(Vec<String>, Vec<String>)> {
    let metadata = workspace::metadata()?;
    let members = array(&metadata, "workspace_members").context("metadata has no members")?;
    let packages = array(&metadata, "packages").context("metadata has no packages")?;
    let mut complaints = Vec::new();
    let mut names = Vec::new();
    let published = |package: &&Value| members.contains(&package["id"]) && is_published(package);
    for package in packages.iter().filter(published) {
        let name = package["name"].as_str().context("a package without a name")?;
        let complain = |what: String| format!("{name}: {what}");
        complaints.extend(manifest(package).into_iter().map(complain));
        complaints.extend(contents(&list(name)?).into_iter().map(complain));
        names.push(name.to_owned());
    }
    let changes = workspace::root().join("CHANGELOG.md");
    let changes = std::fs::read_to_string(changes).context("cannot read CHANGELOG.md")?;
    if !is_described(&changes, &version()?) {
        complaints.push(format!("CHANGELOG.md: has no section of {}", version()?));
    }
    Ok((complaints, names))
}

fn is_published(package: &Value) -> bool {
    // `publish = false` is an empty list of registries.
    package["publish"].as_array().is_none_or(|registries| !registries.is_empty())
}

/// What a registry, its readers or its users miss in a manifest.
fn manifest(package: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    for field in ["description", "license", "readme", "repository", "rust_version"] {
        if package[field].as_str().is_none_or(str::is_empty) {
            complaints.push(format!("Cargo.toml lacks {field}"));
        }
    }
    for field in ["keywords", "categories"] {
        let words = package[field].as_array().map_or(0, Vec::len);
        if !(1..=5).contains(&words) {
            complaints.push(format!("Cargo.toml has {words} {field}; a registry takes 1 to 5"));
        }
    }
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let on_path = dependency["path"].is_string() && dependency["kind"].as_str() != Some("dev");
        if on_path && dependency["req"].as_str() == Some("*") {
            let name = dependency["name"].as_str().unwrap_or_default();
            complaints.push(format!("the dependency {name} has a path and no version"));
        }
    }
    complaints
}

/// What a package must hold, and must not.
fn contents(files: &str) -> Vec<String> {
    let files: Vec<&str> = files.lines().map(str::trim).collect();
    let mut complaints = Vec::new();
    for needed in ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        if !files.contains(&needed) {
            complaints.push(format!("the package lacks {needed}"));
        }
    }
    if !files.iter().any(|file| *file == "src/lib.rs" || *file == "src/main.rs") {
        complaints.push("the package has no source".to_owned());
    }
    // They refer to files of other crates, which are not in the package.
    for stray in files.iter().filter(|file| file.starts_with("tests/")) {
        complaints.push(format!("the package holds {stray}: exclude.workspace = true"));
    }
    complaints
}

/// The files of a crate's package.
fn list(name: &str) -> Result<String> {
    let output = workspace::cargo()
        .args(["package", "--locked", "--allow-dirty", "--list", "--package", name])
        .output()
        .context("cannot start cargo package")?;
    if !output.status.success() {
        bail!("cargo package --list {name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn array<'a>(value: &'a Value, name: &str) -> Option<&'a Vec<Value>> {
    value.get(name).and_then(Value::as_array)
}

/// The version that all crates share.
fn version() -> Result<String> {
    let metadata = workspace::metadata()?;
    let packages = array(&metadata, "packages").context("metadata has no packages")?;
    let ours = packages.iter().find(|package| package["name"] == "sdmp-container");
    let version = ours.and_then(|package| package["version"].as_str());
    Ok(version.context("sdmp-container has no version")?.to_owned())
}

/// Whether the list of changes has a section of this version, or one of what is not released.
fn is_described(changes: &str, version: &str) -> bool {
    let heading = |line: &str| line.starts_with("## ");
    changes
        .lines()
        .filter(|line| heading(line))
        .any(|line| line.contains(version) || line.to_lowercase().contains("unreleased"))
}

/// What the version promises.
fn semver_note(version: &str) -> String {
    let rule = if version.starts_with("0.") {
        "a change that breaks callers raises the second number, every other one the third"
    } else {
        "a change that breaks callers raises the first number, an addition the second"
    };
    let tool = if process::answers(Command::new("cargo").args(["semver-checks", "--version"])) {
        "`cargo semver-checks` compares with what is published"
    } else {
        "`cargo semver-checks` (not installed here) compares with what is published"
    };
    format!(
        "semver: {version}: {rule}; all crates are released together, lowest layer first; {tool}.\n\
         not checked: whether the names are free, which only a registry knows (cargo publish --dry-run)."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bare_manifest_is_named_in_each_point() {
        let bare = json!({"name": "a", "keywords": [], "dependencies": [
            {"name": "b", "path": "/b", "req": "*", "kind": null},
            {"name": "c", "path": "/c", "req": "*", "kind": "dev"},
        ]});
        let complaints = manifest(&bare);
        assert_eq!(complaints.len(), 5 + 2 + 1, "{complaints:?}");
        assert!(complaints.iter().any(|complaint| complaint.contains("dependency b")));
    }

    #[test]
    fn a_package_has_licences_and_no_tests() {
        let good = "Cargo.toml\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\nsrc/lib.rs\n";
        assert_eq!(contents(good), Vec::<String>::new());
        assert_eq!(contents(&good.replace("LICENSE-MIT", "tests/a.rs")).len(), 2);
        assert_eq!(contents("").len(), 5);
    }

    #[test]
    fn who_is_not_published_is_left_out() {
        assert!(is_published(&json!({"publish": null})));
        assert!(!is_published(&json!({"publish": []})));
    }

    #[test]
    fn the_list_of_changes_knows_the_version() {
        assert!(is_described("# Changes\n\n## Unreleased\n", "0.1.0"));
        assert!(is_described("## 0.1.0 (2026-01-01)\n", "0.1.0"));
        assert!(!is_described("## 0.0.9\n0.1.0\n", "0.1.0"));
    }
}
