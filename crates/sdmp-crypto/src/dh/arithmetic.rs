//! Exponentiation modulo one prime, in constant time for the exponent.

use crypto_bigint::{
    CtAssign, CtEq, MontyForm, MontyMultiplier, Odd, U448, Uint,
    modular::{FixedMontyForm, FixedMontyParams},
};
use std::sync::OnceLock;
use zeroize::Zeroize;

/// The octets of an exponent: the longest of R24 has 448 bits. Big-endian, zeros first.
pub(super) const EXPONENT: usize = 56;

/// Rows of the comb; a table has 2^5 entries.
const TEETH: usize = 5;
const ENTRIES: usize = 1 << TEETH;
/// What all tables of a group may cost to build, in multiplications of 2048-bit numbers: some
/// milliseconds (a wider multiplication costs the square of its width).
const BUILD: usize = 2_200;

/// One group's prime and generator, ready for arithmetic. The widths are behind this trait.
pub(super) trait Arithmetic: Send + Sync {
    /// g^x, big-endian, into `out`, which has the length of p.
    fn generator_power(&self, x: &[u8; EXPONENT], out: &mut [u8]);
    /// n^x, big-endian, into `out`, which has the length of p; n is below p.
    fn power(&self, n: &[u8], x: &[u8; EXPONENT], out: &mut [u8]);
}

/// A prime of at most `L` limbs.
pub(super) struct Modulus<const L: usize> {
    params: FixedMontyParams<L>,
    generator: FixedMontyForm<L>,
    /// The length of every exponent (R24): not a secret.
    bits: usize,
    comb: OnceLock<Comb<L>>,
}

impl<const L: usize> Modulus<L> {
    /// The work that is done once for a group: for named groups, once in a process.
    pub(super) fn new(p: Odd<Uint<L>>, g: u64, bits: usize) -> Self {
        let params = FixedMontyParams::new_vartime(p);
        let generator = FixedMontyForm::new(&Uint::from_u64(g), &params);
        Self { params, generator, bits, comb: OnceLock::new() }
    }

    fn write(&self, value: &mut FixedMontyForm<L>, out: &mut [u8]) {
        // The value may be Z, and both forms of it live on the stack: no other code wipes them.
        let mut plain = value.retrieve();
        write_be(&plain, out);
        plain.zeroize();
        value.as_montgomery_mut().zeroize();
    }
}

impl<const L: usize> Arithmetic for Modulus<L> {
    fn generator_power(&self, x: &[u8; EXPONENT], out: &mut [u8]) {
        // Built on first use: a table costs milliseconds, and a process uses one or two of the ten
        // groups.
        let comb = self.comb.get_or_init(|| Comb::new(&self.generator, self.bits));
        self.write(&mut comb.power(&self.params, x), out);
    }

    fn power(&self, n: &[u8], x: &[u8; EXPONENT], out: &mut [u8]) {
        // No comb here: the base is the peer's and new in each exchange, so a table would never pay
        // off.
        let base = FixedMontyForm::new(&read_be(n), &self.params);
        let mut exponent = U448::from_be_slice(x);
        // Bounded by the public length of the exponent, never by its value.
        let bits = u32::try_from(self.bits).unwrap_or(u32::MAX);
        self.write(&mut base.pow_bounded_exp(&exponent, bits), out);
        exponent.zeroize();
    }
}

/// A number of at most `L` limbs; more significant octets than that are not looked at.
pub(super) fn read_be<const L: usize>(octets: &[u8]) -> Uint<L> {
    let mut number = Uint::ZERO;
    for (word, chunk) in number.as_mut_words().iter_mut().zip(octets.rchunks(size_of_word())) {
        *word = chunk.iter().fold(0, |w, octet| w << 8 | crypto_bigint::Word::from(*octet));
    }
    number
}

/// The least significant octets of a number, as many as `out` takes.
pub(super) fn write_be<const L: usize>(number: &Uint<L>, out: &mut [u8]) {
    for (word, chunk) in number.as_words().iter().zip(out.rchunks_mut(size_of_word())) {
        for (octet, value) in chunk.iter_mut().rev().zip(word.to_le_bytes()) {
            *octet = value;
        }
    }
}

const fn size_of_word() -> usize {
    size_of::<crypto_bigint::Word>()
}

/// A fixed-base comb (Lim and Lee 1994) for g.
///
/// The exponent is cut into [`TEETH`] rows of `columns` bits. Entry u of table j is the product of
/// g^(2^(i columns + j step)) over the set bits i of u, so that one multiplication takes up one
/// bit of every row, and there are only step - 1 squarings. An entry is picked by reading all.
struct Comb<const L: usize> {
    columns: usize,
    step: usize,
    tables: Vec<[Uint<L>; ENTRIES]>,
}

impl<const L: usize> Comb<L> {
    fn new(generator: &FixedMontyForm<L>, bits: usize) -> Self {
        let columns = bits.div_ceil(TEETH);
        // Some `bits` squarings, and one multiplication for every entry of two or more teeth.
        // More tables save squarings in each exchange, but cost more to build and more cache to
        // read.
        let cost = (Uint::<L>::LIMBS * size_of_word()).div_ceil(256).pow(2);
        let wanted = (BUILD / cost).saturating_sub(bits) / (ENTRIES - TEETH - 1);
        let count = wanted.clamp(1, columns.div_ceil(4));
        let step = columns.div_ceil(count);
        let count = columns.div_ceil(step);

        let mut tables =
            vec![[*FixedMontyForm::one(generator.params()).as_montgomery(); ENTRIES]; count];
        let mut power = *generator;
        // The last power that stands in a table; the squarings after it would be for nothing.
        let last = columns * (TEETH - 1) + step * (count - 1);
        for bit in 0..=last {
            let (tooth, column) = (bit / columns, bit % columns);
            if column % step == 0 {
                let entry = tables.get_mut(column / step).and_then(|t| t.get_mut(1 << tooth));
                if let Some(entry) = entry {
                    *entry = *power.as_montgomery();
                }
            }
            power = power.square();
        }
        for table in &mut tables {
            fill(table, generator.params());
        }
        Self { columns, step, tables }
    }

