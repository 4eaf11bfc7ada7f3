//! Octets that must stay secret.
//!
//! Both types live on the heap, so that moving a value leaves no copy behind, wipe themselves when
//! they are dropped, say nothing of their content in `Debug`, compare in constant time, and can be
//! neither cloned nor serialised:
//!
//! ```compile_fail,E0599
//! let secret = sdmp_crypto::secret::Secret::<32>::new([7; 32]);
//! let copy = secret.clone();
//! ```
//!
//! ```compile_fail,E0599
//! let secret = sdmp_crypto::secret::SecretVec::from_slice(&[7; 32]);
//! let copy = secret.clone();
//! ```
//!
//! ```compile_fail,E0277
//! let secret = sdmp_crypto::secret::Secret::<32>::new([7; 32]);
//! println!("{secret}");
//! ```

use crate::{Error, random::Random};
use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// `N` secret octets.
pub struct Secret<const N: usize>(Box<Zeroizing<[u8; N]>>);

impl<const N: usize> Secret<N> {
    /// Takes `octets`, and wipes this function's copy of them; wiping the caller's is the caller's.
    #[must_use]
    pub fn new(mut octets: [u8; N]) -> Self {
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(&octets);
        octets.zeroize();
        secret
    }

    /// `N` zero octets, to be filled in place through [`expose_mut`](Self::expose_mut).
    #[must_use]
    pub fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; N])))
    }

    /// `N` octets drawn from `random`.
    ///
    /// # Errors
    /// [`Error::Random`] if `random` fails.
    pub fn random(random: &mut dyn Random) -> Result<Self, Error> {
        let mut secret = Self::zeroed();
        random.fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// A copy of exactly `N` octets.
    ///
    /// # Errors
    /// [`Error::Length`] if `octets` has another length.
    pub fn from_slice(octets: &[u8]) -> Result<Self, Error> {
        if octets.len() != N {
            return Err(Error::Length);
        }
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(octets);
        Ok(secret)
    }

    /// The octets themselves. Named so that every use is easy to find.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The octets themselves, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// Whether `other` is the same, found in a time that depends on the lengths only.
    #[must_use]
    pub fn ct_eq(&self, other: &[u8]) -> bool {
        ct_eq(self.expose(), other)
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(redacted)")
    }
}

/// Secret octets of a length that is known only at run time.
pub struct SecretVec(Zeroizing<Box<[u8]>>);

impl SecretVec {
    /// Takes over a vector. Its spare capacity, if any, is dropped unwiped.
    #[must_use]
    pub fn from_vec(octets: Vec<u8>) -> Self {
        if octets.len() == octets.capacity() {
            return Self(Zeroizing::new(octets.into_boxed_slice()));
        }
        // Shrinking may move the octets; the old place must not keep them.
        let octets = Zeroizing::new(octets);
        Self::from_slice(&octets)
    }

    /// A copy of `octets`.
    #[must_use]
    pub fn from_slice(octets: &[u8]) -> Self {
        Self(Zeroizing::new(Box::from(octets)))
    }

    /// `len` zero octets, to be filled in place through [`expose_mut`](Self::expose_mut).
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        Self(Zeroizing::new(vec![0; len].into_boxed_slice()))
    }

    /// The octets themselves. Named so that every use is easy to find.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The octets themselves, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// How many octets there are; not a secret.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `other` is the same, found in a time that depends on the lengths only.
    #[must_use]
    pub fn ct_eq(&self, other: &[u8]) -> bool {
        ct_eq(self.expose(), other)
    }
}

impl ZeroizeOnDrop for SecretVec {}

impl fmt::Debug for SecretVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretVec(redacted)")
    }
}

/// Whether two strings of octets are the same, found in a time that depends on their lengths only.
#[must_use]
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn debug_output_is_redacted() {
        assert_snapshot!(format!("{:?}", Secret::<4>::new(*b"abcd")), @"Secret<4>(redacted)");
        assert_snapshot!(format!("{:#?}", SecretVec::from_slice(b"abcd")), @"SecretVec(redacted)");
    }

    #[test]
    fn comparison_sees_length_and_content() {
        let secret = Secret::<3>::new([1, 2, 3]);
        assert!(secret.ct_eq(&[1, 2, 3]));
        assert!(!secret.ct_eq(&[1, 2, 4]));
        assert!(!secret.ct_eq(&[1, 2]));
        assert!(!SecretVec::from_slice(&[1, 2, 3]).ct_eq(&[1, 2, 3, 0]));
    }

    #[test]
    fn a_slice_must_have_the_length() {
        assert_eq!(Secret::<3>::from_slice(&[1, 2]).unwrap_err(), Error::Length);
        assert_eq!(Secret::<3>::from_slice(&[1, 2, 3]).unwrap().expose(), &[1, 2, 3]);
    }

    #[test]
    fn spare_capacity_does_not_change_the_content() {
        let mut octets = Vec::with_capacity(100);
        octets.extend_from_slice(&[5; 10]);
        assert_eq!(SecretVec::from_vec(octets).expose(), &[5; 10]);
    }

    /// Wiping is what `Zeroizing` promises; that the types wipe at all is held here.
    #[test]
    fn secrets_wipe_themselves() {
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Secret<64>>();
        wiped::<SecretVec>();
        assert!(core::mem::needs_drop::<Secret<64>>());
    }
}
