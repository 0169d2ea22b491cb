//! BT.601 limited range, both ways, a row at a time.
//!
//! ITU-R BT.601-7, section 2.5: `E'Y = 0.299 R + 0.587 G + 0.114 B`, `Y = 219 E'Y + 16`,
//! `Cb = 224 (E'B - E'Y) / 1.772 + 128`, `Cr = 224 (E'R - E'Y) / 1.402 + 128`, with E' in 0..=1.

const KR: f64 = 0.299;
const KB: f64 = 0.114;
const KG: f64 = 1.0 - KR - KB;
const LUMA_SPAN: f64 = 219.0 / 255.0;
const CHROMA_SPAN: f64 = 224.0 / 255.0;

/// Fractional bits of the forward coefficients: with samples of 8 + 8 bits the sums stay in i32.
const FORWARD_BITS: u32 = 15;
const FORWARD_SHIFT: u32 = FORWARD_BITS + 8;
const FORWARD_HALF: i32 = 1 << (FORWARD_SHIFT - 1);
const BACK_BITS: u32 = 16;

const fn fixed(value: f64, bits: u32) -> i32 {
    let scaled = value * (1_u32 << bits) as f64;
    (if scaled < 0.0 {
        scaled - 0.5
    } else {
        scaled + 0.5
    }) as i32
}

const Y_R: i32 = fixed(LUMA_SPAN * KR, FORWARD_BITS);
const Y_B: i32 = fixed(LUMA_SPAN * KB, FORWARD_BITS);
// What is left of the sum, so that white is exactly 235 and grey stays grey.
const Y_G: i32 = fixed(LUMA_SPAN, FORWARD_BITS) - Y_R - Y_B;
const U_R: i32 = fixed(-CHROMA_SPAN * KR / (2.0 * (1.0 - KB)), FORWARD_BITS);
const U_B: i32 = fixed(CHROMA_SPAN / 2.0, FORWARD_BITS);
const U_G: i32 = -U_R - U_B;
const V_B: i32 = fixed(-CHROMA_SPAN * KB / (2.0 * (1.0 - KR)), FORWARD_BITS);
const V_R: i32 = U_B;
const V_G: i32 = -V_R - V_B;

const LUMA: i32 = fixed(1.0 / LUMA_SPAN, BACK_BITS);
const R_V: i32 = fixed(2.0 * (1.0 - KR) / CHROMA_SPAN, BACK_BITS);
const B_U: i32 = fixed(2.0 * (1.0 - KB) / CHROMA_SPAN, BACK_BITS);
const G_U: i32 = fixed(-2.0 * (1.0 - KB) * KB / KG / CHROMA_SPAN, BACK_BITS);
const G_V: i32 = fixed(-2.0 * (1.0 - KR) * KR / KG / CHROMA_SPAN, BACK_BITS);

/// The order of the three bytes of a packed pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PixelOrder {
    /// Blue first, as cv2 gives it.
    #[default]
    Bgr,
    /// Red first.
    Rgb,
}

/// Coefficients in the order of the bytes of a pixel.
struct Forward {
    y: [i32; 3],
    u: [i32; 3],
    v: [i32; 3],
}

const FROM_RGB: Forward = Forward {
    y: [Y_R, Y_G, Y_B],
    u: [U_R, U_G, U_B],
    v: [V_R, V_G, V_B],
};
const FROM_BGR: Forward = Forward {
    y: [Y_B, Y_G, Y_R],
    u: [U_B, U_G, U_R],
    v: [V_B, V_G, V_R],
};

impl PixelOrder {
    const fn forward(self) -> &'static Forward {
        match self {
            Self::Bgr => &FROM_BGR,
            Self::Rgb => &FROM_RGB,
        }
    }
}

/// A colour sample: a byte, or 16 bits of which 8 are fractional.
pub(crate) trait Sample: Copy + Into<i32> {
    /// With 8 fractional bits.
    fn fine(self) -> i32;
    /// The mean of four, from their sum, with 8 fractional bits.
    fn fine_mean(sum: i32) -> i32;
}

impl Sample for u8 {
    fn fine(self) -> i32 {
        i32::from(self) << 8
    }
    fn fine_mean(sum: i32) -> i32 {
        sum << 6
    }
}

impl Sample for u16 {
    fn fine(self) -> i32 {
        i32::from(self)
    }
    fn fine_mean(sum: i32) -> i32 {
        (sum + 2) >> 2
    }
}

fn weigh(sample: [i32; 3], coefficients: [i32; 3], offset: i32) -> u8 {
    let sum =
        sample[0] * coefficients[0] + sample[1] * coefficients[1] + sample[2] * coefficients[2];
    // In 16..=240 for every sample, so it fits.
    ((sum + (offset << FORWARD_SHIFT) + FORWARD_HALF) >> FORWARD_SHIFT) as u8
}

