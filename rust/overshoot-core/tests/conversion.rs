//! What can be said of conversions in a line; `levels.rs` and the Python tests hold the rest.

// clippy.toml allows unwrap inside of #[test] functions only, and here all is a test.
#![allow(missing_docs, clippy::unwrap_used)]

use overshoot_core::{
    Chroma, Colour, Converter, Filter, FrameError, MAX_SIDE, Packed, PixelOrder, Planes, Range,
    ResizeScratch, Resizer, Scratch, Settings, Size, Standard, Unpacker,
};

fn size(width: usize, height: usize) -> Size {
    Size::new(width, height).unwrap()
}

fn packed(bytes: &[u8], stride: usize) -> Packed<'_> {
    Packed { bytes, stride }
}

fn i420(pixels: &[u8], source: Size, target: Size, settings: Settings) -> Vec<u8> {
    let mut planes = vec![0; target.i420_len()];
    let rows = packed(pixels, source.row_len(settings.order));
    Converter::new(source, target, settings)
        .unwrap()
        .convert(&rows, &mut Scratch::default(), &mut planes)
        .unwrap();
    planes
}

fn settings(order: PixelOrder, filter: Filter) -> Settings {
    Settings {
        order,
        filter,
        ..Settings::default()
    }
}

#[test]
fn the_corners_of_the_cube_are_the_standard_s() {
    // 100 % colour bars, BT.601 limited range, with and without a resize.
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
        for target in [size(8, 8), size(2, 2), size(16, 16)] {
            for (pixel, order) in [([r, g, b], PixelOrder::Rgb), ([b, g, r], PixelOrder::Bgr)] {
                for filter in [Filter::Bilinear, Filter::Area] {
                    let planes = i420(
                        &pixel.repeat(64),
                        size(8, 8),
                        target,
                        settings(order, filter),
                    );
                    let (luma, chroma) = planes.split_at(target.plane_len());
                    let (u, v) = chroma.split_at(chroma.len() / 2);
                    // Cyan lies at 169.52, which is 169 or 170.
                    let near = |&y: &u8| y.abs_diff(yuv[0]) <= 1;
                    assert!(luma.iter().all(near), "{pixel:?} {luma:?}");
                    assert!(u.iter().all(|&u| u == yuv[1]), "{pixel:?} {u:?}");
                    assert!(v.iter().all(|&v| v == yuv[2]), "{pixel:?} {v:?}");
                }
            }
        }
    }
}

#[test]
fn grey_has_no_colour_and_comes_back() {
    for standard in [Standard::Bt601, Standard::Bt709] {
        for range in [Range::Limited, Range::Full] {
            for grey in 0..=255 {
                let colour = Colour { standard, range };
                let settings = Settings {
                    colour,
                    ..Settings::default()
                };
                let planes = i420(&[grey; 12], size(2, 2), size(2, 2), settings);
                assert_eq!(planes[4..], [128, 128]);
                let [y, u, v] = [&planes[..4], &planes[4..5], &planes[5..]];
                let (y, u, v) = (packed(y, 2), packed(u, 1), packed(v, 1));
                let planes = Planes {
                    y: &y,
                    chroma: Chroma::Planar { u: &u, v: &v },
                };
                let unpacker = Unpacker::new(size(2, 2), PixelOrder::Bgr, colour).unwrap();
                let mut back = [0; 12];
                unpacker.convert(planes, &mut back).unwrap();
                assert!(back.iter().all(|&sample| sample.abs_diff(grey) <= 1));
            }
        }
    }
}

#[test]
fn the_longest_sides_neither_overflow_nor_drift() {
    for (width, height) in [(MAX_SIDE, 1), (1, MAX_SIDE), (MAX_SIDE - 1, 3), (3, 10_923)] {
        let source = size(width, height);
        let pixels = vec![255; source.packed_len()];
        for target in [size(1, 1), size(5, 7), size(MAX_SIDE, 2), size(2, MAX_SIDE)] {
            for filter in [Filter::Bilinear, Filter::Area] {
                let planes = i420(&pixels, source, target, settings(PixelOrder::Bgr, filter));
                let (luma, chroma) = planes.split_at(target.plane_len());
                assert!(luma.iter().all(|&y| y == 235));
                assert!(chroma.iter().all(|&c| c == 128));
            }
        }
    }
}

#[test]
fn an_exact_average_does_not_beat_with_its_weights() {
    // 13,107 taps are 2.5 units each of a 15-bit weight: rounded one by one they would favour
    // every other sample.
    let source = size(13_107, 1);
    let pixels: Vec<u8> = (0..source.width())
        .flat_map(|x| [if x % 2 == 0 { 255 } else { 0 }; 3])
        .collect();
    let mut got = [0; 3];
    Resizer::new(source, size(1, 1), PixelOrder::Bgr, Filter::Area)
        .resize(
            &packed(&pixels, pixels.len()),
            &mut ResizeScratch::default(),
            &mut got,
        )
        .unwrap();
    assert_eq!(got, [128; 3]);
}

#[test]
fn scratch_of_another_geometry_changes_nothing() {
    let source = size(37, 23);
    let pixels: Vec<u8> = (0..source.packed_len())
        .map(|i| ((i * 7919) >> 3) as u8)
        .collect();
    let mut scratch = Scratch::default();
    for (width, height) in [(64, 64), (1, 1), (37, 23), (3, 90), (20, 11)] {
        for filter in [Filter::Bilinear, Filter::Area] {
            let target = size(width, height);
            let settings = settings(PixelOrder::Bgr, filter);
            let mut planes = vec![0; target.i420_len()];
            Converter::new(source, target, settings)
                .unwrap()
                .convert(
                    &packed(&pixels, source.packed_row_len()),
                    &mut scratch,
                    &mut planes,
                )
                .unwrap();
            assert_eq!(planes, i420(&pixels, source, target, settings));
        }
    }
}

#[test]
fn buffers_of_a_wrong_size_are_refused() {
    let size = size(4, 2);
    let converter = Converter::new(size, size, Settings::default()).unwrap();
    let row = [0_u8; 12];
    let call = |rows: Vec<&[u8]>, len: usize| {
        converter.convert(&rows, &mut Scratch::default(), &mut vec![0; len])
    };
    assert_eq!(call(vec![&row, &row], size.i420_len()), Ok(()));
    let refused = call(vec![&row], 12);
    assert!(matches!(
        refused,
        Err(FrameError::Rows {
            needed: 2,
            got: 1,
            ..
        })
    ));
    let refused = call(vec![&row, &row[1..]], 12);
    assert!(matches!(
        refused,
        Err(FrameError::Bytes {
            needed: 12,
            got: 11,
            ..
        })
    ));
    let refused = call(vec![&row, &row], 11);
    assert!(matches!(
        refused,
        Err(FrameError::Bytes {
            needed: 12,
            got: 11,
            ..
        })
    ));
}
