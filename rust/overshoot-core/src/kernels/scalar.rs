//! The arithmetic of every kernel, one sample at a time. The others give the same bytes.
//!
//! Samples between a resize and the colour conversion are Q7: 0 to 32,648, of 15 bits.
//! `mulhrs(a, b) = (a b + 2^14) >> 15`, a rounded product of Q15.
//!
//! * Luma of bytes: `mulhrs(sum of byte * weight, scale) + black`, the sum in 15 bits.
//! * Luma of Q7: `(sum of mulhrs(sample, weight) + 64 >> 7) + black`.
//! * Chroma of bytes: with `m` the sum of the block's four bytes times 32, which is their mean in
//!   Q7, `(mulhrs(m_b - m_g, w_0) + mulhrs(m_r - m_g, w_1) + 64 >> 7) + 128`.
//! * Chroma of Q7: rows first, `m = (top + bottom + 1) >> 1`; then over both columns
//!   `(sum of (m_b - m_g) w_0 + (m_r - m_g) w_1) + 2^22 >> 23) + 128`.
//! * Bilinear: `h = first (128 - w) + second w` along the row, then `h + mulhrs(h' - h, w')` down.
//! * Area: down first, over two to four rows half the sum of `byte w`, of which the weights sum to
//!   256; over others `(n + 1) / 2` for what truncation loses and `(256 byte) w >> 16` of each of `n`
//!   rows, halved. Then along the row `(sum of sample w) + 2^14 >> 15`.
//! * Planes to packed: luma and chroma in Q6 by `mulhrs`, added with saturation, `>> 6`.
//!
//! Results that do not fit a byte are clamped.

use super::{AreaInput, Pair, PairMut};
use crate::PixelOrder;
use crate::colour::{Back, Forward};
use crate::taps::{AreaColumns, ColumnTap, RowTap, RowWeights};

/// A row in Q7 as three planes: blue, green, red.
pub(crate) type Fine<'a> = [&'a [i16]; 3];

pub(crate) fn mulhrs(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b) + (1 << 14)) >> 15) as i16
}

fn byte(value: i16) -> u8 {
    value.clamp(0, 255) as u8
}

/// Two rows of packed bytes, not resized.
pub(crate) fn plain_pair(rows: [&[u8]; 2], order: PixelOrder, forward: &Forward, out: PairMut<'_>) {
    let (size, places, width) = (order.bytes(), order.places(), out.y[0].len());
    let pixel = |row: usize, x: usize| {
        let pixel = &rows[row][size * x..][..size];
        places.map(|place| i16::from(pixel[place]))
    };
    for (row, y) in out.y.into_iter().enumerate() {
        for (x, y) in y.iter_mut().enumerate() {
            let samples = pixel(row, x);
            let sum: i16 = (0..3)
                .map(|channel| samples[channel] * i16::from(forward.byte_luma[channel]))
                .sum();
            *y = byte(mulhrs(sum, forward.byte_scale) + i16::from(forward.black));
        }
    }
    for (index, (u, v)) in out.u.iter_mut().zip(out.v).enumerate() {
        let (left, right) = (2 * index, (2 * index + 1).min(width - 1));
        let block = [
            pixel(0, left),
            pixel(0, right),
            pixel(1, left),
            pixel(1, right),
        ];
        let mean = [0, 1, 2].map(|channel| 32 * block.iter().map(|p| p[channel]).sum::<i16>());
        let (blue, red) = (mean[0] - mean[1], mean[2] - mean[1]);
        let weigh = |weights: [i16; 2]| {
            byte(((mulhrs(blue, weights[0]) + mulhrs(red, weights[1]) + 64) >> 7) + 128)
        };
        (*u, *v) = (weigh(forward.u), weigh(forward.v));
    }
}

