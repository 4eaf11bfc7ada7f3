//! HMAC-SHA-512 in lanes.

use super::lockstep;
use super::sha512::{BLOCK, INITIAL, Kernel};
use crate::buffer::WHOLE_TAG;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The states behind the two pads of a key (RFC 2104, section 4).
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Pads {
    inner: [u64; 8],
    outer: [u64; 8],
}

impl Pads {
    pub(super) fn new<const W: usize, K: Kernel<W>>(kernel: K, key: &[u8; 32]) -> Self {
        let mut blocks = [[0x36; BLOCK], [0x5c; BLOCK]];
        let [inner, outer] = blocks.each_mut().map(|block| {
            for (to, from) in block.iter_mut().zip(key) {
                *to ^= from;
            }
            let mut columns = [INITIAL; W];
            lockstep::compress(kernel, &mut columns, [block.as_slice(); W]);
            let state = columns.first().copied().unwrap_or_default();
            columns.as_flattened_mut().zeroize();
            state
        });
        blocks.as_flattened_mut().zeroize();
        Self { inner, outer }
    }
}

/// The tags of `W` inputs under way.
pub(super) struct Running<'a, const W: usize, K: Kernel<W>> {
    kernel: K,
    pads: &'a Pads,
    columns: [[u64; 8]; W],
}

impl<'a, const W: usize, K: Kernel<W>> Running<'a, W, K> {
    pub(super) fn new(kernel: K, pads: &'a Pads) -> Self {
        Self { kernel, pads, columns: [pads.inner; W] }
    }

    /// Takes the whole blocks of each input; the caller gives the octets behind them again.
    pub(super) fn update(&mut self, inputs: [&[u8]; W]) {
        lockstep::compress(self.kernel, &mut self.columns, inputs);
    }

    /// The tags, given each whole input: what stands behind its last whole block is taken here.
    pub(super) fn finish(mut self, inputs: [&[u8]; W]) -> [[u8; WHOLE_TAG]; W] {
        let tails = inputs.map(|input| Tail::new(input, BLOCK));
        self.update(tails.each_ref().map(Tail::as_slice));
        let inner = self.columns.map(|column| Tail::new(&octets(&column), BLOCK));
        self.columns = [self.pads.outer; W];
        self.update(inner.each_ref().map(Tail::as_slice));
        self.columns.map(|column| octets(&column))
    }
}

impl<const W: usize, K: Kernel<W>> Drop for Running<'_, W, K> {
    fn drop(&mut self) {
        self.columns.as_flattened_mut().zeroize();
    }
}

/// The SHA-512 of `W` inputs.
pub(super) fn hashes<const W: usize, K: Kernel<W>>(
    kernel: K,
    inputs: [&[u8]; W],
) -> [[u8; WHOLE_TAG]; W] {
    let mut columns = [INITIAL; W];
    lockstep::compress(kernel, &mut columns, inputs);
    let tails = inputs.map(|input| Tail::new(input, 0));
    lockstep::compress(kernel, &mut columns, tails.each_ref().map(Tail::as_slice));
    columns.map(|column| octets(&column))
}

/// The last blocks of an input: the rest behind its last whole block, padded (FIPS 180-4, section
/// 5.1.2).
struct Tail {
    blocks: [u8; 2 * BLOCK],
    len: usize,
}

impl Tail {
    /// `before` octets were hashed before the input.
    fn new(input: &[u8], before: usize) -> Self {
        let rest = input.as_chunks::<BLOCK>().1;
        let mut blocks = [0; 2 * BLOCK];
        for (to, from) in blocks.iter_mut().zip(rest.iter().chain(&[0x80])) {
            *to = *from;
        }
        // A block has room for one octet of padding and sixteen of length behind 111 of the rest.
        let len = if rest.len() < BLOCK - 16 { BLOCK } else { 2 * BLOCK };
        let bits = u128::try_from(before.saturating_add(input.len())).unwrap_or(u128::MAX) << 3;
        for (to, from) in blocks.iter_mut().take(len).rev().zip(bits.to_le_bytes()) {
            *to = from;
        }
        Self { blocks, len }
    }

    fn as_slice(&self) -> &[u8] {
        self.blocks.get(..self.len).unwrap_or_default()
    }
}

fn octets(state: &[u64; 8]) -> [u8; WHOLE_TAG] {
    let mut octets = [0; WHOLE_TAG];
    for (to, word) in octets.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    octets
}
