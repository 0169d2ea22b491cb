//! Weighted sums down the columns into a line that stays in the cache, then along the line.

use super::*;

/// Bytes of a block.
const BYTES: usize = 16;
/// Outputs along the line that are made at once.
const OUTPUTS: usize = 8;

/// See [`scalar::area_down`].
#[target_feature(enable = "neon")]
pub(in super::super) fn area_down(input: &AreaInput<'_>, line: &mut [i16]) {
    let len = input.len;
    assert!(line.len() >= len);
    if len < BYTES {
        return scalar::area_down(input, line);
    }
    match (input.weights, input.rows()) {
        (RowWeights::Bytes(weights), &[a, b]) => {
            byte_weights(&[a, b], weights, len, line);
        }
        (RowWeights::Bytes(weights), &[a, b, c]) => {
            byte_weights(&[a, b, c], weights, len, line);
        }
        (RowWeights::Bytes(weights), &[a, b, c, d]) => {
            byte_weights(&[a, b, c, d], weights, len, line);
        }
        (_, rows) => word_weights(rows, input.weights.values(), len, line),
    }
}

/// The starts of blocks that cover `len` bytes; the last may overlap the one before.
fn starts(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(BYTES).map(move |at| at.min(len - BYTES))
}

/// Stores half of sixteen sums, at `at`.
///
/// # Safety
///
/// `line` has sixteen samples from `at`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn store_halved(low: uint16x8_t, high: uint16x8_t, at: usize, line: &mut [i16]) {
    let half = |sums: uint16x8_t| vreinterpretq_s16_u16(vshrq_n_u16::<1>(sums));
    // SAFETY: of the caller.
    unsafe {
        let out = line.as_mut_ptr().add(at);
        vst1q_s16(out, half(low));
        vst1q_s16(out.add(8), half(high));
    }
}

/// Weights of eight bits, the sums of 16.
#[target_feature(enable = "neon")]
fn byte_weights<const ROWS: usize>(
    rows: &[&[u8]; ROWS],
    weights: &[u16],
    len: usize,
    line: &mut [i16],
) {
    let mut spread = [vdupq_n_u8(0); ROWS];
    for (spread, &weight) in spread.iter_mut().zip(weights) {
        *spread = vdupq_n_u8(weight as u8);
    }
    for at in starts(len) {
        let (mut low, mut high) = (vdupq_n_u16(0), vdupq_n_u16(0));
        for (row, &weight) in rows.iter().zip(&spread) {
            // SAFETY: each row has `len` bytes, and a block ends within them.
            let bytes = unsafe { vld1q_u8(row.as_ptr().add(at)) };
            low = vmlal_u8(low, vget_low_u8(bytes), vget_low_u8(weight));
            high = vmlal_high_u8(high, bytes, weight);
        }
        // SAFETY: the line is at least `len` long.
        unsafe { store_halved(low, high, at, line) };
    }
}

/// Any number of rows. A weight's two bytes are multiplied one by one: `byte w >> 8` is the upper
/// one's product and what the lower one's carries, with nothing lost.
#[target_feature(enable = "neon")]
fn word_weights(rows: &[&[u8]], weights: &[u16], len: usize, line: &mut [i16]) {
    let bias = vdupq_n_u16(weights.len().div_ceil(2) as u16);
    for at in starts(len) {
        let (mut low, mut high) = (bias, bias);
        for (row, &weight) in rows.iter().zip(weights) {
            let [lower, upper] = weight.to_le_bytes().map(|byte| vdupq_n_u8(byte));
            // SAFETY: each row has `len` bytes, and a block ends within them.
            let bytes = unsafe { vld1q_u8(row.as_ptr().add(at)) };
            low = vsraq_n_u16::<8>(low, vmull_u8(vget_low_u8(bytes), vget_low_u8(lower)));
            high = vsraq_n_u16::<8>(high, vmull_high_u8(bytes, lower));
            low = vmlal_u8(low, vget_low_u8(bytes), vget_low_u8(upper));
            high = vmlal_high_u8(high, bytes, upper);
        }
        // SAFETY: the line is at least `len` long.
        unsafe { store_halved(low, high, at, line) };
    }
}