/// Two rows in Q7, each at least as long as the picture rounded up to even.
pub(crate) fn fine_pair(rows: [Fine<'_>; 2], forward: &Forward, out: PairMut<'_>) {
    for (row, y) in rows.into_iter().zip(out.y) {
        for (x, y) in y.iter_mut().enumerate() {
            let sum: i16 = (0..3)
                .map(|channel| mulhrs(row[channel][x], forward.luma[channel]))
                .sum();
            *y = byte(((sum + 64) >> 7) + i16::from(forward.black));
        }
    }
    for (index, (u, v)) in out.u.iter_mut().zip(out.v).enumerate() {
        let differences = [2 * index, 2 * index + 1].map(|x| {
            let mean = [0, 1, 2].map(|channel| {
                (i32::from(rows[0][channel][x]) + i32::from(rows[1][channel][x]) + 1) >> 1
            });
            [mean[0] - mean[1], mean[2] - mean[1]]
        });
        let weigh = |weights: [i16; 2]| {
            let sum: i32 = (0..2)
                .map(|at| (differences[0][at] + differences[1][at]) * i32::from(weights[at]))
                .sum();
            (((sum + (1 << 22)) >> 23) + 128).clamp(0, 255) as u8
        };
        (*u, *v) = (weigh(forward.u), weigh(forward.v));
    }
}

/// One row in Q7 from the two source rows of `down`.
pub(crate) fn bilinear_row(
    rows: [&[u8]; 2],
    columns: &[ColumnTap],
    down: RowTap,
    order: PixelOrder,
    out: [&mut [i16]; 3],
) {
    for (out, place) in out.into_iter().zip(order.places()) {
        for (out, tap) in out.iter_mut().zip(columns) {
            let [near, far] = rows.map(|row| {
                let sample = |pixel: usize| i16::from(row[order.bytes() * pixel + place]);
                let weight = i16::from(tap.weight);
                sample(tap.first) * (128 - weight) + sample(tap.second) * weight
            });
            *out = near + mulhrs(far - near, down.weight);
        }
    }
}

/// The weighted sum of source rows, byte by byte, in Q7.
pub(crate) fn area_down(input: &AreaInput<'_>, line: &mut [i16]) {
    for (at, out) in line[..input.len].iter_mut().enumerate() {
        let samples = input.rows().iter().map(|row| u32::from(row[at]));
        let weighed = samples.zip(
            input
                .weights
                .values()
                .iter()
                .map(|&weight| u32::from(weight)),
        );
        *out = match input.weights {
            RowWeights::Bytes(_) => {
                weighed.map(|(sample, weight)| sample * weight).sum::<u32>() >> 1
            }
            RowWeights::Words(weights) => {
                let parts = weighed.map(|(sample, weight)| ((sample << 8) * weight) >> 16);
                ((weights.len() as u32).div_ceil(2) + parts.sum::<u32>()) >> 1
            }
        } as i16;
    }
}

/// One row in Q7 from what [`area_down`] made.
pub(crate) fn area_across(line: &[i16], columns: &AreaColumns, out: [&mut [i16]; 3]) {
    let size = columns.order.bytes();
    for (out, place) in out.into_iter().zip(columns.order.places()) {
        for (x, out) in out.iter_mut().enumerate() {
            let mut sum = 1 << 14;
            for pair in 0..columns.pairs {
                let first = columns.first[x] as usize + 2 * size * pair + place;
                let [left, right] = columns.weight(x, pair).map(i32::from);
                sum += i32::from(line[first]) * left + i32::from(line[first + size]) * right;
            }
            *out = (sum >> 15) as i16;
        }
    }
}

/// One or two rows of packed pixels from rows of luma that share their chroma, from column `from`
/// (which is even).
pub(crate) fn packed_pair(
    pair: Pair<'_>,
    order: PixelOrder,
    back: &Back,
    from: usize,
    out: [&mut [u8]; 2],
) {
    let size = order.bytes();
    for (y, out) in pair.y.into_iter().zip(out) {
        for (x, pixel) in out.chunks_exact_mut(size).enumerate().skip(from) {
            let (u, v) = pair.chroma.at(x / 2);
            let centred = |sample: u8| (i16::from(sample) - 128) << 8;
            let (u, v) = (centred(u), centred(v));
            let luma = mulhrs(i16::from(y[x]) << 7, back.luma) + back.offset;
            let add = |part: i16| byte(luma.saturating_add(part) >> 6);
            let green = mulhrs(u, back.green_u) + mulhrs(v, back.green_v);
            let colours = [
                add(mulhrs(u, back.blue_u)),
                add(green),
                add(mulhrs(v, back.red_v)),
            ];
            for (colour, place) in colours.into_iter().zip(order.places()) {
                pixel[place] = colour;
            }
            if let [_, _, _, alpha] = pixel {
                *alpha = 255;
            }
        }
    }
}
