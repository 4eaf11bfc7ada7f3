//! Export and import as plain lines: one resource text a line.

use std::io::{BufRead, Write};
use std::sync::Arc;

use sdmp_journal::{Candidate, Fingerprint, LineId, Timestamp, Verdict, Verify};

use crate::{Append, Error, LONGEST_APPEND, LONGEST_APPEND_OCTETS, Store};

fn io(error: &std::io::Error) -> Error {
    Error::Engine(error.to_string())
}

/// Writes the text of each resource whose text is here, in the order of the journal, each followed by
/// LF. Returns how many.
///
/// # Errors
/// What the engine or the writer says.
pub fn export(store: &dyn Store, node: &Fingerprint, to: &mut dyn Write) -> Result<u64, Error> {
    let snapshot = store.snapshot()?;
    let (mut since, mut count) = (LineId::first(node), 0_u64);
    while let Some(lines) = snapshot.lines(&since, LONGEST_APPEND).filter(|lines| !lines.is_empty())
    {
        for line in lines {
            since = line.lid;
            if let Some(text) = snapshot.text(&line.id) {
                writeln!(to, "{text}").map_err(|error| io(&error))?;
                count = count.saturating_add(1);
            }
        }
        snapshot.check()?;
    }
    to.flush().map_err(|error| io(&error))?;
    Ok(count)
}

/// How long the texts are together.
fn octets(candidates: &[Candidate]) -> usize {
    candidates.iter().map(|candidate| candidate.resource().text().len()).sum()
}

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Admitted now.
    pub admitted: u64,
    /// Admitted before.
    pub known: u64,
    /// Neither: texts that are no resources, and those that were not admitted.
    pub left: u64,
}

/// Reads lines as [`export`] writes them, judges each resource at `now` for the node of `own`, and
/// appends what is admitted: an import trusts nothing that it reads. What waits for another is judged
/// again with the lines after it.
///
/// # Errors
/// What the engine or the reader says; what was appended before stays.
pub fn import(
    store: &dyn Store,
    own: &Fingerprint,
    now: Timestamp,
    verifier: &Arc<dyn Verify>,
    from: &mut dyn BufRead,
) -> Result<Imported, Error> {
    let (mut imported, mut waiting) = (Imported::default(), Vec::new());
    let mut lines = from.lines();
    loop {
        let mut is_end = true;
        // No text is longer than the other half (N3).
        while waiting.len() < LONGEST_APPEND && octets(&waiting) < LONGEST_APPEND_OCTETS / 2 {
            // Batches: a file may be longer than the memory, and an append has a limit.
            let Some(line) = lines.next() else { break };
            match Candidate::parse(line.map_err(|error| io(&error))?) {
                Ok(candidate) => waiting.push(candidate),
                Err(_) => imported.left = imported.left.saturating_add(1),
            }
            is_end = false;
        }
        let append = Append::new(own.clone(), now, std::mem::take(&mut waiting));
        let appended = store.append(append.with_verifier(Arc::clone(verifier)))?;
        let before = imported.admitted;
        for judged in appended.judged {
            let counter = match judged.verdict {
                Verdict::Admit { .. } => &mut imported.admitted,
                Verdict::Known => &mut imported.known,
                // What it rests on may come later in the file; half of a batch stays free for that.
                Verdict::Waits(_)
                    if waiting.len() < LONGEST_APPEND / 2
                        && octets(&waiting) < LONGEST_APPEND_OCTETS / 4 =>
                {
                    waiting.push(judged.candidate);
                    continue;
                }
                Verdict::Waits(_)
                | Verdict::BadCopy(_)
                | Verdict::SetAside(_)
                | Verdict::Refused(_) => &mut imported.left,
            };
            *counter = counter.saturating_add(1);
        }
        // As long as something was admitted, what waits may have become valid.
        if is_end && (imported.admitted == before || waiting.is_empty()) {
            let rest = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
            imported.left = imported.left.saturating_add(rest);
            return Ok(imported);
        }
    }
}