/// See [`scalar::area_across`].
#[target_feature(enable = "neon")]
pub(in super::super) fn area_across(line: &[i16], columns: &AreaColumns, out: [&mut [i16]; 3]) {
    assert!(line.len() >= columns.needed);
    match (columns.order.bytes(), columns.pairs) {
        (3, 1) => across::<3, 1>(line, columns, out),
        (3, 2) => across::<3, 2>(line, columns, out),
        (3, _) => across::<3, 0>(line, columns, out),
        (4, _) => across::<4, 0>(line, columns, out),
        _ => across::<1, 0>(line, columns, out),
    }
}

/// `SIZE` is that of a pixel; `PAIRS` is how many pairs each output has, or 0 where that is found
/// at run time.
#[target_feature(enable = "neon")]
fn across<const SIZE: usize, const PAIRS: usize>(
    line: &[i16],
    columns: &AreaColumns,
    out: [&mut [i16]; 3],
) {
    let count = if PAIRS == 0 { columns.pairs } else { PAIRS };
    let [blue, green, red] = out;
    let red_first = columns.order.places()[0] == 2;
    let (first, third) = if red_first { (red, blue) } else { (blue, red) };
    let blocks = first
        .chunks_exact_mut(OUTPUTS)
        .zip(green.chunks_exact_mut(OUTPUTS))
        .zip(third.chunks_exact_mut(OUTPUTS))
        .zip(columns.first.chunks_exact(OUTPUTS));
    for (index, (((first, second), third), starts)) in blocks.enumerate() {
        let output = |at: usize| {
            let mut sum = vdupq_n_s32(1 << 14);
            for pair in 0..count {
                let weights = columns.weight(OUTPUTS * index + at, pair);
                // SAFETY: eight samples from the first of each pair are in the line, as
                // `AreaColumns` promises, and a pixel is four of them at most.
                let [left, right] = unsafe {
                    let left = line.as_ptr().add(starts[at] as usize + 2 * SIZE * pair);
                    [vld1_s16(left), vld1_s16(left.add(SIZE))]
                };
                sum = vmlal_n_s16(sum, left, weights[0]);
                sum = vmlal_n_s16(sum, right, weights[1]);
            }
            sum
        };
        let two = |at: usize| vshrn_high_n_s32::<15>(vshrn_n_s32::<15>(output(at)), output(at + 1));
        let pixels = [two(0), two(2), two(4), two(6)];
        let even = |left: int16x8_t, right: int16x8_t| vuzp1q_s16(left, right);
        let odd = |left: int16x8_t, right: int16x8_t| vuzp2q_s16(left, right);
        let outer = [even(pixels[0], pixels[1]), even(pixels[2], pixels[3])];
        let inner = [odd(pixels[0], pixels[1]), odd(pixels[2], pixels[3])];
        let colours = if SIZE == 1 {
            let gray = even(outer[0], outer[1]);
            [gray, gray, gray]
        } else {
            [
                even(outer[0], outer[1]),
                even(inner[0], inner[1]),
                odd(outer[0], outer[1]),
            ]
        };
        for (plane, samples) in [first, second, third].into_iter().zip(colours) {
            // SAFETY: the plane's block is of eight samples.
            unsafe { vst1q_s16(plane.as_mut_ptr(), samples) };
        }
    }
}

/// See [`scalar::fine_pair`].
#[target_feature(enable = "neon")]
pub(in super::super) fn fine_pair(
    rows: [scalar::Fine<'_>; 2],
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let (forward, width) = (*forward, out.y[0].len());
    let len = width.next_multiple_of(COLUMNS);
    let rows = rows.map(|row| row.map(|plane| &plane[..len]));
    for x in (0..width).step_by(COLUMNS) {
        let half = |row: scalar::Fine<'_>, at: usize| {
            // SAFETY: each plane has whole blocks of sixteen samples for the width.
            let load = |plane: &[i16]| unsafe { vld1q_s16(plane.as_ptr().add(at)) };
            [load(row[0]), load(row[1]), load(row[2])]
        };
        let row = |row: scalar::Fine<'_>| [half(row, x), half(row, x + COLUMNS / 2)];
        store(convert([row(rows[0]), row(rows[1])], &forward), x, &mut out);
    }
}
