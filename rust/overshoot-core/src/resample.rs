//! One output row of a resize: down the columns first, then along the row.
//!
//! Between the two passes and after them samples are 16 bits wide with 8 fractional bits, so that
//! nothing is rounded to a byte before the very end. Rows are interleaved pixels of three samples.

use crate::axis::{AREA_BITS, AreaTap, Axis, LINEAR_BITS, LinearTap};

const CHANNELS: usize = 3;
const LINEAR_ONE: u32 = 1 << LINEAR_BITS;

/// Working rows of [`row`], kept between frames.
#[derive(Debug, Default, Clone)]
pub(crate) struct Workspace {
    blended: Vec<u16>,
    sums: Vec<u32>,
}

/// Output row `y`, into `out` (three samples a pixel, 8 fractional bits).
pub(crate) fn row(
    source: &[&[u8]],
    source_width: usize,
    (across, down): (&Axis, &Axis),
    y: usize,
    work: &mut Workspace,
    out: &mut [u16],
) {
    let len = CHANNELS * source_width;
    if matches!(across, Axis::Copy) {
        vertical(source, len, down, y, &mut work.sums, out);
    } else {
        work.blended.resize(len, 0);
        vertical(source, len, down, y, &mut work.sums, &mut work.blended);
        horizontal(&work.blended, across, out);
    }
}

fn vertical(
    source: &[&[u8]],
    len: usize,
    down: &Axis,
    y: usize,
    sums: &mut Vec<u32>,
    out: &mut [u16],
) {
    match down {
        Axis::Copy => {
            for (out, &sample) in out.iter_mut().zip(&source[y][..len]) {
                *out = u16::from(sample) << 8;
            }
        }
        Axis::Linear(taps) => {
            let tap = taps[y];
            blend(
                &source[tap.first][..len],
                &source[tap.second][..len],
                tap.weight,
                out,
            );
        }
        Axis::Area { taps, weights } => {
            let tap = &taps[y];
            sums.clear();
            sums.resize(len, 1 << (AREA_BITS - 9));
            for (row, &weight) in source[tap.first..]
                .iter()
                .zip(&weights[tap.weights.clone()])
            {
                for (sum, &sample) in sums.iter_mut().zip(&row[..len]) {
                    *sum += u32::from(sample) * weight;
                }
            }
            for (out, sum) in out.iter_mut().zip(sums.iter()) {
                *out = (sum >> (AREA_BITS - 8)) as u16;
            }
        }
    }
}

fn blend(first: &[u8], second: &[u8], weight: u16, out: &mut [u16]) {
    const SHIFT: u32 = LINEAR_BITS - 8;
    let (near, far) = (LINEAR_ONE - u32::from(weight), u32::from(weight));
    for ((out, &a), &b) in out.iter_mut().zip(first).zip(second) {
        let sum = u32::from(a) * near + u32::from(b) * far;
        *out = ((sum + (1 << (SHIFT - 1))) >> SHIFT) as u16;
    }
}

fn horizontal(row: &[u16], across: &Axis, out: &mut [u16]) {
    match across {
        Axis::Copy => out.copy_from_slice(row),
        Axis::Linear(taps) => linear(row, taps, out),
        Axis::Area { taps, weights } => area(row, taps, weights, out),
    }
}

fn linear(row: &[u16], taps: &[LinearTap], out: &mut [u16]) {
    for (pixel, tap) in out.chunks_exact_mut(CHANNELS).zip(taps) {
        let first = &row[CHANNELS * tap.first..][..CHANNELS];
        let second = &row[CHANNELS * tap.second..][..CHANNELS];
        let (near, far) = (LINEAR_ONE - u32::from(tap.weight), u32::from(tap.weight));
        for channel in 0..CHANNELS {
            let sum = u32::from(first[channel]) * near + u32::from(second[channel]) * far;
            pixel[channel] = ((sum + LINEAR_ONE / 2) >> LINEAR_BITS) as u16;
        }
    }
}

fn area(row: &[u16], taps: &[AreaTap], weights: &[u32], out: &mut [u16]) {
    for (pixel, tap) in out.chunks_exact_mut(CHANNELS).zip(taps) {
        let run = &weights[tap.weights.clone()];
        let samples = row[CHANNELS * tap.first..].chunks_exact(CHANNELS);
        let mut sums = [1_u64 << (AREA_BITS - 1); CHANNELS];
        for (sample, &weight) in samples.zip(run) {
            for channel in 0..CHANNELS {
                sums[channel] += u64::from(sample[channel]) * u64::from(weight);
            }
        }
        for channel in 0..CHANNELS {
            pixel[channel] = (sums[channel] >> AREA_BITS) as u16;
        }
    }
}
