//! Finding objects in a byte stream (R43): by the JSON text itself, not by line ends.

use memchr::memchr2;

/// White space allowed before an object, in octets.
const WHITE_SPACE: usize = 16;

/// A text without the white space that a carrier put around it: only the octets from the opening
/// to the closing brace count, in limits and in the transcript (R43).
pub(crate) fn trim(octets: &[u8]) -> &[u8] {
    let white = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\n' | b'\r');
    let start = octets.iter().position(|octet| !white(octet)).unwrap_or(octets.len());
    let end = octets.iter().rposition(|octet| !white(octet)).map_or(start, |last| last + 1);
    octets.get(start..end).unwrap_or_default()
}

/// Why a stream cannot be cut into objects any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Something other than an opening brace, or too much white space.
    NotAnObject,
    /// The object is longer than the limit in force.
    TooLong,
}

/// Cuts a byte stream into the texts of top-level JSON objects, however the octets are split.
///
/// The work is linear in the octets, and no more than the limit is ever kept. It looks only at
/// strings and braces: whether the text is valid is the parser's question.
///
/// ```
/// use sdmp_handshake::Deframer;
///
/// let mut deframer = Deframer::new();
/// let mut input = &b"{\"a\":1}\n{\"b\""[..];
/// assert_eq!(deframer.next(&mut input, 4096), Ok(Some(b"{\"a\":1}".to_vec())));
/// assert_eq!(deframer.next(&mut input, 4096), Ok(None)); // kept until more comes
/// assert!(input.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Deframer {
    object: Vec<u8>,
    depth: usize,
    place: Place,
    white_space: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    InString,
    AfterBackslash,
}

impl Deframer {
    /// A deframer at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets from the front of `input` until an object of at most `limit` octets is
    /// complete. Returns it, or nothing when all input is used up.
    ///
    /// # Errors
    /// [`FrameError`]; the stream is then of no further use.
    pub fn next(&mut self, input: &mut &[u8], limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
        if self.object.is_empty() && !self.skip_white_space(input)? {
            return Ok(None);
        }
        // One octet more than may come tells that it is too long; no other is looked at.
        let room = limit.saturating_sub(self.object.len()).saturating_add(1);
        let (used, complete) = self.scan(input.get(..room).unwrap_or(input));
        if self.object.len().saturating_add(used) > limit {
            return Err(FrameError::TooLong);
        }
        let (taken, rest) = input.split_at(used);
        *input = rest;
        self.object.extend_from_slice(taken);
        if !complete {
            return Ok(None);
        }
        self.white_space = 0;
        Ok(Some(std::mem::take(&mut self.object)))
    }

    /// Whether the stream may end here: not inside an object.
    #[must_use]
    pub fn is_between_objects(&self) -> bool {
        self.object.is_empty()
    }

    /// Skips the white space before an object; says whether an object begins in `input`.
    fn skip_white_space(&mut self, input: &mut &[u8]) -> Result<bool, FrameError> {
        while let [first, rest @ ..] = *input {
            match first {
                b' ' | b'\t' | b'\n' | b'\r' if self.white_space < WHITE_SPACE => {
                    self.white_space += 1;
                    *input = rest;
                }
                b'{' => return Ok(true),
                _ => return Err(FrameError::NotAnObject),
            }
        }
        Ok(false)
    }

    /// How many octets of `input` belong to this object, and whether they complete it.
    fn scan(&mut self, input: &[u8]) -> (usize, bool) {
        let mut used = 0;
        while let Some(&octet) = input.get(used) {
            match self.place {
                Place::AfterBackslash => {
                    self.place = Place::InString;
                    used += 1;
                }
                Place::InString => {
                    let rest = input.get(used..).unwrap_or_default();
                    let Some(skip) = memchr2(b'"', b'\\', rest) else {
                        return (input.len(), false);
                    };
                    used += skip + 1;
                    let quote = rest.get(skip) == Some(&b'"');
                    self.place = if quote { Place::Outside } else { Place::AfterBackslash };
                }
                Place::Outside => {
                    used += 1;
                    match octet {
                        b'"' => self.place = Place::InString,
                        b'{' => self.depth += 1,
                        b'}' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    if self.depth == 0 {
                        return (used, true);
                    }
                }
            }
        }
        (used, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8], limit: usize) -> Result<Vec<String>, FrameError> {
        let mut deframer = Deframer::new();
        let mut objects = Vec::new();
        while let Some(object) = deframer.next(&mut input, limit)? {
            objects.push(String::from_utf8(object).unwrap());
        }
        Ok(objects)
    }

    #[test]
    fn r43_objects_end_at_their_brace() {
        let objects = all(b"{}\n{\"a\":{\"b\":\"}\\\"}\"}}  {\"c\":[{}]}", 100).unwrap();
        assert_eq!(objects, ["{}", "{\"a\":{\"b\":\"}\\\"}\"}}", "{\"c\":[{}]}"]);
    }

    #[test]
    fn r43_sixteen_octets_of_white_space_and_no_more() {
        assert_eq!(all(format!("{}{{}}", " ".repeat(16)).as_bytes(), 9).unwrap(), ["{}"]);
        assert_eq!(
            all(format!("{{}}{}{{}}", "\n".repeat(17)).as_bytes(), 9),
            Err(FrameError::NotAnObject)
        );
        assert_eq!(all(b"\x0c{}", 9), Err(FrameError::NotAnObject));
    }

    #[test]
    fn r42_the_limit_is_inclusive() {
        assert_eq!(all(b"{ }", 3).unwrap(), ["{ }"]);
        assert_eq!(all(b"{  }", 3), Err(FrameError::TooLong));
        assert_eq!(all(b"{   ", 3), Err(FrameError::TooLong));
    }

    #[test]
    fn only_json_white_space_is_trimmed() {
        assert_eq!(trim(b" \r\n\t{}\n"), b"{}");
        assert_eq!(trim(b"\x0c{}"), b"\x0c{}");
        assert_eq!(trim(b" \n"), b"");
    }
}
