//! Weighted sums down the columns into a row that stays in the cache, then along the row.

use super::*;

/// See [`scalar::area_down`]; `from` is even.
#[target_feature(enable = "avx2")]
pub(in super::super) fn area_down(input: AreaInput<'_>, from: usize, pairs: &mut [[i16; 8]]) {
    let (bytes, width) = (input.order.bytes(), input.width);
    // Bytes go to the upper halves of words; 0x80 makes zero.
    let mut shuffle = [0x80_u8; 32];
    for pixel in 0..4 {
        for (channel, place) in input.order.places().into_iter().enumerate() {
            let word = 8 * (pixel / 2) + 2 * channel + pixel % 2;
            shuffle[2 * word + 1] = (bytes * pixel + place) as u8;
        }
    }
    // SAFETY: the array is of 32 bytes.
    let shuffle = unsafe { _mm256_loadu_si256(shuffle.as_ptr().cast()) };
    let bias = _mm256_set1_epi16(input.weights.len().div_ceil(2) as i16);
    let mut rows = [std::ptr::null(); MOST_TAPS];
    let mut weights = [_mm256_setzero_si256(); MOST_TAPS];
    for (at, &weight) in input.weights.iter().enumerate() {
        rows[at] = input.row(at).as_ptr();
        weights[at] = _mm256_set1_epi16(weight as i16);
    }
    let count = input.weights.len();
    assert!(pairs.len() >= width.div_ceil(2) && count <= MOST_TAPS);
    let mut x = from;
    // Four registers, so that a weight is loaded once for sixteen pixels.
    while bytes * (x + 12) + 16 <= bytes * width {
        // SAFETY: sixteen bytes from each of the pixels x, x + 4, x + 8 and x + 12 are in the
        // rows, and the pairs of sixteen pixels in `pairs`.
        unsafe { columns::<4>(&rows[..count], &weights, x, bytes, shuffle, bias, pairs) };
        x += 16;
    }
    while bytes * x + 16 <= bytes * width {
        // SAFETY: as above, of pixel x alone.
        unsafe { columns::<1>(&rows[..count], &weights, x, bytes, shuffle, bias, pairs) };
        x += 4;
    }
    scalar::area_down(input, x, pairs);
}

/// # Safety
///
/// From each row, sixteen bytes are readable at each fourth of `4 * REGISTERS` pixels from `x`,
/// and `pairs` has half as many elements from `x / 2`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn columns<const REGISTERS: usize>(
    rows: &[*const u8],
    weights: &[__m256i; MOST_TAPS],
    x: usize,
    bytes: usize,
    shuffle: __m256i,
    bias: __m256i,
    pairs: &mut [[i16; 8]],
) {
    let mut sums = [bias; REGISTERS];
    for (row, &weight) in rows.iter().zip(weights) {
        for (at, sum) in sums.iter_mut().enumerate() {
            // SAFETY: of the caller.
            let pixels = unsafe { _mm_loadu_si128(row.add(bytes * (x + 4 * at)).cast()) };
            let words = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(pixels), shuffle);
            *sum = _mm256_add_epi16(*sum, _mm256_mulhi_epu16(words, weight));
        }
    }
    for (at, sum) in sums.into_iter().enumerate() {
        // The padding has the bias in it, and weights of its own never.
        let fine = _mm256_srli_epi16(sum, 1);
        // SAFETY: of the caller.
        unsafe { _mm256_storeu_si256(pairs.as_mut_ptr().add(x / 2 + 2 * at).cast(), fine) };
    }
}

/// See [`scalar::area_across`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn area_across(
    pairs: &[[i16; 8]],
    columns: &AreaColumns,
    out: [&mut [i16]; 3],
) {
    assert!(pairs.len() >= columns.needed);
    match columns.pairs {
        1 => across::<1>(pairs, columns, out),
        2 => across::<2>(pairs, columns, out),
        3 => across::<3>(pairs, columns, out),
        _ => across::<0>(pairs, columns, out),
    }
}

/// `PAIRS` is how many pairs each output has, or 0 where that is found at run time.
#[inline]
#[target_feature(enable = "avx2")]
fn across<const PAIRS: usize>(pairs: &[[i16; 8]], columns: &AreaColumns, out: [&mut [i16]; 3]) {
    let count = if PAIRS == 0 { columns.pairs } else { PAIRS };
    let halves = _mm256_set1_epi32(1 << 14);
    // Two outputs of blue, green, red and nothing, as two of blue, two of green ...
    let by_channel = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15,
    ));
    let [blue, green, red] = out;
    let blocks = blue
        .chunks_exact_mut(16)
        .zip(green.chunks_exact_mut(16))
        .zip(red.chunks_exact_mut(16))
        .zip(columns.first.chunks_exact(16))
        .zip(columns.weights.chunks_exact(16 * count));
    for ((((blue, green), red), first), weights) in blocks {
        let output = |low: usize| {
            let mut sum = halves;
            for at in 0..count {
                // SAFETY: each output finds `count` pairs from its first in `pairs`, and has as
                // many weights.
                unsafe {
                    let half = |index: usize| {
                        let pair = pairs.as_ptr().add(first[index] as usize + at);
                        let weight = weights.as_ptr().add(index * count + at);
                        (_mm_loadu_si128(pair.cast()), _mm_loadu_si128(weight.cast()))
                    };
                    let (low, high) = (half(low), half(low + 8));
                    let samples = _mm256_set_m128i(high.0, low.0);
                    let weights = _mm256_set_m128i(high.1, low.1);
                    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(samples, weights));
                }
            }
            _mm256_srai_epi32(sum, 15)
        };
        let two = |low: usize| {
            let words = _mm256_packs_epi32(output(low), output(low + 1));
            _mm256_shuffle_epi8(words, by_channel)
        };
        let colours = planar([two(0), two(2), two(4), two(6)]);
        for (plane, samples) in [blue, green, red].into_iter().zip(colours) {
            // SAFETY: the plane's block is of sixteen samples.
            unsafe { _mm256_storeu_si256(plane.as_mut_ptr().cast(), samples) };
        }
    }
}

/// See [`scalar::fine_pair`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn fine_pair(
    rows: [scalar::Fine<'_>; 2],
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let fine = Fine::new(forward);
    let width = out.y[0].len();
    let blocks = width.div_ceil(16);
    let rows = rows.map(|row| row.map(|plane| &plane[..16 * blocks]));
    for x in (0..width).step_by(16) {
        // Not `map`: what its closure does would not be inlined here.
        let colours = |[blue, green, red]: scalar::Fine<'_>| {
            // SAFETY: each plane has whole blocks of sixteen samples for the width.
            let load = |plane: &[i16]| unsafe { _mm256_loadu_si256(plane.as_ptr().add(x).cast()) };
            [load(blue), load(green), load(red)]
        };
        let (y, chroma) = fine.convert(colours(rows[0]), colours(rows[1]));
        store(y, chroma, x, &mut out);
    }
}
