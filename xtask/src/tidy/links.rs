//! Links between the project's own pages resolve, and the book lists every page.

use super::Complaint;
use crate::workspace::TextFile;
use std::path::{Component, Path, PathBuf};

/// Complains about relative links whose file, or whose heading, does not exist.
pub(crate) fn check(root: &Path, pages: &[TextFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for page in pages {
        for target in links(&page.text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() {
                Some(PathBuf::from(&page.path))
            } else {
                relative(&page.path, path)
            };
            let Some(file) = file else {
                complaints.push(format!(
                    "{}: links to {target}, which is outside of the repository",
                    page.path
                ));
                continue;
            };
            if !root.join(&file).exists() {
                complaints.push(format!("{}: links to {target}, which does not exist", page.path));
                continue;
            }
            let name = file.to_string_lossy().replace('\\', "/");
            let known = pages.iter().find(|other| other.path == name);
            if !anchor.is_empty()
                && let Some(other) = known
                && !anchors(&other.text).any(|found| found == anchor)
            {
                complaints.push(format!(
                    "{}: links to {target}, but {name} has no such heading",
                    page.path
                ));
            }
        }
    }
    complaints
}

/// Complains about pages in docs/ that the book's table of contents leaves out.
pub(crate) fn check_summary(pages: &[TextFile]) -> Vec<Complaint> {
    let Some(summary) = pages.iter().find(|page| page.path == "docs/SUMMARY.md") else {
        return vec!["docs/SUMMARY.md: is missing; it is the book's table of contents".to_owned()];
    };
    let listed: Vec<&str> = links(&summary.text).collect();
    pages
        .iter()
        .filter_map(|page| page.path.strip_prefix("docs/"))
        .filter(|name| *name != "SUMMARY.md" && !listed.contains(name))
        .map(|name| format!("docs/{name}: is not listed in docs/SUMMARY.md"))
        .collect()
}

/// Where a link from `page` leads, relative to the root; nowhere if it leaves the root.
fn relative(page: &str, link: &str) -> Option<PathBuf> {
    let mut path = Path::new(page).parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(path)
}

/// The targets of inline links outside code.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| {
        line.split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(target, _)| target.trim())
    })
}

/// The anchors of the headings, as mdBook and GitHub make them.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    prose(text).filter(|line| line.starts_with('#')).map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept =
            heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    })
}

/// The lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        if fence {
            fenced = !fenced;
        }
        !fence && !fenced
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> TextFile {
        TextFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn links_and_headings_resolve() {
        let root = crate::workspace::root();
        let pages = [
            page("README.md", "# Some heading, here\n[a](Cargo.toml) [b](#some-heading-here)\n"),
            page(
                "docs/a.md",
                "[up](../README.md#some-heading-here) [far](https://example.org/x)\n",
            ),
        ];
        assert_eq!(check(&root, &pages), Vec::<String>::new());
    }

    #[test]
    fn dead_links_are_named_except_in_code() {
        let root = crate::workspace::root();
        let text = "```\n[x](no)\n```\n[y](no/such.md) [z](#nowhere)\n";
        assert_eq!(check(&root, &[page("README.md", text)]).len(), 2);
    }

    #[test]
    fn a_link_that_leaves_the_repository_is_named() {
        let root = crate::workspace::root();
        let complaints = check(&root, &[page("docs/a.md", "[x](../../elsewhere/README.md)\n")]);
        assert_eq!(
            complaints,
            ["docs/a.md: links to ../../elsewhere/README.md, which is outside of the repository"]
        );
    }

    #[test]
    fn the_book_lists_every_page() {
        let pages =
            [page("docs/SUMMARY.md", "[A](a.md)"), page("docs/a.md", ""), page("docs/b.md", "")];
        assert_eq!(check_summary(&pages), ["docs/b.md: is not listed in docs/SUMMARY.md"]);
    }
}