    fn power(&self, params: &FixedMontyParams<L>, x: &[u8; EXPONENT]) -> FixedMontyForm<L> {
        let mut multiplier = <FixedMontyForm<L> as MontyForm>::Multiplier::from(params);
        let mut product = FixedMontyForm::one(params);
        let mut factor = FixedMontyForm::one(params);
        for offset in (0..self.step).rev() {
            if offset + 1 < self.step {
                multiplier.square_assign(&mut product);
            }
            for (block, table) in self.tables.iter().enumerate() {
                let column = block * self.step + offset;
                if column < self.columns {
                    let index = (0..TEETH).fold(0, |index, tooth| {
                        index | bit(x, tooth * self.columns + column) << tooth
                    });
                    // The index is made of secret bits, so the access must not depend on it.
                    select(table, index, factor.as_montgomery_mut());
                    multiplier.mul_assign(&mut product, &factor);
                }
            }
        }
        // The last factor tells five bits of the exponent.
        factor.as_montgomery_mut().zeroize();
        product
    }
}

/// The entries that are products of others.
fn fill<const L: usize>(table: &mut [Uint<L>; ENTRIES], params: &FixedMontyParams<L>) {
    for index in 1..ENTRIES {
        // Each entry is one multiplication of two that are there already: the power of one tooth
        // and the rest.
        let lowest = index & index.wrapping_neg();
        let rest = index & !lowest;
        if rest != 0 {
            let of = |i: usize| table.get(i).copied().unwrap_or(*params.one());
            let product = FixedMontyForm::from_montgomery(of(lowest), params)
                .mul(&FixedMontyForm::from_montgomery(of(rest), params));
            if let Some(entry) = table.get_mut(index) {
                *entry = *product.as_montgomery();
            }
        }
    }
}

/// One bit of an exponent; the place is public, the value is not.
fn bit(x: &[u8; EXPONENT], place: usize) -> u8 {
    // Indexing by a public place; only the shifted-out value is secret.
    x.iter().rev().nth(place / 8).map_or(0, |octet| octet >> (place % 8) & 1)
}

/// Copies the entry at `index` by reading all of them.
fn select<const L: usize>(table: &[Uint<L>; ENTRIES], index: u8, to: &mut Uint<L>) {
    for (at, entry) in (0u8..).zip(table) {
        to.ct_assign(entry, at.ct_eq(&index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_bigint::{U128, U256};
    use proptest::prelude::*;

    /// Any odd number of 256 bits: nothing here asks for a prime.
    const P: &str = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a9df";

    fn any_exponent(bits: usize) -> impl Strategy<Value = [u8; EXPONENT]> {
        proptest::array::uniform32(any::<u8>()).prop_map(move |octets| {
            let mut x = [0; EXPONENT];
            x[EXPONENT - 32..].copy_from_slice(&octets);
            x[..EXPONENT - bits.div_ceil(8)].fill(0);
            if !bits.is_multiple_of(8) {
                x[EXPONENT - bits.div_ceil(8)] &= (1 << (bits % 8)) - 1;
            }
            x
        })
    }

    fn check<const L: usize>(modulus: &Modulus<L>, g: u64, x: &[u8; EXPONENT], len: usize) {
        let (mut comb, mut general) = (vec![0; len], vec![0; len]);
        modulus.generator_power(x, &mut comb);
        modulus.power(&g.to_be_bytes(), x, &mut general);
        assert_eq!(comb, general);
    }

    proptest! {
        /// The comb is the general exponentiation, for all lengths of exponent.
        #[test]
        fn the_comb_is_the_power((bits, x) in (1usize..=256).prop_flat_map(|b| (Just(b), any_exponent(b)))) {
            let p = Odd::new(U256::from_be_hex(P)).unwrap();
            check(&Modulus::new(p, 3, bits), 3, &x, 32);
        }

        /// Small enough for a computation that has nothing in common with either.
        #[test]
        fn both_are_right(x in any::<u32>(), n in 2u64..0xffff_fffb) {
            let p = 0xffff_fffb_u64;
            let expected = (0..32).rev().fold(1u64, |r, i| {
                let r = r * r % p;
                if x >> i & 1 == 1 { r * n % p } else { r }
            });
            let mut octets = [0; EXPONENT];
            octets[EXPONENT - 4..].copy_from_slice(&x.to_be_bytes());
            let modulus = Modulus::new(Odd::new(U128::from_u64(p)).unwrap(), n, 32);
            let mut out = [0; 4];
            modulus.power(&n.to_be_bytes(), &octets, &mut out);
            prop_assert_eq!(u64::from(u32::from_be_bytes(out)), expected);
            modulus.generator_power(&octets, &mut out);
            prop_assert_eq!(u64::from(u32::from_be_bytes(out)), expected);
        }

        #[test]
        fn octets_and_numbers(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            let number: U256 = read_be(&octets);
            let mut out = vec![0; 32];
            write_be(&number, &mut out);
            let mut expected = vec![0; 32usize.saturating_sub(octets.len())];
            expected.extend_from_slice(&octets[octets.len().saturating_sub(32)..]);
            prop_assert_eq!(out, expected);
        }
    }
}
