//! Content encryption as it stands in a container: zero padding (R33), then A256CBC-HS512 (R35)
//! or bare AES-256-CBC (R36), then base64url.
//!
//! Sealing streams: a chunk at a time is padded, encrypted, authenticated and encoded straight
//! into the text, so a message costs one allocation and each octet is touched while in cache.

use sdmp_container::b64url;
use sdmp_crypto::content::{a256cbc, a256cbc_hs512};
use sdmp_crypto::secret::Secret;

use crate::Error;

/// Padded plaintexts are multiples of this many octets (R33).
pub const PADDING_BLOCK: usize = 8192;

/// Octets encrypted at a time: whole AES blocks and whole base64 groups, and small enough for
/// the stack.
const CHUNK: usize = 6144;
/// A last PKCS#7 block and the tag.
const TRAILER: usize = 16 + 32;

/// A key for the content of an encrypted container. Wiped when dropped.
#[derive(Debug)]
pub enum ContentKey {
    /// A256CBC-HS512 with 64 octets of key: the hardened profile.
    Authenticated(a256cbc_hs512::Key),
    /// AES-256-CBC with 32 octets of key and no integrity: the published profile.
    Unauthenticated(a256cbc::Key),
}

impl ContentKey {
    /// A hardened key: MAC key in the first 32 octets, encryption key in the last 32 (R35).
    #[must_use]
    pub fn authenticated(key: Secret<64>) -> Self {
        Self::Authenticated(a256cbc_hs512::Key::new(key))
    }

    /// A published key (R36).
    #[must_use]
    pub fn unauthenticated(key: Secret<32>) -> Self {
        Self::Unauthenticated(a256cbc::Key::new(key))
    }

    /// The length in octets of a text after padding (R33).
    #[must_use]
    pub fn padded_len(text: usize) -> usize {
        // An empty text is padded to a whole block too: its length must not show.
        text.div_ceil(PADDING_BLOCK).max(1).saturating_mul(PADDING_BLOCK)
    }

    /// The length in characters of the base64url payload of a text.
    #[must_use]
    pub fn payload_len(&self, text: usize) -> usize {
        let trailer = match self {
            Self::Authenticated(_) => TRAILER,
            Self::Unauthenticated(_) => 0,
        };
        let octets = Self::padded_len(text).saturating_add(trailer);
        octets.saturating_mul(4).div_ceil(3)
    }

    /// Appends the base64url payload of `text` to `out`.
    pub(crate) fn seal_into(
        &self,
        out: &mut String,
        iv: &[u8; 16],
        aad: &[u8],
        text: &[u8],
    ) -> Result<(), Error> {
        match self {
            Self::Authenticated(key) => {
                let mut sealer = a256cbc_hs512::Sealer::new(key, iv, aad);
                // On the stack and reused for each chunk: the plaintext is copied once, and never
                // to the heap.
                let mut last = [0; CHUNK + TRAILER];
                let used = encode_chunks(out, text, &mut last, |chunk| sealer.update(chunk))?;
                let (block, tag) = sealer.finish(&[])?;
                append_trailer(&mut last, used, &block, &tag);
                if let Some(octets) = last.get(..used + TRAILER) {
                    b64url::encode_append(octets, out);
                }
            }
            Self::Unauthenticated(key) => {
                let mut encryptor = a256cbc::Encryptor::new(key, iv);
                let mut last = [0; CHUNK + TRAILER];
                let used = encode_chunks(out, text, &mut last, |chunk| encryptor.update(chunk))?;
                if let Some(octets) = last.get(..used) {
                    b64url::encode_append(octets, out);
                }
            }
        }
        Ok(())
    }

    /// Decrypts a payload that was decoded from base64url, and removes the padding (R33).
    ///
    /// # Errors
    /// [`Error::Decrypt`], whatever the reason.
    pub(crate) fn open(
        &self,
        iv: &[u8; 16],
        aad: &[u8],
        mut payload: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        match self {
            Self::Authenticated(key) => {
                let length = a256cbc_hs512::open_in_place(key, iv, aad, &mut payload)
                    .map_err(|_| Error::Decrypt)?;
                // The tag was verified over the whole payload before this length was computed.
                payload.truncate(length);
            }
            Self::Unauthenticated(key) => {
                a256cbc::decrypt_in_place(key, iv, &mut payload).map_err(|_| Error::Decrypt)?;
            }
        }
        // After authentication, so that the padding is no oracle; in the published form nothing
        // helps.
        unpad(&mut payload)?;
        Ok(payload)
    }
}