/// One row of Y.
pub(crate) fn luma<T: Sample>(pixels: &[T], order: PixelOrder, y: &mut [u8]) {
    let coefficients = order.forward().y;
    for (pixel, out) in pixels.chunks_exact(3).zip(y) {
        *out = weigh(
            [pixel[0].fine(), pixel[1].fine(), pixel[2].fine()],
            coefficients,
            16,
        );
    }
}

/// One row of U and V from two rows of pixels (the same one twice at an odd lower edge).
pub(crate) fn chroma<T: Sample>(
    top: &[T],
    bottom: &[T],
    order: PixelOrder,
    u: &mut [u8],
    v: &mut [u8],
) {
    let forward = order.forward();
    let put = |sums: [i32; 3], u: &mut u8, v: &mut u8| {
        let mean = sums.map(T::fine_mean);
        *u = weigh(mean, forward.u, 128);
        *v = weigh(mean, forward.v, 128);
    };
    let (tops, bottoms) = (top.chunks_exact(6), bottom.chunks_exact(6));
    let (last_top, last_bottom) = (tops.remainder(), bottoms.remainder());
    for (((a, b), u), v) in tops.zip(bottoms).zip(u.iter_mut()).zip(v.iter_mut()) {
        put(
            [0, 1, 2].map(|c| a[c].into() + a[c + 3].into() + b[c].into() + b[c + 3].into()),
            u,
            v,
        );
    }
    if let ([_, _, _], [_, _, _], [.., u], [.., v]) = (last_top, last_bottom, u, v) {
        put(
            [0, 1, 2].map(|c| 2 * (last_top[c].into() + last_bottom[c].into())),
            u,
            v,
        );
    }
}

/// One row of packed pixels from a row of Y and the row of U and V that it shares.
pub(crate) fn packed(y: &[u8], u: &[u8], v: &[u8], order: PixelOrder, pixels: &mut [u8]) {
    let parts = |u: u8, v: u8| {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        let (red, green, blue) = (R_V * v, G_U * u + G_V * v, B_U * u);
        match order {
            PixelOrder::Bgr => [blue, green, red],
            PixelOrder::Rgb => [red, green, blue],
        }
    };
    let mut pairs = pixels.chunks_exact_mut(6);
    let lumas = y.chunks_exact(2);
    let last_luma = lumas.remainder();
    for (((pair, y), &u), &v) in pairs.by_ref().zip(lumas).zip(u).zip(v) {
        let parts = parts(u, v);
        let (left, right) = pair.split_at_mut(3);
        put(left, y[0], parts);
        put(right, y[1], parts);
    }
    if let (&[y], &[.., u], &[.., v]) = (last_luma, u, v) {
        put(pairs.into_remainder(), y, parts(u, v));
    }
}

fn put(pixel: &mut [u8], y: u8, parts: [i32; 3]) {
    let luma = (i32::from(y) - 16) * LUMA + (1 << (BACK_BITS - 1));
    for (out, part) in pixel.iter_mut().zip(parts) {
        *out = ((luma + part) >> BACK_BITS).clamp(0, 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(pixel: [u8; 3], order: PixelOrder) -> [u8; 3] {
        let (mut y, mut u, mut v) = ([0], [0], [0]);
        luma(&pixel, order, &mut y);
        chroma(&pixel, &pixel, order, &mut u, &mut v);
        [y[0], u[0], v[0]]
    }

    #[test]
    fn the_corners_of_the_cube_are_the_standard_s() {
        // 100 % colour bars, BT.601 limited range.
        let bars = [
            ([255, 255, 255], [235, 128, 128]),
            ([255, 255, 0], [210, 16, 146]),
            ([0, 255, 255], [170, 166, 16]),
            ([0, 255, 0], [145, 54, 34]),
            ([255, 0, 255], [106, 202, 222]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 0, 255], [41, 240, 110]),
            ([0, 0, 0], [16, 128, 128]),
        ];
        for ([r, g, b], yuv) in bars {
            assert_eq!(one([r, g, b], PixelOrder::Rgb), yuv);
            assert_eq!(one([b, g, r], PixelOrder::Bgr), yuv);
        }
    }

    #[test]
    fn grey_has_no_colour_and_comes_back() {
        for grey in 0..=255 {
            let [y, u, v] = one([grey; 3], PixelOrder::Bgr);
            assert_eq!((u, v), (128, 128));
            let mut back = [0; 3];
            packed(&[y], &[u], &[v], PixelOrder::Bgr, &mut back);
            assert!(back.iter().all(|&sample| sample.abs_diff(grey) <= 1));
        }
    }

    #[test]
    fn the_extremes_fit_both_widths() {
        for pixel in [[0, 0, 255], [255, 255, 0], [255, 0, 0], [0, 255, 255]] {
            let wide = pixel.map(|sample: u8| u16::from(sample) << 8);
            let (mut y, mut u, mut v) = ([0], [0], [0]);
            luma(&wide, PixelOrder::Rgb, &mut y);
            chroma(&wide, &wide, PixelOrder::Rgb, &mut u, &mut v);
            assert_eq!([y[0], u[0], v[0]], one(pixel, PixelOrder::Rgb));
        }
    }
}
