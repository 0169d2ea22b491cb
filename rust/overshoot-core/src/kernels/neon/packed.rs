//! Planes to packed pixels: sixteen columns of two rows that share their chroma.

use super::*;

/// What chroma adds to sixteen columns, in Q6, of blue, green and red.
type Parts = [[int16x8_t; 2]; 3];

/// See [`scalar::packed_pair`].
#[target_feature(enable = "neon")]
pub(in super::super) fn packed_pair(
    pair: Pair<'_>,
    order: PixelOrder,
    back: &Back,
    out: [&mut [u8]; 2],
) {
    // The order is known to the compiler, so that no block has to ask for it.
    let [top, bottom] = out;
    let (size, rows) = (order.bytes(), [&mut *top, &mut *bottom]);
    let whole = match (size, order.places()[0]) {
        (3, 0) => blocks::<3, false>(pair, back, rows),
        (3, _) => blocks::<3, true>(pair, back, rows),
        (_, 0) => blocks::<4, false>(pair, back, rows),
        _ => blocks::<4, true>(pair, back, rows),
    };
    scalar::packed_pair(pair, order, back, whole, [top, bottom]);
}

/// All whole blocks; how many columns those are.
#[target_feature(enable = "neon")]
fn blocks<const SIZE: usize, const RED_FIRST: bool>(
    pair: Pair<'_>,
    back: &Back,
    out: [&mut [u8]; 2],
) -> usize {
    let back = *back;
    // A picture's last row is the upper one of a pair without a lower one.
    let rows = if out[1].is_empty() { 1 } else { 2 };
    let len = out[..rows].iter().map(|row| row.len()).min().unwrap_or(0);
    let whole = pair.columns(len / SIZE) / COLUMNS * COLUMNS;
    let out = out.map(|row| row.as_mut_ptr());
    for x in (0..whole).step_by(COLUMNS) {
        // SAFETY: sixteen columns from `x` are in the rows of luma and of pixels, and half as many
        // in the chroma.
        unsafe {
            let parts = parts(pair.chroma, x / 2, &back);
            for (y, out) in pair.y.into_iter().zip(out).take(rows) {
                let colours = add(vld1q_u8(y.as_ptr().add(x)), &parts, &back);
                store_packed::<SIZE, RED_FIRST>(colours, out.add(SIZE * x));
            }
        }
    }
    whole
}

/// What eight chroma samples from `index` add to sixteen columns.
///
/// # Safety
///
/// Eight samples from `index` are in the row.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn parts(row: ChromaRow<'_>, index: usize, back: &Back) -> Parts {
    // SAFETY: of the caller.
    let (u, v) = unsafe {
        match row {
            ChromaRow::Planar { u, v } => (
                vld1_u8(u.as_ptr().add(index)),
                vld1_u8(v.as_ptr().add(index)),
            ),
            ChromaRow::Interleaved(uv) => {
                let samples = vld2_u8(uv.as_ptr().add(2 * index));
                (samples.0, samples.1)
            }
        }
    };
    // Centred and times 256.
    let centred = |samples: uint8x8_t| {
        let signed = vreinterpret_s8_u8(veor_u8(samples, vdup_n_u8(0x80)));
        vshll_n_s8::<8>(signed)
    };
    let (u, v) = (centred(u), centred(v));
    let green = vaddq_s16(
        vqrdmulhq_n_s16(u, back.green_u),
        vqrdmulhq_n_s16(v, back.green_v),
    );
    let twice = |part: int16x8_t| [vzip1q_s16(part, part), vzip2q_s16(part, part)];
    [
        twice(vqrdmulhq_n_s16(u, back.blue_u)),
        twice(green),
        twice(vqrdmulhq_n_s16(v, back.red_v)),
    ]
}

/// Sixteen columns of blue, green and red.
#[inline]
#[target_feature(enable = "neon")]
fn add(y: uint8x16_t, parts: &Parts, back: &Back) -> [uint8x16_t; 3] {
    let fine = |words: uint16x8_t| {
        let luma = vqrdmulhq_n_s16(vreinterpretq_s16_u16(words), back.luma);
        vaddq_s16(luma, vdupq_n_s16(back.offset))
    };
    let left = fine(vshll_n_u8::<7>(vget_low_u8(y)));
    let right = fine(vshll_high_n_u8::<7>(y));
    let colour = |channel: usize| {
        let bytes = vqshrun_n_s16::<6>(vqaddq_s16(left, parts[channel][0]));
        vqshrun_high_n_s16::<6>(bytes, vqaddq_s16(right, parts[channel][1]))
    };
    [colour(0), colour(1), colour(2)]
}

/// Interleaves sixteen columns; a fourth byte is 255.
///
/// # Safety
///
/// Sixteen pixels of `SIZE` bytes from `out` are writeable.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn store_packed<const SIZE: usize, const RED_FIRST: bool>(
    [blue, green, red]: [uint8x16_t; 3],
    out: *mut u8,
) {
    let (first, third) = if RED_FIRST { (red, blue) } else { (blue, red) };
    // SAFETY: of the caller.
    unsafe {
        if SIZE == 3 {
            vst3q_u8(out, uint8x16x3_t(first, green, third));
        } else {
            vst4q_u8(out, uint8x16x4_t(first, green, third, vdupq_n_u8(255)));
        }
    }
}
