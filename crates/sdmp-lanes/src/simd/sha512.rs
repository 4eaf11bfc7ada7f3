//! The compression function of SHA-512 (FIPS 180-4, section 6.4.2) over several inputs at once:
//! lane `i` of each vector belongs to input `i`.
//!
//! Nothing here branches on what is hashed, or uses it as an address: there are only additions,
//! rotations and logic on whole vectors, and loads at positions that the lengths decide.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x32, u8x64, u64x4, u64x8};
use zeroize::Zeroize;

/// The octets of a block.
pub(crate) const BLOCK: usize = 128;

/// The words of the initial state (FIPS 180-4, section 5.3.5).
pub(crate) const INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The round constants (FIPS 180-4, section 4.2.3), sixteen rounds a row.
const ROUNDS: [[u64; 16]; 5] = include!("round_constants.in");

/// The states of `W` lanes: for each of the eight words, the word of each lane.
pub(crate) struct States<const W: usize>([[u64; W]; 8]);

impl<const W: usize> States<W> {
    /// From the state of each lane.
    pub(crate) fn from_columns(columns: &[[u64; 8]; W]) -> Self {
        let mut states = Self([[0; W]; 8]);
        for (lane, column) in columns.iter().enumerate() {
            for (words, word) in states.0.iter_mut().zip(column) {
                if let Some(place) = words.get_mut(lane) {
                    *place = *word;
                }
            }
        }
        states
    }

    /// The state of one lane; zeros for a lane that does not exist.
    pub(crate) fn lane(&self, lane: usize) -> [u64; 8] {
        self.0.each_ref().map(|words| words.get(lane).copied().unwrap_or_default())
    }
}

impl<const W: usize> Drop for States<W> {
    fn drop(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }
}

/// A processor's way to compress a block of each of `W` inputs.
pub(crate) trait Kernel<const W: usize>: Copy {
    /// Compresses the first `blocks` blocks of each input into its lane. An input that is shorter
    /// ends the work early: callers give inputs that are long enough.
    fn compress(self, states: &mut States<W>, inputs: &[&[u8]; W], blocks: usize);
}

