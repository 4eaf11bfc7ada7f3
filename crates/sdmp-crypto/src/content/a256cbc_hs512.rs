//! A256CBC-HS512 (RFC 7518 section 5.2.5): AES-256-CBC, then HMAC-SHA-512 cut to 32 octets
//! (R21, R35).
//!
//! The key is MAC_KEY (32 octets) followed by ENC_KEY (32 octets). The tag covers the additional
//! data, the initialisation vector, the ciphertext and the length of the additional data in bits.
//! Nothing here allocates: a [`Sealer`] encrypts the pieces that it is given in place, so that a
//! caller can encode each piece while it is in the cache.
//!
//! ```
//! use sdmp_crypto::{content::a256cbc_hs512::{Key, Sealer, open_in_place}, random::SystemRandom};
//! let key = Key::random(&mut SystemRandom::new())?;
//! let (iv, sequence_number) = ([7; 16], 0u64.to_be_bytes());
//!
//! let mut object = *b"one block of it.";
//! let mut sealer = Sealer::new(&key, &iv, &sequence_number);
//! sealer.update(&mut object)?;
//! let (last, tag) = sealer.finish(b"and a tail")?;
//!
//! let mut sealed = [&object[..], &last, &tag].concat();
//! let len = open_in_place(&key, &iv, &sequence_number, &mut sealed)?;
//! assert_eq!(&sealed[..len], b"one block of it.and a tail");
//! # Ok::<(), sdmp_crypto::Error>(())
//! ```

use super::a256cbc::{self, BLOCK};
use crate::{Error, random::Random, secret::Secret};
use core::fmt;
use ring::hmac;

/// The octets of a tag.
pub const TAG: usize = 32;

/// A key of 64 octets.
pub struct Key(Secret<64>);

impl Key {
    /// The key with these octets: MAC_KEY, then ENC_KEY.
    #[must_use]
    pub fn new(octets: Secret<64>) -> Self {
        Self(octets)
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`Error::Random`] if `random` fails.
    pub fn random(random: &mut dyn Random) -> Result<Self, Error> {
        Secret::random(random).map(Self)
    }

    /// The octets, to wrap them for a recipient.
    #[must_use]
    pub fn expose(&self) -> &[u8; 64] {
        self.0.expose()
    }

    /// MAC_KEY and ENC_KEY.
    fn halves(&self) -> (&[u8; 32], &[u8; 32]) {
        // Both halves always exist; the fallback only spares the compiler's panic.
        let (mac, encryption) = self.0.expose().split_at(32);
        (mac.try_into().unwrap_or(&[0; 32]), encryption.try_into().unwrap_or(&[0; 32]))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a256cbc_hs512::Key(redacted)")
    }
}

/// The running tag of one object.
struct Mac {
    context: hmac::Context,
    aad_bits: [u8; 8],
}

impl Mac {
    fn new(key: &[u8; 32], iv: &[u8; BLOCK], aad: &[u8]) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, key));
        context.update(aad);
        context.update(iv);
        let bits = u64::try_from(aad.len()).unwrap_or(u64::MAX).saturating_mul(8);
        Self { context, aad_bits: bits.to_be_bytes() }
    }

    fn finish(mut self) -> [u8; TAG] {
        self.context.update(&self.aad_bits);
        let whole = self.context.sign();
        let mut tag = [0; TAG];
        for (to, from) in tag.iter_mut().zip(whole.as_ref()) {
            *to = *from;
        }
        tag
    }
}

/// Encryption of one object, in pieces.
pub struct Sealer {
    encryptor: a256cbc::Encryptor,
    mac: Mac,
}

impl Sealer {
    /// Starts an object under a fresh `iv` (R34); `aad` is authenticated with it (R35).
    #[must_use]
    pub fn new(key: &Key, iv: &[u8; BLOCK], aad: &[u8]) -> Self {
        let (mac, encryption) = key.halves();
        Self {
            encryptor: a256cbc::Encryptor::from_parts(encryption, iv),
            mac: Mac::new(mac, iv, aad),
        }
    }

    /// Encrypts the next octets of the plaintext in place.
    ///
    /// # Errors
    /// [`Error::Length`], and nothing is done, if they are no multiple of 16.
    pub fn update(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        self.encryptor.update(octets)?;
        self.mac.context.update(octets);
        Ok(())
    }

