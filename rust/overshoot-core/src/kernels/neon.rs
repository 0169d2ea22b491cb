//! NEON, which every 64-bit ARM has.
//!
//! `vqrdmulhq_s16`, a doubled product's rounded upper half, is `mulhrs` of [`scalar`] to the bit:
//! it saturates where both factors are -32,768 alone, and no weight is.

use std::arch::aarch64::*;

use super::{AreaInput, ChromaRow, Pair, PairMut, scalar};
use crate::PixelOrder;
use crate::colour::{Back, Forward};
use crate::taps::{AreaColumns, RowWeights};

mod area;
mod bilinear;
mod gather;
mod packed;
mod plain;

pub(super) use area::{area_across, area_down, fine_pair};
pub(super) use bilinear::bilinear_pair;
pub(crate) use gather::Gather;
pub(super) use packed::packed_pair;
pub(super) use plain::plain_pair;

/// Columns of a block.
const COLUMNS: usize = 16;

/// Eight samples of blue, green and red.
type Colours = [int16x8_t; 3];

/// Blocks of two rows as planes: luma of the upper and of the lower row, and eight of U, then
/// eight of V.
struct Block {
    y: [uint8x16_t; 2],
    chroma: uint8x16_t,
}

/// The colour conversion of sixteen columns of two rows in Q7.
#[inline]
#[target_feature(enable = "neon")]
fn convert(rows: [[Colours; 2]; 2], forward: &Forward) -> Block {
    Block {
        y: [luma(rows[0], forward), luma(rows[1], forward)],
        chroma: chroma(rows, forward),
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn luma(row: [Colours; 2], forward: &Forward) -> uint8x16_t {
    let weigh = |[blue, green, red]: Colours| {
        let sum = vaddq_s16(
            vqrdmulhq_n_s16(blue, forward.luma[0]),
            vqrdmulhq_n_s16(green, forward.luma[1]),
        );
        vaddq_s16(sum, vqrdmulhq_n_s16(red, forward.luma[2]))
    };
    let bytes = vqrshrun_n_s16::<7>(weigh(row[0]));
    let bytes = vqrshrun_high_n_s16::<7>(bytes, weigh(row[1]));
    vaddq_u8(bytes, vdupq_n_u8(forward.black))
}

#[inline]
#[target_feature(enable = "neon")]
fn chroma(rows: [[Colours; 2]; 2], forward: &Forward) -> uint8x16_t {
    let [top, bottom] = rows;
    // Blue and red less green, of both rows' mean, summed over each two columns.
    let differences = |half: usize| {
        let mean = |channel: usize| vrhaddq_s16(top[half][channel], bottom[half][channel]);
        let green = mean(1);
        [
            vpaddlq_s16(vsubq_s16(mean(0), green)),
            vpaddlq_s16(vsubq_s16(mean(2), green)),
        ]
    };
    let (left, right) = (differences(0), differences(1));
    // The upper halves of the sums: what is cut off does not reach the rounded shift that is left.
    let weigh = |weights: [i16; 2]| {
        let [blue, red] = weights.map(i32::from);
        let sum = |pairs: [int32x4_t; 2]| {
            vreinterpretq_s16_s32(vmlaq_n_s32(vmulq_n_s32(pairs[0], blue), pairs[1], red))
        };
        vuzp2q_s16(sum(left), sum(right))
    };
    centre(weigh(forward.u), weigh(forward.v))
}

/// Q7 about zero as bytes about 128: eight of U, then eight of V.
#[inline]
#[target_feature(enable = "neon")]
fn centre(u: int16x8_t, v: int16x8_t) -> uint8x16_t {
    let bytes = vqrshrn_high_n_s16::<7>(vqrshrn_n_s16::<7>(u), v);
    veorq_u8(vreinterpretq_u8_s8(bytes), vdupq_n_u8(0x80))
}

/// Stores a block at column `x`.
///
/// # Safety
///
/// The rows have sixteen columns from `x`, and half as many of chroma from `x / 2`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn store(block: Block, x: usize, out: &mut PairMut<'_>) {
    debug_assert!(x + COLUMNS <= out.y[0].len().min(out.y[1].len()));
    debug_assert!((x + COLUMNS) / 2 <= out.u.len().min(out.v.len()));
    // SAFETY: of the caller.
    unsafe {
        vst1q_u8(out.y[0].as_mut_ptr().add(x), block.y[0]);
        vst1q_u8(out.y[1].as_mut_ptr().add(x), block.y[1]);
        vst1_u8(out.u.as_mut_ptr().add(x / 2), vget_low_u8(block.chroma));
        vst1_u8(out.v.as_mut_ptr().add(x / 2), vget_high_u8(block.chroma));
    }
}

/// The columns from `x` on, fewer than a block: `write` gets room for a whole one, and the
/// picture the part of it that it has.
fn write_rest(x: usize, out: PairMut<'_>, write: impl FnOnce(PairMut<'_>)) {
    let (mut top, mut bottom) = ([0; COLUMNS], [0; COLUMNS]);
    let (mut u, mut v) = ([0; COLUMNS / 2], [0; COLUMNS / 2]);
    write(PairMut {
        y: [&mut top, &mut bottom],
        u: &mut u,
        v: &mut v,
    });
    let part = |out: &mut [u8], bytes: &[u8]| out.copy_from_slice(&bytes[..out.len()]);
    for (y, bytes) in out.y.into_iter().zip([top, bottom]) {
        part(&mut y[x..], &bytes);
    }
    part(&mut out.u[x / 2..], &u);
    part(&mut out.v[x / 2..], &v);
}

/// How many of `width` columns are in whole blocks.
const fn whole_columns(width: usize) -> usize {
    width / COLUMNS * COLUMNS
}
