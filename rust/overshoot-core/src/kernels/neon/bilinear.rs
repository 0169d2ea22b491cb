//! Resize and colour conversion in one pass: nothing leaves the registers in between.

use super::gather::{Entry, OUTPUTS};
use super::*;

/// See [`scalar::bilinear_row`] and [`scalar::fine_pair`]. `rows` are the two source rows of each
/// of the two output rows.
#[target_feature(enable = "neon")]
pub(in super::super) fn bilinear_pair(
    rows: [[&[u8]; 2]; 2],
    gather: &Gather,
    down: [i16; 2],
    forward: &Forward,
    out: PairMut<'_>,
) {
    match gather.windows {
        1 => blocks::<1>(rows, gather, down, forward, out),
        2 => blocks::<2>(rows, gather, down, forward, out),
        3 => blocks::<3>(rows, gather, down, forward, out),
        4 => blocks::<4>(rows, gather, down, forward, out),
        _ => blocks::<8>(rows, gather, down, forward, out),
    }
}

/// `WINDOWS` is how many the tables have.
#[target_feature(enable = "neon")]
fn blocks<const WINDOWS: usize>(
    rows: [[&[u8]; 2]; 2],
    gather: &Gather,
    down: [i16; 2],
    forward: &Forward,
    mut out: PairMut<'_>,
) {
    let forward = *forward;
    // The windows end within rows of the length that the tables were made for.
    let rows = rows.map(|rows| rows.map(|row| &row[..gather.row_len]));
    for (index, entries) in gather.entries.chunks_exact(COLUMNS / OUTPUTS).enumerate() {
        let x = COLUMNS * index;
        if x >= out.y[0].len() {
            break;
        }
        let row = |row: usize| {
            // SAFETY: windows end within the rows, as `Gather` promises.
            let half = |entry: &Entry| unsafe {
                let near = across::<WINDOWS>(rows[row][0].as_ptr(), entry);
                let far = across::<WINDOWS>(rows[row][1].as_ptr(), entry);
                let blend = |channel: usize| {
                    let step = vsubq_s16(far[channel], near[channel]);
                    vaddq_s16(near[channel], vqrdmulhq_n_s16(step, down[row]))
                };
                [blend(0), blend(1), blend(2)]
            };
            [half(&entries[0]), half(&entries[1])]
        };
        store(convert([row(0), row(1)], &forward), x, &mut out);
    }
}

/// Eight outputs of one row.
///
/// # Safety
///
/// From `row`, sixteen bytes (of eight `WINDOWS`, eight) from each of the entry's offsets are
/// readable.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn across<const WINDOWS: usize>(row: *const u8, entry: &Entry) -> Colours {
    let window = |at: usize| {
        // SAFETY: of the caller.
        unsafe {
            if WINDOWS == 8 {
                let half = |at: usize| vld1_u8(row.add(entry.offsets[at] as usize));
                vcombine_u8(half(2 * at), half(2 * at + 1))
            } else if at < WINDOWS {
                vld1q_u8(row.add(entry.offsets[at] as usize))
            } else {
                vdupq_n_u8(0)
            }
        }
    };
    let table = uint8x16x4_t(window(0), window(1), window(2), window(3));
    let weights = load(&entry.weights);
    let sum = |channel: usize| {
        let lookup = load(&entry.lookup[channel]);
        let pairs = match WINDOWS {
            1 => vqtbl1q_u8(table.0, lookup),
            2 => vqtbl2q_u8(uint8x16x2_t(table.0, table.1), lookup),
            3 => vqtbl3q_u8(uint8x16x3_t(table.0, table.1, table.2), lookup),
            _ => vqtbl4q_u8(table, lookup),
        };
        let first = vmull_u8(vget_low_u8(pairs), vget_low_u8(weights));
        vreinterpretq_s16_u16(vmlal_high_u8(first, pairs, weights))
    };
    [sum(0), sum(1), sum(2)]
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the array is of sixteen bytes.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}
