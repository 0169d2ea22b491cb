//! Resize and colour conversion in one pass: nothing leaves the registers in between.

use super::*;

/// See [`scalar::bilinear_row`] and [`scalar::fine_pair`]. `rows` are the two source rows of each
/// of the two output rows.
#[target_feature(enable = "avx2")]
pub(in super::super) fn bilinear_pair(
    rows: [[&[u8]; 2]; 2],
    pairs: &Pairs,
    down: [i16; 2],
    forward: &Forward,
    ahead: Ahead<'_, 4>,
    out: PairMut<'_>,
) {
    // The windows of `pairs` end within rows of the length it was made for.
    let rows = rows.map(|rows| rows.map(|row| &row[..pairs.row_len]));
    // Where a picture shrinks by less than half, one source row serves both, and is filtered once.
    let shared = std::ptr::eq(rows[0][1], rows[1][0]);
    match (pairs.split, shared) {
        (false, false) => blocks::<false, false>(rows, pairs, down, forward, ahead, out),
        (false, true) => blocks::<false, true>(rows, pairs, down, forward, ahead, out),
        (true, false) => blocks::<true, false>(rows, pairs, down, forward, ahead, out),
        (true, true) => blocks::<true, true>(rows, pairs, down, forward, ahead, out),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn blocks<const SPLIT: bool, const SHARED: bool>(
    rows: [[&[u8]; 2]; 2],
    pairs: &Pairs,
    down: [i16; 2],
    forward: &Forward,
    mut ahead: Ahead<'_, 4>,
    mut out: PairMut<'_>,
) {
    let fine = Fine::new(forward);
    let down = [_mm256_set1_epi16(down[0]), _mm256_set1_epi16(down[1])];
    let entries = pairs
        .shuffle
        .chunks_exact(8)
        .zip(pairs.weights.chunks_exact(8))
        .zip(pairs.offsets.chunks_exact(8));
    for (index, ((shuffle, weights), offsets)) in entries.enumerate() {
        let x = 16 * index;
        if x >= out.y[0].len() {
            break;
        }
        ahead.fetch_to(offsets[6][0] as usize);
        let (mut top, mut bottom) = ([_mm256_setzero_si256(); 4], [_mm256_setzero_si256(); 4]);
        for at in 0..4 {
            // SAFETY: two entries of sixteen bytes each, of the eight of this block.
            let (shuffle, weights) = unsafe {
                (
                    _mm256_loadu_si256(shuffle.as_ptr().add(2 * at).cast()),
                    _mm256_loadu_si256(weights.as_ptr().add(2 * at).cast()),
                )
            };
            let offsets = [offsets[2 * at], offsets[2 * at + 1]];
            let across = |row: &[u8]| {
                // SAFETY: windows end within the row, as `Gather` promises.
                let window = unsafe { gather::<SPLIT>(row.as_ptr(), offsets) };
                _mm256_maddubs_epi16(_mm256_shuffle_epi8(window, shuffle), weights)
            };
            let blend = |near: __m256i, far: __m256i, weight: __m256i| {
                let step = _mm256_mulhrs_epi16(_mm256_sub_epi16(far, near), weight);
                _mm256_add_epi16(near, step)
            };
            let upper = [across(rows[0][0]), across(rows[0][1])];
            top[at] = blend(upper[0], upper[1], down[0]);
            let near = if SHARED { upper[1] } else { across(rows[1][0]) };
            bottom[at] = blend(near, across(rows[1][1]), down[1]);
        }
        let (y, chroma) = fine.convert(planar(top), planar(bottom));
        store(y, chroma, x, &mut out);
    }
}

/// The windows of two entries, one in each half.
///
/// # Safety
///
/// From `row`, sixteen bytes from the first offset of each entry are readable; or, of `SPLIT`
/// ones, eight from both offsets of each.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn gather<const SPLIT: bool>(row: *const u8, offsets: [[u32; 2]; 2]) -> __m256i {
    let half = |offsets: [u32; 2]| {
        // SAFETY: of the caller.
        unsafe {
            if SPLIT {
                let low = _mm_loadl_epi64(row.add(offsets[0] as usize).cast());
                let high = _mm_loadl_epi64(row.add(offsets[1] as usize).cast());
                _mm_unpacklo_epi64(low, high)
            } else {
                _mm_loadu_si128(row.add(offsets[0] as usize).cast())
            }
        }
    };
    _mm256_set_m128i(half(offsets[1]), half(offsets[0]))
}
