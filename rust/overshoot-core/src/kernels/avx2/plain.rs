//! Packed bytes to planes without a resize: 32 columns of two rows at a time.

use super::*;

const COLUMNS: usize = 32;
/// Bytes that a block of the widest pixels spans.
const BLOCK_BYTES: usize = 4 * COLUMNS;

/// The constants of a conversion. Planes are the first, second and third byte of the pixels: which
/// of blue and red comes first is in the weights alone.
struct Plain {
    /// Of the first and the second, by turns.
    luma: __m256i,
    /// Of the third in the upper row, and in the lower.
    third: [__m256i; 2],
    scale: __m256i,
    black: __m256i,
    /// U and V of the first less the second, and of the third less the second.
    chroma: [[__m256i; 2]; 2],
}

impl Plain {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(order: PixelOrder, forward: &Forward) -> Self {
        let swap = order.places()[0] > order.places()[2];
        let [blue, green, red] = forward.byte_luma;
        let (first, third) = if swap { (red, blue) } else { (blue, red) };
        let two = |low: i8, high: i8| {
            _mm256_set1_epi16(i16::from_le_bytes([
                low.to_le_bytes()[0],
                high.to_le_bytes()[0],
            ]))
        };
        let weights = |[blue, red]: [i16; 2]| {
            let (first, third) = if swap { (red, blue) } else { (blue, red) };
            [_mm256_set1_epi16(first), _mm256_set1_epi16(third)]
        };
        Self {
            luma: two(first, green),
            third: [two(third, 0), two(0, third)],
            scale: _mm256_set1_epi16(forward.byte_scale),
            black: _mm256_set1_epi8(forward.black as i8),
            chroma: [weights(forward.u), weights(forward.v)],
        }
    }

    /// 32 luma of each of two rows.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn luma(&self, top: Colours, bottom: Colours) -> [__m256i; 2] {
        // The third bytes of both rows by turns: the weights of a row are nothing for the other.
        let thirds = [
            _mm256_unpacklo_epi8(top[2], bottom[2]),
            _mm256_unpackhi_epi8(top[2], bottom[2]),
        ];
        let row = |[first, second, _]: Colours, third: __m256i| {
            let half = |two: __m256i, thirds: __m256i| {
                let sum = _mm256_add_epi16(
                    _mm256_maddubs_epi16(two, self.luma),
                    _mm256_maddubs_epi16(thirds, third),
                );
                _mm256_mulhrs_epi16(sum, self.scale)
            };
            let y = _mm256_packus_epi16(
                half(_mm256_unpacklo_epi8(first, second), thirds[0]),
                half(_mm256_unpackhi_epi8(first, second), thirds[1]),
            );
            _mm256_add_epi8(y, self.black)
        };
        [row(top, self.third[0]), row(bottom, self.third[1])]
    }

    /// Sixteen of U and of V.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn chroma(&self, top: Colours, bottom: Colours) -> [__m128i; 2] {
        let times = _mm256_set1_epi8(32);
        let mean = |top: __m256i, bottom: __m256i| {
            _mm256_add_epi16(
                _mm256_maddubs_epi16(top, times),
                _mm256_maddubs_epi16(bottom, times),
            )
        };
        let second = mean(top[1], bottom[1]);
        let first = _mm256_sub_epi16(mean(top[0], bottom[0]), second);
        let third = _mm256_sub_epi16(mean(top[2], bottom[2]), second);
        let weigh = |weights: [__m256i; 2]| {
            let sum = _mm256_add_epi16(
                _mm256_mulhrs_epi16(first, weights[0]),
                _mm256_mulhrs_epi16(third, weights[1]),
            );
            // (sum * 2^8 + 2^14) >> 15 is (sum + 64) >> 7.
            _mm256_mulhrs_epi16(sum, _mm256_set1_epi16(1 << 8))
        };
        let bytes = _mm256_packs_epi16(weigh(self.chroma[0]), weigh(self.chroma[1]));
        let bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
        let (left, right) = (
            _mm256_castsi256_si128(bytes),
            _mm256_extracti128_si256(bytes, 1),
        );
        [
            _mm_unpacklo_epi64(left, right),
            _mm_unpackhi_epi64(left, right),
        ]
    }

    /// A block of two rows into the planes from `y`, `u` and `v`.
    ///
    /// # Safety
    ///
    /// A block's bytes are readable from both of `rows`, 32 bytes are writeable from both of `y`,
    /// and sixteen from `u` and `v`.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn block<const SIZE: usize>(
        &self,
        rows: [*const u8; 2],
        y: [*mut u8; 2],
        u: *mut u8,
        v: *mut u8,
    ) {
        // SAFETY: of the caller.
        unsafe {
            let (top, bottom) = (load::<SIZE>(rows[0]), load::<SIZE>(rows[1]));
            let chroma = self.chroma(top, bottom);
            let luma = self.luma(top, bottom);
            _mm256_storeu_si256(y[0].cast(), luma[0]);
            _mm256_storeu_si256(y[1].cast(), luma[1]);
            _mm_storeu_si128(u.cast(), chroma[0]);
            _mm_storeu_si128(v.cast(), chroma[1]);
        }
    }
}

