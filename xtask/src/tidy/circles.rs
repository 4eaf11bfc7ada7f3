//! No circle of imports among the files of a crate: what needs each other is one subject.
//!
//! Only paths that begin at the crate's root count, and not those between a file and one that it
//! contains: a parent and its children are one subject on purpose.

use super::Complaint;
use crate::workspace::TextFile;
use std::collections::{BTreeMap, BTreeSet};

/// A module's path inside its crate; the root is empty.
type Module = Vec<String>;

/// Complains about every set of files that import each other.
pub(crate) fn check(sources: &[TextFile]) -> Vec<Complaint> {
    let mut crates: BTreeMap<&str, BTreeMap<Module, &TextFile>> = BTreeMap::new();
    for file in sources {
        if let Some((folder, path)) = file.path.split_once("/src/") {
            crates.entry(folder).or_default().insert(module(path), file);
        }
    }
    crates.iter().flat_map(|(folder, files)| circles(folder, files)).collect()
}

fn module(path: &str) -> Module {
    let mut parts: Module = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

fn circles(folder: &str, files: &BTreeMap<Module, &TextFile>) -> Vec<Complaint> {
    let edges: BTreeMap<&Module, BTreeSet<&Module>> =
        files.iter().map(|(own, file)| (own, imports(own, &file.text, files))).collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        edges.keys().map(|from| (*from, reach(from, &edges))).collect();
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for (from, reaches) in &reached {
        if !reaches.contains(from) || seen.contains(from) {
            continue;
        }
        let together: Vec<&Module> = reaches
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(from)))
            .collect();
        let names: Vec<String> = together.iter().map(|module| module.join("::")).collect();
        seen.extend(together);
        complaints.push(format!(
            "{folder}/src: {} import each other; move what they share into a file below them",
            names.join(", ")
        ));
    }
    complaints
}

/// All files that `from` imports, and what those import.
fn reach<'m>(
    from: &Module,
    edges: &BTreeMap<&'m Module, BTreeSet<&'m Module>>,
) -> BTreeSet<&'m Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(edges.get(module).into_iter().flatten().copied());
        }
    }
    reached
}

/// The files of the same crate that a text names from the crate's root on.
fn imports<'m>(
    own: &Module,
    text: &str,
    files: &'m BTreeMap<Module, &TextFile>,
) -> BTreeSet<&'m Module> {
    let code: String = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        for path in paths(rest) {
            let longest = (1..=path.len())
                .rev()
                .find_map(|length| files.get_key_value(path.get(..length)?).map(|(key, _)| key));
            if let Some(other) =
                longest.filter(|other| !other.starts_with(own) && !own.starts_with(other))
            {
                found.insert(other);
            }
        }
    }
    found
}

/// The paths that a text begins with: one, or those of a tree in braces.
fn paths(text: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    let mut prefix = Module::new();
    let mut stack = Vec::new();
    let mut word = String::new();
    let mut current = Module::new();
    for letter in text.chars() {
        match letter {
            letter if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            ':' => current.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            '{' => {
                stack.push(prefix.clone());
                prefix.append(&mut current);
            }
            ',' | '}' | ';' | '(' | ')' | '<' | '>' | ' ' | '\n' | '.' | '!' | '*' | '&' | '?' => {
                current.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                if !current.is_empty() {
                    paths.push(prefix.iter().chain(&current).cloned().collect());
                    current.clear();
                }
                if letter == '}' {
                    prefix = stack.pop().unwrap_or_default();
                }
                if stack.is_empty() {
                    break;
                }
            }
            _ => break,
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Vec<TextFile> {
        let file = |(path, text): &(&str, &str)| TextFile {
            path: format!("crates/a/src/{path}"),
            text: (*text).to_owned(),
        };
        texts.iter().map(file).collect()
    }

    #[test]
    fn paths_are_read_from_trees() {
        let read = |text: &str| paths(text).iter().map(|path| path.join("::")).collect::<Vec<_>>();
        assert_eq!(read("a::b;"), ["a::b"]);
        assert_eq!(read("{a::{b, c::D}, e}; x::y"), ["a::b", "a::c::D", "e"]);
        assert_eq!(read("io::note(crate)"), ["io::note"]);
    }

    #[test]
    fn a_circle_is_named_once() {
        let circle = files(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "fn f() { crate::c::g() }"),
            ("c.rs", "use crate::{a::A, d};"),
            ("d.rs", "use crate::a;"),
        ]);
        let complaints = check(&circle);
        let [complaint] = complaints.as_slice() else { panic!("{complaints:?}") };
        assert!(complaint.starts_with("crates/a/src: a, b, c, d import each other"), "{complaint}");
    }

    #[test]
    fn parents_comments_tests_and_straight_lines_are_no_circle() {
        let straight = files(&[
            ("a.rs", "mod part;\nuse crate::a::part::P; // crate::b\n"),
            ("a/part.rs", "use crate::a::A;"),
            ("b.rs", "use crate::a::A;\n#[cfg(test)]\nmod tests { use crate::c; }"),
            ("c.rs", "use crate::b;"),
        ]);
        assert_eq!(check(&straight), Vec::<String>::new());
    }
}
