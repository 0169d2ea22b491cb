//! Weighted sums down the columns; along the row they are AVX2's.

use super::*;

/// See [`super::super::scalar::area_down`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(in super::super) fn area_down(input: AreaInput<'_>, pairs: &mut [[i16; 8]]) {
    let (bytes, width) = (input.order.bytes(), input.width);
    // Bytes go to the upper halves of words; the lower are masked to zero.
    let (mut shuffle, mut mask) = ([0_u8; 64], 0_u64);
    for pixel in 0..8 {
        for (channel, place) in input.order.places().into_iter().enumerate() {
            let at = 2 * (8 * (pixel / 2) + 2 * channel + pixel % 2) + 1;
            shuffle[at] = (bytes * pixel + place) as u8;
            mask |= 1 << at;
        }
    }
    let shuffle = load(&shuffle);
    let bias = _mm512_set1_epi16(input.weights.len().div_ceil(2) as i16);
    let mut rows = [(std::ptr::null(), 0); MOST_TAPS];
    for (at, &weight) in input.weights.iter().enumerate() {
        rows[at] = (input.row(at).as_ptr(), weight as i16);
    }
    let rows = &rows[..input.weights.len()];
    assert!(pairs.len() >= width.div_ceil(2));
    let mut x = 0;
    while bytes * (x + 24) + 32 <= bytes * width {
        // SAFETY: 32 bytes from each of the pixels x, x + 8, x + 16 and x + 24 are in the rows,
        // and the pairs of 32 pixels in `pairs`: the last 32 bytes hold at least eight pixels.
        unsafe { columns::<4>(rows, x, bytes, shuffle, mask, bias, pairs) };
        x += 32;
    }
    while bytes * x + 32 <= bytes * width {
        // SAFETY: as above, of pixel x alone.
        unsafe { columns::<1>(rows, x, bytes, shuffle, mask, bias, pairs) };
        x += 8;
    }
    avx2::area_down(input, x, pairs);
}

/// # Safety
///
/// From each row, 32 bytes are readable at each eighth of `8 * REGISTERS` pixels from `x`, and
/// `pairs` has half as many elements from `x / 2`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
unsafe fn columns<const REGISTERS: usize>(
    rows: &[(*const u8, i16)],
    x: usize,
    bytes: usize,
    shuffle: __m512i,
    mask: u64,
    bias: __m512i,
    pairs: &mut [[i16; 8]],
) {
    let mut sums = [bias; REGISTERS];
    for &(row, weight) in rows {
        let weight = _mm512_set1_epi16(weight);
        for (at, sum) in sums.iter_mut().enumerate() {
            // SAFETY: of the caller.
            let pixels = unsafe { _mm256_loadu_si256(row.add(bytes * (x + 8 * at)).cast()) };
            let pixels = _mm512_castsi256_si512(pixels);
            let words = _mm512_maskz_permutexvar_epi8(mask, shuffle, pixels);
            *sum = _mm512_add_epi16(*sum, _mm512_mulhi_epu16(words, weight));
        }
    }
    for (at, sum) in sums.into_iter().enumerate() {
        // SAFETY: of the caller.
        unsafe {
            let pairs = pairs.as_mut_ptr().add(x / 2 + 4 * at);
            _mm512_storeu_si512(pairs.cast(), _mm512_srli_epi16(sum, 1));
        }
    }
}
