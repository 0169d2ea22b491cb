//! Planes to packed pixels: 64 columns of two rows that share their chroma.

use super::*;

const COLUMNS: usize = 64;

/// What each of 64 bytes is, `start` bytes into the pixels: a pixel's number, plus 64 where it is
/// the second of its bytes.
const fn interleaved(start: usize) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mut at = 0;
    while at < 64 {
        let place = start + at;
        bytes[at] = (place / 3 + if place % 3 == 1 { 64 } else { 0 }) as u8;
        at += 1;
    }
    bytes
}

/// Which of 64 bytes are the third of their pixels.
const fn thirds(start: usize) -> u64 {
    let mut mask = 0;
    let mut at = 0;
    while at < 64 {
        if (start + at) % 3 == 2 {
            mask |= 1 << at;
        }
        at += 1;
    }
    mask
}

const BYTES: [[u8; 64]; 3] = [interleaved(0), interleaved(64), interleaved(128)];
const THIRDS: [u64; 3] = [thirds(0), thirds(64), thirds(128)];

/// The constants of a conversion.
struct Unpack {
    luma: __m512i,
    offset: __m512i,
    red_v: __m512i,
    green_u: __m512i,
    green_v: __m512i,
    blue_u: __m512i,
    bytes: Colours,
}

/// What chroma adds to 64 columns, in Q6, in the order of `_mm512_unpack*_epi8`.
struct Parts {
    blue: [__m512i; 2],
    green: [__m512i; 2],
    red: [__m512i; 2],
}

impl Unpack {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn new(back: &Back) -> Self {
        Self {
            luma: _mm512_set1_epi16(back.luma),
            offset: _mm512_set1_epi16(back.offset),
            red_v: _mm512_set1_epi16(back.red_v),
            green_u: _mm512_set1_epi16(back.green_u),
            green_v: _mm512_set1_epi16(back.green_v),
            blue_u: _mm512_set1_epi16(back.blue_u),
            bytes: [load(&BYTES[0]), load(&BYTES[1]), load(&BYTES[2])],
        }
    }

    /// From 32 samples of each, in order, centred and times 256.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn parts(&self, u: __m512i, v: __m512i) -> Parts {
        let twice = |part: __m512i| {
            [
                _mm512_unpacklo_epi16(part, part),
                _mm512_unpackhi_epi16(part, part),
            ]
        };
        Parts {
            blue: twice(_mm512_mulhrs_epi16(u, self.blue_u)),
            green: twice(_mm512_add_epi16(
                _mm512_mulhrs_epi16(u, self.green_u),
                _mm512_mulhrs_epi16(v, self.green_v),
            )),
            red: twice(_mm512_mulhrs_epi16(v, self.red_v)),
        }
    }

    /// 64 columns of blue, green and red, each in order.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn row(&self, y: __m512i, parts: &Parts) -> Colours {
        let zero = _mm512_setzero_si512();
        let fine = |words: __m512i| {
            let luma = _mm512_mulhrs_epi16(_mm512_slli_epi16(words, 7), self.luma);
            _mm512_add_epi16(luma, self.offset)
        };
        let luma = [
            fine(_mm512_unpacklo_epi8(y, zero)),
            fine(_mm512_unpackhi_epi8(y, zero)),
        ];
        let add = |part: &[__m512i; 2]| {
            _mm512_packus_epi16(
                _mm512_srai_epi16(_mm512_adds_epi16(luma[0], part[0]), 6),
                _mm512_srai_epi16(_mm512_adds_epi16(luma[1], part[1]), 6),
            )
        };
        [add(&parts.blue), add(&parts.green), add(&parts.red)]
    }

    /// # Safety
    ///
    /// 192 bytes from `out` are writeable.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    unsafe fn store(&self, [first, second, third]: Colours, out: *mut u8) {
        for (at, (bytes, mask)) in self.bytes.into_iter().zip(THIRDS).enumerate() {
            let most = _mm512_permutex2var_epi8(first, bytes, second);
            let all = _mm512_mask_permutexvar_epi8(most, mask, bytes, third);
            // SAFETY: of the caller.
            unsafe { _mm512_storeu_si512(out.add(64 * at).cast(), all) };
        }
    }
}

/// 32 chroma samples from `index`, centred and times 256: U and V.
///
/// # Safety
///
/// 32 samples from `index` are in the row.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
unsafe fn chroma(row: ChromaRow<'_>, index: usize) -> (__m512i, __m512i) {
    let sign = _mm512_set1_epi16(-32_768);
    match row {
        ChromaRow::Planar { u, v } => {
            let wide = |plane: &[u8]| {
                // SAFETY: of the caller.
                let bytes = unsafe { _mm256_loadu_si256(plane.as_ptr().add(index).cast()) };
                let words = _mm512_slli_epi16(_mm512_cvtepu8_epi16(bytes), 8);
                _mm512_xor_si512(words, sign)
            };
            (wide(u), wide(v))
        }
        ChromaRow::Interleaved(uv) => {
            // SAFETY: of the caller.
            let words = unsafe { _mm512_loadu_si512(uv.as_ptr().add(2 * index).cast()) };
            let v = _mm512_and_si512(words, _mm512_set1_epi16(-256));
            let u = _mm512_slli_epi16(words, 8);
            (_mm512_xor_si512(u, sign), _mm512_xor_si512(v, sign))
        }
    }
}

/// See [`super::super::scalar::packed_pair`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(in super::super) fn packed_pair(
    pair: Pair<'_>,
    order: PixelOrder,
    back: &Back,
    out: [&mut [u8]; 2],
) {
    if order.bytes() != 3 {
        return avx2::packed_pair(pair, order, back, out);
    }
    // The order is known to the compiler, so that no block has to ask for it.
    let [top, bottom] = out;
    let rows = [&mut *top, &mut *bottom];
    let whole = if order.places()[0] == 2 {
        blocks::<true>(pair, back, rows)
    } else {
        blocks::<false>(pair, back, rows)
    };
    let lower = (3 * whole).min(bottom.len());
    let rest = [&mut top[3 * whole..], &mut bottom[lower..]];
    avx2::packed_pair(pair.from(whole), order, back, rest);
}

/// All whole blocks; how many columns those are.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn blocks<const RED_FIRST: bool>(pair: Pair<'_>, back: &Back, out: [&mut [u8]; 2]) -> usize {
    let unpack = Unpack::new(back);
    let whole = pair.columns(out[0].len().min(out[1].len()) / 3) / COLUMNS * COLUMNS;
    let [top, bottom] = out.map(|row| row.as_mut_ptr());
    for x in (0..whole).step_by(COLUMNS) {
        // SAFETY: 64 columns from `x` are in both rows of luma and of pixels, and half as many in
        // the chroma.
        unsafe {
            let (u, v) = chroma(pair.chroma, x / 2);
            let parts = unpack.parts(u, v);
            let row = |y: &[u8], out: *mut u8| {
                let luma = _mm512_loadu_si512(y.as_ptr().add(x).cast());
                let [blue, green, red] = unpack.row(luma, &parts);
                let colours = if RED_FIRST {
                    [red, green, blue]
                } else {
                    [blue, green, red]
                };
                unpack.store(colours, out.add(3 * x));
            };
            row(pair.y[0], top);
            row(pair.y[1], bottom);
        }
    }
    whole
}