    /// Pads and encrypts the last octets of the plaintext, fewer than 16 and often none, and gives
    /// the last block of the ciphertext and the tag.
    ///
    /// # Errors
    /// [`Error::Length`] if `tail` has 16 octets or more.
    pub fn finish(mut self, tail: &[u8]) -> Result<([u8; BLOCK], [u8; TAG]), Error> {
        let padding = BLOCK.checked_sub(tail.len()).filter(|p| *p > 0).ok_or(Error::Length)?;
        let mut last = [u8::try_from(padding).map_err(|_| Error::Length)?; BLOCK];
        for (to, from) in last.iter_mut().zip(tail) {
            *to = *from;
        }
        self.update(&mut last)?;
        Ok((last, self.mac.finish()))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a256cbc_hs512::Sealer(redacted)")
    }
}

/// The octets of ciphertext and tag together for a plaintext of `len` octets.
#[must_use]
pub const fn sealed_len(len: usize) -> usize {
    (len / BLOCK + 1) * BLOCK + TAG
}

/// Replaces a plaintext by its ciphertext and tag. A vector with [`sealed_len`] octets of capacity
/// is not moved; a smaller one leaves plaintext where it was before.
///
/// # Errors
/// Never, for the lengths that fit a memory; the type is that of the pieces it is made of.
pub fn seal_in_place(
    key: &Key,
    iv: &[u8; BLOCK],
    aad: &[u8],
    octets: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut sealer = Sealer::new(key, iv, aad);
    let whole = octets.len() / BLOCK * BLOCK;
    let (blocks, rest) = octets.split_at_mut_checked(whole).ok_or(Error::Length)?;
    sealer.update(blocks)?;
    let (last, tag) = sealer.finish(rest)?;
    octets.truncate(whole);
    octets.extend_from_slice(&last);
    octets.extend_from_slice(&tag);
    Ok(())
}

/// Checks a tag in constant time; decrypts nothing.
///
/// # Errors
/// [`Error::Decrypt`] if it is not the tag of the rest.
pub fn verify_tag(
    key: &Key,
    iv: &[u8; BLOCK],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8],
) -> Result<(), Error> {
    let mut mac = Mac::new(key.halves().0, iv, aad);
    mac.context.update(ciphertext);
    if crate::secret::ct_eq(&mac.finish(), tag) { Ok(()) } else { Err(Error::Decrypt) }
}

