//! Packed bytes to planes without a resize: 32 columns of two rows at a time.

use super::*;

/// Where each 128-bit load of a block begins, in pixels: register by register, lower half first.
const FIRST: [[usize; 2]; 4] = [[0, 16], [4, 20], [8, 24], [12, 28]];
const COLUMNS: usize = 32;
/// Bytes that a block of the widest pixels spans.
const BLOCK_BYTES: usize = 4 * COLUMNS;

/// The constants of a conversion.
struct Plain {
    /// Four pixels as blue and green of each, then red (and nothing) of each.
    by_pixel: __m256i,
    /// Four pixels as four of blue, of green, of red.
    by_channel: __m256i,
    luma: __m256i,
    scale: __m256i,
    black: __m256i,
    u: [__m256i; 2],
    v: [__m256i; 2],
}

impl Plain {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(order: PixelOrder, forward: &Forward) -> Self {
        let (mut by_pixel, mut by_channel) = ([0x80_u8; 16], [0x80_u8; 16]);
        let mut luma = [0_i8; 16];
        for pixel in 0..4 {
            for (channel, place) in order.places().into_iter().enumerate() {
                let byte = (order.bytes() * pixel + place) as u8;
                by_channel[4 * channel + pixel] = byte;
                let at = 8 * (channel / 2) + 2 * pixel + channel % 2;
                by_pixel[at] = byte;
                luma[at] = forward.byte_luma[channel];
            }
        }
        // SAFETY: the arrays are of sixteen bytes.
        let both = |bytes: *const u8| unsafe {
            _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.cast()))
        };
        Self {
            by_pixel: both(by_pixel.as_ptr()),
            by_channel: both(by_channel.as_ptr()),
            luma: both(luma.as_ptr().cast()),
            scale: _mm256_set1_epi16(forward.byte_scale),
            black: _mm256_set1_epi8(forward.black as i8),
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

    /// A block of one row: 32 luma, and pairs of pixels summed for chroma, times 32.
    ///
    /// # Safety
    ///
    /// From `row`, `bytes * 28 + 16` bytes are readable.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn row(&self, row: *const u8, bytes: usize) -> (__m256i, [__m256i; 4]) {
        let zero = _mm256_setzero_si256();
        let (mut weighed, mut sums) = ([zero; 4], [zero; 4]);
        // Not `map`: what its closure does would not be inlined here.
        for (at, [low, high]) in FIRST.into_iter().enumerate() {
            // SAFETY: of the caller.
            let pixels = unsafe {
                _mm256_set_m128i(
                    _mm_loadu_si128(row.add(bytes * high).cast()),
                    _mm_loadu_si128(row.add(bytes * low).cast()),
                )
            };
            weighed[at] =
                _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels, self.by_pixel), self.luma);
            sums[at] = _mm256_maddubs_epi16(
                _mm256_shuffle_epi8(pixels, self.by_channel),
                _mm256_set1_epi8(32),
            );
        }
        let luma = |left: __m256i, right: __m256i| {
            let sum = _mm256_add_epi16(
                _mm256_unpacklo_epi64(left, right),
                _mm256_unpackhi_epi64(left, right),
            );
            _mm256_mulhrs_epi16(sum, self.scale)
        };
        let y = _mm256_packus_epi16(luma(weighed[0], weighed[1]), luma(weighed[2], weighed[3]));
        (_mm256_add_epi8(y, self.black), sums)
    }

    /// Sixteen of U, then sixteen of V.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn chroma(&self, top: [__m256i; 4], bottom: [__m256i; 4]) -> __m256i {
        let [blue, green, red] = planar([
            _mm256_add_epi16(top[0], bottom[0]),
            _mm256_add_epi16(top[1], bottom[1]),
            _mm256_add_epi16(top[2], bottom[2]),
            _mm256_add_epi16(top[3], bottom[3]),
        ]);
        let (blue, red) = (_mm256_sub_epi16(blue, green), _mm256_sub_epi16(red, green));
        let weigh = |weights: [__m256i; 2]| {
            let sum = _mm256_add_epi16(
                _mm256_mulhrs_epi16(blue, weights[0]),
                _mm256_mulhrs_epi16(red, weights[1]),
            );
            _mm256_srai_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(64)), 7)
        };
        let bytes = _mm256_packs_epi16(weigh(self.u), weigh(self.v));
        let bytes = _mm256_permute4x64_epi64(bytes, 0b11_01_10_00);
        _mm256_xor_si256(bytes, _mm256_set1_epi8(-128))
    }
}

