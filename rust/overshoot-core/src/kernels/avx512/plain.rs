//! Packed bytes to planes without a resize: 64 columns of two rows at a time.

use super::*;

const COLUMNS: usize = 64;

/// For each channel at `place` in a pixel, which of 192 bytes it takes, less whole 64s past 128:
/// the first 43 are in the first two registers, the others in the third.
const fn every_third(place: usize) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mut pixel = 0;
    while pixel < 64 {
        bytes[pixel] = (3 * pixel + place) as u8 & 127;
        pixel += 1;
    }
    bytes
}

/// Which pixels are wholly in the third register, by place in the pixel.
const fn in_third(place: usize) -> u64 {
    let mut mask = 0;
    let mut pixel = 0;
    while pixel < 64 {
        if 3 * pixel + place >= 128 {
            mask |= 1 << pixel;
        }
        pixel += 1;
    }
    mask
}

const BYTES: [[u8; 64]; 3] = [every_third(0), every_third(1), every_third(2)];
const THIRD: [u64; 3] = [in_third(0), in_third(1), in_third(2)];

/// The constants of a conversion.
struct Plain {
    places: Colours,
    swap: bool,
    blue_green: __m512i,
    red: __m512i,
    scale: __m512i,
    black: __m512i,
    u: [__m512i; 2],
    v: [__m512i; 2],
}

impl Plain {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn new(order: PixelOrder, forward: &Forward) -> Self {
        let [blue, green, red] = forward.byte_luma;
        let two =
            |low: i8, high: i8| _mm512_set1_epi16(i16::from_le_bytes([low as u8, high as u8]));
        Self {
            places: [load(&BYTES[0]), load(&BYTES[1]), load(&BYTES[2])],
            swap: order.places()[0] == 2,
            blue_green: two(blue, green),
            red: two(red, 0),
            scale: _mm512_set1_epi16(forward.byte_scale),
            black: _mm512_set1_epi8(forward.black as i8),
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

    /// A block of one row: 64 luma, and pairs of pixels summed for chroma, times 32.
    ///
    /// # Safety
    ///
    /// From `row`, 192 bytes are readable.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    unsafe fn row(&self, row: *const u8) -> (__m512i, Colours) {
        // SAFETY: of the caller.
        let (one, two, three) = unsafe {
            (
                _mm512_loadu_si512(row.cast()),
                _mm512_loadu_si512(row.add(64).cast()),
                _mm512_loadu_si512(row.add(128).cast()),
            )
        };
        let plane = |place: usize| {
            let bytes = self.places[place];
            let most = _mm512_permutex2var_epi8(one, bytes, two);
            _mm512_mask_permutexvar_epi8(most, THIRD[place], bytes, three)
        };
        let (first, green, third) = (plane(0), plane(1), plane(2));
        let (blue, red) = if self.swap {
            (third, first)
        } else {
            (first, third)
        };
        let zero = _mm512_setzero_si512();
        let luma = |blue_green: __m512i, red: __m512i| {
            let sum = _mm512_add_epi16(
                _mm512_maddubs_epi16(blue_green, self.blue_green),
                _mm512_maddubs_epi16(red, self.red),
            );
            _mm512_mulhrs_epi16(sum, self.scale)
        };
        let y = _mm512_packus_epi16(
            luma(
                _mm512_unpacklo_epi8(blue, green),
                _mm512_unpacklo_epi8(red, zero),
            ),
            luma(
                _mm512_unpackhi_epi8(blue, green),
                _mm512_unpackhi_epi8(red, zero),
            ),
        );
        let times = _mm512_set1_epi8(32);
        let sums = [
            _mm512_maddubs_epi16(blue, times),
            _mm512_maddubs_epi16(green, times),
            _mm512_maddubs_epi16(red, times),
        ];
        (_mm512_add_epi8(y, self.black), sums)
    }

    /// 32 of U, then 32 of V.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn chroma(&self, top: Colours, bottom: Colours) -> __m512i {
        let green = _mm512_add_epi16(top[1], bottom[1]);
        let blue = _mm512_sub_epi16(_mm512_add_epi16(top[0], bottom[0]), green);
        let red = _mm512_sub_epi16(_mm512_add_epi16(top[2], bottom[2]), green);
        let weigh = |weights: [__m512i; 2]| {
            let sum = _mm512_add_epi16(
                _mm512_mulhrs_epi16(blue, weights[0]),
                _mm512_mulhrs_epi16(red, weights[1]),
            );
            _mm512_srai_epi16(_mm512_add_epi16(sum, _mm512_set1_epi16(64)), 7)
        };
        let bytes = halves_apart(_mm512_packs_epi16(weigh(self.u), weigh(self.v)));
        _mm512_xor_si512(bytes, _mm512_set1_epi8(-128))
    }
}

/// See [`super::scalar::plain_pair`](super::super::scalar::plain_pair).
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(in super::super) fn plain_pair(
    rows: [&[u8]; 2],
    order: PixelOrder,
    forward: &Forward,
    out: PairMut<'_>,
) {
    if order.bytes() != 3 {
        return avx2::plain_pair(rows, order, forward, Ahead::NONE, out);
    }
    let plain = Plain::new(order, forward);
    let [upper, lower] = out.y;
    let width = upper.len();
    let whole = width / COLUMNS * COLUMNS;
    let rows = [&rows[0][..3 * width], &rows[1][..3 * width]];
    assert!(lower.len() == width && out.u.len() >= whole / 2 && out.v.len() >= whole / 2);
    for x in (0..whole).step_by(COLUMNS) {
        // SAFETY: 64 columns from `x` are in the rows and the planes.
        unsafe {
            let (top, upper_sums) = plain.row(rows[0].as_ptr().add(3 * x));
            let (bottom, lower_sums) = plain.row(rows[1].as_ptr().add(3 * x));
            let chroma = plain.chroma(upper_sums, lower_sums);
            _mm512_storeu_si512(upper.as_mut_ptr().add(x).cast(), top);
            _mm512_storeu_si512(lower.as_mut_ptr().add(x).cast(), bottom);
            let (u, v) = (
                _mm512_castsi512_si256(chroma),
                _mm512_extracti64x4_epi64(chroma, 1),
            );
            _mm256_storeu_si256(out.u.as_mut_ptr().add(x / 2).cast(), u);
            _mm256_storeu_si256(out.v.as_mut_ptr().add(x / 2).cast(), v);
        }
    }
    if whole < width {
        let rest = PairMut {
            y: [&mut upper[whole..], &mut lower[whole..]],
            u: &mut out.u[whole / 2..],
            v: &mut out.v[whole / 2..],
        };
        let rows = [&rows[0][3 * whole..], &rows[1][3 * whole..]];
        avx2::plain_pair(rows, order, forward, Ahead::NONE, rest);
    }
}
