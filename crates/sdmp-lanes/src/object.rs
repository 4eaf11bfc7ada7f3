//! A256CBC-HS512 (RFC 7518, section 5.2.5) of several objects of one direction (R35): the additional
//! data is the object's sequence number, the tag has 32 octets.

use crate::{Engine, Error, cbc, hmac};
use subtle::ConstantTimeEq;

/// The octets of a tag.
pub const TAG: usize = 32;

/// The octets before the body in a buffer: sequence number and initialisation vector, which the tag
/// covers with it.
pub(crate) const HEAD: usize = 8 + cbc::BLOCK;

/// What the tag covers behind the ciphertext: the length of the additional data in bits.
pub(crate) const AAD_BITS: [u8; 8] = 64_u64.to_be_bytes();

/// A key of 64 octets: MAC_KEY, then ENC_KEY.
#[derive(Debug)]
pub struct Key {
    engine: Engine,
    mac: hmac::Key,
    cipher: cbc::Key,
}

/// One object of a batch, in a buffer that can be used again. The body is the plaintext before
/// [`Key::seal`] and after [`Key::open`], the ciphertext and its tag otherwise.
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
    fn append_tag(&mut self, tag: &[u8; hmac::TAG]) {
        self.buffer.truncate(self.buffer.len().saturating_sub(AAD_BITS.len()));
        self.buffer.extend_from_slice(tag.split_at(TAG).0);
    }

    /// Puts the [`AAD_BITS`] in the place of the tag; nothing if the ciphertext cannot be one.
    fn take_tag(&mut self) -> Option<[u8; TAG]> {
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
    fn unpad(&mut self) -> Result<(), Error> {
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

impl Key {
    /// The key with these octets: MAC_KEY, then ENC_KEY.
    #[must_use]
    pub fn new(engine: Engine, key: &[u8; 64]) -> Self {
        let (mac, encryption) = key.split_at(32);
        let half = |octets: &[u8]| octets.first_chunk().copied().unwrap_or_default();
        let (mut mac, mut encryption): ([u8; 32], [u8; 32]) = (half(mac), half(encryption));
        let key =
            Self { engine, mac: hmac::Key::new(engine, &mac), cipher: cbc::Key::new(&encryption) };
        zeroize::Zeroize::zeroize(&mut mac);
        zeroize::Zeroize::zeroize(&mut encryption);
        key
    }

    /// How many objects are best sealed or opened together.
    #[must_use]
    pub const fn lanes(&self) -> usize {
        self.engine.lanes()
    }

    /// Seals each object in place: octet for octet what each alone would become.
    pub fn seal(&self, objects: &mut [Object]) {
        for group in objects.chunks_mut(self.lanes()) {
            for object in &mut *group {
                object.pad();
                object.buffer.extend_from_slice(&AAD_BITS);
            }
            let tags = match self.mac.lanes_for(group.len()) {
                Some(lanes) => lanes.encrypt_and_sign(&self.cipher, group),
                None => group.iter_mut().map(|object| self.encrypt_and_sign(object)).collect(),
            };
            for (object, tag) in group.iter_mut().zip(&tags) {
                object.append_tag(tag);
            }
        }
    }

    /// Checks the tag of each object, in constant time, and decrypts those whose tag is right. What
    /// is wrong is left as it was.
    ///
    /// # Errors
    /// For each object [`Error`] alone, whatever is wrong with it: the tag, the length or the
    /// padding. Until its tag is verified nothing of it is decrypted.
    pub fn open(&self, objects: &mut [Object]) -> Vec<Result<(), Error>> {
        let tags: Vec<Option<[u8; TAG]>> = objects.iter_mut().map(Object::take_tag).collect();
        let computed: Vec<[u8; hmac::TAG]> = {
            let inputs: Vec<&[u8]> = objects.iter().map(Object::covered).collect();
            self.mac.sign(&inputs)
        };
        objects
            .iter_mut()
            .zip(tags.iter().zip(&computed))
            .map(|(object, (tag, computed))| {
                object.buffer.truncate(object.buffer.len().saturating_sub(AAD_BITS.len()));
                let tag = tag.as_ref().ok_or(Error)?;
                if !bool::from(computed.split_at(TAG).0.ct_eq(tag)) {
                    object.buffer.extend_from_slice(tag);
                    return Err(Error);
                }
                let iv = object.iv();
                self.cipher.decrypt(&iv, object.buffer.get_mut(HEAD..).unwrap_or_default());
                object.unpad()
            })
            .collect()
    }

    fn encrypt_and_sign(&self, object: &mut Object) -> [u8; hmac::TAG] {
        let mut chain = object.iv();
        let ciphertext = object.ciphertext_mut(0, usize::MAX);
        self.cipher.encrypt(&mut [(&mut chain, ciphertext)]);
        self.mac.sign_alone(object.covered())
    }
}
