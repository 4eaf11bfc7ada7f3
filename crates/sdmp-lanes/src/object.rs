//! A256CBC-HS512 (RFC 7518, section 5.2.5) of several objects of one direction (R35): the additional
//! data is the object's sequence number, the tag has 32 octets.

use crate::buffer::{Object, TAG, WHOLE_TAG};
use crate::{Engine, Error, cbc, hmac};
use subtle::ConstantTimeEq;

/// A key of 64 octets: MAC_KEY, then ENC_KEY.
#[derive(Debug)]
pub struct Key {
    engine: Engine,
    mac: hmac::Key,
    cipher: cbc::Key,
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
                object.start_sealing();
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
        let computed: Vec<[u8; WHOLE_TAG]> = {
            let inputs: Vec<&[u8]> = objects.iter().map(Object::covered).collect();
            self.mac.sign(&inputs)
        };
        objects
            .iter_mut()
            .zip(tags.iter().zip(&computed))
            .map(|(object, (tag, computed))| {
                object.end_opening();
                let tag = tag.as_ref().ok_or(Error)?;
                if !bool::from(computed.split_at(TAG).0.ct_eq(tag)) {
                    object.put_back(tag);
                    return Err(Error);
                }
                let iv = object.iv();
                self.cipher.decrypt(&iv, object.body_mut());
                object.unpad()
            })
            .collect()
    }

    fn encrypt_and_sign(&self, object: &mut Object) -> [u8; WHOLE_TAG] {
        let mut chain = object.iv();
        let ciphertext = object.ciphertext_mut(0, usize::MAX);
        self.cipher.encrypt(&mut [(&mut chain, ciphertext)]);
        self.mac.sign_alone(object.covered())
    }
}
