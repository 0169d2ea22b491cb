//! Packed bytes to planes without a resize: sixteen columns of two rows at a time.

use super::*;

/// Bytes of a block of the widest pixels.
const BLOCK_BYTES: usize = 4 * COLUMNS;

/// See [`scalar::plain_pair`].
#[target_feature(enable = "neon")]
pub(in super::super) fn plain_pair(
    rows: [&[u8]; 2],
    order: PixelOrder,
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let run = match order {
        PixelOrder::Bgr => blocks::<3, false>,
        PixelOrder::Rgb => blocks::<3, true>,
        PixelOrder::Bgra => blocks::<4, false>,
        PixelOrder::Rgba => blocks::<4, true>,
        PixelOrder::Gray => blocks::<1, false>,
    };
    let (size, width) = (order.bytes(), out.y[0].len());
    let (whole, rows) = (whole_columns(width), rows.map(|row| &row[..size * width]));
    // SAFETY: the rows have as many pixels as there are columns.
    unsafe { run(rows, whole, forward, &mut out) };
    if whole < width {
        let mut padded = [[0_u8; BLOCK_BYTES]; 2];
        for (padded, row) in padded.iter_mut().zip(rows) {
            let rest = &row[size * whole..];
            padded[..rest.len()].copy_from_slice(rest);
            // An odd last column is its own neighbour.
            padded.copy_within(rest.len() - size..rest.len(), rest.len());
        }
        let rows = [&padded[0][..], &padded[1][..]];
        // SAFETY: both arrays are of a block of the widest pixels.
        write_rest(whole, out, |mut out| unsafe {
            run(rows, COLUMNS, forward, &mut out);
        });
    }
}

/// `columns` columns in whole blocks.
///
/// # Safety
///
/// From the start of each row, `columns` pixels of `SIZE` bytes are readable.
#[target_feature(enable = "neon")]
unsafe fn blocks<const SIZE: usize, const RED_FIRST: bool>(
    rows: [&[u8]; 2],
    columns: usize,
    forward: &Forward,
    out: &mut PairMut<'_>,
) {
    assert!(columns <= out.y[0].len());
    let forward = *forward;
    for x in (0..columns).step_by(COLUMNS) {
        // SAFETY: of the caller; and the planes have all columns, of one width and of half of it.
        unsafe {
            let start = |row: usize| rows[row].as_ptr().add(SIZE * x);
            let block = block::<SIZE, RED_FIRST>([start(0), start(1)], &forward);
            store(block, x, out);
        }
    }
}

/// # Safety
///
/// From each of `rows`, sixteen pixels of `SIZE` bytes are readable.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn block<const SIZE: usize, const RED_FIRST: bool>(
    rows: [*const u8; 2],
    forward: &Forward,
) -> Block {
    // SAFETY: of the caller.
    let rows = unsafe {
        [
            load::<SIZE, RED_FIRST>(rows[0]),
            load::<SIZE, RED_FIRST>(rows[1]),
        ]
    };
    Block {
        y: [byte_luma(rows[0], forward), byte_luma(rows[1], forward)],
        chroma: byte_chroma(rows, forward),
    }
}

/// Blue, green and red of sixteen pixels.
///
/// # Safety
///
/// As of [`block`].
#[inline]
#[target_feature(enable = "neon")]
unsafe fn load<const SIZE: usize, const RED_FIRST: bool>(row: *const u8) -> [uint8x16_t; 3] {
    // SAFETY: of the caller.
    let pixels = unsafe {
        match SIZE {
            1 => {
                let gray = vld1q_u8(row);
                [gray, gray, gray]
            }
            3 => {
                let pixels = vld3q_u8(row);
                [pixels.0, pixels.1, pixels.2]
            }
            // Not `vld4q_u8`: the compiler takes it apart where one of its four is not used.
            _ => {
                let two = |at: usize| {
                    let pixels = vld1q_u16_x2(row.add(32 * at).cast());
                    (
                        vreinterpretq_u8_u16(vuzp1q_u16(pixels.0, pixels.1)),
                        vreinterpretq_u8_u16(vuzp2q_u16(pixels.0, pixels.1)),
                    )
                };
                let (left, right) = (two(0), two(1));
                [
                    vuzp1q_u8(left.0, right.0),
                    vuzp2q_u8(left.0, right.0),
                    vuzp1q_u8(left.1, right.1),
                ]
            }
        }
    };
    let [first, green, third] = pixels;
    if RED_FIRST {
        [third, green, first]
    } else {
        [first, green, third]
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn byte_luma(pixels: [uint8x16_t; 3], forward: &Forward) -> uint8x16_t {
    let (mut low, mut high) = (vdupq_n_u16(0), vdupq_n_u16(0));
    for (samples, weight) in pixels.into_iter().zip(forward.byte_luma) {
        // Luma weights are not negative.
        let weight = vdupq_n_u8(weight as u8);
        low = vmlal_u8(low, vget_low_u8(samples), vget_low_u8(weight));
        high = vmlal_high_u8(high, samples, weight);
    }
    let scale = |sum: uint16x8_t| {
        let scaled = vqrdmulhq_n_s16(vreinterpretq_s16_u16(sum), forward.byte_scale);
        vreinterpretq_u8_s16(scaled)
    };
    // What is scaled fits a byte, the lower one of each.
    let bytes = vuzp1q_u8(scale(low), scale(high));
    vaddq_u8(bytes, vdupq_n_u8(forward.black))
}

#[inline]
#[target_feature(enable = "neon")]
fn byte_chroma(rows: [[uint8x16_t; 3]; 2], forward: &Forward) -> uint8x16_t {
    let sum = |channel: usize| {
        let sums = vpadalq_u8(vpaddlq_u8(rows[0][channel]), rows[1][channel]);
        vreinterpretq_s16_u16(sums)
    };
    let green = sum(1);
    let difference = |channel: usize| vshlq_n_s16::<5>(vsubq_s16(sum(channel), green));
    let (blue, red) = (difference(0), difference(2));
    let weigh = |weights: [i16; 2]| {
        vaddq_s16(
            vqrdmulhq_n_s16(blue, weights[0]),
            vqrdmulhq_n_s16(red, weights[1]),
        )
    };
    centre(weigh(forward.u), weigh(forward.v))
}
