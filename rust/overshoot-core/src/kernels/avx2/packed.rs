//! Planes to packed pixels: 32 columns of two rows that share their chroma.

use std::arch::asm;

use super::*;

const COLUMNS: usize = 32;

/// The constants of a conversion.
struct Unpack {
    luma: __m256i,
    under: __m256i,
    /// What black has to lose, less the carry of luma; without the half that rounds.
    offset: __m256i,
    red_v: __m256i,
    green_u: __m256i,
    green_v: __m256i,
    blue_u: __m256i,
}

/// What chroma, and the offset, add to 32 columns, in Q6, in the order of `_mm256_unpack*_epi8`: columns 0 to 7
/// and 16 to 23 in the first of two registers, the others in the second.
struct Parts {
    blue: [__m256i; 2],
    green: [__m256i; 2],
    red: [__m256i; 2],
}

impl Unpack {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(back: &Back) -> Self {
        Self {
            luma: _mm256_set1_epi16(back.luma),
            under: _mm256_set1_epi8(back.luma_under as i8),
            offset: _mm256_set1_epi16(back.offset - back.luma_carry - 32),
            red_v: _mm256_set1_epi16(back.red_v),
            green_u: _mm256_set1_epi16(back.green_u),
            green_v: _mm256_set1_epi16(back.green_v),
            blue_u: _mm256_set1_epi16(back.blue_u),
        }
    }

    /// From sixteen samples of each, in order, centred and times 256.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn parts(&self, u: __m256i, v: __m256i) -> Parts {
        let twice = |part: __m256i| {
            let part = _mm256_add_epi16(part, self.offset);
            [
                _mm256_unpacklo_epi16(part, part),
                _mm256_unpackhi_epi16(part, part),
            ]
        };
        Parts {
            blue: twice(_mm256_mulhrs_epi16(u, self.blue_u)),
            green: twice(_mm256_add_epi16(
                _mm256_mulhrs_epi16(u, self.green_u),
                _mm256_mulhrs_epi16(v, self.green_v),
            )),
            red: twice(_mm256_mulhrs_epi16(v, self.red_v)),
        }
    }

    /// 32 columns of blue, green and red, each in order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn row(&self, y: __m256i, parts: &Parts) -> [__m256i; 3] {
        let luma = [
            high_products(_mm256_unpacklo_epi8(self.under, y), self.luma),
            high_products(_mm256_unpackhi_epi8(self.under, y), self.luma),
        ];
        // (sum * 2^9 + 2^14) >> 15 is (sum + 32) >> 6, and on ports that the shuffles leave free.
        let level = |luma: __m256i, part: __m256i| {
            _mm256_mulhrs_epi16(_mm256_adds_epi16(luma, part), _mm256_set1_epi16(1 << 9))
        };
        let add = |part: &[__m256i; 2]| {
            _mm256_packus_epi16(level(luma[0], part[0]), level(luma[1], part[1]))
        };
        [add(&parts.blue), add(&parts.green), add(&parts.red)]
    }
}

/// Sixteen chroma samples from `index`, centred and times 256: U and V.
///
/// # Safety
///
/// Sixteen samples from `index` are in the row.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn chroma(row: ChromaRow<'_>, index: usize) -> (__m256i, __m256i) {
    let sign = _mm256_set1_epi16(-32_768);
    match row {
        ChromaRow::Planar { u, v } => {
            let wide = |plane: &[u8]| {
                // SAFETY: of the caller.
                let bytes = unsafe { _mm_loadu_si128(plane.as_ptr().add(index).cast()) };
                let words = _mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 8);
                _mm256_xor_si256(words, sign)
            };
            (wide(u), wide(v))
        }
        ChromaRow::Interleaved(uv) => {
            // SAFETY: of the caller.
            let words = unsafe { _mm256_loadu_si256(uv.as_ptr().add(2 * index).cast()) };
            let v = _mm256_and_si256(words, _mm256_set1_epi16(-256));
            let u = _mm256_slli_epi16(words, 8);
            (_mm256_xor_si256(u, sign), _mm256_xor_si256(v, sign))
        }
    }
}

