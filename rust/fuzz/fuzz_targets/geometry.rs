//! Any geometry, order, stride and setting: every level gives the scalar one's bytes, from buffers
//! of exactly the size that is asked for (the address sanitizer watches what is beside them).
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use overshoot_core::{
    Chroma, Colour, Converter, Filter, Fit, Level, Packed, PixelOrder, Planes, Range, Scratch,
    Settings, Size, Standard, Unpacker,
};

#[derive(Arbitrary, Debug)]
struct Case {
    source: (u16, u16),
    target: (u16, u16),
    order: u8,
    padding: u8,
    area: bool,
    standard: bool,
    full: bool,
    fit: u8,
    bars: [u8; 3],
    threads: u8,
    seed: u32,
}

const ORDERS: [PixelOrder; 5] = [
    PixelOrder::Bgr,
    PixelOrder::Rgb,
    PixelOrder::Bgra,
    PixelOrder::Rgba,
    PixelOrder::Gray,
];
const FITS: [Fit; 3] = [Fit::Stretch, Fit::Contain, Fit::Cover];

/// Small sides mostly, as there the edges are; long ones for one side alone.
fn size((width, height): (u16, u16)) -> Option<Size> {
    let (width, height) = (usize::from(width), usize::from(height));
    let size = Size::new(1 + width % 4_096, 1 + height % 4_096).ok()?;
    (size.plane_len() <= 40_000).then_some(size)
}

fn noise(len: usize, mut state: u32) -> Vec<u8> {
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_available())
}

fuzz_target!(|case: Case| {
    let (Some(source), Some(target)) = (size(case.source), size(case.target)) else {
        return;
    };
    let order = ORDERS[usize::from(case.order) % ORDERS.len()];
    let colour = Colour {
        standard: if case.standard {
            Standard::Bt709
        } else {
            Standard::Bt601
        },
        range: if case.full {
            Range::Full
        } else {
            Range::Limited
        },
    };
    let settings = Settings {
        order,
        filter: if case.area {
            Filter::Area
        } else {
            Filter::Bilinear
        },
        colour,
        fit: FITS[usize::from(case.fit) % FITS.len()],
        bars: case.bars,
    };
    let padding = usize::from(case.padding);
    let stride = source.row_len(order) + padding;
    let pixels = noise(stride * source.height() - padding, case.seed);
    let rows = Packed {
        bytes: &pixels,
        stride,
    };
    let mut want: Option<Vec<u8>> = None;
    for level in levels() {
        let converter = Converter::with_level(source, target, settings, level);
        let mut planes = vec![0; target.i420_len()];
        let threads = 1 + usize::from(case.threads) % 3;
        converter
            .convert_in_bands(&rows, threads, &mut Scratch::default(), &mut planes)
            .expect("buffers of the right size");
        assert!(
            *want.get_or_insert_with(|| planes.clone()) == planes,
            "{level:?} {case:?}"
        );
    }
    let planes = want.expect("the scalar level is always there");
    if order == PixelOrder::Gray {
        return;
    }
    let (luma, chroma) = planes.split_at(target.plane_len());
    let (u, v) = chroma.split_at(chroma.len() / 2);
    let (luma, u, v) = (luma.to_vec(), u.to_vec(), v.to_vec());
    let half = target.chroma().width();
    let y = Packed {
        bytes: &luma,
        stride: target.width(),
    };
    let (u, v) = (
        Packed {
            bytes: &u,
            stride: half,
        },
        Packed {
            bytes: &v,
            stride: half,
        },
    );
    let planes = Planes {
        y: &y,
        chroma: Chroma::Planar { u: &u, v: &v },
    };
    let mut want: Option<Vec<u8>> = None;
    for level in levels() {
        let unpacker = Unpacker::with_level(target, order, colour, level).expect("not gray");
        let mut pixels = vec![0; unpacker.packed_len()];
        unpacker
            .convert(planes, &mut pixels)
            .expect("buffers of the right size");
        assert!(
            *want.get_or_insert_with(|| pixels.clone()) == pixels,
            "{level:?} {case:?}"
        );
    }
});
