//! One session, judged from outside.

mod checks;
mod decrypt;
mod inference;
mod inspector;
mod position;
mod tries;

use sdmp_container::Timestamp;

use crate::key_log::SessionKeys;
use crate::known::KnownIdentities;
use crate::report::{Session, Step};
use crate::transcript::Transcript;
use inspector::SessionInspector;
pub(crate) use tries::Tries;

/// Opens and checks one session. The tries are those of the whole input.
pub(crate) fn inspect(
    transcript: &Transcript,
    secrets: &SessionKeys,
    known: &KnownIdentities,
    now: Timestamp,
    tries: &mut Tries,
) -> Session {
    let mut inspector = SessionInspector::new(transcript, secrets, known, now, tries);
    let mut steps: Vec<Step> =
        transcript.pieces.iter().filter_map(|piece| inspector.piece(piece)).collect();
    inference::settle(&mut steps);
    inspector.finish(transcript, steps)
}
