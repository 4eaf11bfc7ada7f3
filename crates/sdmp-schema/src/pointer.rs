//! JSON pointers (RFC 6901) and the references that a draft-04 `$ref` may make.

use sdmp_container::ResourceUri;

use crate::error::DocumentFault;

/// Appends one reference token to a JSON pointer.
pub(crate) fn child(pointer: &str, token: &str) -> String {
    let mut text = String::with_capacity(pointer.len() + token.len() + 1);
    text.push_str(pointer);
    text.push('/');
    for character in token.chars() {
        match character {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
    text
}

/// The URI fragment (with `#`) for the JSON pointer `prefix` followed by `pointer`.
pub(crate) fn fragment(prefix: &str, pointer: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::from("#");
    for octet in prefix.bytes().chain(pointer.bytes()) {
        if octet.is_ascii_alphanumeric() || b"-._~/$".contains(&octet) {
            text.push(char::from(octet));
        } else {
            text.push('%');
            for nibble in [octet >> 4, octet & 15] {
                let digit = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                text.push(char::from(digit));
            }
        }
    }
    text
}

/// What a `$ref` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A JSON pointer into the same document.
    Here(String),
    /// A JSON pointer into the schema that a resource URI names.
    There(ResourceUri, String),
}

impl Reference {
    /// Reads the forms that are allowed: `#`, `#/POINTER`, `sdmp://...`, `sdmp://...#/POINTER`.
    ///
    /// Everything else would have to be fetched, or would depend on identifiers inside documents.
    pub(crate) fn parse(text: &str) -> Result<Self, DocumentFault> {
        let (uri, fragment) = text.split_once('#').unwrap_or((text, ""));
        let pointer = decode(fragment).ok_or(DocumentFault::BadReference)?;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(DocumentFault::BadReference);
        }
        if uri.is_empty() {
            // An empty reference is a reference to the document itself (RFC 3986 section 4.4).
            return Ok(Self::Here(pointer));
        }
        let uri = uri.parse::<ResourceUri>().map_err(|_| DocumentFault::RemoteReference)?;
        Ok(Self::There(uri, pointer))
    }
}

/// Decodes the percent-encoding of a URI fragment.
fn decode(fragment: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            octets.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            octets.push(octet);
        }
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_their_tokens() {
        assert_eq!(child("/a", "b/c~d"), "/a/b~1c~0d");
        assert_eq!(fragment("/definitions/0", "/a b/\u{e9}"), "#/definitions/0/a%20b/%C3%A9");
    }

    #[test]
    fn references_are_local_or_named_resources() {
        assert_eq!(Reference::parse("#"), Ok(Reference::Here(String::new())));
        assert_eq!(Reference::parse("#/a%20b"), Ok(Reference::Here("/a b".into())));
        assert_eq!(Reference::parse("#name"), Err(DocumentFault::BadReference));
        assert_eq!(Reference::parse("#/%f"), Err(DocumentFault::BadReference));
        assert_eq!(Reference::parse("#/%ff"), Err(DocumentFault::BadReference));
        for remote in
            ["http://127.0.0.1/x", "other.json", "file:///etc/passwd", "//host/x", "sdmp://x"]
        {
            assert_eq!(Reference::parse(remote), Err(DocumentFault::RemoteReference));
        }
    }
}
