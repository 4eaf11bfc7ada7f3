//! Messages of channels, read: without a tree where they are written exactly as this crate writes them.

use sdmp_container::{Container, b64url};
use sdmp_schema::extensions::CHANNELS_URI;

use crate::fault::{Fault, Reason};
use crate::frame::{self, Frame, HEAD, LARGEST_ID, LONGEST_TARGET, LONGEST_WORD, MIDDLE, Step};
use crate::limits::LARGEST_CREDIT;

/// Reads a message of channels; the greeting has no steps.
///
/// # Errors
/// [`Fault::Malformed`] for anything that the schema does not describe.
pub fn read(container: &Container) -> Result<Vec<Frame>, Fault> {
    exact(container.text()).map_or_else(|| frame::of_tree(container), Ok)
}

/// The steps of a text as we write it, which is valid JSON; `None` for every other text, whatever it means.
fn exact(text: &str) -> Option<Vec<Frame>> {
    let steps = text.strip_prefix(HEAD)?.strip_prefix(CHANNELS_URI)?.strip_prefix(MIDDLE)?;
    let mut rest = steps.strip_suffix("]}")?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        if !frames.is_empty() {
            rest = rest.strip_prefix(',')?;
        }
        let frame;
        (frame, rest) = one(rest)?;
        frames.push(frame);
    }
    Some(frames)
}

fn one(text: &str) -> Option<(Frame, &str)> {
    let (id, rest) = text.strip_prefix(r#"{"id":"#)?.split_once(',')?;
    let (name, rest) = rest.strip_prefix('"')?.split_once(r#"":"#)?;
    let (step, rest) = match name {
        "data" => {
            let (data, rest) = string(rest)?;
            let octets =
                b64url::decode(data.as_bytes()).ok().filter(|octets| !octets.is_empty())?;
            (Step::Data(octets), rest)
        }
        "window" => {
            let end = rest.find('}')?;
            (Step::Window(number(rest.get(..end)?, LARGEST_CREDIT)?), rest.get(end..)?)
        }
        "end" => (Step::End, rest.strip_prefix("true")?),
        "open" => {
            let (target, rest) = string(rest)?;
            let fits = target.chars().count() <= LONGEST_TARGET;
            (fits.then(|| Step::Open(target.to_owned()))?, rest)
        }
        "reset" => {
            let (word, rest) = string(rest)?;
            let fits = (1..=LONGEST_WORD).contains(&word.chars().count());
            (fits.then(|| Step::Reset(Reason::of_word(word)))?, rest)
        }
        _ => return None,
    };
    Some((Frame { id: number(id, LARGEST_ID)?, step }, rest.strip_prefix('}')?))
}

/// A string without escapes.
fn string(text: &str) -> Option<(&str, &str)> {
    let (string, rest) = text.strip_prefix('"')?.split_once('"')?;
    (!string.contains('\\')).then_some((string, rest))
}

fn number(text: &str, largest: u64) -> Option<u64> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (1..=largest).contains(&number).then_some(number)
}
