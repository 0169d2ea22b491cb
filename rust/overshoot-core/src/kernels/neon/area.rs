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
        .chunks_exact_mut(COLUMNS)
        .zip(green.chunks_exact_mut(COLUMNS))
        .zip(third.chunks_exact_mut(COLUMNS))
        .zip(columns.first.chunks_exact(COLUMNS))
        .zip(columns.weights.chunks_exact(COLUMNS * count));
    for ((((first, second), third), starts), weights) in blocks {
        for half in 0..COLUMNS / OUTPUTS {
            let at = OUTPUTS * half;
            // SAFETY: eight samples from the first of each pair are in the line, as `AreaColumns`
            // promises, and the weights of the halves' outputs lie by turns.
            let planes = unsafe {
                let weights = weights.as_ptr().add(half);
                outputs::<SIZE>(line.as_ptr(), &starts[at..][..OUTPUTS], weights, count)
            };
            for (plane, samples) in [&mut *first, &mut *second, &mut *third]
                .into_iter()
                .zip(planes)
            {
                // SAFETY: the plane's block is of sixteen samples.
                unsafe { vst1q_s16(plane.as_mut_ptr().add(at), samples) };
            }
        }
    }
}

/// Eight outputs, as planes of the first, second and third sample of their pixels.
///
/// # Safety
///
/// From each of the eight `starts` in the line, `count` times two pixels and a sample more are
/// readable; so is every second of `8 * count` pairs of weights.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn outputs<const SIZE: usize>(
    line: *const i16,
    starts: &[u32],
    weights: *const [[i16; 2]; 4],
    count: usize,
) -> Colours {
    let mut sums = [vdupq_n_s32(1 << 14); OUTPUTS];
    for (at, (sum, &start)) in sums.iter_mut().zip(starts).enumerate() {
        for pair in 0..count {
            // SAFETY: of the caller; a pixel is four samples at most.
            unsafe {
                let left = line.add(start as usize + 2 * SIZE * pair);
                let weights = vld1_s16(weights.add(2 * (at * count + pair)).cast());
                *sum = vmlal_lane_s16::<0>(*sum, vld1_s16(left), weights);
                *sum = vmlal_lane_s16::<1>(*sum, vld1_s16(left.add(SIZE)), weights);
            }
        }
    }
    // Two pixels of four samples each.
    let two = |at: usize| vshrn_high_n_s32::<15>(vshrn_n_s32::<15>(sums[at]), sums[at + 1]);
    let pixels = [two(0), two(2), two(4), two(6)];
    let outer = [
        vuzp1q_s16(pixels[0], pixels[1]),
        vuzp1q_s16(pixels[2], pixels[3]),
    ];
    let first = vuzp1q_s16(outer[0], outer[1]);
    if SIZE == 1 {
        return [first, first, first];
    }
    let inner = [
        vuzp2q_s16(pixels[0], pixels[1]),
        vuzp2q_s16(pixels[2], pixels[3]),
    ];
    [
        first,
        vuzp1q_s16(inner[0], inner[1]),
        vuzp2q_s16(outer[0], outer[1]),
    ]
}

/// See [`scalar::fine_pair`].
#[target_feature(enable = "neon")]
pub(in super::super) fn fine_pair(
    rows: [scalar::Fine<'_>; 2],
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let width = out.y[0].len();
    let whole = whole_columns(width);
    let len = width.next_multiple_of(COLUMNS);
    let rows = rows.map(|row| row.map(|plane| &plane[..len]));
    fine_blocks(rows, 0..whole, forward, &mut out);
    if whole < width {
        write_rest(whole, out, |mut out| {
            fine_blocks(rows, whole..len, forward, &mut out);
        });
    }
}

/// `columns` of the rows, in whole blocks, to the first ones of `out`.
#[target_feature(enable = "neon")]
fn fine_blocks(
    rows: [scalar::Fine<'_>; 2],
    columns: std::ops::Range<usize>,
    forward: &Forward,
    out: &mut PairMut<'_>,
) {
    let forward = *forward;
    assert!(columns.len() <= out.y[0].len());
    let rows = rows.map(|row| row.map(|plane| &plane[columns.clone()]));
    for x in (0..columns.len()).step_by(COLUMNS) {
        let half = |row: scalar::Fine<'_>, at: usize| {
            // SAFETY: each plane has whole blocks of sixteen samples.
            let load = |plane: &[i16]| unsafe { vld1q_s16(plane.as_ptr().add(at)) };
            [load(row[0]), load(row[1]), load(row[2])]
        };
        let row = |row: scalar::Fine<'_>| [half(row, x), half(row, x + COLUMNS / 2)];
        let block = convert([row(rows[0]), row(rows[1])], &forward);
        // SAFETY: the planes have all columns, of one width and of half of it.
        unsafe { store(block, x, out) };
    }
}
