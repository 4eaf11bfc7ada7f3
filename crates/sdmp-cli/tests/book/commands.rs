//! Which commands are run, which run as another, and which only have to exist.

use std::path::Path;
use std::process::Command;

/// What becomes of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Run(String),
    /// Not run, and why.
    Leave(&'static str),
    /// The example it would run was not built with this test: `cargo test --workspace` builds all.
    NotBuilt,
}

/// How the README starts the program.
const FROM_SOURCE: &str = "cargo run --release -p sdmp-cli -- ";

/// Commands that are not run here; what follows them on the line is free.
const LEFT: &[(&str, &str)] = &[
    ("cargo xtask ", "it drives the workspace: it would run this very test, or wait for it"),
    ("cargo install ", "it compiles once more what this test has at hand, and writes to the home"),
    ("cargo build ", "it compiles once more what this test has at hand"),
    ("cargo test ", "it would run this very test, or wait for it"),
    ("git clone ", "the network is not part of a test"),
    ("verifpal ", "a tool that has to be installed: `cargo xtask model` runs it"),
];

/// What is to be done with a command of a console block.
pub(crate) fn plan(command: &str) -> Result<Plan, String> {
    if let Some(rest) = command.strip_prefix(FROM_SOURCE) {
        return Ok(Plan::Run(format!("sdmp {rest}")));
    }
    if let Some(example) = command.strip_prefix("cargo run -p ") {
        return Ok(example_of(example).map_or(Plan::NotBuilt, Plan::Run));
    }
    for (start, why) in LEFT {
        if command.starts_with(start) {
            return Ok(Plan::Leave(why));
        }
    }
    if command.starts_with("cargo ") {
        return Err("no rule says how to run this; see book/commands.rs".to_owned());
    }
    Ok(Plan::Run(command.to_owned()))
}

/// `PACKAGE --example NAME -- ARGUMENTS` as the program that was built, if it is newer than its source.
fn example_of(command: &str) -> Option<String> {
    let (program, arguments) = command.split_once(" --").map(|(package, rest)| {
        let rest = rest.strip_prefix("example ").unwrap_or(rest);
        let (name, arguments) = rest.split_once(" -- ").unwrap_or((rest, ""));
        ((package.trim(), name.trim()), arguments)
    })?;
    let (package, name) = program;
    let source = crate::page::root()?.join(format!("crates/{package}/examples/{name}.rs"));
    let built = Path::new(env!("CARGO_BIN_EXE_sdmp")).parent()?.join("examples").join(name);
    let age = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    (age(&built)? >= age(&source)?).then(|| format!("'{}' {arguments}", built.display()))
}

/// Complains about what does not exist in a command that is not run: a task of xtask, an example,
/// a package, a subcommand of `sdmp` or one of its options.
pub(crate) fn exists(root: &Path, command: &str) -> Result<(), String> {
    let end = command.find(['|', '>', '<', '&', ';', '#']).unwrap_or(command.len());
    let words: Vec<&str> = command[..end].split_whitespace().collect();
    let after = |word: &str| {
        words.iter().position(|found| *found == word).and_then(|at| words.get(at + 1)).copied()
    };
    match words.as_slice() {
        ["cargo", "xtask", task, ..] => {
            let source = std::fs::read_to_string(root.join("xtask/src/main.rs")).unwrap();
            let words = task.split('-').filter(|word| !word.is_empty());
            let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
            let variant = format!("    {}", words.map(capital).collect::<String>());
            let known = source.lines().any(|line| {
                line.strip_prefix(&variant).is_some_and(|rest| rest.starts_with([',', '(', ' ']))
            });
            known.then_some(()).ok_or(format!("cargo xtask has no command {task}"))
        }
        ["cargo", "run" | "test", ..] => {
            let Some(package) = after("-p") else { return Ok(()) };
            let directory = root.join("crates").join(package);
            if !directory.exists() {
                return Err(format!("there is no package {package}"));
            }
            let example = after("--example").map(|name| format!("examples/{name}.rs"));
            match example.filter(|path| !directory.join(path).exists()) {
                Some(path) => Err(format!("{package} has no {path}")),
                None => Ok(()),
            }
        }
        ["cargo", "install", ..] => match after("--path") {
            Some(path) if !root.join(path).join("Cargo.toml").exists() => {
                Err(format!("there is no package in {path}"))
            }
            _ => Ok(()),
        },
        ["sdmp", rest @ ..] => usage(rest),
        _ => Ok(()),
    }
}

/// Whether the subcommand and the long options exist, by the program's own help.
fn usage(words: &[&str]) -> Result<(), String> {
    let mut path = Vec::new();
    let mut help = help(&path);
    for word in words.iter().filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase())) {
        path.push(*word);
        let deeper = self::help(&path);
        if !deeper.contains(&format!("Usage: sdmp {}", path.join(" "))) {
            path.pop();
            break;
        }
        help = deeper;
    }
    if path.is_empty() && words.iter().any(|word| !word.starts_with('-')) {
        return Err(format!("sdmp has no command {}", words.join(" ")));
    }
    let options = words.iter().filter(|word| word.starts_with("--") && word.len() > 2);
    for option in options.map(|option| option.split('=').next().unwrap()) {
        let known = help.split([' ', '\n', ',', '[', '<', '=']).any(|found| found == option);
        if !known {
            return Err(format!("sdmp {} has no option {option}", path.join(" ")));
        }
    }
    Ok(())
}

fn help(path: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sdmp")).args(path).arg("--help").output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::root;

    #[test]
    fn the_program_is_run_from_where_it_was_built() {
        let plan = plan("cargo run --release -p sdmp-cli -- demo --short").unwrap();
        assert_eq!(plan, Plan::Run("sdmp demo --short".into()));
        assert!(matches!(super::plan("cargo xtask ci").unwrap(), Plan::Leave(_)));
        let missing = super::plan("cargo run -p sdmp-transport --example nothing -- 1").unwrap();
        assert_eq!(missing, Plan::NotBuilt);
        super::plan("cargo frobnicate").unwrap_err();
    }

    #[test]
    fn what_is_not_run_must_exist() {
        let Some(root) = root() else { return println!("skipped: no pages in a package") };
        let good = [
            "cargo xtask ci --only test",
            "cargo install --locked --path crates/sdmp-cli",
            "cargo run -p sdmp-handshake --example simulate",
            "sdmp --data ./alice key export alice > alice.json",
            "sdmp listen 0.0.0.0:4242 --key desk --once",
            "sdmp --version",
            "rm -r x",
        ];
        for command in good {
            exists(&root, command).unwrap();
        }
        let bad = [
            "cargo xtask dance",
            "cargo install --path crates/sdmp-nothing",
            "cargo run -p sdmp-handshake --example nothing",
            "sdmp dance",
            "sdmp listen 0.0.0.0:4242 --twice",
            "sdmp --date ./alice key export alice",
        ];
        for command in bad {
            exists(&root, command).unwrap_err();
        }
    }
}
