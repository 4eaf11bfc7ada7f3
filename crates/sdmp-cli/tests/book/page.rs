//! Reads pages: which fenced blocks they have, and what the console blocks say.

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the project; `None` where only this crate is at hand, as in a package.
pub(crate) fn root() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("docs/SUMMARY.md").exists().then(|| root.canonicalize().unwrap())
}

/// A page of the book, or one that stands beside the code.
#[derive(Debug)]
pub(crate) struct Page {
    /// Relative to the root.
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where its fence stands.
    pub(crate) line: usize,
    /// The word after the fence, up to a comma.
    pub(crate) language: String,
    /// What follows that comma.
    pub(crate) attributes: Vec<String>,
    pub(crate) text: String,
}

impl Page {
    /// Where a block is, for people.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    pub(crate) fn of<'a>(&'a self, language: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.language == language)
    }
}

/// Every page: the book, and the Markdown files beside the code.
pub(crate) fn pages(root: &Path) -> Vec<Page> {
    let mut paths = Vec::new();
    for directory in ["", "docs", "crates"] {
        collect(&root.join(directory), !directory.is_empty(), &mut paths);
    }
    paths.sort();
    let pages = paths.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let relative = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        Page { blocks: blocks(&relative, &text), path: relative }
    });
    pages.collect()
}

fn collect(directory: &Path, deep: bool, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let built = ["book", "target", "node_modules"].contains(&name.as_str());
        if path.is_dir() && deep && !built && !name.starts_with('.') {
            collect(&path, true, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

/// The fenced blocks of a text, without the indentation of their fence.
pub(crate) fn blocks(path: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Block)> = None;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let fence = trimmed.starts_with("```");
        match &mut open {
            None if fence => {
                let info = trimmed.trim_start_matches('`').trim();
                let mut words = info.split(',').map(str::trim).map(str::to_owned);
                let language = words.next().unwrap_or_default();
                let block = Block {
                    line: number + 1,
                    language,
                    attributes: words.collect(),
                    text: String::new(),
                };
                open = Some((line.len() - trimmed.len(), block));
            }
            None => {}
            Some(_) if fence => blocks.extend(open.take().map(|(_, block)| block)),
            Some((indentation, block)) => {
                let spaces = line.len() - trimmed.len();
                block.text.push_str(&line[spaces.min(*indentation)..]);
                block.text.push('\n');
            }
        }
    }
    assert!(open.is_none(), "{path}: the last fence is not closed");
    blocks
}

/// What a reader would do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) line: usize,
    /// The name before the prompt; empty where the page needs only one terminal.
    pub(crate) terminal: String,
    pub(crate) action: Action,
    /// The lines shown below it.
    pub(crate) shown: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `NAME$ COMMAND`
    Run(String),
    /// `NAME> TEXT`: typed into what runs there; `None` for `^D`.
    Type(Option<String>),
    /// `NAME$` alone: what has appeared there meanwhile.
    Look,
    /// `NAME$ ^C`
    Interrupt,
}

/// The steps of all console blocks of a page.
pub(crate) fn steps(page: &Page) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for block in page.of("console") {
        let before = steps.len();
        let mut lines = (block.line + 1..).zip(block.text.lines()).peekable();
        while let Some((line, text)) = lines.next() {
            let Some((terminal, mut action)) = prompt(text, &steps) else {
                let Some(step) = steps.get_mut(before..).and_then(<[_]>::last_mut) else {
                    return Err(format!("{}: a console block begins with a prompt", page.at(line)));
                };
                step.shown.push(text.to_owned());
                continue;
            };
            if let Action::Run(command) = &mut action {
                while command.ends_with('\\')
                    && let Some((_, more)) = lines.next()
                {
                    command.push('\n');
                    command.push_str(more.strip_prefix("> ").unwrap_or(more));
                }
            }
            steps.push(Step { line, terminal, action, shown: Vec::new() });
        }
    }
    Ok(steps)
}

fn prompt(text: &str, steps: &[Step]) -> Option<(String, Action)> {
    let end = text.find(|letter: char| !letter.is_ascii_lowercase())?;
    let (name, rest) = text.split_at(end);
    let known = || steps.iter().any(|step| step.terminal == name);
    let action = match rest.split_at(1) {
        ("$", "") if known() => Action::Look,
        ("$", " ^C") if known() => Action::Interrupt,
        ("$", command) => Action::Run(command.strip_prefix(' ')?.to_owned()),
        (">", typed) if !name.is_empty() && known() => {
            let typed = typed.strip_prefix(' ').unwrap_or(typed);
            Action::Type((typed != "^D").then(|| typed.to_owned()))
        }
        _ => return None,
    };
    Some((name.to_owned(), action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page { path: "a.md".into(), blocks: blocks("a.md", text) }
    }

    #[test]
    fn blocks_have_a_language_attributes_and_a_place() {
        let page = page("x\n\n  ```rust,no_run\n  a\n    b\n  ```\n```text\n```\n");
        assert_eq!(page.blocks[0].line, 3);
        assert_eq!(page.blocks[0].attributes, ["no_run"]);
        assert_eq!(page.blocks[0].text, "a\n  b\n");
        assert_eq!(page.blocks[1].language, "text");
    }

    #[test]
    fn steps_have_a_terminal_and_what_is_shown() {
        let text = "```console\n$ one \\\n> two\nout\nbob$ wait\nbob> typed\nbob> ^D\nbob$\nlast\n\
                    nobody> shown\n5$ shown\nbob$ ^C\n```\n";
        let steps = steps(&page(text)).unwrap();
        let actions: Vec<_> = steps.iter().map(|step| step.action.clone()).collect();
        let run = |text: &str| Action::Run(text.into());
        assert_eq!(
            actions,
            [
                run("one \\\ntwo"),
                run("wait"),
                Action::Type(Some("typed".into())),
                Action::Type(None),
                Action::Look,
                Action::Interrupt
            ]
        );
        assert_eq!(steps[0].shown, ["out"]);
        assert_eq!(steps[4].shown, ["last", "nobody> shown", "5$ shown"]);
        assert_eq!((steps[1].terminal.as_str(), steps[1].line), ("bob", 5));
    }

    #[test]
    fn a_block_without_a_prompt_is_an_error() {
        let text = "```console\n$ one\n```\n```console\nout\n```\n";
        assert!(steps(&page(text)).unwrap_err().starts_with("a.md:5"));
    }
}
