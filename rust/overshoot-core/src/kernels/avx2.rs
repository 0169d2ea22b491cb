//! AVX2. Registers are of two halves, and most instructions keep to a half; blocks are laid out
//! so that no result has to cross over until it is packed into bytes.

use std::arch::x86_64::*;

use super::{Ahead, AreaInput, ChromaRow, Pair, PairMut, scalar};
use crate::PixelOrder;
use crate::colour::{Back, Forward};
use crate::taps::{AreaColumns, MOST_TAPS, Pairs, RowWeights};

mod area;
mod bilinear;
mod packed;
mod plain;
mod thirds;

pub(super) use area::{area_across, area_down, fine_pair};
pub(super) use bilinear::bilinear_pair;
pub(super) use packed::packed_pair;
pub(super) use plain::plain_pair;
use thirds::{interleave, thirds};

/// Three channels, or their bytes by turns: sixteen samples, or 32 bytes, each.
type Colours = [__m256i; 3];

/// Sixteen bytes in both halves.
#[inline]
#[target_feature(enable = "avx2")]
fn both(bytes: [u8; 16]) -> __m256i {
    // SAFETY: the array is of sixteen bytes.
    unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast())) }
}

/// Four registers whose halves hold 32 bits of blue, of green, of red (and of padding), as three,
/// one for each channel: the lower halves' in the lower half, in the order of the registers.
#[inline]
#[target_feature(enable = "avx2")]
fn planar(packed: [__m256i; 4]) -> Colours {
    let low = [
        _mm256_unpacklo_epi32(packed[0], packed[1]),
        _mm256_unpacklo_epi32(packed[2], packed[3]),
    ];
    let high = [
        _mm256_unpackhi_epi32(packed[0], packed[1]),
        _mm256_unpackhi_epi32(packed[2], packed[3]),
    ];
    [
        _mm256_unpacklo_epi64(low[0], low[1]),
        _mm256_unpackhi_epi64(low[0], low[1]),
        _mm256_unpacklo_epi64(high[0], high[1]),
    ]
}

/// The colour conversion of Q7 samples, its constants spread over registers.
struct Fine {
    luma: [__m256i; 3],
    offset: __m256i,
    u: [__m256i; 2],
    v: [__m256i; 2],
}

impl Fine {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(forward: &Forward) -> Self {
        Self {
            luma: [
                _mm256_set1_epi16(forward.luma[0]),
                _mm256_set1_epi16(forward.luma[1]),
                _mm256_set1_epi16(forward.luma[2]),
            ],
            offset: _mm256_set1_epi16(64 + (i16::from(forward.black) << 7)),
            u: [
                _mm256_set1_epi16(forward.u[0]),
                _mm256_set1_epi16(forward.u[1]),
            ],
            v: [
                _mm256_set1_epi16(forward.v[0]),
                _mm256_set1_epi16(forward.v[1]),
            ],
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn luma(&self, row: Colours) -> __m256i {
        let sum = _mm256_add_epi16(
            _mm256_add_epi16(
                _mm256_mulhrs_epi16(row[0], self.luma[0]),
                _mm256_mulhrs_epi16(row[1], self.luma[1]),
            ),
            _mm256_add_epi16(_mm256_mulhrs_epi16(row[2], self.luma[2]), self.offset),
        );
        _mm256_srli_epi16(sum, 7)
    }

    /// Sixteen luma of both rows, the upper first, and eight of U, then eight of V.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn convert(&self, top: Colours, bottom: Colours) -> (__m256i, __m128i) {
        let y = _mm256_packus_epi16(self.luma(top), self.luma(bottom));
        let y = _mm256_permute4x64_epi64(y, 0b11_01_10_00);
        let green = _mm256_avg_epu16(top[1], bottom[1]);
        let blue = _mm256_sub_epi16(_mm256_avg_epu16(top[0], bottom[0]), green);
        let red = _mm256_sub_epi16(_mm256_avg_epu16(top[2], bottom[2]), green);
        let weigh = |weights: [__m256i; 2]| {
            let sum = _mm256_add_epi32(
                _mm256_madd_epi16(blue, weights[0]),
                _mm256_madd_epi16(red, weights[1]),
            );
            _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 22)), 23)
        };
        let words = _mm256_packs_epi32(weigh(self.u), weigh(self.v));
        let bytes = _mm256_packs_epi16(words, words);
        let chroma = _mm_unpacklo_epi32(
            _mm256_castsi256_si128(bytes),
            _mm256_extracti128_si256(bytes, 1),
        );
        (y, _mm_xor_si128(chroma, _mm_set1_epi8(-128)))
    }
}

/// Stores what [`Fine::convert`] gave at column `x`: sixteen columns, or as many as the picture
/// still has.
#[inline]
#[target_feature(enable = "avx2")]
fn store(y: __m256i, chroma: __m128i, x: usize, out: &mut PairMut<'_>) {
    let width = out.y[0].len();
    let (top, bottom) = (_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
    if x + 16 <= width {
        // SAFETY: sixteen columns from `x`, and eight of chroma from `x / 2`, are in the rows:
        // `PairMut` has rows of one width, and chroma of half of it.
        unsafe {
            debug_assert!(out.y[1].len() == width && out.u.len() >= width / 2);
            _mm_storeu_si128(out.y[0].as_mut_ptr().add(x).cast(), top);
            _mm_storeu_si128(out.y[1].as_mut_ptr().add(x).cast(), bottom);
            _mm_storel_epi64(out.u.as_mut_ptr().add(x / 2).cast(), chroma);
            _mm_storel_epi64(
                out.v.as_mut_ptr().add(x / 2).cast(),
                _mm_unpackhi_epi64(chroma, chroma),
            );
        }
    } else {
        store_part(y, chroma, x, out);
    }
}

/// The part of [`store`]'s columns that the picture has.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx2")]
fn store_part(y: __m256i, chroma: __m128i, x: usize, out: &mut PairMut<'_>) {
    let width = out.y[0].len();
    let (top, bottom) = (_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
    let (mut rows, mut planes) = ([[0_u8; 16]; 2], [0_u8; 16]);
    // SAFETY: the three arrays are of sixteen bytes each.
    unsafe {
        _mm_storeu_si128(rows[0].as_mut_ptr().cast(), top);
        _mm_storeu_si128(rows[1].as_mut_ptr().cast(), bottom);
        _mm_storeu_si128(planes.as_mut_ptr().cast(), chroma);
    }
    for (row, y) in rows.iter().zip(&mut out.y) {
        y[x..].copy_from_slice(&row[..width - x]);
    }
    let half = out.u.len() - x / 2;
    out.u[x / 2..].copy_from_slice(&planes[..half]);
    out.v[x / 2..].copy_from_slice(&planes[8..][..half]);
}
