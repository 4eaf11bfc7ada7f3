//! What is refused of an RSA public key (R13).

use crate::error::KeyError;

/// The fewest bits of a modulus.
pub(super) const MIN_BITS: u32 = 2_048;
/// The most bits of a modulus.
pub(super) const MAX_BITS: u32 = 8_192;
/// Primes up to here are divided by.
const SMALL: u32 = 1_024;

/// The length of a modulus in bits and its exponent, if both are what R13 asks for.
///
/// Both come big-endian and without leading zeros.
pub(super) fn check(modulus: &[u8], exponent: &[u8]) -> Result<(u32, u64), KeyError> {
    let bits = bits(modulus);
    if bits < MIN_BITS {
        return Err(KeyError::TooShort);
    }
    if bits > MAX_BITS {
        return Err(KeyError::TooLong);
    }
    if is_even(modulus) {
        return Err(KeyError::EvenModulus);
    }
    if is_even(exponent) {
        return Err(KeyError::EvenExponent);
    }
    let exponent = match exponent {
        [] | [_, _, _, _, _, _, ..] => return Err(KeyError::Exponent),
        few => few.iter().fold(0, |e, octet| e << 8 | u64::from(*octet)),
    };
    if !(65_537..1 << 33).contains(&exponent) {
        return Err(KeyError::Exponent);
    }
    if has_small_factor(modulus) {
        return Err(KeyError::SmallFactor);
    }
    Ok((bits, exponent))
}

fn bits(number: &[u8]) -> u32 {
    let first = number.first().map_or(0, |octet| octet.leading_zeros());
    u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(first)
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|octet| octet & 1 == 0)
}

/// Whether a prime below [`SMALL`] divides `number`, which is longer than any of them.
///
/// Primes are taken together while their product fits 32 bits, so that there are some fifty
/// passes over the number and not 172.
fn has_small_factor(number: &[u8]) -> bool {
    let mut product = 1;
    for prime in (2..SMALL).filter(|n| is_small_prime(*n)) {
        match u32::checked_mul(product, prime) {
            Some(more) => product = more,
            None if shares_factor(number, product) => return true,
            None => product = prime,
        }
    }
    shares_factor(number, product)
}

fn shares_factor(number: &[u8], product: u32) -> bool {
    let product = u64::from(product);
    // An incomplete group comes first, so that every other is four whole octets.
    let (head, words) = number.split_at(number.len() % 4);
    let head = head.iter().fold(0, |r, octet| (r << 8 | u64::from(*octet)) % product);
    let remainder = words.chunks_exact(4).fold(head, |r, word| {
        let word = word.iter().fold(0, |w, octet| w << 8 | u64::from(*octet));
        (r << 32 | word) % product
    });
    gcd(product, remainder) != 1
}

fn is_small_prime(number: u32) -> bool {
    (2..number).take_while(|d| d * d <= number).all(|d| !number.is_multiple_of(d))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_bigint::{BoxedUint, ConcatenatingMul};

    const E: &[u8] = &[1, 0, 1];

    /// 2^(bits-1) + 2^64 k + c, the first of these that no small prime divides.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut octets = vec![0; bits.div_ceil(8)];
        octets[0] = 1 << ((bits - 1) % 8);
        let last = octets.len() - 1;
        loop {
            octets[last] |= 1;
            if !has_small_factor(&octets) {
                return octets;
            }
            octets[last - 1] += u8::from(octets[last] == 255);
            octets[last] = octets[last].wrapping_add(2);
        }
    }

    #[test]
    fn r13_bounds_of_the_modulus() {
        for bits in [1024, 2047] {
            assert_eq!(check(&modulus(bits), E), Err(KeyError::TooShort), "{bits}");
        }
        for bits in [2048, 2049, 2056, 3072, 8191, 8192] {
            let expected = u32::try_from(bits).unwrap();
            assert_eq!(check(&modulus(bits), E), Ok((expected, 65_537)), "{bits}");
        }
        for bits in [8193, 8200, 16384] {
            assert_eq!(check(&modulus(bits), E), Err(KeyError::TooLong), "{bits}");
        }
        assert_eq!(check(&[], E), Err(KeyError::TooShort));
    }

    #[test]
    fn r13_bounds_of_the_exponent() {
        let n = modulus(2048);
        for small in [&[1][..], &[3], &[17], &[0xff, 0xff]] {
            assert_eq!(check(&n, small), Err(KeyError::Exponent), "{small:?}");
        }
        for even in [&[][..], &[0], &[2], &[1, 0, 0], &[2, 0, 0, 0, 0]] {
            assert_eq!(check(&n, even), Err(KeyError::EvenExponent), "{even:?}");
        }
        let most = [1, 255, 255, 255, 255];
        assert_eq!(check(&n, &most), Ok((2048, (1 << 33) - 1)));
        for large in [&[2, 0, 0, 0, 1][..], &[1, 0, 0, 0, 0, 1]] {
            assert_eq!(check(&n, large), Err(KeyError::Exponent), "{large:?}");
        }
    }

    #[test]
    fn r13_even_modulus() {
        let mut n = modulus(2048);
        n[255] ^= 1;
        assert_eq!(check(&n, E), Err(KeyError::EvenModulus));
    }

    /// Every small prime on its own, in a number without any other small factor: 2^2047 p' p.
    #[test]
    fn r13_every_small_factor_is_found() {
        for prime in (3..SMALL).filter(|n| is_small_prime(*n)) {
            let base = BoxedUint::from_be_slice_vartime(&modulus(2060));
            let number = base.concatenating_mul(&BoxedUint::from(u64::from(prime)));
            let octets = number.to_be_bytes();
            let first = octets.iter().position(|o| *o != 0).unwrap();
            assert_eq!(check(&octets[first..], E), Err(KeyError::SmallFactor), "{prime}");
        }
    }
}
