//! AES-256-CBC (NIST SP 800-38A, section 6.2) of several inputs under one key.
//!
//! Encryption of one input cannot be spread over a processor's units: each block needs the one
//! before it. Blocks of different inputs can. Decryption of one input can be spread as it is.
//! No integrity: an attacker who changes the ciphertext changes the plaintext.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit, consts::U16};
use cbc::cipher::{BlockModeDecrypt, InnerIvInit};

/// The octets of a block.
pub const BLOCK: usize = 16;

/// How many inputs are encrypted at once: as many blocks as the instructions of AES keep under way.
pub const LANES: usize = 8;

type Block = Array<u8, U16>;

/// A key of 32 octets, expanded; wiped when it is dropped.
pub struct Key(Aes256);

impl Key {
    /// The key with these octets.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256::new(key.into()))
    }

    /// Encrypts each input in place, all under the key and each under its own chain, which begins as
    /// the initialisation vector and ends as the last block of the ciphertext: so an input may come
    /// in pieces. Octets behind the last whole block stay as they are.
    pub fn encrypt(&self, lanes: &mut [(&mut [u8; BLOCK], &mut [u8])]) {
        for group in lanes.chunks_mut(LANES) {
            let mut bodies: Vec<Lane<'_>> = group
                .iter_mut()
                .map(|(chain, body)| Lane { chain, rest: body.as_chunks_mut::<BLOCK>().0 })
                .collect();
            // The longest first, so that those with blocks left stand at the front.
            bodies.sort_by_key(|lane| core::cmp::Reverse(lane.rest.len()));
            while let Some(blocks) = bodies.last().map(|lane| lane.rest.len()) {
                self.encrypt_blocks(&mut bodies, blocks);
                bodies.retain(|lane| !lane.rest.is_empty());
            }
        }
    }

    /// Encrypts the next `blocks` blocks of each lane, which has them.
    fn encrypt_blocks(&self, lanes: &mut [Lane<'_>], blocks: usize) {
        let mut chains = [Block::default(); LANES];
        for (chain, lane) in chains.iter_mut().zip(lanes.iter()) {
            *chain = (*lane.chain).into();
        }
        let width = lanes.len().min(LANES);
        let (chains, _) = chains.split_at_mut(width);
        let mut heads = lanes.each_head(blocks);
        for _ in 0..blocks {
            for (chain, head) in chains.iter_mut().zip(&heads) {
                if let Some(block) = head.as_slice().first() {
                    for (to, from) in chain.iter_mut().zip(block) {
                        *to ^= from;
                    }
                }
            }
            self.0.encrypt_blocks(chains);
            for (chain, head) in chains.iter().zip(&mut heads) {
                if let Some(block) = head.next() {
                    *block = (*chain).into();
                }
            }
        }
        for (chain, lane) in chains.iter().zip(lanes.iter_mut()) {
            *lane.chain = (*chain).into();
        }
    }

    /// Decrypts an input in place. Octets behind the last whole block stay as they are.
    pub fn decrypt(&self, iv: &[u8; BLOCK], body: &mut [u8]) {
        let blocks = Array::cast_slice_from_core_mut(body.as_chunks_mut::<BLOCK>().0);
        cbc::Decryptor::inner_iv_init(&self.0, iv.into()).decrypt_blocks(blocks);
    }
}

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("cbc::Key(redacted)")
    }
}

struct Lane<'a> {
    chain: &'a mut [u8; BLOCK],
    rest: &'a mut [[u8; BLOCK]],
}

trait EachHead<'a> {
    fn each_head(&mut self, blocks: usize) -> Vec<core::slice::IterMut<'a, [u8; BLOCK]>>;
}

impl<'a> EachHead<'a> for [Lane<'a>] {
    /// Cuts the next blocks off each lane.
    fn each_head(&mut self, blocks: usize) -> Vec<core::slice::IterMut<'a, [u8; BLOCK]>> {
        self.iter_mut()
            .map(|lane| {
                let rest = core::mem::take(&mut lane.rest);
                let (head, rest) = rest.split_at_mut(blocks.min(rest.len()));
                lane.rest = rest;
                head.iter_mut()
            })
            .collect()
    }
}
