//! `cargo xtask tidy`: the house rules that a machine can check.
//!
//! Each check is a function from plain values (a dependency graph, texts of files) to a list of
//! complaints, so that its tests need neither cargo nor a file system.

mod circles;
mod crates;
mod files;
mod layers;
mod links;
mod manifests;
mod rules;
mod survived;
mod test_files;
mod words;

use crate::workspace;
use anyhow::{Context, Result, bail};

/// What is wrong, as `where: what, and what to do`.
pub(crate) type Complaint = String;

/// Runs all checks and prints every complaint.
pub(crate) fn run() -> Result<()> {
    let complaints = check()?;
    for complaint in &complaints {
        println!("{complaint}");
    }
    if complaints.is_empty() {
        println!("tidy: nothing to complain about");
        return Ok(());
    }
    bail!("tidy: {} complaint(s)", complaints.len())
}

fn check() -> Result<Vec<Complaint>> {
    let sources = workspace::files("rs")?;
    let pages = workspace::files("md")?;
    let manifests = workspace::files("toml")?;
    let vectors = workspace::files("json")?;
    let page = |path: &str| {
        let page = pages.iter().find(|page| page.path == path);
        page.with_context(|| format!("{path} is missing: it holds rules that the code cites"))
    };
    let mut known = rules::defined(&page("docs/protocol.md")?.text);
    known.extend(rules::defined(&page("docs/node.md")?.text));

    let mut complaints = layers::check(&layers::Graph::from_metadata(&workspace::metadata()?)?);
    complaints.extend(manifests::check(&manifests));
    complaints.extend(files::check(&sources));
    complaints.extend(circles::check(&sources));
    complaints.extend(words::check(sources.iter().chain(&pages)));
    complaints.extend(rules::check_sequence(&known));
    complaints.extend(rules::check_citations(&known, sources.iter().chain(&pages)));
    complaints.extend(rules::check_tested(&known, &sources, &vectors));
    complaints.extend(crates::check(&manifests, &sources, &pages));
    complaints.extend(crates::check_licences(&workspace::root()));
    complaints.extend(links::check(&workspace::root(), &pages));
    complaints.extend(links::check_summary(&pages));
    complaints.extend(survived::check(&pages, &sources));
    complaints.extend(test_files::check(&manifests, &sources));
    complaints.extend(survived::check_build_scripts(&sources));
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    /// The whole project is tidy: a test, so that `cargo test` says so as well.
    #[test]
    fn the_project_is_tidy() {
        let complaints = super::check().expect("the checks run");
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}
