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
    out: PairMut<'_>,
) {
    // The windows of `pairs` end within rows of the length it was made for.
    let rows = rows.map(|rows| rows.map(|row| &row[..pairs.row_len]));
    if pairs.split {
        blocks::<true>(rows, pairs, down, forward, out);
    } else {
        blocks::<false>(rows, pairs, down, forward, out);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn blocks<const SPLIT: bool>(
    rows: [[&[u8]; 2]; 2],
    pairs: &Pairs,
    down: [i16; 2],
    forward: &Forward,
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
            let blend = |rows: [&[u8]; 2], weight: __m256i| {
                let (near, far) = (across(rows[0]), across(rows[1]));
                let step = _mm256_mulhrs_epi16(_mm256_sub_epi16(far, near), weight);
                _mm256_add_epi16(near, step)
            };
            top[at] = blend(rows[0], down[0]);
            bottom[at] = blend(rows[1], down[1]);
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
