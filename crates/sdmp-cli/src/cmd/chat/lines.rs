//! The lines of standard input.

use std::io::BufRead;

use tokio::sync::mpsc;

use crate::error::Failure;

/// The longest line that becomes a message: sealed, it stays below the 16 MiB of R42.
const LINE_LIMIT: usize = 8 << 20;

/// Lines to send, or why there are no more.
pub(crate) type Lines = mpsc::Receiver<Result<String, Failure>>;

/// Reads standard input in a thread of its own: a read that waits must not keep anything else
/// from going on.
pub(crate) fn standard_input() -> Lines {
    let (lines, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut number = 0_u64;
        loop {
            number += 1;
            let Some(line) = read_line(&mut input, number).transpose() else { return };
            let last = line.is_err();
            if lines.blocking_send(line).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// The next line without its end; `None` at the end of the input.
fn read_line(input: &mut impl BufRead, number: u64) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    loop {
        let available =
            input.fill_buf().map_err(|error| Failure::io("cannot read standard input", &error))?;
        if available.is_empty() {
            break;
        }
        let end = available.iter().position(|octet| *octet == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        line.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if line.len() > LINE_LIMIT {
            return Err(Failure::usage(format!("line {number} is longer than 8 MiB")));
        }
        if end.is_some() {
            return text(line, number).map(Some);
        }
    }
    if line.is_empty() { Ok(None) } else { text(line, number).map(Some) }
}

fn text(mut line: Vec<u8>, number: u64) -> Result<String, Failure> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line)
        .map_err(|_| Failure::usage(format!("line {number} of standard input is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn all(input: &[u8]) -> Vec<Result<String, Exit>> {
        let mut input = std::io::BufReader::with_capacity(3, input);
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input, 1).map_err(|failure| failure.exit).transpose()
        {
            let failed = line.is_err();
            lines.push(line);
            if failed {
                break;
            }
        }
        lines
    }

    #[test]
    fn lines_end_with_lf_crlf_or_the_input() {
        assert_eq!(
            all(b"one\ntwo\r\n\nlast"),
            ["one", "two", "", "last"].map(|s| Ok(s.to_owned()))
        );
        assert_eq!(all(b""), []);
    }

    #[test]
    fn lines_that_are_no_text_are_refused() {
        assert_eq!(all(b"ok\n\xff\n"), [Ok("ok".to_owned()), Err(Exit::Usage)]);
    }
}
