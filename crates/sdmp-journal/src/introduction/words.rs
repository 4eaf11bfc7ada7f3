//! A fingerprint as words that people compare (N43).

use bip39::Language;

use crate::Fingerprint;

const WORDS: usize = 12;
const BITS: usize = 11;

/// The first 132 bits of a fingerprint as twelve words of the English BIP-39 list. A second key with
/// the same words costs 2^132 tries.
///
/// ```
/// use sdmp_journal::introduction::words;
///
/// let node = "etPYvuzXzqw5f3mv8K8Ldv_20B4ncidfj8_uQYxuqxUuv-53FRV7Nb2pd8B2yVZvJRsQq9UFRvBf4-IRMsxBhw";
/// assert_eq!(
///     words(&node.parse().unwrap()).join(" "),
///     "kiss paddle cook super language figure tourist upset quiz lyrics security unknown",
/// );
/// ```
#[must_use]
pub fn words(fingerprint: &Fingerprint) -> [&'static str; WORDS] {
    let list = Language::English.word_list();
    let octets = fingerprint.as_octets();
    std::array::from_fn(|index| {
        let bits = index * BITS..(index + 1) * BITS;
        let number = bits.fold(0, |number, bit| {
            let octet = octets.get(bit / 8).copied().unwrap_or_default();
            (number << 1) | usize::from((octet >> (7 - bit % 8)) & 1)
        });
        list.get(number).copied().unwrap_or_default()
    })
}
