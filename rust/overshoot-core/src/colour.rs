//! What the standards say about colour, and the integers that the kernels use for it.
//!
//! `E'Y = KR R + KG G + KB B`, `E'PB = (B - E'Y) / (2 (1 - KB))`, `E'PR = (R - E'Y) / (2 (1 - KR))`
//! with R, G, B in 0..=1. ITU-R BT.601-7 (section 2.5.1) has KR 0.299 and KB 0.114, ITU-R BT.709-6
//! (item 3.2) 0.2126 and 0.0722. Limited range is `Y = 219 E'Y + 16`, `C = 224 E'P + 128` in both;
//! full range is that of JFIF (ITU-T T.871, section 7): `Y = 255 E'Y`, `C = 255 E'P + 128`.

/// Whose weights of red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Standard {
    /// ITU-R BT.601-7: what WebRTC, webcams and JPEG use.
    #[default]
    Bt601,
    /// ITU-R BT.709-6: high definition television.
    Bt709,
}

/// Which codes stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Range {
    /// Y in 16..=235, U and V in 16..=240.
    #[default]
    Limited,
    /// All of 0..=255, as in JFIF.
    Full,
}

/// How planes encode colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Colour {
    /// Weights of the primaries.
    pub standard: Standard,
    /// Codes of black and white.
    pub range: Range,
}

/// The bytes of a packed pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PixelOrder {
    /// Blue first, as cv2 gives it.
    #[default]
    Bgr,
    /// Red first.
    Rgb,
    /// Blue first, and a fourth byte: ignored when read, 255 when written.
    Bgra,
    /// Red first, and a fourth byte: ignored when read, 255 when written.
    Rgba,
    /// One byte, the same for red, green and blue; read only.
    Gray,
}

impl PixelOrder {
    /// Bytes a pixel.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Bgr | Self::Rgb => 3,
            Self::Bgra | Self::Rgba => 4,
            Self::Gray => 1,
        }
    }

    /// Where blue, green and red lie in a pixel.
    pub(crate) const fn places(self) -> [usize; 3] {
        match self {
            Self::Bgr | Self::Bgra => [0, 1, 2],
            Self::Rgb | Self::Rgba => [2, 1, 0],
            Self::Gray => [0, 0, 0],
        }
    }
}

/// The exact numbers of a [`Colour`], for channels of 0..=255.
struct Exact {
    kr: f64,
    kb: f64,
    luma: f64,
    chroma: f64,
    black: f64,
}

impl Colour {
    const fn exact(self) -> Exact {
        let (kr, kb) = match self.standard {
            Standard::Bt601 => (0.299, 0.114),
            Standard::Bt709 => (0.2126, 0.0722),
        };
        let (luma, chroma, black) = match self.range {
            Range::Limited => (219.0 / 255.0, 224.0 / 255.0, 16.0),
            Range::Full => (1.0, 1.0, 0.0),
        };
        Exact {
            kr,
            kb,
            luma,
            chroma,
            black,
        }
    }
}

/// Packed to planes. Arrays are in the order blue, green, red; see `kernels::scalar` for the
/// formulas, which every kernel follows to the bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forward {
    /// Luma of bytes: `mulhrs(sum of bytes * byte_luma, byte_scale) + black`.
    pub(crate) byte_luma: [i8; 3],
    pub(crate) byte_scale: i16,
    /// Luma of samples in Q7, of which each weight is Q15.
    pub(crate) luma: [i16; 3],
    /// U and V as weights, in Q15, of blue minus green and red minus green.
    pub(crate) u: [i16; 2],
    pub(crate) v: [i16; 2],
    pub(crate) black: u8,
}

/// Planes to packed: see `kernels::scalar`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Back {
    /// Q14: luma in Q7 becomes Q6.
    pub(crate) luma: i16,
    /// What put under a byte of luma makes the high half of one product of 16 bits the rounded
    /// product: `(256 y + luma_under) luma >> 16` is `(y luma + 2^7 >> 8) + luma_carry`.
    pub(crate) luma_under: u8,
    pub(crate) luma_carry: i16,
    /// Q6: what black has to lose, less half a level for rounding.
    pub(crate) offset: i16,
    /// Q13 of V in red, U and V in green, U in blue.
    pub(crate) red_v: i16,
    pub(crate) green_u: i16,
    pub(crate) green_v: i16,
    pub(crate) blue_u: i16,
}

fn fixed(value: f64, bits: u32) -> i16 {
    (value * f64::from(1_u32 << bits)).round() as i16
}

impl Forward {
    pub(crate) fn new(colour: Colour) -> Self {
        let exact = colour.exact();
        let (red, blue) = (exact.luma * exact.kr, exact.luma * exact.kb);
        let gains = [blue, exact.luma - red - blue, red];
        let (byte_luma, byte_scale) = byte_luma(gains);
        let (red, blue) = (fixed(red, 15), fixed(blue, 15));
        // Green is what is left of the sum, so that white is exactly white.
        let white = (exact.luma * 32_768.0).round() as i32;
        let green = (white - i32::from(red) - i32::from(blue)) as i16;
        let half = exact.chroma / 2.0;
        Self {
            byte_luma,
            byte_scale,
            luma: [blue, green, red],
            u: [
                fixed(half, 15),
                fixed(-half * exact.kr / (1.0 - exact.kb), 15),
            ],
            v: [
                fixed(-half * exact.kb / (1.0 - exact.kr), 15),
                fixed(half, 15),
            ],
            black: exact.black as u8,
        }
    }
}

