//! One object of a batch, and what its tag covers.

use crate::{Error, cbc};

/// The octets of a whole tag of HMAC-SHA-512, of which an object keeps the first half.
pub(crate) const WHOLE_TAG: usize = 64;

/// The octets of a tag.
pub(crate) const TAG: usize = 32;

/// The octets before the body in a buffer: sequence number and initialisation vector, which the tag
/// covers with it.
pub(crate) const HEAD: usize = 8 + cbc::BLOCK;

/// What the tag covers behind the ciphertext: the length of the additional data in bits.
pub(crate) const AAD_BITS: [u8; 8] = 64_u64.to_be_bytes();

/// One object of a batch, in a buffer that can be used again. The body is the plaintext before
/// [`Key::seal`](crate::Key::seal) and after [`Key::open`](crate::Key::open), the ciphertext and its tag otherwise.
#[derive(Default)]
pub struct Object {
    /// Sequence number, initialisation vector, body.
    buffer: Vec<u8>,
}

impl Object {
    /// Begins an object and gives its body, `len` octets that hold whatever stood there before.
    pub fn start(&mut self, sequence_number: u64, iv: &[u8; cbc::BLOCK], len: usize) -> &mut [u8] {
        // Sealing adds at most a block and a tag, hashing eight octets: no growth is needed then.
        self.buffer.reserve((HEAD + len + cbc::BLOCK + TAG).saturating_sub(self.buffer.len()));
        self.buffer.resize(HEAD + len, 0);
        let middle = HEAD.min(self.buffer.len());
        let (head, body) = self.buffer.split_at_mut(middle);
        let octets = sequence_number.to_be_bytes();
        for (to, from) in head.iter_mut().zip(octets.iter().chain(iv)) {
            *to = *from;
        }
        body
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.buffer.get(HEAD..).unwrap_or_default()
    }

    /// Puts the [`AAD_BITS`] behind the padded plaintext.
    pub(crate) fn start_sealing(&mut self) {
        self.pad();
        self.buffer.extend_from_slice(&AAD_BITS);
    }

    /// Takes the [`AAD_BITS`] off again.
    pub(crate) fn end_opening(&mut self) {
        self.buffer.truncate(self.buffer.len().saturating_sub(AAD_BITS.len()));
    }

    /// Puts back the tag that was taken off: what cannot be opened is left as it was.
    pub(crate) fn put_back(&mut self, tag: &[u8; TAG]) {
        self.buffer.extend_from_slice(tag);
    }

    /// The body, to be changed in place.
    pub fn body_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(HEAD..).unwrap_or_default()
    }

    /// All that the tag covers, while the [`AAD_BITS`] stand behind the ciphertext.
    pub(crate) fn covered(&self) -> &[u8] {
        &self.buffer
    }

    /// A part of what stands between the initialisation vector and the [`AAD_BITS`], by its places in
    /// the buffer; as much of it as there is.
    pub(crate) fn ciphertext_mut(&mut self, from: usize, to: usize) -> &mut [u8] {
        let end = self.buffer.len().saturating_sub(AAD_BITS.len());
        self.buffer.get_mut(from.max(HEAD)..to.min(end)).unwrap_or_default()
    }

    pub(crate) fn iv(&self) -> [u8; cbc::BLOCK] {
        let iv = self.buffer.get(HEAD - cbc::BLOCK..).and_then(<[u8]>::first_chunk);
        iv.copied().unwrap_or_default()
    }

    /// The tag takes the place of the [`AAD_BITS`].
    pub(crate) fn append_tag(&mut self, tag: &[u8; WHOLE_TAG]) {
        self.end_opening();
        self.buffer.extend_from_slice(tag.split_at(TAG).0);
    }

    /// Puts the [`AAD_BITS`] in the place of the tag; nothing if the ciphertext cannot be one.
    pub(crate) fn take_tag(&mut self) -> Option<[u8; TAG]> {
        let tag = self.body().last_chunk::<TAG>().copied();
        let ciphertext = self.body().len().saturating_sub(TAG);
        let whole = ciphertext > 0 && ciphertext.is_multiple_of(cbc::BLOCK);
        let tag = tag.filter(|_| whole);
        if tag.is_some() {
            self.buffer.truncate(HEAD + ciphertext);
        }
        self.buffer.extend_from_slice(&AAD_BITS);
        tag
    }

    /// Pads the plaintext (PKCS#7, RFC 5652 section 6.3).
    fn pad(&mut self) {
        let padding = cbc::BLOCK - self.body().len() % cbc::BLOCK;
        let octet = u8::try_from(padding).unwrap_or_default();
        self.buffer.resize(self.buffer.len() + padding, octet);
    }

    /// Removes the padding; refuses one that is wrong.
    pub(crate) fn unpad(&mut self) -> Result<(), Error> {
        let body = self.body();
        let padding = body.last().copied().map(usize::from).unwrap_or_default();
        let (from, len) = (body.len().checked_sub(padding).ok_or(Error), body.len());
        let right = (1..=cbc::BLOCK).contains(&padding)
            && body
                .get(from?..len)
                .is_some_and(|tail| tail.iter().all(|octet| usize::from(*octet) == padding));
        if !right {
            return Err(Error);
        }
        self.buffer.truncate(self.buffer.len() - padding);
        Ok(())
    }
}

impl core::fmt::Debug for Object {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Object({} octets)", self.body().len())
    }
}
