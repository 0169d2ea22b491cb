//! One output row of a resize: down the columns first, then along the row.
//!
//! Between the two passes and after them samples are 16 bits wide with 8 fractional bits, so that
//! nothing is rounded to a byte before the very end. Rows are interleaved pixels of `channels`
//! samples. This is the exact way, for packed pixels and for averages of very many samples; most
//! conversions to I420 have faster kernels.

use crate::axis::{AREA_BITS, AreaTap, Axis, LINEAR_BITS, LinearTap};
use crate::rows::Window;

const MOST_CHANNELS: usize = 4;
const LINEAR_ONE: u32 = 1 << LINEAR_BITS;

/// Working rows of [`row`], kept between frames.
#[derive(Debug, Default, Clone)]
pub(crate) struct Workspace {
    blended: Vec<u16>,
    sums: Vec<u32>,
}

/// Output row `y`, into `out` (8 fractional bits).
pub(crate) fn row(
    source: Window<'_>,
    channels: usize,
    (across, down): (&Axis, &Axis),
    y: usize,
    work: &mut Workspace,
    out: &mut [u16],
) {
    if matches!(across, Axis::Copy) {
        vertical(source, down, y, &mut work.sums, out);
    } else {
        work.blended.resize(source.row_len, 0);
        vertical(source, down, y, &mut work.sums, &mut work.blended);
        horizontal(&work.blended, channels, across, out);
    }
}

fn vertical(source: Window<'_>, down: &Axis, y: usize, sums: &mut Vec<u32>, out: &mut [u16]) {
    match down {
        Axis::Copy => {
            for (out, &sample) in out.iter_mut().zip(source.row(y)) {
                *out = u16::from(sample) << 8;
            }
        }
        Axis::Linear(taps) => {
            let tap = taps[y];
            let (first, second) = (source.row(tap.first), source.row(tap.second));
            blend(first, second, tap.weight, out);
        }
        Axis::Area { taps, weights } => {
            let tap = &taps[y];
            sums.clear();
            sums.resize(source.row_len, 1 << (AREA_BITS - 9));
            for (row, &weight) in (tap.first..).zip(&weights[tap.weights.clone()]) {
                for (sum, &sample) in sums.iter_mut().zip(source.row(row)) {
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

fn horizontal(row: &[u16], channels: usize, across: &Axis, out: &mut [u16]) {
    match across {
        Axis::Copy => out.copy_from_slice(row),
        Axis::Linear(taps) => linear(row, channels, taps, out),
        Axis::Area { taps, weights } => area(row, channels, taps, weights, out),
    }
}

fn linear(row: &[u16], channels: usize, taps: &[LinearTap], out: &mut [u16]) {
    for (pixel, tap) in out.chunks_exact_mut(channels).zip(taps) {
        let first = &row[channels * tap.first..][..channels];
        let second = &row[channels * tap.second..][..channels];
        let (near, far) = (LINEAR_ONE - u32::from(tap.weight), u32::from(tap.weight));
        for channel in 0..channels {
            let sum = u32::from(first[channel]) * near + u32::from(second[channel]) * far;
            pixel[channel] = ((sum + LINEAR_ONE / 2) >> LINEAR_BITS) as u16;
        }
    }
}

fn area(row: &[u16], channels: usize, taps: &[AreaTap], weights: &[u32], out: &mut [u16]) {
    for (pixel, tap) in out.chunks_exact_mut(channels).zip(taps) {
        let run = &weights[tap.weights.clone()];
        let samples = row[channels * tap.first..].chunks_exact(channels);
        let mut sums = [1_u64 << (AREA_BITS - 1); MOST_CHANNELS];
        for (sample, &weight) in samples.zip(run) {
            for channel in 0..channels {
                sums[channel] += u64::from(sample[channel]) * u64::from(weight);
            }
        }
        for channel in 0..channels {
            pixel[channel] = (sums[channel] >> AREA_BITS) as u16;
        }
    }
}
