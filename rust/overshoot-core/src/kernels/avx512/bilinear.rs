//! Resize and colour conversion in one pass, 32 columns of two rows at a time.

use super::*;

/// Four registers of eight pixels each, as lanes of blue, green, red and padding, as three: 32 of
/// each channel, in order.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn planar(packed: [__m512i; 4]) -> Colours {
    let low = [
        _mm512_shuffle_i64x2(packed[0], packed[1], 0x44),
        _mm512_shuffle_i64x2(packed[2], packed[3], 0x44),
    ];
    let high = [
        _mm512_shuffle_i64x2(packed[0], packed[1], 0xee),
        _mm512_shuffle_i64x2(packed[2], packed[3], 0xee),
    ];
    [
        _mm512_shuffle_i64x2(low[0], low[1], 0x88),
        _mm512_shuffle_i64x2(low[0], low[1], 0xdd),
        _mm512_shuffle_i64x2(high[0], high[1], 0x88),
    ]
}

/// The colour conversion of Q7 samples, its constants spread over registers.
struct Fine {
    luma: [__m512i; 3],
    offset: __m512i,
    u: [__m512i; 2],
    v: [__m512i; 2],
}

impl Fine {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn new(forward: &Forward) -> Self {
        let [blue, green, red] = forward.luma;
        Self {
            luma: [
                _mm512_set1_epi16(blue),
                _mm512_set1_epi16(green),
                _mm512_set1_epi16(red),
            ],
            offset: _mm512_set1_epi16(64 + (i16::from(forward.black) << 7)),
            u: [
                _mm512_set1_epi16(forward.u[0]),
                _mm512_set1_epi16(forward.u[1]),
            ],
            v: [
                _mm512_set1_epi16(forward.v[0]),
                _mm512_set1_epi16(forward.v[1]),
            ],
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn luma(&self, row: Colours) -> __m512i {
        let sum = _mm512_add_epi16(
            _mm512_add_epi16(
                _mm512_mulhrs_epi16(row[0], self.luma[0]),
                _mm512_mulhrs_epi16(row[1], self.luma[1]),
            ),
            _mm512_add_epi16(_mm512_mulhrs_epi16(row[2], self.luma[2]), self.offset),
        );
        _mm512_srli_epi16(sum, 7)
    }

    /// 32 luma of both rows, the upper first, and sixteen of U and of V.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn convert(&self, top: Colours, bottom: Colours) -> (__m512i, [__m128i; 2]) {
        let y = halves_apart(_mm512_packus_epi16(self.luma(top), self.luma(bottom)));
        let green = _mm512_avg_epu16(top[1], bottom[1]);
        let blue = _mm512_sub_epi16(_mm512_avg_epu16(top[0], bottom[0]), green);
        let red = _mm512_sub_epi16(_mm512_avg_epu16(top[2], bottom[2]), green);
        let weigh = |weights: [__m512i; 2]| {
            let sum = _mm512_add_epi32(
                _mm512_madd_epi16(blue, weights[0]),
                _mm512_madd_epi16(red, weights[1]),
            );
            let sum = _mm512_add_epi32(sum, _mm512_set1_epi32(1 << 22));
            let bytes = _mm512_cvtsepi32_epi8(_mm512_srai_epi32(sum, 23));
            _mm_xor_si128(bytes, _mm_set1_epi8(-128))
        };
        (y, [weigh(self.u), weigh(self.v)])
    }
}

/// See [`avx2::bilinear_pair`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(in super::super) fn bilinear_pair(
    rows: [[&[u8]; 2]; 2],
    octets: &Octets,
    down: [i16; 2],
    forward: &Forward,
    out: PairMut<'_>,
) {
    // The windows of `octets` end within rows of the length it was made for.
    let rows = rows.map(|rows| rows.map(|row| &row[..octets.row_len]));
    if octets.split {
        blocks::<true>(rows, octets, down, forward, out);
    } else {
        blocks::<false>(rows, octets, down, forward, out);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn blocks<const SPLIT: bool>(
    rows: [[&[u8]; 2]; 2],
    octets: &Octets,
    down: [i16; 2],
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let fine = Fine::new(forward);
    let down = [_mm512_set1_epi16(down[0]), _mm512_set1_epi16(down[1])];
    let entries = octets
        .shuffle
        .chunks_exact(4)
        .zip(octets.weights.chunks_exact(4))
        .zip(octets.offsets.chunks_exact(4));
    for (index, ((shuffle, weights), offsets)) in entries.enumerate() {
        let x = 32 * index;
        if x >= out.y[0].len() {
            break;
        }
        let (mut top, mut bottom) = ([_mm512_setzero_si512(); 4], [_mm512_setzero_si512(); 4]);
        for at in 0..4 {
            let shuffle = load(&shuffle[at]);
            // SAFETY: an entry's weights are sixteen bytes.
            let weights =
                unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(weights[at].as_ptr().cast())) };
            let [first, second] = offsets[at];
            let across = |row: &[u8]| {
                // SAFETY: windows of 64 bytes end within the row, as `Gather` promises.
                let pixels = unsafe {
                    let window = _mm512_loadu_si512(row.as_ptr().add(first as usize).cast());
                    if SPLIT {
                        let next = _mm512_loadu_si512(row.as_ptr().add(second as usize).cast());
                        _mm512_permutex2var_epi8(window, shuffle, next)
                    } else {
                        _mm512_permutexvar_epi8(shuffle, window)
                    }
                };
                _mm512_maddubs_epi16(pixels, weights)
            };
            let blend = |rows: [&[u8]; 2], weight: __m512i| {
                let (near, far) = (across(rows[0]), across(rows[1]));
                let step = _mm512_mulhrs_epi16(_mm512_sub_epi16(far, near), weight);
                _mm512_add_epi16(near, step)
            };
            top[at] = blend(rows[0], down[0]);
            bottom[at] = blend(rows[1], down[1]);
        }
        let (y, chroma) = fine.convert(planar(top), planar(bottom));
        store(y, chroma, x, &mut out);
    }
}

/// Stores 32 columns at `x`, or as many as the picture still has.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn store(y: __m512i, [u, v]: [__m128i; 2], x: usize, out: &mut PairMut<'_>) {
    let columns = out.y[0].len().min(out.y[1].len()).saturating_sub(x).min(32);
    let half = out.u.len().min(out.v.len()).saturating_sub(x / 2).min(16);
    let luma_mask = (!0_u64 >> (64 - columns.max(1))) as u32;
    let chroma_mask = (!0_u32 >> (32 - half.max(1))) as u16;
    debug_assert!(columns > 0 && half > 0);
    // SAFETY: the masks have no more bits than there are bytes from `x`, and from `x / 2`.
    unsafe {
        let (top, bottom) = (_mm512_castsi512_si256(y), _mm512_extracti64x4_epi64(y, 1));
        _mm256_mask_storeu_epi8(out.y[0].as_mut_ptr().add(x).cast(), luma_mask, top);
        _mm256_mask_storeu_epi8(out.y[1].as_mut_ptr().add(x).cast(), luma_mask, bottom);
        _mm_mask_storeu_epi8(out.u.as_mut_ptr().add(x / 2).cast(), chroma_mask, u);
        _mm_mask_storeu_epi8(out.v.as_mut_ptr().add(x / 2).cast(), chroma_mask, v);
    }
}