/// See [`scalar::plain_pair`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn plain_pair(
    rows: [&[u8]; 2],
    order: PixelOrder,
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let plain = Plain::new(order, forward);
    let (width, bytes) = (out.y[0].len(), order.bytes());
    let (rows, reach) = (rows.map(|row| &row[..bytes * width]), bytes * 28 + 16);
    let mut x = 0;
    while x + COLUMNS <= width && bytes * x + reach <= bytes * width {
        // SAFETY: both rows have `reach` bytes from `x`, and the planes 32 columns.
        unsafe {
            let (top, upper) = plain.row(rows[0].as_ptr().add(bytes * x), bytes);
            let (bottom, lower) = plain.row(rows[1].as_ptr().add(bytes * x), bytes);
            let chroma = plain.chroma(upper, lower);
            debug_assert!(out.y[1].len() == width && out.u.len() >= (x + COLUMNS) / 2);
            _mm256_storeu_si256(out.y[0].as_mut_ptr().add(x).cast(), top);
            _mm256_storeu_si256(out.y[1].as_mut_ptr().add(x).cast(), bottom);
            _mm_storeu_si128(
                out.u.as_mut_ptr().add(x / 2).cast(),
                _mm256_castsi256_si128(chroma),
            );
            _mm_storeu_si128(
                out.v.as_mut_ptr().add(x / 2).cast(),
                _mm256_extracti128_si256(chroma, 1),
            );
        }
        x += COLUMNS;
    }
    while x < width {
        let columns = COLUMNS.min(width - x);
        last_block(
            &plain,
            rows.map(|row| &row[bytes * x..]),
            bytes,
            x,
            columns,
            &mut out,
        );
        x += columns;
    }
}

/// A block that the picture's edge is near to, from padded copies of its rows.
#[target_feature(enable = "avx2")]
fn last_block(
    plain: &Plain,
    rows: [&[u8]; 2],
    bytes: usize,
    x: usize,
    columns: usize,
    out: &mut PairMut<'_>,
) {
    let mut padded = [[0_u8; BLOCK_BYTES]; 2];
    for (padded, row) in padded.iter_mut().zip(rows) {
        let len = bytes * columns;
        padded[..len].copy_from_slice(&row[..len]);
        if columns < COLUMNS {
            // An odd last column is its own neighbour.
            padded.copy_within(len - bytes..len, len);
        }
    }
    let (mut luma, mut chroma) = ([[0_u8; COLUMNS]; 2], [0_u8; COLUMNS]);
    // SAFETY: a block reaches to `4 * 28 + 16` bytes at most, and the arrays have 32.
    unsafe {
        let (top, upper) = plain.row(padded[0].as_ptr(), bytes);
        let (bottom, lower) = plain.row(padded[1].as_ptr(), bytes);
        _mm256_storeu_si256(luma[0].as_mut_ptr().cast(), top);
        _mm256_storeu_si256(luma[1].as_mut_ptr().cast(), bottom);
        _mm256_storeu_si256(chroma.as_mut_ptr().cast(), plain.chroma(upper, lower));
    }
    for (y, luma) in out.y.iter_mut().zip(luma) {
        y[x..x + columns].copy_from_slice(&luma[..columns]);
    }
    let half = columns.div_ceil(2);
    out.u[x / 2..][..half].copy_from_slice(&chroma[..half]);
    out.v[x / 2..][..half].copy_from_slice(&chroma[COLUMNS / 2..][..half]);
}
