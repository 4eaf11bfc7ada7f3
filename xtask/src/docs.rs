//! `cargo xtask docs`: builds the book into docs/book, and follows every link of the result.
//!
//! mdBook makes the pages. A link that leads out of the book, to a file beside the code, works where the
//! pages are read in the repository; here it is turned into one to the repository's web site.

use crate::process::answers;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Builds the book, and fails where a link of it leads nowhere.
pub(crate) fn run() -> Result<()> {
    if !answers(Command::new("mdbook").arg("--version")) {
        bail!("mdbook is not installed; this does it: cargo install --locked mdbook");
    }
    let root = workspace::root();
    let built = Command::new("mdbook").arg("build").arg(root.join("docs")).status();
    if !built.context("cannot start mdbook")?.success() {
        bail!("mdbook failed");
    }
    let repository = repository()?;
    let book = root.join("docs/book");
    let mut broken = Vec::new();
    let mut pages = Vec::new();
    collect(&book, &mut pages)?;
    for page in &pages {
        let text = std::fs::read_to_string(page)?;
        let name = page.strip_prefix(&book).unwrap_or(page).to_string_lossy().replace('\\', "/");
        let at = Place { root: &root, book: &book, page: &name };
        let (text, complaints) = relink(&text, &repository, &at);
        std::fs::write(page, text)?;
        broken.extend(complaints);
    }
    if !broken.is_empty() {
        bail!("links that lead nowhere:\n  {}", broken.join("\n  "));
    }
    println!(
        "{} pages, every link leads somewhere: {}",
        pages.len(),
        book.join("index.html").display()
    );
    Ok(())
}

/// The repository's address in Cargo.toml.
fn repository() -> Result<String> {
    let metadata = workspace::metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let found = packages
        .context("metadata names no packages")?
        .iter()
        .filter(|package| package.get("source").is_some_and(Value::is_null))
        .find_map(|package| package.get("repository")?.as_str());
    Ok(found.context("Cargo.toml names no repository")?.trim_end_matches('/').to_owned())
}

fn collect(directory: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(directory).context("cannot list the book")? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(())
}

/// Where a page is.
struct Place<'a> {
    root: &'a Path,
    book: &'a Path,
    /// Relative to the book.
    page: &'a str,
}

/// The page with its links put right, and what could not be.
fn relink(text: &str, repository: &str, at: &Place<'_>) -> (String, Vec<String>) {
    const START: &str = " href=\"";
    let mut out = String::with_capacity(text.len());
    let mut complaints = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        let Some((link, others)) = after.split_once('"') else { break };
        out.push_str(before);
        out.push_str(START);
        match target(link, repository, at) {
            Some(target) => out.push_str(&target),
            None => {
                complaints.push(format!("{}: {link}", at.page));
                out.push_str(link);
            }
        }
        out.push('"');
        rest = others;
    }
    out.push_str(rest);
    (out, complaints)
}

/// What a link should say; nothing if what it names does not exist.
fn target(link: &str, repository: &str, at: &Place<'_>) -> Option<String> {
    let (path, anchor) =
        link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    if path.is_empty() || path.contains(':') {
        return Some(link.to_owned());
    }
    // As in docs/: what is one level above the book is one above docs/.
    let (above, inside) = resolve(at.page, path);
    if above == 0 {
        return at.book.join(&inside).exists().then(|| link.to_owned());
    }
    let source = inside.strip_suffix(".html").map(|stem| format!("{stem}.md"));
    let source = source.filter(|source| at.root.join(source).exists()).unwrap_or(inside);
    if above > 1 || !at.root.join(&source).exists() {
        return None;
    }
    let anchor = anchor.map_or(String::new(), |anchor| format!("#{anchor}"));
    Some(format!("{repository}/blob/main/{source}{anchor}"))
}

/// How many levels above the book a link leads, and the path from there.
fn resolve(page: &str, link: &str) -> (usize, String) {
    let mut parts: Vec<String> =
        page.split('/').rev().skip(1).map(str::to_owned).collect::<Vec<_>>();
    parts.reverse();
    let mut above = 0_usize;
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir if parts.pop().is_none() => above = above.saturating_add(1),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir
            | Component::CurDir
            | Component::RootDir
            | Component::Prefix(_) => {}
        }
    }
    (above, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_within_the_book_stay_and_others_lead_to_the_repository() {
        let root = workspace::root();
        // The sources stand for the built book: what exists there exists.
        let at = Place { root: &root, book: &root.join("docs"), page: "model/README.md" };
        let links = "<a href=\"../guide.md\"> <a href=\"#x\"> <a href=\"https://example.org/\"> \
                     <a href=\"../../README.html#the-crates\"> <a href=\"../../Cargo.toml\"> \
                     <a href=\"no.html\"> <a href=\"../../../x\">";
        let (text, complaints) = relink(links, "R", &at);
        let expected = "<a href=\"../guide.md\"> <a href=\"#x\"> <a href=\"https://example.org/\"> \
                        <a href=\"R/blob/main/README.md#the-crates\"> \
                        <a href=\"R/blob/main/Cargo.toml\"> \
                        <a href=\"no.html\"> <a href=\"../../../x\">";
        assert_eq!(text, expected);
        assert_eq!(complaints, ["model/README.md: no.html", "model/README.md: ../../../x"]);
    }
}