/// Checks ciphertext and tag, decrypts in place, and gives the length of the plaintext, which then
/// stands at the start of `sealed`.
///
/// # Errors
/// [`Error::Decrypt`], the same for every cause, if anything is wrong; until the tag is verified
/// nothing is decrypted.
pub fn open_in_place(
    key: &Key,
    iv: &[u8; BLOCK],
    aad: &[u8],
    sealed: &mut [u8],
) -> Result<usize, Error> {
    let len = sealed.len().checked_sub(TAG).ok_or(Error::Decrypt)?;
    let (ciphertext, tag) = sealed.split_at_mut_checked(len).ok_or(Error::Decrypt)?;
    verify_tag(key, iv, aad, ciphertext, tag)?;
    a256cbc::decrypt_parts(key.halves().1, iv, ciphertext)?;
    a256cbc::unpad(ciphertext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |p: &[u8]| u8::from_str_radix(core::str::from_utf8(p).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    fn key() -> Key {
        Key::new(Secret::new([9; 64]))
    }

    /// RFC 7518 appendix B.3, AES_256_CBC_HMAC_SHA_512.
    #[test]
    fn rfc_7518_b_3() {
        let octets: Vec<u8> = (0..64).collect();
        let key = Key::new(Secret::from_slice(&octets).unwrap());
        let plain = b"A cipher system must not be required to be secret, and it must be able \
                      to fall into the hands of the enemy without inconvenience";
        let iv: [u8; 16] = unhex("1af38c2dc2b96ffdd86694092341bc04").try_into().unwrap();
        let aad = b"The second principle of Auguste Kerckhoffs";
        let ciphertext = unhex(
            "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd
             822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b
             36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3
             a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950b
             be2638d09dd7a4930930806d0703b1f6",
        );
        let tag = unhex("4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5");

        let mut sealed = plain.to_vec();
        seal_in_place(&key, &iv, aad, &mut sealed).unwrap();
        assert_eq!(sealed, [ciphertext, tag].concat());
        let len = open_in_place(&key, &iv, aad, &mut sealed).unwrap();
        assert_eq!(&sealed[..len], plain);
    }

    /// R35: the tag is checked before anything is decrypted.
    #[test]
    fn every_changed_bit_is_refused_and_nothing_is_decrypted() {
        let mut sealed = b"forty octets of plaintext, or about that".to_vec();
        seal_in_place(&key(), &[3; 16], b"aad", &mut sealed).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let before = changed.clone();
            let refused = open_in_place(&key(), &[3; 16], b"aad", &mut changed).unwrap_err();
            assert_eq!(refused, Error::Decrypt);
            assert_eq!(changed, before);
        }
    }

    #[test]
    fn iv_aad_key_and_length_are_covered() {
        let mut sealed = vec![5; 32];
        seal_in_place(&key(), &[3; 16], b"aad", &mut sealed).unwrap();
        let open = |key: &Key, iv: [u8; 16], aad: &[u8], mut octets: Vec<u8>| {
            open_in_place(key, &iv, aad, &mut octets)
        };
        assert_eq!(open(&key(), [3; 16], b"aad", sealed.clone()), Ok(32));
        let other = Key::new(Secret::new([8; 64]));
        assert_eq!(open(&other, [3; 16], b"aad", sealed.clone()), Err(Error::Decrypt));
        assert_eq!(open(&key(), [4; 16], b"aad", sealed.clone()), Err(Error::Decrypt));
        assert_eq!(open(&key(), [3; 16], b"aae", sealed.clone()), Err(Error::Decrypt));
        assert_eq!(open(&key(), [3; 16], b"aa", sealed.clone()), Err(Error::Decrypt));
        for len in 0..sealed.len() {
            let cut = sealed[..len].to_vec();
            assert_eq!(open(&key(), [3; 16], b"aad", cut), Err(Error::Decrypt), "{len}");
        }
    }

    /// A tag over no ciphertext at all, or over bad padding, is one that only a holder of the key
    /// can make; it is refused all the same.
    #[test]
    fn a_right_tag_over_wrong_padding_is_refused() {
        for plain in [&[][..], &[0; 16], &[17; 16], &[7; 15]] {
            let mut octets = plain.to_vec();
            let mut encryptor = a256cbc::Encryptor::from_parts(&[9; 32], &[3; 16]);
            let _partial_is_refused = encryptor.update(&mut octets);
            let mut mac = Mac::new(&[9; 32], &[3; 16], b"");
            mac.context.update(&octets);
            octets.extend_from_slice(&mac.finish());
            assert_eq!(open_in_place(&key(), &[3; 16], b"", &mut octets), Err(Error::Decrypt));
        }
    }

    #[test]
    fn tails_of_a_block_or_more_are_refused() {
        let sealer = Sealer::new(&key(), &[3; 16], b"");
        assert_eq!(sealer.finish(&[0; 16]).unwrap_err(), Error::Length);
        let mut sealer = Sealer::new(&key(), &[3; 16], b"");
        assert_eq!(sealer.update(&mut [0; 15]).unwrap_err(), Error::Length);
    }

    #[test]
    fn debug_output_is_redacted() {
        insta::assert_snapshot!(format!("{:?}", key()), @"a256cbc_hs512::Key(redacted)");
        let sealer = Sealer::new(&key(), &[1; 16], b"");
        insta::assert_snapshot!(format!("{sealer:?}"), @"a256cbc_hs512::Sealer(redacted)");
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole(
            plain in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 0usize..300,
            aad in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut whole = plain.clone();
            seal_in_place(&key(), &[2; 16], &aad, &mut whole).unwrap();
            prop_assert_eq!(whole.len(), sealed_len(plain.len()));

            let mut octets = plain.clone();
            let blocks = plain.len() / 16 * 16;
            let cut = cut.min(plain.len()) / 16 * 16;
            let mut sealer = Sealer::new(&key(), &[2; 16], &aad);
            sealer.update(&mut octets[..cut]).unwrap();
            sealer.update(&mut octets[cut..blocks]).unwrap();
            let (last, tag) = sealer.finish(&plain[blocks..]).unwrap();
            octets.truncate(blocks);
            octets.extend_from_slice(&last);
            octets.extend_from_slice(&tag);
            prop_assert_eq!(&octets, &whole);

            let len = open_in_place(&key(), &[2; 16], &aad, &mut octets).unwrap();
            prop_assert_eq!(&octets[..len], &plain[..]);
        }
    }
}
