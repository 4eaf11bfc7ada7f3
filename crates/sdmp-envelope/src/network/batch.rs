//! Several objects of one direction at once: the octets and errors of one after the other.

use super::{Sealed, seal};
use crate::{ContentKey, Error};

#[cfg(feature = "lanes")]
use super::lanes::Lanes;

/// A container's text that is to be sealed, and the fresh vector for its object (R34).
#[derive(Clone, Copy)]
pub struct Unsealed<'a> {
    /// The initialisation vector.
    pub iv: &'a [u8; 16],
    /// The text.
    pub text: &'a [u8],
}

impl std::fmt::Debug for Unsealed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsealed").field("octets", &self.text.len()).finish_non_exhaustive()
    }
}

/// Seals texts as the objects `first`, `first + 1` and so on: octet for octet what [`seal`] makes of
/// each. With the feature `lanes` several are encrypted and hashed at once.
///
/// # Errors
/// None that a caller can cause.
///
/// ```
/// use sdmp_crypto::secret::Secret;
/// use sdmp_envelope::{ContentKey, network::{Unsealed, seal, seal_all}};
///
/// let key = ContentKey::authenticated(Secret::new([7; 64]));
/// let texts = [Unsealed { iv: &[1; 16], text: b"one" }, Unsealed { iv: &[2; 16], text: b"two" }];
/// let objects = seal_all(&key, 5, &texts)?;
/// assert_eq!(objects[1], seal(&key, &[2; 16], 6, b"two")?);
/// # Ok::<(), sdmp_envelope::Error>(())
/// ```
pub fn seal_all(
    key: &ContentKey,
    first: u64,
    texts: &[Unsealed<'_>],
) -> Result<Vec<String>, Error> {
    #[cfg(feature = "lanes")]
    if let Some(lanes) = Lanes::for_sealing(key, texts.len()) {
        return lanes.seal_all(first, texts);
    }
    seal_each(key, first, texts)
}

/// Opens the objects `first`, `first + 1` and so on: for each what [`Sealed::open`] gives. With the
/// feature `lanes` the tags of several are computed at once.
///
/// # Errors
/// For each object [`Error::Decrypt`], whatever the reason; the others open all the same.
#[must_use]
pub fn open_all(key: &ContentKey, first: u64, objects: Vec<Sealed>) -> Vec<Result<Vec<u8>, Error>> {
    #[cfg(feature = "lanes")]
    if let Some(lanes) = Lanes::for_opening(key, objects.len()) {
        return lanes.open_all(first, objects);
    }
    open_each(key, first, objects)
}

pub(super) fn seal_each(
    key: &ContentKey,
    first: u64,
    texts: &[Unsealed<'_>],
) -> Result<Vec<String>, Error> {
    let each = numbers(first).zip(texts);
    each.map(|(sequence, unsealed)| seal(key, unsealed.iv, sequence, unsealed.text)).collect()
}

pub(super) fn open_each(
    key: &ContentKey,
    first: u64,
    objects: Vec<Sealed>,
) -> Vec<Result<Vec<u8>, Error>> {
    numbers(first).zip(objects).map(|(sequence, object)| object.open(key, sequence)).collect()
}

/// The sequence numbers from `first` on.
pub(super) fn numbers(first: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(first), |number| Some(number.wrapping_add(1)))
}
