//! Packed bytes to planes without a resize: 32 columns of two rows at a time.

use super::*;

/// Where each 128-bit load of a block begins, in pixels: register by register, lower half first.
const FIRST: [[usize; 2]; 4] = [[0, 16], [4, 20], [8, 24], [12, 28]];
const COLUMNS: usize = 32;
/// Multiplies one word into four.
const EACH_WORD: i64 = 0x0001_0001_0001_0001;
/// Bytes that a block of the widest pixels spans.
const BLOCK_BYTES: usize = 4 * COLUMNS;

/// How sixteen bytes become the channels of four pixels.
#[derive(Clone, Copy)]
struct Windows {
    /// Blue and green of each, then red (and nothing) of each.
    by_pixel: __m256i,
    /// Four of blue, four of green, four of red.
    by_channel: __m256i,
    /// Where a window begins, before its first pixel.
    back: usize,
}

impl Windows {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(order: PixelOrder, back: usize) -> Self {
        let (mut by_pixel, mut by_channel) = ([0x80_u8; 16], [0x80_u8; 16]);
        for pixel in 0..4 {
            for (channel, place) in order.places().into_iter().enumerate() {
                let byte = (back + order.bytes() * pixel + place) as u8;
                by_channel[4 * channel + pixel] = byte;
                by_pixel[8 * (channel / 2) + 2 * pixel + channel % 2] = byte;
            }
        }
        // SAFETY: the arrays are of sixteen bytes.
        let both = |bytes: &[u8; 16]| unsafe {
            _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast()))
        };
        Self {
            by_pixel: both(&by_pixel),
            by_channel: both(&by_channel),
            back,
        }
    }
}

/// The constants of a conversion.
struct Plain {
    luma: __m256i,
    scale: __m256i,
    black: __m256i,
    u: [__m256i; 2],
    v: [__m256i; 2],
}

impl Plain {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(forward: &Forward) -> Self {
        let [blue, green, red] = forward.byte_luma.map(|weight| i64::from(weight as u8));
        let (blue_green, red) = ((blue | green << 8) * EACH_WORD, red * EACH_WORD);
        Self {
            luma: _mm256_setr_epi64x(blue_green, red, blue_green, red),
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
    /// From `windows.back` before `row`, `bytes * 28 + 16` bytes are readable.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn row(
        &self,
        row: *const u8,
        bytes: usize,
        windows: &Windows,
    ) -> (__m256i, [__m256i; 4]) {
        let zero = _mm256_setzero_si256();
        let (mut weighed, mut sums) = ([zero; 4], [zero; 4]);
        // Not `map`: what its closure does would not be inlined here.
        for (at, [low, high]) in FIRST.into_iter().enumerate() {
            // SAFETY: of the caller.
            let pixels = unsafe {
                let row = row.sub(windows.back);
                _mm256_set_m128i(
                    _mm_loadu_si128(row.add(bytes * high).cast()),
                    _mm_loadu_si128(row.add(bytes * low).cast()),
                )
            };
            weighed[at] =
                _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels, windows.by_pixel), self.luma);
            sums[at] = _mm256_maddubs_epi16(
                _mm256_shuffle_epi8(pixels, windows.by_channel),
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
    let plain = Plain::new(forward);
    let (width, bytes) = (out.y[0].len(), order.bytes());
    let rows = rows.map(|row| &row[..bytes * width]);
    let windows = Windows::new(order, 0);
    // A window of sixteen bytes has four pixels at its begin, or, in the last block of a row that
    // ends with it, at its end: so that no window leaves the row.
    let last = Windows::new(order, 16 - 4 * bytes);
    // Before the first block there is nothing, so it must not be such a last one.
    let whole = if bytes * (COLUMNS - 4) + 16 <= bytes * width {
        width / COLUMNS * COLUMNS
    } else {
        0
    };
    for x in (0..whole).step_by(COLUMNS) {
        let near_end = bytes * (x + COLUMNS - 4) + 16 > bytes * width;
        let windows = if near_end { &last } else { &windows };
        // SAFETY: the windows of both rows are within them, after the first block also those that
        // begin earlier, and the planes have 32 columns from `x`.
        unsafe {
            let (top, upper) = plain.row(rows[0].as_ptr().add(bytes * x), bytes, windows);
            let (bottom, lower) = plain.row(rows[1].as_ptr().add(bytes * x), bytes, windows);
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
    }
    for x in (whole..width).step_by(COLUMNS) {
        let rows = rows.map(|row| &row[bytes * x..]);
        last_block(&plain, &windows, rows, bytes, x, &mut out);
    }
}

/// A block that the picture's edge is near to, from padded copies of its rows.
#[target_feature(enable = "avx2")]
fn last_block(
    plain: &Plain,
    windows: &Windows,
    rows: [&[u8]; 2],
    bytes: usize,
    x: usize,
    out: &mut PairMut<'_>,
) {
    let columns = COLUMNS.min(out.y[0].len() - x);
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
        let (top, upper) = plain.row(padded[0].as_ptr(), bytes, windows);
        let (bottom, lower) = plain.row(padded[1].as_ptr(), bytes, windows);
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
