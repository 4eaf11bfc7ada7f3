//! Files and standard streams, each with errors that name what was read or written.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::AnsiColor;

use crate::error::{Exit, Failure};
use console::{Stream, Text};

pub(crate) mod console;
pub(crate) mod escape;

pub(crate) use sdmp_inspect::escape::printable;

/// The longest file or standard input that is read: the default limit of the parser, and some.
const INPUT_LIMIT: u64 = 17 << 20;

/// Reads a file, or standard input for `-` and for nothing.
pub(crate) fn read_input(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    match file {
        Some(path) if path != Path::new("-") => {
            let what = path.display();
            let open = File::open(path).map_err(|error| unreadable(&what.to_string(), &error))?;
            read_limited(open, &what.to_string())
        }
        _ => read_limited(io::stdin().lock(), "standard input"),
    }
}

/// Reads a file, or standard input, up to a limit; says whether there was more.
pub(crate) fn read_up_to(file: Option<&Path>, most: u64) -> Result<(Vec<u8>, bool), Failure> {
    let mut octets = Vec::new();
    let read = |from: &mut dyn Read, octets: &mut Vec<u8>| {
        from.take(most.saturating_add(1)).read_to_end(octets)
    };
    match file {
        Some(path) if path != Path::new("-") => {
            File::open(path)
                .and_then(|mut file| read(&mut file, &mut octets))
                .map_err(|error| unreadable(&path.display().to_string(), &error))?;
        }
        _ => {
            read(&mut io::stdin().lock(), &mut octets)
                .map_err(|error| unreadable("standard input", &error))?;
        }
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = octets.len() > most;
    octets.truncate(most);
    Ok((octets, more))
}

fn read_limited(from: impl Read, what: &str) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    // A device or pipe may never end; the parser would refuse what is longer anyway.
    from.take(INPUT_LIMIT).read_to_end(&mut octets).map_err(|error| unreadable(what, &error))?;
    if u64::try_from(octets.len()).is_ok_and(|read| read >= INPUT_LIMIT) {
        return Err(Failure::new(
            Exit::Invalid,
            "input.too_long",
            format!("{what} is longer than any container may be (16 MiB)"),
        ));
    }
    Ok(octets)
}

fn unreadable(what: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Usage, "io", format!("cannot read {what}: {error}"))
}

/// Prints to standard output, exactly these octets: what a program reads.
pub(crate) fn print_exact(text: &str) -> Result<(), Failure> {
    console::put(Text::Exact(text.to_owned())).map_err(|error| unwritable(&error))
}

/// Prints to standard output, for people: control characters are escaped, ours too.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_exact(&escape::text(text))
}

/// Prints a report with colours, which are all that may control the terminal.
pub(crate) fn print_styled(text: &str) -> Result<(), Failure> {
    console::put(Text::Styled(escape::styled(text))).map_err(|error| unwritable(&error))
}

/// Prints a container that others wrote: its very octets, on a terminal with escapes, and with a line
/// feed after them unless they are wanted `raw`.
pub(crate) fn print_container(text: &str, raw: bool) -> Result<(), Failure> {
    if raw {
        print_exact(text)
    // A terminal must not obey what others wrote; a program needs the very octets.
    } else if io::stdout().is_terminal() {
        print_line(text)
    } else {
        print_exact(&format!("{text}\n"))
    }
}

/// Why standard output takes nothing more.
pub(crate) fn unwritable(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // `head` has seen enough: that is no error to complain about.
        return Failure::new(Exit::Other, NOBODY_READS, "the output is not read any more");
    }
    Failure::io("cannot write to standard output", error)
}

/// The code of a failure that is not reported: `sdmp demo | head` has shown what was wanted.
pub(crate) const NOBODY_READS: &str = "io.nobody_reads";

/// Prints a line to standard output.
pub(crate) fn print_line(text: &str) -> Result<(), Failure> {
    print(&format!("{text}\n"))
}

/// One JSON object as a line, its members in this order.
pub(crate) fn print_json(members: &[(&str, serde_json::Value)]) -> Result<(), Failure> {
    print_exact(&format!("{}\n", json_object(members)))
}

/// JSON text as a line; nothing in it controls a terminal.
pub(crate) fn print_json_text(text: &str) -> Result<(), Failure> {
    print_exact(&format!("{}\n", escape::json(text)))
}

/// One JSON object, its members in this order; nothing in it controls a terminal.
pub(crate) fn json_object(members: &[(&str, serde_json::Value)]) -> String {
    escape::json(&sdmp_inspect::escape::json_object(members))
}

/// Whether `--quiet` was given.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only warnings and errors are reported.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Reports what goes on, on standard error, unless `--quiet` was given.
pub(crate) fn note(text: &str) {
    if !is_quiet() {
        tell(text);
    }
}

/// Warns, on standard error.
pub(crate) fn warn(text: &str) {
    marked(AnsiColor::Yellow, "warning:", text);
}

/// Reports an error, on standard error.
pub(crate) fn error(text: &str) {
    marked(AnsiColor::Red, "error:", text);
}

/// Prints what clap says about the command line, with its colours.
pub(crate) fn print_usage(text: &str) {
    console::offer(Stream::Err, Text::Styled(escape::styled(text)));
}

fn marked(colour: AnsiColor, mark: &str, text: &str) {
    let style = colour.on_default().bold();
    let text = format!("{style}{mark}{style:#} {}\n", escape::text(text));
    console::offer(Stream::Err, Text::Styled(text));
}

/// Prints a line to standard error. It never waits: what does not fit is dropped and counted.
pub(crate) fn tell(text: &str) {
    console::offer(Stream::Err, Text::Styled(format!("{}\n", escape::text(text))));
}

/// Writes a whole file or nothing, readable by its owner only.
pub(crate) fn write_atomically(path: &Path, text: &str) -> Result<(), Failure> {
    sdmp_node::file::replace(path, text)
        .map_err(|error| Failure::io(format!("cannot write {}", path.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_members_keep_their_order() {
        let line = json_object(&[("event", "closed".into()), ("clean", true.into())]);
        assert_eq!(line, r#"{"event":"closed","clean":true}"#);
    }

    #[test]
    fn a_directory_that_is_missing_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("missing").join("a.json");
        assert_eq!(write_atomically(&path, "").unwrap_err().code, "io");
    }
}
