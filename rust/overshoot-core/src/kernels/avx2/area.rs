//! Weighted sums down the columns into a line that stays in the cache, then along the line.

use super::*;

/// Bytes of a block.
const BYTES: usize = 32;

/// See [`scalar::area_down`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn area_down(input: &AreaInput<'_>, line: &mut [i16]) {
    let len = input.len;
    assert!(line.len() >= len);
    if len < BYTES {
        return scalar::area_down(input, line);
    }
    let rows = input.rows();
    match (input.weights, rows) {
        (RowWeights::Bytes(weights), &[a, b]) => {
            byte_weights(
                &[[a, b]],
                &[[weights[0], weights[1]]],
                len,
                input.ahead,
                line,
            );
        }
        (RowWeights::Bytes(weights), &[a, b, c]) => {
            let weights = [[weights[0], weights[1]], [weights[2], 0]];
            byte_weights(&[[a, b], [c, c]], &weights, len, input.ahead, line);
        }
        (RowWeights::Bytes(weights), &[a, b, c, d]) => {
            let weights = [[weights[0], weights[1]], [weights[2], weights[3]]];
            byte_weights(&[[a, b], [c, d]], &weights, len, input.ahead, line);
        }
        _ => word_weights(rows, input.weights.values(), len, input.ahead, line),
    }
}

/// The starts of blocks that cover `len` bytes; the last may overlap the one before.
fn starts(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(BYTES).map(move |at| at.min(len - BYTES))
}

/// Stores words that `unpack` made of 32 bytes, at `at`.
///
/// # Safety
///
/// `line` has 32 samples from `at`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store_words(low: __m256i, high: __m256i, at: usize, line: &mut [i16]) {
    // SAFETY: of the caller.
    unsafe {
        let out = line.as_mut_ptr().add(at);
        _mm256_storeu_si256(out.cast(), _mm256_permute2x128_si256(low, high, 0x20));
        _mm256_storeu_si256(
            out.add(16).cast(),
            _mm256_permute2x128_si256(low, high, 0x31),
        );
    }
}

/// Two rows at a time, interleaved byte by byte. Bytes are less 128 so that they are signed and
/// weights may have eight bits; with weights that sum to 256 that takes 2^15 off the sum.
#[inline]
#[target_feature(enable = "avx2")]
fn byte_weights<const PAIRS: usize>(
    rows: &[[&[u8]; 2]; PAIRS],
    weights: &[[u16; 2]; PAIRS],
    len: usize,
    mut ahead: Ahead<'_, 4>,
    line: &mut [i16],
) {
    let mut spread = [_mm256_setzero_si256(); PAIRS];
    for (spread, [first, second]) in spread.iter_mut().zip(weights) {
        // Both are bytes.
        *spread = _mm256_set1_epi16((first | (second << 8)) as i16);
    }
    let sign = _mm256_set1_epi8(-128);
    let offset = _mm256_set1_epi16(-32_768);
    for at in starts(len) {
        ahead.fetch_to(at + BYTES);
        let (mut low, mut high) = (offset, offset);
        for ([first, second], &weights) in rows.iter().zip(&spread) {
            // SAFETY: each row has `len` bytes, and a block ends within them.
            let (first, second) = unsafe {
                (
                    _mm256_loadu_si256(first.as_ptr().add(at).cast()),
                    _mm256_loadu_si256(second.as_ptr().add(at).cast()),
                )
            };
            let (first, second) = (
                _mm256_xor_si256(first, sign),
                _mm256_xor_si256(second, sign),
            );
            let (left, right) = (
                _mm256_unpacklo_epi8(first, second),
                _mm256_unpackhi_epi8(first, second),
            );
            low = _mm256_add_epi16(low, _mm256_maddubs_epi16(weights, left));
            high = _mm256_add_epi16(high, _mm256_maddubs_epi16(weights, right));
        }
        let (low, high) = (_mm256_srli_epi16(low, 1), _mm256_srli_epi16(high, 1));
        // SAFETY: the line is at least `len` long.
        unsafe { store_words(low, high, at, line) };
    }
}