/// See [`scalar::packed_pair`].
#[target_feature(enable = "avx2")]
pub(in super::super) fn packed_pair(
    pair: Pair<'_>,
    order: PixelOrder,
    back: &Back,
    out: [&mut [u8]; 2],
) {
    // The order is known to the compiler, so that no block has to ask for it.
    let [top, bottom] = out;
    let (size, rows) = (order.bytes(), [&mut *top, &mut *bottom]);
    let whole = match (size, order.places()[0]) {
        (3, 0) => blocks::<3, false>(pair, back, rows),
        (3, _) => blocks::<3, true>(pair, back, rows),
        (_, 0) => blocks::<4, false>(pair, back, rows),
        _ => blocks::<4, true>(pair, back, rows),
    };
    scalar::packed_pair(pair, order, back, whole, [top, bottom]);
}

/// All whole blocks; how many columns those are.
#[target_feature(enable = "avx2")]
fn blocks<const SIZE: usize, const RED_FIRST: bool>(
    pair: Pair<'_>,
    back: &Back,
    out: [&mut [u8]; 2],
) -> usize {
    let unpack = Unpack::new(back);
    let whole = pair.columns(out[0].len().min(out[1].len()) / SIZE) / COLUMNS * COLUMNS;
    let [top, bottom] = out.map(|row| row.as_mut_ptr());
    for x in (0..whole).step_by(COLUMNS) {
        // SAFETY: 32 columns from `x` are in both rows of luma and of pixels, and half as many in
        // the chroma.
        unsafe {
            let (u, v) = chroma(pair.chroma, x / 2);
            let parts = unpack.parts(u, v);
            let row = |y: &[u8], out: *mut u8| {
                let luma = _mm256_loadu_si256(y.as_ptr().add(x).cast());
                let [blue, green, red] = unpack.row(luma, &parts);
                let (first, third) = if RED_FIRST { (red, blue) } else { (blue, red) };
                if SIZE == 3 {
                    store_three(first, green, third, out.add(SIZE * x));
                } else {
                    store_four(first, green, third, out.add(SIZE * x));
                }
            };
            row(pair.y[0], top);
            row(pair.y[1], bottom);
        }
    }
    whole
}

/// `_mm256_mulhi_epu16`, of which, where one factor stays the same, the compiler makes products of
/// 32 bits that it then packs: half as fast a kernel.
#[inline]
#[target_feature(enable = "avx2")]
fn high_products(a: __m256i, b: __m256i) -> __m256i {
    let products: __m256i;
    // SAFETY: an instruction of AVX2 on registers alone.
    unsafe {
        asm!(
            "vpmulhuw {products}, {a}, {b}",
            products = lateout(ymm_reg) products,
            a = in(ymm_reg) a,
            b = in(ymm_reg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    products
}

/// Interleaves 32 columns of three planes.
///
/// # Safety
///
/// 96 bytes from `out` are writeable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store_three(first: __m256i, second: __m256i, third: __m256i, out: *mut u8) {
    let parts = interleave([first, second, third]);
    let stored = [
        _mm256_permute2x128_si256(parts[0], parts[1], 0x20),
        _mm256_permute2x128_si256(parts[2], parts[0], 0x30),
        _mm256_permute2x128_si256(parts[1], parts[2], 0x31),
    ];
    for (at, register) in stored.into_iter().enumerate() {
        // SAFETY: of the caller.
        unsafe { _mm256_storeu_si256(out.add(32 * at).cast(), register) };
    }
}

/// Interleaves 32 columns of three planes and a fourth of 255.
///
/// # Safety
///
/// 128 bytes from `out` are writeable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store_four(first: __m256i, second: __m256i, third: __m256i, out: *mut u8) {
    let alpha = _mm256_set1_epi8(-1);
    let (low, high) = (
        [
            _mm256_unpacklo_epi8(first, second),
            _mm256_unpacklo_epi8(third, alpha),
        ],
        [
            _mm256_unpackhi_epi8(first, second),
            _mm256_unpackhi_epi8(third, alpha),
        ],
    );
    let quads = [
        _mm256_unpacklo_epi16(low[0], low[1]),
        _mm256_unpackhi_epi16(low[0], low[1]),
        _mm256_unpacklo_epi16(high[0], high[1]),
        _mm256_unpackhi_epi16(high[0], high[1]),
    ];
    let stored = [
        _mm256_permute2x128_si256(quads[0], quads[1], 0x20),
        _mm256_permute2x128_si256(quads[2], quads[3], 0x20),
        _mm256_permute2x128_si256(quads[0], quads[1], 0x31),
        _mm256_permute2x128_si256(quads[2], quads[3], 0x31),
    ];
    for (at, register) in stored.into_iter().enumerate() {
        // SAFETY: of the caller.
        unsafe { _mm256_storeu_si256(out.add(32 * at).cast(), register) };
    }
}
