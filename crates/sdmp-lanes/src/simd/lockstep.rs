//! Lanes of different lengths, in step as long as they last.

use super::sha512::{BLOCK, Kernel, States};

/// Compresses all whole blocks of each input into the state of its column; what follows the last
/// whole block is not looked at.
///
/// A lane whose input has ended is given the blocks of another one, and what comes of it is thrown
/// away: a batch costs as much as `W` inputs of the longest length.
pub(crate) fn compress<const W: usize, K: Kernel<W>>(
    kernel: K,
    columns: &mut [[u64; 8]; W],
    mut inputs: [&[u8]; W],
) {
    while let Some((filler, blocks)) = shortest(&inputs) {
        let lanes = inputs.map(|input| if input.len() < BLOCK { filler } else { input });
        let mut states = States::from_columns(columns);
        kernel.compress(&mut states, &lanes, blocks);
        for (lane, (column, input)) in columns.iter_mut().zip(&mut inputs).enumerate() {
            if input.len() >= BLOCK {
                *column = states.lane(lane);
                *input = input.get(blocks * BLOCK..).unwrap_or_default();
            }
        }
    }
}

/// The input with the fewest blocks of those that have one, and how many it has.
fn shortest<'a>(inputs: &[&'a [u8]]) -> Option<(&'a [u8], usize)> {
    inputs
        .iter()
        .map(|input| (*input, input.len() / BLOCK))
        .filter(|(_, blocks)| *blocks > 0)
        .min_by_key(|(_, blocks)| *blocks)
}
