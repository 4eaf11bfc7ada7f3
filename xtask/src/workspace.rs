//! Where the workspace is, which files belong to it, and what cargo knows about it.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root directory: the parent of this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// The cargo that started us, or the one on the path.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    // `cargo run` tells us about this package. A cargo that inherits it takes the build script of
    // ring for changed, and builds ring and all above it again after every `cargo test`.
    for (name, _) in std::env::vars_os() {
        let about_us =
            |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|p| name.starts_with(p));
        if name.to_str().is_some_and(about_us) {
            command.env_remove(&name);
        }
    }
    command
}

/// The manifest of the workspace; empty where it cannot be read.
pub(crate) fn manifest() -> String {
    std::fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default()
}

/// What `cargo metadata` says about the whole graph.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let output = cargo()
        .args(["metadata", "--format-version", "1"])
        .output()
        .context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
}

/// A text file of the project.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file with this extension below the root, ordered by path; what is built or fetched
/// (`target`, `node_modules`, fuzzing corpora) and hidden directories other than `.github` are
/// left out.
pub(crate) fn files(extension: &str) -> Result<Vec<TextFile>> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, extension, &mut found)?;
    found.sort_by(|a: &TextFile, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(
    root: &Path,
    directory: &Path,
    extension: &str,
    found: &mut Vec<TextFile>,
) -> Result<()> {
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            let hidden = name.starts_with('.') && name != ".github";
            let built = ["target", "node_modules", "corpus", "artifacts", "book"].contains(&name);
            if !hidden && !built && !name.starts_with("mutants.out") {
                collect(root, &path, extension, found)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            found.push(TextFile { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}
