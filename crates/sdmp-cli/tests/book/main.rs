//! The README and the book are true: every console block is run as a reader would run it, and its
//! output compared; JSON is parsed; Rust blocks are known to a crate that compiles them; what cannot
//! be run must at least exist. CONTRIBUTING.md describes the conventions.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests"
)]

mod commands;
mod compare;
mod page;
mod terminal;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use commands::Plan;
use page::{Action, Page, Step, pages};
use sdmp_container::Container;
use terminal::Terminals;

/// Blocks that nothing can run: text, diagrams (another test compares the handshake's with the
/// code), and files for other programs. Shell blocks are checked as far as that goes.
const NOT_RUN: &[&str] = &["text", "sh", "mermaid", "ini", "dockerfile"];
const RUN: &[&str] = &["console", "rust", "json", "toml"];

/// The pages, or none in a package, which holds only this crate.
fn project() -> Option<(PathBuf, Vec<Page>)> {
    let root = page::root();
    if root.is_none() {
        println!("skipped: the pages are not part of a package");
    }
    root.map(|root| {
        let pages = pages(&root);
        (root, pages)
    })
}

fn report(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n\n"));
}

#[test]
fn every_command_does_what_the_page_shows() {
    let Some((root, pages)) = project() else { return };
    let only = std::env::var("SDMP_BOOK_PAGE").unwrap_or_default();
    let mut complaints = Vec::new();
    let mut run = 0;
    // Each page is a story of its own, so they can be told at the same time.
    let chosen: Vec<_> = pages.iter().filter(|page| page.path.contains(&only)).collect();
    for pair in chosen.chunks(2) {
        std::thread::scope(|scope| {
            let told: Vec<_> = pair.iter().map(|page| scope.spawn(|| tell(&root, page))).collect();
            for told in told {
                match told.join().unwrap() {
                    Ok(count) => run += count,
                    Err(complaint) => complaints.push(complaint),
                }
            }
        });
    }
    report(&complaints);
    println!("{run} commands run");
    assert!(run > 0 || !only.is_empty(), "the book has commands");
}

/// Runs a page from its first console block to its last; how many commands that were.
fn tell(root: &Path, page: &Page) -> Result<usize, String> {
    let steps = page::steps(page)?;
    let mut terminals = Terminals::new();
    let mut run = 0;
    let mut left = 0;
    for (index, step) in steps.iter().enumerate() {
        let at = |complaint| format!("{}: {complaint}", page.at(step.line));
        let name = step.terminal.as_str();
        // Whether the reader looks at the status of what runs there now, instead of relying on it.
        let later = steps[index + 1..].iter().filter(|later| later.terminal == name);
        let outcome = match &step.action {
            Action::Run(command) => match commands::plan(command).map_err(at)? {
                Plan::Leave(_) => {
                    left += 1;
                    commands::exists(root, command)
                }
                Plan::NotBuilt => {
                    commands::exists(root, command).map_err(at)?;
                    println!(
                        "skipped from {} on: build the examples first (cargo test --workspace does)",
                        page.at(step.line)
                    );
                    break;
                }
                Plan::Run(command) => {
                    run += 1;
                    let mut later = later.clone().peekable();
                    let typed =
                        later.peek().is_some_and(|next| matches!(next.action, Action::Type(_)));
                    // The status asked for is that of the command before.
                    let before = asks(step);
                    terminals.finish(name, !before).and_then(|()| {
                        terminals.run(name, &command, &step.shown, typed, !next_asks(later))
                    })
                }
            },
            Action::Type(text) => terminals.type_line(name, text.as_deref(), &step.shown),
            Action::Look => terminals.look(name, &step.shown),
            Action::Interrupt => terminals.interrupt(name, &step.shown),
        };
        outcome.map_err(at)?;
    }
    terminals.close().map_err(|complaint| format!("{}: {complaint}", page.path))?;
    if run + left > 0 {
        println!("{}: {run} commands run, {left} only looked up", page.path);
    }
    Ok(run)
}

fn asks(step: &Step) -> bool {
    matches!(&step.action, Action::Run(command) if command.contains("$?"))
}

/// Whether the next command in this terminal asks for the status of the one before.
fn next_asks<'a>(mut later: impl Iterator<Item = &'a Step>) -> bool {
    later.find(|step| matches!(step.action, Action::Run(_))).is_some_and(asks)
}

#[test]
fn every_fence_is_known() {
    let Some((_, pages)) = project() else { return };
    let mut complaints = Vec::new();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for page in &pages {
        for block in &page.blocks {
            let language = block.language.as_str();
            *counts.entry(language).or_default() += 1;
            if !NOT_RUN.contains(&language) && !RUN.contains(&language) {
                complaints.push(format!(
                    "{}: unknown fence `{language}`; use one of {} or {}",
                    page.at(block.line),
                    RUN.join(", "),
                    NOT_RUN.join(", ")
                ));
            }
        }
    }
    report(&complaints);
    println!("{counts:?}");
}

/// What cannot be run is at least shell, and names only what exists.
#[test]
fn shell_blocks_name_what_exists() {
    let Some((root, pages)) = project() else { return };
    let mut complaints = Vec::new();
    for page in &pages {
        for block in page.of("sh") {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(&file, &block.text).unwrap();
            let shell = std::process::Command::new("sh").arg("-n").arg(file.path()).output();
            if !shell.unwrap().status.success() {
                complaints.push(format!("{}: is not shell", page.at(block.line)));
            }
            let joined = block.text.replace("\\\n", " ");
            for command in joined.lines().map(str::trim) {
                if let Err(complaint) = commands::exists(&root, command) {
                    complaints.push(format!("{}: {complaint}", page.at(block.line)));
                }
            }
        }
    }
    report(&complaints);
}

