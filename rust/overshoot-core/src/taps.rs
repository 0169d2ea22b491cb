//! Where the kernels read, and with which weights: tables made once per geometry.
//!
//! Rows of the tables are padded by repeating their last entry up to a whole [`BLOCK`] of outputs,
//! so kernels work in blocks, and an odd picture has its last column twice, as its chroma needs.

use crate::axis::{Axis, LINEAR_BITS};

mod area;
mod gather;

pub(crate) use area::{AreaColumns, AreaRows, RowWeights};
pub(crate) use gather::{Octets, Pairs};

/// Outputs that the widest kernel makes at once; a multiple of every other's.
pub(crate) const BLOCK: usize = 64;

/// The most taps that an output of the area kernels may have; more go the wide way.
pub(crate) const MOST_TAPS: usize = 32;

/// Bits of a horizontal bilinear weight.
pub(crate) const BYTE_BITS: u32 = 7;

/// An output column: `first * (128 - weight) + second * weight`, pixels counted from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnTap {
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// 1 to 127, so that both weights fit a signed byte: where one pixel alone counts, it is
    /// both, with 64 each.
    pub(crate) weight: i8,
}

/// An output row: `first + (second - first) * weight`, the weight in Q15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowTap {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) weight: i16,
}

/// The columns of an axis that is not averaged, padded to whole blocks.
pub(crate) fn columns(axis: &Axis, len: usize) -> Option<Vec<ColumnTap>> {
    let alone = |pixel| ColumnTap {
        first: pixel,
        second: pixel,
        weight: 1 << (BYTE_BITS - 1),
    };
    let mut taps: Vec<ColumnTap> = match axis {
        Axis::Copy => (0..len).map(alone).collect(),
        Axis::Linear(taps) => taps
            .iter()
            .map(|tap| {
                let half = 1 << (LINEAR_BITS - BYTE_BITS - 1);
                match (u32::from(tap.weight) + half) >> (LINEAR_BITS - BYTE_BITS) {
                    0 => alone(tap.first),
                    128 => alone(tap.second),
                    weight => ColumnTap {
                        first: tap.first,
                        second: tap.second,
                        weight: weight as i8,
                    },
                }
            })
            .collect(),
        Axis::Area { .. } => return None,
    };
    pad(&mut taps);
    Some(taps)
}

/// The rows of an axis that is not averaged.
pub(crate) fn rows(axis: &Axis, len: usize) -> Option<Vec<RowTap>> {
    let alone = |row| RowTap {
        first: row,
        second: row,
        weight: 0,
    };
    match axis {
        Axis::Copy => Some((0..len).map(alone).collect()),
        Axis::Linear(taps) => Some(
            taps.iter()
                .map(|tap| match i16::try_from(tap.weight) {
                    Ok(weight) => RowTap {
                        first: tap.first,
                        second: tap.second,
                        weight,
                    },
                    // One whole does not fit Q15.
                    Err(_) => alone(tap.second),
                })
                .collect(),
        ),
        Axis::Area { .. } => None,
    }
}

fn pad<T: Copy>(taps: &mut Vec<T>) {
    if let Some(&last) = taps.last() {
        taps.resize(taps.len().next_multiple_of(BLOCK), last);
    }
}
