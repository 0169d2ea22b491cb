//! The work in float64, and how near an answer comes to it.

use overshoot_core::{Filter, Size};

/// Something like nature: soft shapes in colour and a little noise.
pub(crate) fn picture(size: Size) -> Vec<u8> {
    let mut noise = 1_u32;
    let mut pixels = Vec::with_capacity(size.packed_len());
    for y in 0..size.height() {
        for x in 0..size.width() {
            for channel in 0..3 {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (x, y, phase) = (x as f64, y as f64, f64::from(channel));
                let wave =
                    60.0 * (0.031 * x + 0.017 * y + phase).sin() + 40.0 * (0.05 * y - phase).cos();
                pixels.push((128.0 + wave + f64::from(noise >> 29) - 4.0) as u8);
            }
        }
    }
    pixels
}

/// The samples that output `x` takes, with their weights.
fn taps(x: usize, source: usize, target: usize, filter: Filter) -> Vec<(usize, f64)> {
    let scale = source as f64 / target as f64;
    if filter == Filter::Area && target < source {
        let (start, end) = (x as f64 * scale, (x + 1) as f64 * scale);
        (start as usize..source.min(end.ceil() as usize))
            .map(|at| {
                (
                    at,
                    (end.min(at as f64 + 1.0) - start.max(at as f64)) / scale,
                )
            })
            .collect()
    } else {
        let position = ((x as f64 + 0.5) * scale - 0.5).clamp(0.0, (source - 1) as f64);
        let first = position as usize;
        let part = position.fract();
        vec![(first, 1.0 - part), ((first + 1).min(source - 1), part)]
    }
}

fn resized(pixels: &[u8], source: Size, target: Size, filter: Filter) -> Vec<[f64; 3]> {
    let across: Vec<_> = (0..target.width())
        .map(|x| taps(x, source.width(), target.width(), filter))
        .collect();
    let mut out = Vec::with_capacity(target.plane_len());
    for y in 0..target.height() {
        let mut row = vec![0.0; source.packed_row_len()];
        for (at, weight) in taps(y, source.height(), target.height(), filter) {
            let samples = &pixels[at * row.len()..][..row.len()];
            for (sum, &sample) in row.iter_mut().zip(samples) {
                *sum += weight * f64::from(sample);
            }
        }
        for taps in &across {
            out.push([0, 1, 2].map(|c| taps.iter().map(|(at, w)| w * row[3 * at + c]).sum()));
        }
    }
    out
}

/// Y, U and V of BGR, BT.601 limited range, unrounded.
pub(crate) fn planes(pixels: &[u8], source: Size, target: Size, filter: Filter) -> Vec<f64> {
    let bgr = resized(pixels, source, target, filter);
    let luma = |p: [f64; 3]| 0.114 * p[0] + 0.587 * p[1] + 0.299 * p[2];
    let mut planes: Vec<f64> = bgr
        .iter()
        .map(|&p| 16.0 + luma(p) * 219.0 / 255.0)
        .collect();
    for (channel, span) in [(0, 1.772), (2, 1.402)] {
        for y in (0..target.height()).step_by(2) {
            for x in (0..target.width()).step_by(2) {
                let block = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| {
                    let (y, x) = (
                        (y + dy).min(target.height() - 1),
                        (x + dx).min(target.width() - 1),
                    );
                    let p = bgr[y * target.width() + x];
                    128.0 + (p[channel] - luma(p)) / span * 224.0 / 255.0
                });
                planes.push(block.iter().sum::<f64>() / 4.0);
            }
        }
    }
    planes
}

/// BGR of I420, BT.601 limited range, unrounded.
pub(crate) fn pixels(planes: &[u8], size: Size) -> Vec<f64> {
    let (luma, chroma) = planes.split_at(size.plane_len());
    let (u, v) = chroma.split_at(chroma.len() / 2);
    let mut out = Vec::with_capacity(size.packed_len());
    for y in 0..size.height() {
        for x in 0..size.width() {
            let at = y / 2 * size.chroma().width() + x / 2;
            let centred = |plane: &[u8]| (f64::from(plane[at]) - 128.0) * 255.0 / 224.0;
            let luma = (f64::from(luma[y * size.width() + x]) - 16.0) * 255.0 / 219.0;
            let (blue, red) = (luma + 1.772 * centred(u), luma + 1.402 * centred(v));
            let green = (luma - 0.114 * blue - 0.299 * red) / 0.587;
            out.extend([blue, green, red].map(|sample| sample.clamp(0.0, 255.0)));
        }
    }
    out
}

/// Peak signal to noise ratio in dB, peak 255; rounding alone gives 58.9.
pub(crate) fn psnr(got: &[u8], exact: &[f64]) -> f64 {
    assert_eq!(got.len(), exact.len());
    let squares = got
        .iter()
        .zip(exact)
        .map(|(&got, exact)| (f64::from(got) - exact).powi(2));
    10.0 * (255.0 * 255.0 * got.len() as f64 / squares.sum::<f64>()).log10()
}
