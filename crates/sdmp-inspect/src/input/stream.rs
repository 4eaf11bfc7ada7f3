//! Objects that stand one after the other, without times, of one direction or of both.

use sdmp_handshake::{Deframer, FrameError, Role};

use super::budget::{Budget, OBJECT_LIMIT};
use crate::transcript::{Piece, Seen, Transcript, is_creation};

/// Reads objects that stand one after the other (R43), of one direction or of both. A session
/// creation object after sealed ones begins another session.
pub(crate) fn read(octets: &[u8], from: Option<Role>) -> Vec<Transcript> {
    let mut captures = Vec::new();
    let mut current = new_stream(1);
    let (mut creations, mut rest, mut deframer) = (0, octets, Deframer::new());
    let mut budget = Budget::new();
    loop {
        let before = rest;
        match deframer.next(&mut rest, OBJECT_LIMIT) {
            Ok(Some(object)) => {
                if !budget.spend() {
                    current.notes.extend(budget.note());
                    break;
                }
                if is_creation(&object) {
                    let most = if from.is_some() { 1 } else { 2 };
                    let sealed = current.pieces.len() > creations;
                    // An M1 after sealed objects can only be the start of another session.
                    if creations >= most || sealed {
                        captures.push(current);
                        current = new_stream(captures.len() + 1);
                        creations = 0;
                    }
                    creations += 1;
                }
                current.pieces.push(Piece { from, ms: None, seen: Seen::Object(object) });
            }
            Ok(None) => {
                let whole = deframer.is_between_objects();
                if !whole {
                    current.notes.push("it ends inside an object (R43)".to_owned());
                    current.pieces.push(unframed(from, before));
                }
                break;
            }
            Err(error) => {
                let at = octets.len() - rest.len();
                current.notes.push(format!("at octet {at}: {}", frame_error(error)));
                current.pieces.push(unframed(from, rest));
                break;
            }
        }
    }
    captures.push(current);
    captures
}

fn new_stream(number: usize) -> Transcript {
    Transcript { title: format!("stream, session {number}"), ..Transcript::default() }
}

fn unframed(from: Option<Role>, octets: &[u8]) -> Piece {
    let kept = octets.get(..4096).unwrap_or(octets).to_vec();
    Piece { from, ms: None, seen: Seen::Unframed(kept) }
}

fn frame_error(error: FrameError) -> &'static str {
    match error {
        FrameError::NotAnObject => "something other than an object, or too much white space (R43)",
        FrameError::TooLong => "an object that is longer than any may be (R42)",
    }
}