/// A module with the compression function for one width of vectors.
macro_rules! kernel {
    ($name:ident, $width:literal, $words:ident, $octets:ident, [$($flip:literal),* $(,)?]) => {
        mod $name {
            use super::*;

            type Vector<S> = $words<S>;

            /// Compresses `blocks` blocks of each input.
            #[inline(always)]
            pub(super) fn compress<S: Simd>(
                simd: S,
                states: &mut States<$width>,
                inputs: &[&[u8]; $width],
                blocks: usize,
            ) {
                let inputs = inputs.map(|input| input.as_chunks::<BLOCK>().0);
                let mut state =
                    states.0.each_ref().map(|words| Vector::<S>::from_slice(simd, words));
                for block in 0..blocks {
                    let mut rows = [&[0_u8; BLOCK]; $width];
                    for (row, input) in rows.iter_mut().zip(&inputs) {
                        let Some(octets) = input.get(block) else { return };
                        *row = octets;
                    }
                    let before = state;
                    let mut schedule = load(simd, &rows);
                    let [first, others @ ..] = &ROUNDS;
                    rounds(simd, &mut state, &schedule, first);
                    for constants in others {
                        extend(&mut schedule);
                        rounds(simd, &mut state, &schedule, constants);
                    }
                    for (word, old) in state.iter_mut().zip(before) {
                        *word += old;
                    }
                }
                for (words, vector) in states.0.iter_mut().zip(state) {
                    vector.store_slice(words);
                }
            }

            /// The sixteen words of a block, each with the word of every lane: the rows' octets, put
            /// into the processor's order and transposed. Rows `i` and `i + n/2` are interleaved as
            /// often as `n` has bits: each time the bits of a word's place turn round by one.
            #[inline(always)]
            fn load<S: Simd>(simd: S, rows: &[&[u8; BLOCK]; $width]) -> [Vector<S>; 16] {
                let flip = $octets::from_slice(simd, &[$($flip),*]);
                let mut schedule = [Vector::<S>::splat(simd, 0); 16];
                for (part, words) in schedule.as_chunks_mut::<$width>().0.iter_mut().enumerate() {
                    *words = rows.map(|row| {
                        let octets = row.as_chunks::<{ 8 * $width }>().0.get(part);
                        let octets = octets.unwrap_or(&[0; 8 * $width]);
                        let octets = $octets::from_slice(simd, octets);
                        octets.swizzle_dyn_within_blocks(flip).bitcast::<Vector<S>>()
                    });
                    let mut turned = 1;
                    while turned < $width {
                        let old = *words;
                        let (low, high) = old.split_at($width / 2);
                        let pairs = words.as_chunks_mut::<2>().0.iter_mut();
                        for (pair, (a, b)) in pairs.zip(low.iter().zip(high)) {
                            *pair = [a.zip_low(*b), a.zip_high(*b)];
                        }
                        turned *= 2;
                    }
                }
                schedule
            }

            #[inline(always)]
            fn rotate<S: Simd>(x: Vector<S>, bits: u32) -> Vector<S> {
                (x >> bits) | (x << (64 - bits))
            }

            /// The next sixteen words of the message schedule.
            #[inline(always)]
            fn extend<S: Simd>(w: &mut [Vector<S>; 16]) {
                macro_rules! word {
                    ($i:literal, $i1:literal, $i9:literal, $i14:literal) => {
                        let (x, y) = (w[$i1], w[$i14]);
                        let s0 = rotate(x, 1) ^ rotate(x, 8) ^ (x >> 7);
                        let s1 = rotate(y, 19) ^ rotate(y, 61) ^ (y >> 6);
                        w[$i] = (w[$i] + s0) + (w[$i9] + s1);
                    };
                }
                word!(0, 1, 9, 14);
                word!(1, 2, 10, 15);
                word!(2, 3, 11, 0);
                word!(3, 4, 12, 1);
                word!(4, 5, 13, 2);
                word!(5, 6, 14, 3);
                word!(6, 7, 15, 4);
                word!(7, 8, 0, 5);
                word!(8, 9, 1, 6);
                word!(9, 10, 2, 7);
                word!(10, 11, 3, 8);
                word!(11, 12, 4, 9);
                word!(12, 13, 5, 10);
                word!(13, 14, 6, 11);
                word!(14, 15, 7, 12);
                word!(15, 0, 8, 13);
            }

            /// Sixteen rounds. The working variables change their names, not their places.
            #[inline(always)]
            fn rounds<S: Simd>(
                simd: S,
                state: &mut [Vector<S>; 8],
                schedule: &[Vector<S>; 16],
                constants: &[u64; 16],
            ) {
                let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
                macro_rules! round {
                    ($i:literal, $a:ident, $b:ident, $c:ident, $d:ident, $e:ident, $f:ident, $g:ident, $h:ident) => {
                        let s1 = rotate($e, 14) ^ rotate($e, 18) ^ rotate($e, 41);
                        let choice = $g ^ ($e & ($f ^ $g));
                        let constant = Vector::<S>::splat(simd, constants[$i]);
                        let t1 = ($h + (schedule[$i] + constant)) + (s1 + choice);
                        let s0 = rotate($a, 28) ^ rotate($a, 34) ^ rotate($a, 39);
                        let majority = ($a & $b) | ($c & ($a | $b));
                        $d += t1;
                        $h = t1 + (s0 + majority);
                    };
                }
                round!(0, a, b, c, d, e, f, g, h);
                round!(1, h, a, b, c, d, e, f, g);
                round!(2, g, h, a, b, c, d, e, f);
                round!(3, f, g, h, a, b, c, d, e);
                round!(4, e, f, g, h, a, b, c, d);
                round!(5, d, e, f, g, h, a, b, c);
                round!(6, c, d, e, f, g, h, a, b);
                round!(7, b, c, d, e, f, g, h, a);
                round!(8, a, b, c, d, e, f, g, h);
                round!(9, h, a, b, c, d, e, f, g);
                round!(10, g, h, a, b, c, d, e, f);
                round!(11, f, g, h, a, b, c, d, e);
                round!(12, e, f, g, h, a, b, c, d);
                round!(13, d, e, f, g, h, a, b, c);
                round!(14, c, d, e, f, g, h, a, b);
                round!(15, b, c, d, e, f, g, h, a);
                *state = [a, b, c, d, e, f, g, h];
            }
        }
    };
}

kernel!(
    eight,
    8,
    u64x8,
    u8x64,
    [
        7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, //
        7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, //
        7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, //
        7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8
    ]
);

kernel!(
    four,
    4,
    u64x4,
    u8x32,
    [
        7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, //
        7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8
    ]
);

/// Eight lanes in the 512 bits of AVX-512 (or what stands for it).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eight<S>(pub(crate) S);

impl<S: Simd> Kernel<8> for Eight<S> {
    fn compress(self, states: &mut States<8>, inputs: &[&[u8]; 8], blocks: usize) {
        self.0.vectorize(
            #[inline(always)]
            || eight::compress(self.0, states, inputs, blocks),
        );
    }
}

/// Four lanes in the 256 bits of AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Four<S>(pub(crate) S);

impl<S: Simd> Kernel<4> for Four<S> {
    fn compress(self, states: &mut States<4>, inputs: &[&[u8]; 4], blocks: usize) {
        self.0.vectorize(
            #[inline(always)]
            || four::compress(self.0, states, inputs, blocks),
        );
    }
}
