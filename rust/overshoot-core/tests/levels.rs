//! Every level of instructions gives the bytes of the scalar one.

// clippy.toml allows unwrap inside of #[test] functions only, and here all is a test.
#![allow(missing_docs, clippy::unwrap_used)]

use overshoot_core::{
    Chroma, Colour, Converter, Filter, Fit, LEVEL_VARIABLE, Level, Packed, PixelOrder, Planes,
    Range, Scratch, Settings, Size, Standard, Unpacker,
};
use proptest::prelude::*;

fn bytes(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Extremes, which saturate where something is amiss, are half of all.
            match state >> 62 {
                0 => 0,
                1 => 255,
                _ => (state >> 40) as u8,
            }
        })
        .collect()
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_available())
}

fn orders() -> impl Strategy<Value = PixelOrder> {
    prop::sample::select(vec![
        PixelOrder::Bgr,
        PixelOrder::Rgb,
        PixelOrder::Bgra,
        PixelOrder::Rgba,
        PixelOrder::Gray,
    ])
}

fn colours() -> impl Strategy<Value = Colour> {
    let standards = prop::sample::select(vec![Standard::Bt601, Standard::Bt709]);
    let ranges = prop::sample::select(vec![Range::Limited, Range::Full]);
    (standards, ranges).prop_map(|(standard, range)| Colour { standard, range })
}

fn settings() -> impl Strategy<Value = Settings> {
    let filters = prop::sample::select(vec![Filter::Bilinear, Filter::Area]);
    let fits = prop::sample::select(vec![Fit::Stretch, Fit::Contain, Fit::Cover]);
    (orders(), filters, colours(), fits, any::<[u8; 3]>()).prop_map(
        |(order, filter, colour, fit, bars)| Settings {
            order,
            filter,
            colour,
            fit,
            bars,
        },
    )
}

/// Sizes about the widths of registers, of odd sides and of large ones, and equal ones.
fn geometry() -> impl Strategy<Value = (Size, Size)> {
    let side = || prop_oneof![1_usize..=67, 1_usize..=300];
    (side(), side(), side(), side(), 0..4).prop_map(|(a, b, c, d, same)| {
        let (source, target) = match same {
            0 => ((a, b), (a, b)),
            1 => ((a, b), (a, d)),
            2 => ((a, b), (c, b)),
            _ => ((a, b), (c, d)),
        };
        let size = |(width, height)| Size::new(width, height).unwrap();
        (size(source), size(target))
    })
}

fn convert(converter: &Converter, pixels: &[u8], stride: usize, threads: usize) -> Vec<u8> {
    let mut planes = vec![77; converter.target().i420_len()];
    let rows = Packed {
        bytes: pixels,
        stride,
    };
    converter
        .convert_in_bands(&rows, threads, &mut Scratch::default(), &mut planes)
        .unwrap();
    planes
}

#[test]
fn neon_is_there_on_64_bit_arm_and_the_others_on_x86_64_alone() {
    assert_eq!(
        Level::Neon.is_available(),
        cfg!(all(target_arch = "aarch64", target_endian = "little"))
    );
    for level in [Level::Avx2, Level::Avx512] {
        assert!(cfg!(target_arch = "x86_64") || !level.is_available());
    }
}

/// `make rust-neon` runs this with and without the variable.
#[test]
fn the_level_is_the_one_that_is_named_or_the_fastest() {
    let named = std::env::var(LEVEL_VARIABLE).unwrap_or_default();
    let chosen = Level::chosen().unwrap();
    if named.is_empty() {
        assert_eq!(Some(chosen), levels().last());
    } else {
        assert_eq!(chosen.name(), named);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn planes_are_the_same((source, target) in geometry(), settings in settings(), padding in 0_usize..40, seed in any::<u64>()) {
        let stride = source.row_len(settings.order) + padding;
        let pixels = bytes(stride * source.height() - padding, seed);
        let scalar = Converter::with_level(source, target, settings, Level::Scalar);
        let want = convert(&scalar, &pixels, stride, 1);
        for level in levels() {
            let converter = Converter::with_level(source, target, settings, level);
            prop_assert_eq!(converter.level(), level);
            prop_assert!(convert(&converter, &pixels, stride, 1) == want, "{:?}", level);
        }
    }

    #[test]
    fn bands_are_seamless((source, target) in geometry(), settings in settings(), threads in 2_usize..6, seed in any::<u64>()) {
        let stride = source.row_len(settings.order);
        let pixels = bytes(stride * source.height(), seed);
        let converter = Converter::new(source, target, settings).unwrap();
        prop_assert!(convert(&converter, &pixels, stride, threads) == convert(&converter, &pixels, stride, 1));
    }

    #[test]
    fn pixels_are_the_same(width in 1_usize..=300, height in 1_usize..=9, order in orders(), colour in colours(), padding in 0_usize..40, seed in any::<u64>()) {
        prop_assume!(order != PixelOrder::Gray);
        let size = Size::new(width, height).unwrap();
        let half = size.chroma();
        let plane = |width: usize, height: usize, seed: u64| bytes((width + padding) * height - padding, seed);
        let (y, u, v) = (plane(width, height, seed), plane(half.width(), half.height(), seed ^ 2), plane(half.width(), half.height(), seed ^ 4));
        let mut uv = vec![0; (2 * half.width() + padding) * half.height() - padding];
        for row in 0..half.height() {
            for column in 0..half.width() {
                let at = row * (half.width() + padding) + column;
                let to = row * (2 * half.width() + padding) + 2 * column;
                (uv[to], uv[to + 1]) = (u[at], v[at]);
            }
        }
        fn rows(bytes: &[u8], stride: usize) -> Packed<'_> { Packed { bytes, stride } }
        let (luma, u, v, uv) = (rows(&y, width + padding), rows(&u, half.width() + padding), rows(&v, half.width() + padding), rows(&uv, 2 * half.width() + padding));
        let (planar, semi) = (Planes { y: &luma, chroma: Chroma::Planar { u: &u, v: &v } }, Planes { y: &luma, chroma: Chroma::Interleaved(&uv) });
        let mut want = None;
        for level in levels() {
            let unpacker = Unpacker::with_level(size, order, colour, level).unwrap();
            for planes in [planar, semi] {
                let mut pixels = vec![3; unpacker.packed_len()];
                unpacker.convert(planes, &mut pixels).unwrap();
                prop_assert!(*want.get_or_insert_with(|| pixels.clone()) == pixels, "{:?}", level);
            }
        }
    }
}
