//! The conversions against floating point arithmetic that knows nothing of how they work.

// clippy.toml allows unwrap inside of #[test] functions only, and here all is a test.
#![allow(missing_docs, clippy::unwrap_used)]

use overshoot_core::{
    Filter, FrameError, MAX_SIDE, PixelOrder, Plan, Planes, Scratch, Size, planes_to_packed,
};
use proptest::prelude::*;

fn rows(bytes: &[u8], stride: usize) -> Vec<&[u8]> {
    bytes.chunks_exact(stride).collect()
}

fn i420(pixels: &[u8], source: Size, target: Size, order: PixelOrder, filter: Filter) -> Vec<u8> {
    let mut planes = vec![0; target.i420_len()];
    let rows = rows(pixels, source.packed_row_len());
    Plan::new(source, target, filter)
        .to_i420(&rows, order, &mut Scratch::default(), &mut planes)
        .unwrap();
    planes
}

/// The weight of each source sample in output `x`.
fn weights(x: usize, source: usize, target: usize, filter: Filter) -> Vec<f64> {
    let mut weights = vec![0.0; source];
    let scale = source as f64 / target as f64;
    if filter == Filter::Area && target < source {
        let (start, end) = (x as f64 * scale, (x + 1) as f64 * scale);
        for (sample, weight) in weights.iter_mut().enumerate() {
            let share = end.min(sample as f64 + 1.0) - start.max(sample as f64);
            *weight = share.max(0.0) / scale;
        }
    } else {
        let position = ((x as f64 + 0.5) * scale - 0.5).clamp(0.0, (source - 1) as f64);
        let first = position.floor() as usize;
        weights[first] += 1.0 - position.fract();
        weights[(first + 1).min(source - 1)] += position.fract();
    }
    weights
}

fn resized(pixels: &[u8], source: Size, target: Size, filter: Filter) -> Vec<[f64; 3]> {
    let mut out = Vec::new();
    for y in 0..target.height() {
        let down = weights(y, source.height(), target.height(), filter);
        for x in 0..target.width() {
            let across = weights(x, source.width(), target.width(), filter);
            let mut pixel = [0.0; 3];
            for (row, down) in down.iter().enumerate() {
                for (column, across) in across.iter().enumerate() {
                    for (channel, sum) in pixel.iter_mut().enumerate() {
                        let sample = pixels[3 * (row * source.width() + column) + channel];
                        *sum += f64::from(sample) * down * across;
                    }
                }
            }
            out.push(pixel);
        }
    }
    out
}

fn reference(rgb: &[[f64; 3]], size: Size) -> Vec<f64> {
    let luma = |p: [f64; 3]| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
    let mut planes: Vec<f64> = rgb
        .iter()
        .map(|&p| 16.0 + luma(p) * 219.0 / 255.0)
        .collect();
    for (channel, span) in [(2, 1.772), (0, 1.402)] {
        for y in (0..size.height()).step_by(2) {
            for x in (0..size.width()).step_by(2) {
                let block: Vec<f64> = [(0, 0), (0, 1), (1, 0), (1, 1)]
                    .into_iter()
                    .filter(|(dy, dx)| y + dy < size.height() && x + dx < size.width())
                    .map(|(dy, dx)| rgb[(y + dy) * size.width() + x + dx])
                    .map(|p| 128.0 + (p[channel] - luma(p)) / span * 224.0 / 255.0)
                    .collect();
                planes.push(block.iter().sum::<f64>() / block.len() as f64);
            }
        }
    }
    planes
}

fn sides() -> impl Strategy<Value = Size> {
    (1_usize..24, 1_usize..24).prop_map(|(width, height)| Size::new(width, height).unwrap())
}

fn picture() -> impl Strategy<Value = (Size, Vec<u8>)> {
    sides().prop_flat_map(|size| {
        let bytes = prop::collection::vec(any::<u8>(), size.packed_len());
        (Just(size), bytes)
    })
}

fn filters() -> impl Strategy<Value = Filter> {
    prop_oneof![Just(Filter::Bilinear), Just(Filter::Area)]
}