/// Seven-bit weights and the scale that together come nearest to `gains`.
///
/// Bytes times weights must sum to 15 bits, so the weights are small; of all scales the one is
/// taken whose worst error over the corners of the cube is least (0.35 of a level at most).
fn byte_luma(gains: [f64; 3]) -> ([i8; 3], i16) {
    const MOST: i32 = 32_767 / 255;
    let total: f64 = gains.iter().sum();
    let least = (total * 32_768.0 / f64::from(MOST)).ceil() as i16;
    let (mut best, mut least_error) = (([0; 3], 0), f64::MAX);
    for scale in least..1_000 {
        let weights = gains.map(|gain| (gain * 32_768.0 / f64::from(scale)).round() as i32);
        if weights.iter().sum::<i32>() > MOST {
            continue;
        }
        let errors = [0, 1, 2].map(|channel| {
            255.0 * (f64::from(weights[channel]) * f64::from(scale) / 32_768.0 - gains[channel])
        });
        let worst = errors.iter().map(|error| error.max(0.0)).sum::<f64>();
        let worst = worst.max(-errors.iter().map(|error| error.min(0.0)).sum::<f64>());
        if worst < least_error {
            (best, least_error) = ((weights.map(|weight| weight as i8), scale), worst);
        }
    }
    best
}

/// See [`Back::luma_under`]: the other addends are multiples of 2^8, so whatever is half of 2^16,
/// and up to 2^8 more, carries where the half does. The scales that there are have such a byte.
fn under(luma: i16) -> u8 {
    let half = 1 << 15..(1 << 15) + (1 << 8);
    (0..=u8::MAX)
        .find(|&under| half.contains(&(i32::from(under) * i32::from(luma) % (1 << 16))))
        .unwrap_or(0)
}

impl Back {
    pub(crate) fn new(colour: Colour) -> Self {
        let exact = colour.exact();
        let kg = 1.0 - exact.kr - exact.kb;
        let red_v = 2.0 * (1.0 - exact.kr) / exact.chroma;
        let blue_u = 2.0 * (1.0 - exact.kb) / exact.chroma;
        let luma = fixed(1.0 / exact.luma, 14);
        let luma_under = under(luma);
        Self {
            luma,
            luma_under,
            luma_carry: ((i32::from(luma_under) * i32::from(luma)) >> 16) as i16,
            offset: 32 - fixed(exact.black / exact.luma, 6),
            red_v: fixed(red_v, 13),
            green_u: fixed(-blue_u * exact.kb / kg, 13),
            green_v: fixed(-red_v * exact.kr / kg, 13),
            blue_u: fixed(blue_u, 13),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Colour> {
        [Standard::Bt601, Standard::Bt709]
            .into_iter()
            .flat_map(|standard| {
                [Range::Limited, Range::Full].map(|range| Colour { standard, range })
            })
    }

    #[test]
    fn byte_weights_are_within_two_fifths_of_a_level_and_fit_their_lanes() {
        for colour in all() {
            let exact = colour.exact();
            let forward = Forward::new(colour);
            let gains = [
                exact.luma * exact.kb,
                exact.luma * (1.0 - exact.kr - exact.kb),
                exact.luma * exact.kr,
            ];
            for corner in 0..8 {
                let pixel = [0, 1, 2].map(|channel| f64::from((corner >> channel & 1) * 255));
                let (mut got, mut want) = (0.0, 0.0);
                for channel in 0..3 {
                    got += pixel[channel] * f64::from(forward.byte_luma[channel]);
                    want += pixel[channel] * gains[channel];
                }
                assert!(got <= 32_767.0);
                let got = got * f64::from(forward.byte_scale) / 32_768.0;
                assert!(
                    (got - want).abs() < 0.4,
                    "{colour:?} {forward:?} {got} {want}"
                );
            }
        }
    }

    #[test]
    fn white_is_white() {
        for colour in all() {
            let forward = Forward::new(colour);
            let sum: i32 = forward.luma.iter().map(|&weight| i32::from(weight)).sum();
            assert_eq!(sum, (colour.exact().luma * 32_768.0).round() as i32);
        }
    }

    #[test]
    fn the_byte_under_luma_rounds_its_product() {
        for colour in all() {
            let back = Back::new(colour);
            let luma = i32::from(back.luma);
            for y in 0..=255 {
                let high = ((256 * y + i32::from(back.luma_under)) * luma) >> 16;
                let rounded = (y * luma + (1 << 7)) >> 8;
                assert_eq!(high - i32::from(back.luma_carry), rounded, "{colour:?} {y}");
            }
        }
    }

    #[test]
    fn the_way_back_undoes_the_way_there() {
        for colour in all() {
            let (forward, back) = (Forward::new(colour), Back::new(colour));
            let gain =
                f64::from(forward.luma.iter().map(|&w| i32::from(w)).sum::<i32>()) / 32_768.0;
            assert!((gain * f64::from(back.luma) / 16_384.0 - 1.0).abs() < 1e-3);
            // Pure blue: U carries all but the luma of it.
            let blue_u = f64::from(back.blue_u) / 8_192.0 * f64::from(forward.u[0]) / 32_768.0;
            assert!((blue_u - (1.0 - colour.exact().kb)).abs() < 1e-3);
            let red_v = f64::from(back.red_v) / 8_192.0 * f64::from(forward.v[1]) / 32_768.0;
            assert!((red_v - (1.0 - colour.exact().kr)).abs() < 1e-3);
        }
    }
}
