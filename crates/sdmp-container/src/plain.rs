//! Containers that need no tree: exactly as this project writes those of its extension schemas.
//!
//! A stream of octets travels in texts of 64 KiB that are nearly all one string. What is accepted here is a
//! part of what the parser accepts, and everything else goes to the parser: its errors are the only ones.

use crate::uri::ResourceUri;
use crate::{Limits, SchemaName};

/// How each of these texts begins (R7, R8), up to the only schema.
const HEAD: &str = r#"{"sdmp":{"version":"0.12.0","schemas":[""#;
/// What follows the schema, up to the name of the only other member.
const MIDDLE: &str = r#""]},""#;
/// The longest URI: scheme, two hashes of 86 characters and a slash, with room.
const LONGEST_URI: usize = 256;
/// Integers of so many digits are the same in every reader.
const DIGITS: usize = 15;
/// How deep values are here: a list of steps that are objects.
const DEPTH: usize = 4;
/// So many members has an object at most; more are compared with each other by the parser.
const NAMES: usize = 4;
/// The members of the header, and the two of the root.
const HEADER_MEMBERS: usize = 5;

/// The schema of such a text, if it is one within these limits.
pub(crate) fn recognise(text: &str, limits: &Limits) -> Option<SchemaName> {
    let rest = text.strip_prefix(HEAD)?.as_bytes();
    let uri = rest.iter().take(LONGEST_URI).position(|octet| *octet == b'"')?;
    let (uri, rest) = rest.split_at_checked(uri)?;
    // Before what follows is looked at: a core object is the parser's, however long it is.
    let uri: ResourceUri = std::str::from_utf8(uri).ok()?.parse().ok()?;
    let mut rest = Rest { octets: rest.strip_prefix(MIDDLE.as_bytes())?, members: HEADER_MEMBERS };
    let name = rest.string()?;
    rest.skip(b':')?;
    rest.value(1)?;
    let allowed = name != b"sdmp"
        && rest.octets == b"}"
        && rest.members <= limits.members
        && limits.depth > DEPTH;
    allowed.then_some(SchemaName::Resource(uri))
}

struct Rest<'a> {
    octets: &'a [u8],
    /// Object members and array elements so far.
    members: usize,
}

impl<'a> Rest<'a> {
    fn skip(&mut self, octet: u8) -> Option<()> {
        self.octets = self.octets.strip_prefix(&[octet])?;
        Some(())
    }

    /// The next octet, if it is this one.
    fn has(&mut self, octet: u8) -> bool {
        self.skip(octet).is_some()
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.octets.first()? {
            b'"' => {
                self.skip(b'"')?;
                self.string().map(drop)
            }
            b'{' if depth < DEPTH => self.object(depth),
            b'[' if depth < DEPTH => self.array(depth),
            b'0'..=b'9' => self.integer(),
            _ => {
                let rest = self.octets;
                self.octets = rest.strip_prefix(b"true").or_else(|| rest.strip_prefix(b"false"))?;
                Some(())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.skip(b'{')?;
        let mut names = [b"".as_slice(); NAMES];
        for place in 0..NAMES {
            self.skip(b'"')?;
            let name = self.string()?;
            let (before, free) = names.split_at_mut_checked(place)?;
            if before.contains(&name) {
                return None;
            }
            *free.first_mut()? = name;
            self.skip(b':')?;
            self.member(depth)?;
            if !self.has(b',') {
                return self.skip(b'}');
            }
        }
        None
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.skip(b'[')?;
        if self.has(b']') {
            return Some(());
        }
        loop {
            self.member(depth)?;
            if !self.has(b',') {
                return self.skip(b']');
            }
        }
    }

    fn member(&mut self, depth: usize) -> Option<()> {
        self.members += 1;
        self.value(depth + 1)
    }

    fn integer(&mut self) -> Option<()> {
        let digits = self.octets.iter().take_while(|octet| octet.is_ascii_digit()).count();
        let (number, rest) = self.octets.split_at_checked(digits)?;
        self.octets = rest;
        let zero = number.len() > 1 && number.first() == Some(&b'0');
        (number.len() <= DIGITS && !zero).then_some(())
    }

    /// The rest of a string without escapes, and its closing quote.
    fn string(&mut self) -> Option<&'a [u8]> {
        /// Looked at together, so that the compiler uses vectors.
        const BLOCK: usize = 64;
        let plain = |octet: &u8| matches!(octet, b' '..=b'~') & !matches!(octet, b'"' | b'\\');
        let blocks = self.octets.as_chunks::<BLOCK>().0.iter();
        let whole = |block: &&[u8; BLOCK]| block.iter().fold(true, |all, octet| all & plain(octet));
        let from = blocks.take_while(whole).count() * BLOCK;
        let end = from + self.octets.get(from..)?.iter().position(|octet| !plain(octet))?;
        let (string, rest) = self.octets.split_at_checked(end)?;
        self.octets = rest.strip_prefix(b"\"")?;
        Some(string)
    }
}
