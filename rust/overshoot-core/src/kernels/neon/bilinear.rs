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
    mut out: PairMut<'_>,
) {
    // The windows end within rows of the length that the tables were made for.
    let rows = rows.map(|rows| rows.map(|row| &row[..gather.row_len]));
    let run = match gather.windows {
        1 => blocks::<1>,
        2 => blocks::<2>,
        3 => blocks::<3>,
        4 => blocks::<4>,
        _ => blocks::<8>,
    };
    let width = out.y[0].len();
    let whole = whole_columns(width);
    let (entries, rest) = gather.entries.split_at(whole / OUTPUTS);
    // SAFETY: windows end within the rows, as `Gather` promises.
    unsafe { run(rows, entries, down, forward, &mut out) };
    if whole < width {
        let last = &rest[..COLUMNS / OUTPUTS];
        // SAFETY: as above.
        write_rest(whole, out, |mut out| unsafe {
            run(rows, last, down, forward, &mut out);
        });
    }
}

/// Whole blocks, as many as there are `entries` for; `WINDOWS` is how many windows those have.
///
/// # Safety
///
/// From the start of each row, the windows of the entries are readable.
#[target_feature(enable = "neon")]
unsafe fn blocks<const WINDOWS: usize>(
    rows: [[&[u8]; 2]; 2],
    entries: &[Entry],
    down: [i16; 2],
    forward: &Forward,
    out: &mut PairMut<'_>,
) {
    let forward = *forward;
    assert!(OUTPUTS * entries.len() <= out.y[0].len());
    for (index, entries) in entries.chunks_exact(COLUMNS / OUTPUTS).enumerate() {
        let mut colours = [[[vdupq_n_s16(0); 3]; 2]; 2];
        for (row, colours) in colours.iter_mut().enumerate() {
            for (entry, colours) in entries.iter().zip(colours) {
                // SAFETY: of the caller.
                let (near, far) = unsafe {
                    (
                        across::<WINDOWS>(rows[row][0].as_ptr(), entry),
                        across::<WINDOWS>(rows[row][1].as_ptr(), entry),
                    )
                };
                for (channel, samples) in colours.iter_mut().enumerate() {
                    let step = vsubq_s16(far[channel], near[channel]);
                    *samples = vaddq_s16(near[channel], vqrdmulhq_n_s16(step, down[row]));
                }
            }
        }
        // SAFETY: the rows have columns for all entries: `PairMut` has rows of one width, and
        // chroma of half of it.
        unsafe { store(convert(colours, &forward), COLUMNS * index, out) };
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
