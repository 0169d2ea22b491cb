//! The arithmetic of every kernel, without instructions of its own. The others give the same bytes.
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
use crate::taps::{AreaColumns, BLOCK, ColumnTap, RowTap, RowWeights};

/// A row in Q7 as three planes: blue, green, red.
pub(crate) type Fine<'a> = [&'a [i16]; 3];

/// A block of such a row.
type FineBlock<'a> = [&'a [i16; BLOCK]; 3];

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

/// Two rows in Q7 of whole blocks, at least as many as the picture has.
pub(crate) fn fine_pair(rows: [Fine<'_>; 2], forward: &Forward, out: PairMut<'_>) {
    let PairMut { y, u, v } = out;
    let rows = rows.map(|row| row.map(|plane| plane.as_chunks::<BLOCK>().0));
    for (row, y) in rows.into_iter().zip(y) {
        for (block, y) in y.chunks_mut(BLOCK).enumerate() {
            let luma = fine_luma(row.map(|plane| &plane[block]), forward);
            y.copy_from_slice(&luma[..y.len()]);
        }
    }
    let planes = u.chunks_mut(BLOCK / 2).zip(v.chunks_mut(BLOCK / 2));
    for (block, (u, v)) in planes.enumerate() {
        let rows = rows.map(|row| row.map(|plane| &plane[block]));
        let chroma = fine_chroma(rows, forward);
        u.copy_from_slice(&chroma[0][..u.len()]);
        v.copy_from_slice(&chroma[1][..v.len()]);
    }
}

fn fine_luma(row: FineBlock<'_>, forward: &Forward) -> [u8; BLOCK] {
    let mut luma = [0; BLOCK];
    for (x, y) in luma.iter_mut().enumerate() {
        let sum: i16 = (0..3)
            .map(|channel| mulhrs(row[channel][x], forward.luma[channel]))
            .sum();
        *y = byte(((sum + 64) >> 7) + i16::from(forward.black));
    }
    luma
}

/// U and V.
fn fine_chroma(rows: [FineBlock<'_>; 2], forward: &Forward) -> [[u8; BLOCK / 2]; 2] {
    let mut differences = [[0_i16; BLOCK]; 2];
    for x in 0..BLOCK {
        // Of 15 bits each, so that the sum fits 16.
        let mean = |channel: usize| {
            let sum = rows[0][channel][x] as u16 + rows[1][channel][x] as u16;
            ((sum + 1) >> 1) as i16
        };
        differences[0][x] = mean(0) - mean(1);
        differences[1][x] = mean(2) - mean(1);
    }
    [forward.u, forward.v].map(|weights| {
        let mut plane = [0; BLOCK / 2];
        for (index, sample) in plane.iter_mut().enumerate() {
            let sum: i32 = (0..2)
                .map(|at| {
                    let pair = &differences[at][2 * index..][..2];
                    (i32::from(pair[0]) + i32::from(pair[1])) * i32::from(weights[at])
                })
                .sum();
            *sample = (((sum + (1 << 22)) >> 23) + 128).clamp(0, 255) as u8;
        }
        plane
    })
}

/// One row in Q7 from the two source rows of `down`, in whole blocks.
pub(crate) fn bilinear_row(
    rows: [&[u8]; 2],
    columns: &[ColumnTap],
    down: RowTap,
    order: PixelOrder,
    out: [&mut [i16]; 3],
) {
    match order.bytes() {
        1 => bilinear_blocks::<1>(rows, columns, down, order, out),
        3 => bilinear_blocks::<3>(rows, columns, down, order, out),
        _ => bilinear_blocks::<4>(rows, columns, down, order, out),
    }
}

fn bilinear_blocks<const SIZE: usize>(
    rows: [&[u8]; 2],
    columns: &[ColumnTap],
    down: RowTap,
    order: PixelOrder,
    out: [&mut [i16]; 3],
) {
    let [near, far] = rows.map(|row| row.as_chunks::<SIZE>().0);
    // Of one length, so that what is checked of one row is known of the other.
    let rows = [near, &far[..near.len()]];
    let mut out = out.map(|plane| plane.as_chunks_mut::<BLOCK>().0);
    let mut planes = [[[0; BLOCK]; 3]; 2];
    for (block, columns) in columns.as_chunks::<BLOCK>().0.iter().enumerate() {
        across(rows, columns, &mut planes);
        let [near, far] = &planes;
        for (out, place) in out.iter_mut().zip(order.places()) {
            for (x, out) in out[block].iter_mut().enumerate() {
                let (near, far) = (near[place][x], far[place][x]);
                *out = near + mulhrs(far - near, down.weight);
            }
        }
    }
}

/// A block of outputs from two rows, as planes of the first, second and third sample of pixels.
///
/// A pixel's samples lie in 16 bits each of one word: sums have 15, so that one multiplication
/// serves them all.
fn across<const SIZE: usize>(
    [near, far]: [&[[u8; SIZE]]; 2],
    columns: &[ColumnTap; BLOCK],
    planes: &mut [[[i16; BLOCK]; 3]; 2],
) {
    let word = |pixel: &[u8; SIZE]| {
        let samples = pixel.iter().take(3).zip([0, 16, 32]);
        samples.fold(0, |word, (&sample, bits)| word | u64::from(sample) << bits)
    };
    let [near_planes, far_planes] = planes;
    for (x, tap) in columns.iter().enumerate() {
        // 1 to 127.
        let weight = tap.weight as u64;
        let blend = |row: &[[u8; SIZE]], planes: &mut [[i16; BLOCK]; 3]| {
            let (first, second) = (word(&row[tap.first]), word(&row[tap.second]));
            let sums = first * (128 - weight) + second * weight;
            for (plane, bits) in planes.iter_mut().take(SIZE).zip([0, 16, 32]) {
                plane[x] = (sums >> bits) as i16;
            }
        };
        blend(near, near_planes);
        blend(far, far_planes);
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