/// 32 pixels of `SIZE` bytes as their first, second and third bytes.
///
/// # Safety
///
/// `32 * SIZE` bytes from `row` are readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load<const SIZE: usize>(row: *const u8) -> Colours {
    // SAFETY: of the caller: sixteen bytes more than the larger of the two are at most its block.
    let halves = |low: usize, high: usize| unsafe {
        _mm256_set_m128i(
            _mm_loadu_si128(row.add(high).cast()),
            _mm_loadu_si128(row.add(low).cast()),
        )
    };
    match SIZE {
        1 => [halves(0, 16); 3],
        3 => {
            // SAFETY: of the caller.
            let [one, two, three] = unsafe {
                [
                    _mm256_loadu_si256(row.cast()),
                    _mm256_loadu_si256(row.add(32).cast()),
                    _mm256_loadu_si256(row.add(64).cast()),
                ]
            };
            thirds([
                _mm256_blend_epi32(one, two, 0xf0),
                halves(16, 64),
                _mm256_blend_epi32(two, three, 0xf0),
            ])
        }
        _ => {
            let quads = both(QUADS);
            planar([
                _mm256_shuffle_epi8(halves(0, 64), quads),
                _mm256_shuffle_epi8(halves(16, 80), quads),
                _mm256_shuffle_epi8(halves(32, 96), quads),
                _mm256_shuffle_epi8(halves(48, 112), quads),
            ])
        }
    }
}

/// Four pixels of four bytes, byte by byte.
const QUADS: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];

/// See [`scalar::plain_pair`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn plain_pair(
    rows: [&[u8]; 2],
    order: PixelOrder,
    forward: &Forward,
    ahead: Ahead<'_, 2>,
    out: PairMut<'_>,
) {
    let plain = Plain::new(order, forward);
    match order.bytes() {
        1 => blocks::<1>(&plain, rows, ahead, out),
        3 => blocks::<3>(&plain, rows, ahead, out),
        _ => blocks::<4>(&plain, rows, ahead, out),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn blocks<const SIZE: usize>(
    plain: &Plain,
    rows: [&[u8]; 2],
    mut ahead: Ahead<'_, 2>,
    mut out: PairMut<'_>,
) {
    let width = out.y[0].len();
    let whole = width / COLUMNS * COLUMNS;
    let rows = [&rows[0][..SIZE * width], &rows[1][..SIZE * width]];
    assert!(out.y[1].len() == width && out.u.len() >= whole / 2 && out.v.len() >= whole / 2);
    let [top, bottom] = &mut out.y;
    let planes = [
        top.as_mut_ptr(),
        bottom.as_mut_ptr(),
        out.u.as_mut_ptr(),
        out.v.as_mut_ptr(),
    ];
    for x in (0..whole).step_by(COLUMNS) {
        ahead.fetch_to(SIZE * (x + COLUMNS));
        // SAFETY: 32 columns from `x` are in the rows and the planes.
        unsafe {
            let rows = [
                rows[0].as_ptr().add(SIZE * x),
                rows[1].as_ptr().add(SIZE * x),
            ];
            let y = [planes[0].add(x), planes[1].add(x)];
            plain.block::<SIZE>(rows, y, planes[2].add(x / 2), planes[3].add(x / 2));
        }
    }
    if whole < width {
        let rows = [&rows[0][SIZE * whole..], &rows[1][SIZE * whole..]];
        last_block::<SIZE>(plain, rows, whole, &mut out);
    }
}

/// What is less than a block, from padded copies of the rows.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx2")]
fn last_block<const SIZE: usize>(plain: &Plain, rows: [&[u8]; 2], x: usize, out: &mut PairMut<'_>) {
    let (columns, len) = (out.y[0].len() - x, rows[0].len());
    let mut padded = [[0_u8; BLOCK_BYTES]; 2];
    for (padded, row) in padded.iter_mut().zip(rows) {
        padded[..len].copy_from_slice(row);
        // An odd last column is its own neighbour.
        padded.copy_within(len - SIZE..len, len);
    }
    let ([mut top, mut bottom], [mut u, mut v]) = ([[0_u8; COLUMNS]; 2], [[0_u8; COLUMNS / 2]; 2]);
    // SAFETY: the arrays are of a block each, or longer.
    unsafe {
        let rows = [padded[0].as_ptr(), padded[1].as_ptr()];
        let y = [top.as_mut_ptr(), bottom.as_mut_ptr()];
        plain.block::<SIZE>(rows, y, u.as_mut_ptr(), v.as_mut_ptr());
    }
    out.y[0][x..].copy_from_slice(&top[..columns]);
    out.y[1][x..].copy_from_slice(&bottom[..columns]);
    let half = columns.div_ceil(2);
    out.u[x / 2..][..half].copy_from_slice(&u[..half]);
    out.v[x / 2..][..half].copy_from_slice(&v[..half]);
}
