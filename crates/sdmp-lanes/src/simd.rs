//! What is done in lanes: the tags of a group of inputs, and a group of objects.

mod lockstep;
mod running;
mod sha512;

use crate::buffer::{self, Object, WHOLE_TAG};
use crate::cbc;
use fearless_simd::{
    Level,
    x86::{Avx2, Avx512},
};
use running::{Pads, Running};
use sha512::{BLOCK, Eight, Four, Kernel};

/// How much of each object is encrypted before it is hashed: what the cache of a core keeps.
const PIECE: usize = 2_048;

/// The vectors of this processor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vector {
    Eight(Eight<Avx512>),
    Four(Four<Avx2>),
}

impl Vector {
    /// All that there are, the widest first.
    pub(crate) fn all() -> Vec<Self> {
        let level = Level::new();
        let eight = level.as_avx512().map(|token| Self::Eight(Eight(token)));
        let four = level.as_avx2().map(|token| Self::Four(Four(token)));
        eight.into_iter().chain(four).collect()
    }

    pub(crate) const fn width(self) -> usize {
        match self {
            Self::Eight(_) => 8,
            Self::Four(_) => 4,
        }
    }

    /// The hashes of at most as many inputs as there are lanes.
    pub(crate) fn hash(self, group: &[&[u8]]) -> Vec<[u8; WHOLE_TAG]> {
        match self {
            Self::Eight(kernel) => hash(kernel, group),
            Self::Four(kernel) => hash(kernel, group),
        }
    }
}

/// A key of HMAC-SHA-512 for all lanes.
pub(crate) struct Lanes {
    vector: Vector,
    pads: Pads,
}

impl Lanes {
    pub(crate) fn new(vector: Vector, key: &[u8; 32]) -> Self {
        let pads = match vector {
            Vector::Eight(kernel) => Pads::new(kernel, key),
            Vector::Four(kernel) => Pads::new(kernel, key),
        };
        Self { vector, pads }
    }

    pub(crate) const fn width(&self) -> usize {
        self.vector.width()
    }

    /// The tags of at most as many inputs as there are lanes.
    pub(crate) fn sign(&self, group: &[&[u8]]) -> Vec<[u8; WHOLE_TAG]> {
        match self.vector {
            Vector::Eight(kernel) => sign(kernel, &self.pads, group),
            Vector::Four(kernel) => sign(kernel, &self.pads, group),
        }
    }

    /// Encrypts at most as many objects as there are lanes, and gives their tags.
    pub(crate) fn encrypt_and_sign(
        &self,
        cipher: &cbc::Key,
        group: &mut [Object],
    ) -> Vec<[u8; WHOLE_TAG]> {
        match self.vector {
            Vector::Eight(kernel) => encrypt_and_sign(kernel, &self.pads, cipher, group),
            Vector::Four(kernel) => encrypt_and_sign(kernel, &self.pads, cipher, group),
        }
    }
}

impl core::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Lanes({}, redacted)", self.width())
    }
}

fn hash<const W: usize, K: Kernel<W>>(kernel: K, group: &[&[u8]]) -> Vec<[u8; WHOLE_TAG]> {
    running::hashes(kernel, each(group.iter().copied())).into_iter().take(group.len()).collect()
}

fn sign<const W: usize, K: Kernel<W>>(
    kernel: K,
    pads: &Pads,
    group: &[&[u8]],
) -> Vec<[u8; WHOLE_TAG]> {
    let lanes: [&[u8]; W] = each(group.iter().copied());
    let mut running = Running::new(kernel, pads);
    running.update(lanes);
    running.finish(lanes).into_iter().take(group.len()).collect()
}

fn encrypt_and_sign<const W: usize, K: Kernel<W>>(
    kernel: K,
    pads: &Pads,
    cipher: &cbc::Key,
    group: &mut [Object],
) -> Vec<[u8; WHOLE_TAG]> {
    let mut running = Running::new(kernel, pads);
    let mut chains: Vec<[u8; cbc::BLOCK]> = group.iter().map(Object::iv).collect();
    let longest = group.iter().map(|object| object.covered().len()).max().unwrap_or_default();
    // Pieces are cut at blocks of the cipher, behind the head; what is hashed, at blocks of the hash.
    let (mut encrypted, mut hashed) = (buffer::HEAD, 0);
    while hashed < longest {
        let from = encrypted;
        encrypted += PIECE;
        let mut lanes: Vec<(&mut [u8; cbc::BLOCK], &mut [u8])> = chains
            .iter_mut()
            .zip(group.iter_mut())
            .map(|(chain, object)| (chain, object.ciphertext_mut(from, encrypted)))
            .collect();
        cipher.encrypt(&mut lanes);
        let to = encrypted / BLOCK * BLOCK;
        running.update(each(group.iter().map(|object| {
            let covered = object.covered();
            // What is encrypted to its end is hashed to its end, the bits behind it included.
            let all = encrypted + buffer::AAD_BITS.len() >= covered.len();
            covered.get(hashed..if all { covered.len() } else { to }).unwrap_or_default()
        })));
        hashed = to;
    }
    let tags = running.finish(each(group.iter().map(Object::covered)));
    tags.into_iter().take(group.len()).collect()
}

/// An input for each lane; empty for lanes without one.
fn each<'a, const W: usize>(inputs: impl Iterator<Item = &'a [u8]>) -> [&'a [u8]; W] {
    let mut lanes: [&[u8]; W] = [&[]; W];
    for (lane, input) in lanes.iter_mut().zip(inputs) {
        *lane = input;
    }
    lanes
}