/// Any number of rows.
#[target_feature(enable = "avx2")]
fn word_weights(
    rows: &[&[u8]],
    weights: &[u16],
    len: usize,
    mut ahead: Ahead<'_, 4>,
    line: &mut [i16],
) {
    let mut spread = [_mm256_setzero_si256(); MOST_TAPS];
    for (spread, &weight) in spread.iter_mut().zip(weights) {
        *spread = _mm256_set1_epi16(weight as i16);
    }
    let bias = _mm256_set1_epi16(weights.len().div_ceil(2) as i16);
    let zero = _mm256_setzero_si256();
    for at in starts(len) {
        ahead.fetch_to(at + BYTES);
        let (mut low, mut high) = (bias, bias);
        for (row, &weight) in rows.iter().zip(&spread) {
            // SAFETY: each row has `len` bytes, and a block ends within them.
            let bytes = unsafe { _mm256_loadu_si256(row.as_ptr().add(at).cast()) };
            let (left, right) = (
                _mm256_unpacklo_epi8(zero, bytes),
                _mm256_unpackhi_epi8(zero, bytes),
            );
            low = _mm256_add_epi16(low, _mm256_mulhi_epu16(left, weight));
            high = _mm256_add_epi16(high, _mm256_mulhi_epu16(right, weight));
        }
        let (low, high) = (_mm256_srli_epi16(low, 1), _mm256_srli_epi16(high, 1));
        // SAFETY: the line is at least `len` long.
        unsafe { store_words(low, high, at, line) };
    }
}

/// See [`scalar::area_across`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn area_across(line: &[i16], columns: &AreaColumns, out: [&mut [i16]; 3]) {
    assert!(line.len() >= columns.needed);
    match columns.pairs {
        1 => across::<1>(line, columns, out),
        2 => across::<2>(line, columns, out),
        _ => across::<0>(line, columns, out),
    }
}

/// `PAIRS` is how many pairs each output has, or 0 where that is found at run time.
#[inline]
#[target_feature(enable = "avx2")]
fn across<const PAIRS: usize>(line: &[i16], columns: &AreaColumns, out: [&mut [i16]; 3]) {
    let count = if PAIRS == 0 { columns.pairs } else { PAIRS };
    let size = columns.order.bytes();
    let halves = _mm256_set1_epi32(1 << 14);
    let pair = pair_by_channel(columns.order);
    // Two outputs of blue, green, red and nothing, as two of blue, two of green ...
    let outputs = _mm256_broadcastsi128_si256(_mm_setr_epi8(
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
                // SAFETY: eight samples from the first of each pair are in the line, as
                // `AreaColumns` promises, and two outputs' weights side by side.
                unsafe {
                    let skip = 2 * size * at;
                    let near = line.as_ptr().add(first[low] as usize + skip);
                    let far = line.as_ptr().add(first[low + 8] as usize + skip);
                    let samples =
                        _mm256_set_m128i(_mm_loadu_si128(far.cast()), _mm_loadu_si128(near.cast()));
                    let weights = weights.as_ptr().add(2 * (low * count + at));
                    let weights = _mm256_loadu_si256(weights.cast());
                    let samples = _mm256_shuffle_epi8(samples, pair);
                    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(samples, weights));
                }
            }
            _mm256_srai_epi32(sum, 15)
        };
        let two = |low: usize| {
            let words = _mm256_packs_epi32(output(low), output(low + 1));
            _mm256_shuffle_epi8(words, outputs)
        };
        let colours = planar([two(0), two(2), two(4), two(6)]);
        for (plane, samples) in [blue, green, red].into_iter().zip(colours) {
            // SAFETY: the plane's block is of sixteen samples.
            unsafe { _mm256_storeu_si256(plane.as_mut_ptr().cast(), samples) };
        }
    }
}

/// Shuffles two pixels of a line into two of blue, two of green, two of red, two of nothing.
#[target_feature(enable = "avx2")]
fn pair_by_channel(order: PixelOrder) -> __m256i {
    let mut shuffle = [0x80_u8; 16];
    for (channel, place) in order.places().into_iter().enumerate() {
        for pixel in 0..2 {
            let from = 2 * (order.bytes() * pixel + place);
            let to = 2 * (2 * channel + pixel);
            (shuffle[to], shuffle[to + 1]) = (from as u8, from as u8 + 1);
        }
    }
    // SAFETY: the array is of sixteen bytes.
    unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(shuffle.as_ptr().cast())) }
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