proptest! {
    #[test]
    fn i420_is_within_a_hair_of_exact((source, pixels) in picture(), target in sides(), filter in filters()) {
        let got = i420(&pixels, source, target, PixelOrder::Rgb, filter);
        let exact = reference(&resized(&pixels, source, target, filter), target);
        for (got, exact) in got.iter().zip(&exact) {
            // Half a level is the rounding that no byte escapes.
            prop_assert!((f64::from(*got) - exact).abs() < 0.52, "{got} for {exact}");
        }
    }

    #[test]
    fn a_resize_is_within_a_hair_of_exact((source, pixels) in picture(), target in sides(), filter in filters()) {
        let mut got = vec![0; target.packed_len()];
        let plan = Plan::new(source, target, filter);
        plan.resize(&rows(&pixels, source.packed_row_len()), &mut Scratch::default(), &mut got).unwrap();
        for (got, exact) in got.iter().zip(resized(&pixels, source, target, filter).as_flattened()) {
            prop_assert!((f64::from(*got) - exact).abs() < 0.52, "{got} for {exact}");
        }
    }

    #[test]
    fn the_order_of_channels_is_all_that_bgr_and_rgb_differ_in((source, mut pixels) in picture(), target in sides()) {
        let rgb = i420(&pixels, source, target, PixelOrder::Rgb, Filter::Bilinear);
        for pixel in pixels.chunks_exact_mut(3) {
            pixel.swap(0, 2);
        }
        prop_assert_eq!(rgb, i420(&pixels, source, target, PixelOrder::Bgr, Filter::Bilinear));
    }

    #[test]
    fn planes_come_back_within_a_level(size in sides(), seed in any::<u64>(), padding in 0_usize..5) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let half = size.chroma();
        let (luma, chroma) = (size.width() + padding, half.width() + padding);
        let y: Vec<u8> = (0..luma * size.height()).map(|_| next()).collect();
        let u: Vec<u8> = (0..chroma * half.height()).map(|_| next()).collect();
        let v: Vec<u8> = (0..chroma * half.height()).map(|_| next()).collect();
        let (y_rows, u_rows, v_rows) = (rows(&y, luma), rows(&u, chroma), rows(&v, chroma));
        let planes = Planes { y: &y_rows, u: &u_rows, v: &v_rows };
        let mut got = vec![0; size.packed_len()];
        let plan = Plan::new(size, size, Filter::Bilinear);
        planes_to_packed(planes, &plan, PixelOrder::Rgb, &mut Scratch::default(), &mut got).unwrap();
        for (index, pixel) in got.chunks_exact(3).enumerate() {
            let (row, column) = (index / size.width(), index % size.width());
            let luma = (f64::from(y_rows[row][column]) - 16.0) * 255.0 / 219.0;
            let cb = (f64::from(u_rows[row / 2][column / 2]) - 128.0) * 255.0 / 224.0;
            let cr = (f64::from(v_rows[row / 2][column / 2]) - 128.0) * 255.0 / 224.0;
            let (red, blue) = (luma + 1.402 * cr, luma + 1.772 * cb);
            let green = (luma - 0.299 * red - 0.114 * blue) / 0.587;
            for (got, exact) in pixel.iter().zip([red, green, blue]) {
                prop_assert!((f64::from(*got) - exact.clamp(0.0, 255.0)).abs() < 0.51, "{got} for {exact}");
            }
        }
    }

    #[test]
    fn scratch_of_another_geometry_changes_nothing((source, pixels) in picture(), targets in prop::collection::vec((sides(), filters()), 1..4)) {
        let mut scratch = Scratch::default();
        for (target, filter) in targets {
            let mut planes = vec![0; target.i420_len()];
            let rows = rows(&pixels, source.packed_row_len());
            Plan::new(source, target, filter).to_i420(&rows, PixelOrder::Rgb, &mut scratch, &mut planes).unwrap();
            prop_assert_eq!(planes, i420(&pixels, source, target, PixelOrder::Rgb, filter));
        }
    }
}

#[test]
fn the_longest_sides_neither_overflow_nor_drift() {
    for (width, height) in [(MAX_SIDE, 1), (1, MAX_SIDE), (MAX_SIDE - 1, 3), (3, 10_923)] {
        let source = Size::new(width, height).unwrap();
        let pixels = vec![255; source.packed_len()];
        for (width, height) in [(1, 1), (5, 7), (MAX_SIDE, 2), (2, MAX_SIDE)] {
            let target = Size::new(width, height).unwrap();
            for filter in [Filter::Bilinear, Filter::Area] {
                let planes = i420(&pixels, source, target, PixelOrder::Bgr, filter);
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
    let source = Size::new(13_107, 1).unwrap();
    let pixels: Vec<u8> = (0..source.width())
        .flat_map(|x| [if x % 2 == 0 { 255 } else { 0 }; 3])
        .collect();
    let mut got = [0; 3];
    Plan::new(source, Size::new(1, 1).unwrap(), Filter::Area)
        .resize(&[&pixels], &mut Scratch::default(), &mut got)
        .unwrap();
    assert_eq!(got, [128; 3]);
}

#[test]
fn buffers_of_a_wrong_size_are_refused() {
    let size = Size::new(4, 2).unwrap();
    let plan = Plan::new(size, size, Filter::Bilinear);
    let row = [0_u8; 12];
    let mut scratch = Scratch::default();
    let mut call = |rows: &[&[u8]], len: usize| {
        plan.to_i420(rows, PixelOrder::Bgr, &mut scratch, &mut vec![0; len])
    };
    assert_eq!(call(&[&row, &row], size.i420_len()), Ok(()));
    assert!(matches!(
        call(&[&row], 12),
        Err(FrameError::Rows {
            needed: 2,
            got: 1,
            ..
        })
    ));
    assert!(matches!(
        call(&[&row, &row[1..]], 12),
        Err(FrameError::Bytes {
            needed: 12,
            got: 11,
            ..
        })
    ));
    assert!(matches!(
        call(&[&row, &row], 11),
        Err(FrameError::Bytes {
            needed: 12,
            got: 11,
            ..
        })
    ));
}