/// Pads, encrypts and encodes all but the last chunk of `text`; leaves that one encrypted in
/// `last` and returns its length.
fn encode_chunks(
    out: &mut String,
    text: &[u8],
    last: &mut [u8; CHUNK + TRAILER],
    mut encrypt: impl FnMut(&mut [u8]) -> Result<(), sdmp_crypto::Error>,
) -> Result<usize, Error> {
    let mut rest = ContentKey::padded_len(text.len());
    let mut text = text;
    loop {
        let size = rest.min(CHUNK);
        let (now, later) = text.split_at(text.len().min(size));
        let Some(chunk) = last.get_mut(..size) else {
            return Err(sdmp_crypto::Error::Length.into());
        };
        let (head, zeros) = chunk.split_at_mut(now.len());
        head.copy_from_slice(now);
        zeros.fill(0);
        encrypt(chunk)?;
        text = later;
        rest -= size;
        if rest == 0 {
            return Ok(size);
        }
        b64url::encode_append(chunk, out);
    }
}

fn append_trailer(last: &mut [u8; CHUNK + TRAILER], used: usize, block: &[u8; 16], tag: &[u8; 32]) {
    let trailer = last.iter_mut().skip(used);
    for (slot, octet) in trailer.zip(block.iter().chain(tag)) {
        *slot = *octet;
    }
}

/// Removes zero padding; refuses what a correct sender cannot have padded (R33).
pub(crate) fn unpad(plaintext: &mut Vec<u8>) -> Result<(), Error> {
    if plaintext.is_empty() || !plaintext.len().is_multiple_of(PADDING_BLOCK) {
        return Err(Error::Decrypt);
    }
    // Most of a short message is padding: skip it in strides that vectorise.
    let strides = plaintext.rchunks_exact(64);
    let is_zero = |stride: &&[u8]| stride.iter().fold(0, |all, octet| all | octet) == 0;
    let rest = plaintext.len() - strides.take_while(is_zero).count() * 64;
    let last = plaintext.iter().take(rest).rposition(|octet| *octet != 0);
    let text = last.map_or(0, |last| last + 1);
    // More padding than needed would be a hidden channel, and a second spelling of the same text.
    if plaintext.len() - text >= PADDING_BLOCK {
        return Err(Error::Decrypt);
    }
    plaintext.truncate(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> [ContentKey; 2] {
        [
            ContentKey::authenticated(Secret::new([7; 64])),
            ContentKey::unauthenticated(Secret::new([7; 32])),
        ]
    }

    #[test]
    fn r33_lengths_round_trip_at_every_edge() {
        for key in keys() {
            for length in [1, 2, 6143, 6144, 6145, 8191, 8192, 8193, 12288, 16384, 16385, 100_000] {
                let text: Vec<u8> =
                    (0..length).map(|i| u8::try_from(i % 255).unwrap() + 1).collect();
                let mut sealed = String::new();
                key.seal_into(&mut sealed, &[1; 16], b"aad", &text).unwrap();
                assert_eq!(sealed.len(), key.payload_len(length));
                let payload = b64url::decode(&sealed).unwrap();
                assert_eq!(key.open(&[1; 16], b"aad", payload).unwrap(), text);
            }
        }
    }

    #[test]
    fn r33_a_plaintext_that_nobody_padded_is_refused() {
        let refused = |mut plaintext: Vec<u8>| unpad(&mut plaintext) == Err(Error::Decrypt);
        assert!(refused(vec![]));
        assert!(refused(vec![1; 8191]));
        assert!(refused(vec![0; 8192]));
        let mut too_many_zeros = vec![1; 8192];
        too_many_zeros.extend([0; 8192]);
        assert!(refused(too_many_zeros));
        let mut most_zeros = vec![1];
        most_zeros.extend([0; 8191]);
        assert!(!refused(most_zeros));
    }

    #[test]
    fn r35_every_octet_of_an_authenticated_payload_counts() {
        let [key, _] = keys();
        let mut sealed = String::new();
        key.seal_into(&mut sealed, &[1; 16], b"aad", b"text").unwrap();
        let payload = b64url::decode(&sealed).unwrap();
        for position in (0..payload.len()).step_by(97).chain([payload.len() - 1]) {
            let mut changed = payload.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&[1; 16], b"aad", changed), Err(Error::Decrypt));
        }
        assert_eq!(key.open(&[2; 16], b"aad", payload.clone()), Err(Error::Decrypt));
        assert_eq!(key.open(&[1; 16], b"AAD", payload), Err(Error::Decrypt));
    }
}