/// Rust blocks are compiled as documentation tests, by the crate of their README or by xtask/src/book.rs.
#[test]
fn every_rust_block_is_compiled() {
    let Some((root, pages)) = project() else { return };
    let book = fs::read_to_string(root.join("xtask/src/book.rs")).unwrap();
    let mut complaints = Vec::new();
    for page in &pages {
        let Some(block) = page.of("rust").next() else { continue };
        let of_a_crate = page
            .path
            .strip_suffix("README.md")
            .map(|directory| root.join(directory).join("src/lib.rs"))
            .and_then(|library| fs::read_to_string(library).ok())
            .is_some_and(|text| text.contains("include_str!(\"../README.md\")"));
        if !of_a_crate && !book.contains(&format!("include_str!(\"../../{}\")", page.path)) {
            complaints.push(format!(
                "{}: no crate compiles this page; add it to xtask/src/book.rs",
                page.at(block.line)
            ));
        }
        for block in page.of("rust") {
            if block.attributes.iter().any(|attribute| attribute == "ignore") {
                complaints.push(format!("{}: is ignored", page.at(block.line)));
            }
        }
    }
    report(&complaints);
}

/// What the page of examples shows is what the examples are.
#[test]
fn the_examples_page_shows_the_examples() {
    let Some((root, pages)) = project() else { return };
    let folder = root.join("crates/sdmp-transport/examples");
    let sources: Vec<_> = ["client.rs", "server.rs"]
        .iter()
        .map(|name| fs::read_to_string(folder.join(name)).unwrap())
        .collect();
    let page = pages.iter().find(|page| page.path == "docs/examples.md").unwrap();
    let mut shown = 0;
    for block in page.of("rust") {
        let lines = block.text.lines().filter(|line| !line.starts_with("# "));
        let code = lines.collect::<Vec<_>>().join("\n");
        let found = sources.iter().any(|source| source.contains(code.trim()));
        assert!(found, "{}: differs from the example in {folder:?}", page.at(block.line));
        shown += 1;
    }
    assert_eq!(shown, sources.len());
}

/// JSON blocks are one document, or one a line; what claims to be a container is a valid one.
#[test]
fn json_blocks_are_json_and_containers_are_containers() {
    let Some((_, pages)) = project() else { return };
    let mut complaints = Vec::new();
    for page in &pages {
        for block in page.of("json") {
            let whole = serde_json::from_str::<serde_json::Value>(&block.text).map(|_| ());
            let lines = || {
                block.text.lines().try_for_each(|line| {
                    serde_json::from_str::<serde_json::Value>(line).map(|_| ())
                })
            };
            let mut complaint = String::new();
            if let Err(error) = whole.or_else(|error| lines().map_err(|_| error)) {
                write!(complaint, "{error}").unwrap();
            } else if block.text.contains("\"sdmp\"") {
                match Container::parse(block.text.trim()) {
                    Ok(container) => {
                        if let Err(error) = container.check_core() {
                            write!(complaint, "{error}").unwrap();
                        }
                    }
                    Err(error) => write!(complaint, "{error}").unwrap(),
                }
            }
            if !complaint.is_empty() {
                complaints.push(format!("{}: {complaint}", page.at(block.line)));
            }
        }
    }
    report(&complaints);
}

#[test]
fn toml_blocks_are_toml() {
    let Some((_, pages)) = project() else { return };
    let mut complaints = Vec::new();
    for page in &pages {
        for block in page.of("toml") {
            if let Err(error) = block.text.parse::<toml::Table>() {
                complaints.push(format!("{}: {error}", page.at(block.line)));
            }
        }
    }
    report(&complaints);
}

/// The runner itself: a page that is wrong must not pass.
#[test]
fn a_page_that_lies_is_found_out() {
    let Some((root, _)) = project() else { return };
    let told = |console: &str| {
        let text = format!("```console\n{console}```\n");
        tell(&root, &Page { path: "a.md".into(), blocks: page::blocks("a.md", &text) })
    };
    let true_pages = [
        ("$ echo one; echo two >&2\none\n...\n", 1),
        ("$ mkdir a && cd a && export X='1 2'\n$ echo \"$X $(basename \"$PWD\")\"\n1 2 a\n", 2),
        ("$ sdmp key show nobody\n...\n$ echo $?\n2\n", 2),
        ("a$ echo \"$SDMP_DATA\" > x\nb$ grep -c data-b x; true\n0\n", 2),
        ("$ echo 127.0.0.1:7667\n127.0.0.1:7667\n", 1),
        ("$ (echo listening on x; sleep 0.1; echo end) &\nlistening on x\n$ wait\nend\n", 2),
        ("a$ echo listening on x; cat\nlistening on x\na> hello\nhello\nb$ true\na$\na> ^D\n", 2),
        ("a$ echo listening on x; sleep 60\na$ ^C\n", 1),
        ("a$ echo listening on x; sleep 60\nlistening on x\n", 1),
    ];
    for (page, commands) in true_pages {
        assert_eq!(told(page), Ok(commands), "{page}");
    }
    let lies = [
        "$ echo one\ntwo\n",
        "$ echo one\none\ntwo\n",
        "$ false\n",
        "$ false\n$ true\n",
        "$ sdmp key show nobody\n",
        "$ echo 127.0.0.1:7667\n127.0.0.1:7668\n",
        "$ (echo listening on x; false) &\n$ wait\n",
        "$ cargo xtask dance\n",
        "a$ true\na> nothing runs here\n",
    ];
    for page in lies {
        assert!(told(page).is_err(), "{page}");
    }
}
