//! Which bytes of a row become which samples: lookup tables for `vqtbl*q_u8`.

use crate::PixelOrder;
use crate::taps::ColumnTap;

/// Outputs of an [`Entry`].
pub(super) const OUTPUTS: usize = 8;
/// Registers that a lookup may have.
const REGISTERS: usize = 4;
const REGISTER: usize = 16;
const HALF: usize = 8;

/// The horizontal half of a bilinear resize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gather {
    pub(super) entries: Vec<Entry>,
    /// Windows that a lookup has: 1 to 4 of sixteen bytes, or 8 of eight.
    pub(super) windows: usize,
    /// The length of the rows that the windows lie in.
    pub(super) row_len: usize,
}

/// Eight outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// For blue, green and red: where among the windows the first sample of each output lies,
    /// then the second of each.
    pub(super) lookup: [[u8; REGISTER]; 3],
    /// The weights of the first sample of each output, then of the second.
    pub(super) weights: [u8; REGISTER],
    /// Where the windows begin; each ends within the row.
    pub(super) offsets: [u32; 2 * REGISTERS],
}

impl Gather {
    /// Of the columns, in whole entries, of rows of `row_len` bytes; none where a row is shorter
    /// than a register.
    pub(crate) fn new(columns: &[ColumnTap], order: PixelOrder, row_len: usize) -> Option<Self> {
        if row_len < REGISTER {
            return None;
        }
        let entries = || columns.chunks_exact(OUTPUTS);
        let most = |len| {
            let counts = entries().map(|taps| windows(taps, order, row_len, len).len());
            counts.max().unwrap_or(1)
        };
        // Eight windows of eight bytes are enough for any eight outputs: a pixel and the next
        // one's colours are seven bytes at most.
        let (windows, len) = match most(REGISTER) {
            few @ ..=REGISTERS => (few, REGISTER),
            _ => (2 * REGISTERS, HALF),
        };
        Some(Self {
            entries: entries()
                .map(|taps| Entry::new(taps, order, row_len, len))
                .collect(),
            windows,
            row_len,
        })
    }
}

impl Entry {
    fn new(taps: &[ColumnTap], order: PixelOrder, row_len: usize, len: usize) -> Self {
        let starts = windows(taps, order, row_len, len);
        let mut entry = Self {
            lookup: [[0; REGISTER]; 3],
            weights: [0; REGISTER],
            offsets: [0; 2 * REGISTERS],
        };
        for (offset, &start) in entry.offsets.iter_mut().zip(&starts) {
            *offset = start as u32;
        }
        for (output, tap) in taps.iter().enumerate() {
            for (side, pixel) in [tap.first, tap.second].into_iter().enumerate() {
                for (lookup, place) in entry.lookup.iter_mut().zip(order.places()) {
                    let byte = order.bytes() * pixel + place;
                    let window = starts.partition_point(|&start| start <= byte) - 1;
                    lookup[OUTPUTS * side + output] = (len * window + byte - starts[window]) as u8;
                }
            }
            // 1 to 127, as the tap promises.
            entry.weights[output] = (128 - i16::from(tap.weight)) as u8;
            entry.weights[OUTPUTS + output] = tap.weight as u8;
        }
        entry
    }
}

/// The fewest windows of `len` bytes that have every byte that these outputs read: where each
/// begins, in order.
fn windows(taps: &[ColumnTap], order: PixelOrder, row_len: usize, len: usize) -> Vec<usize> {
    let pixels = taps.iter().flat_map(|tap| [tap.first, tap.second]);
    let mut bytes: Vec<usize> = pixels
        .flat_map(|pixel| order.places().map(|place| order.bytes() * pixel + place))
        .collect();
    bytes.sort_unstable();
    let mut starts: Vec<usize> = Vec::new();
    for byte in bytes {
        if starts.last().is_none_or(|start| byte >= start + len) {
            starts.push(byte.min(row_len - len));
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::{Axis, Filter};
    use crate::taps;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lookups_find_the_bytes_of_their_taps(
            source in 4_usize..=500,
            target in 1_usize..=200,
            order in prop::sample::select(vec![PixelOrder::Rgb, PixelOrder::Bgra, PixelOrder::Gray]),
        ) {
            let axis = Axis::new(source, target, Filter::Bilinear);
            let columns = taps::columns(&axis, target).ok_or(TestCaseError::fail("no columns"))?;
            let row_len = order.bytes() * source;
            let Some(gather) = Gather::new(&columns, order, row_len) else {
                return Err(TestCaseError::reject("a short row"));
            };
            let len = if gather.windows > REGISTERS { HALF } else { REGISTER };
            prop_assert!(gather.windows <= REGISTERS || gather.windows == 2 * REGISTERS);
            for (entry, taps) in gather.entries.iter().zip(columns.chunks_exact(OUTPUTS)) {
                for offset in entry.offsets {
                    prop_assert!(offset as usize + len <= row_len);
                }
                for (lookup, place) in entry.lookup.iter().zip(order.places()) {
                    for (output, tap) in taps.iter().enumerate() {
                        for (side, pixel) in [tap.first, tap.second].into_iter().enumerate() {
                            let at = usize::from(lookup[OUTPUTS * side + output]);
                            prop_assert!(at / len < gather.windows);
                            let byte = entry.offsets[at / len] as usize + at % len;
                            prop_assert_eq!(byte, order.bytes() * pixel + place);
                        }
                    }
                }
            }
        }
    }
}
