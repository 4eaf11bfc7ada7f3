//! Wrapped keys that do not tell for whom they are (N39).
//!
//! An RSA ciphertext is below its modulus, so many of them under one key show where that modulus
//! ends. Wrapped again until the top bit is 0, every ciphertext is a random number of one bit less
//! than the modulus, whatever the modulus is; and a random number of that form stands for no recipient.

use std::collections::BTreeMap;

use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::PublicKey;

use super::MAX_RECIPIENTS;
use crate::Error;

/// The fewest entries.
const FEWEST: usize = 4;
/// Each try succeeds with a chance of at least a half: a source with which this many fail is broken.
const TRIES: usize = 256;

/// The content key wrapped for all recipients, with decoys among them, in random order.
pub(super) fn wrap_all(
    content_key: &[u8],
    recipients: &[&PublicKey],
    random: &mut dyn Random,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut entries = Vec::with_capacity(MAX_RECIPIENTS);
    for key in recipients {
        entries.push(wrap(content_key, key)?);
    }
    let bits = commonest(recipients);
    // Powers of two show the size of an audience only roughly.
    let number = entries.len().next_power_of_two().clamp(FEWEST, MAX_RECIPIENTS);
    while entries.len() < number {
        entries.push(decoy(bits, random)?);
    }
    // Otherwise the decoys would be the last ones.
    shuffle(&mut entries, random)?;
    Ok(entries)
}

fn wrap(content_key: &[u8], key: &PublicKey) -> Result<Vec<u8>, Error> {
    for _ in 0..TRIES {
        let wrapped = key.encrypt_oaep(content_key)?;
        let top = wrapped.first().copied().unwrap_or_default();
        // Decoys are one bit shorter than the modulus; real entries are drawn until they are so
        // too.
        if top & top_bit(key.bits()) == 0 {
            return Ok(wrapped);
        }
    }
    Err(sdmp_crypto::Error::Random.into())
}

/// The top bit of a number of so many bits, in the first of its octets.
const fn top_bit(bits: u32) -> u8 {
    1 << (bits.wrapping_sub(1) % 8)
}

/// The commonest length of the recipients' keys; of two as common the longer one.
fn commonest(recipients: &[&PublicKey]) -> u32 {
    let mut numbers = BTreeMap::<u32, usize>::new();
    for key in recipients {
        *numbers.entry(key.bits()).or_default() += 1;
    }
    // Decoys look like the largest group of recipients, in which they do not stand out.
    let most = numbers.into_iter().max_by_key(|(bits, number)| (*number, *bits));
    most.map_or(0, |(bits, _)| bits)
}

/// A random number of one bit less, in as many octets as a ciphertext has.
fn decoy(bits: u32, random: &mut dyn Random) -> Result<Vec<u8>, Error> {
    let mut octets = vec![0; usize::try_from(bits.div_ceil(8)).unwrap_or(0)];
    random.fill(&mut octets)?;
    if let Some(first) = octets.first_mut() {
        *first &= top_bit(bits).wrapping_sub(1);
    }
    Ok(octets)
}

/// Fisher and Yates, with numbers drawn without bias.
fn shuffle(entries: &mut [Vec<u8>], random: &mut dyn Random) -> Result<(), Error> {
    for last in (1..entries.len()).rev() {
        entries.swap(last, below(last + 1, random)?);
    }
    Ok(())
}

/// A number below `end`, which is at most 256.
fn below(end: usize, random: &mut dyn Random) -> Result<usize, Error> {
    // The remainder of a random octet would favour small numbers.
    let fair = 256 - 256 % end.max(1);
    for _ in 0..TRIES {
        let mut octet = [0];
        random.fill(&mut octet)?;
        let number = usize::from(octet[0]);
        if number < fair {
            return Ok(number % end);
        }
    }
    Err(sdmp_crypto::Error::Random.into())
}
