//! The pixel work itself, once for each set of instructions, and the choice between them.
//!
//! `scalar` says what every kernel computes; the others compute the same, byte for byte, in whole
//! blocks, and leave what is over to a padded buffer or to `scalar`. `unsafe` is allowed here
//! alone.

use crate::PixelOrder;
use crate::colour::{Back, Forward};
use crate::taps::AreaColumns;

mod ahead;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512;
mod level;
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)]
pub(crate) mod neon;
mod operands;
pub(crate) mod scalar;

pub(crate) use ahead::Ahead;
pub use level::{LEVEL_VARIABLE, Level};
pub(crate) use operands::{AreaInput, BilinearInput, ChromaRow, Columns, FineRows, Pair, PairMut};

/// The kernels of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernels {
    level: Level,
}

// SAFETY of every block below: a level above scalar is only ever held where the machine has it.
#[allow(unsafe_code)]
impl Kernels {
    /// The kernels of `level`, or of the scalar one where the machine lacks it.
    pub(crate) fn new(level: Level) -> Self {
        let level = if level.is_available() {
            level
        } else {
            Level::Scalar
        };
        Self { level }
    }

    pub(crate) const fn level(self) -> Level {
        self.level
    }

    /// See [`scalar::plain_pair`].
    pub(crate) fn plain_pair(
        self,
        rows: [&[u8]; 2],
        order: PixelOrder,
        forward: &Forward,
        #[cfg_attr(
            not(target_arch = "x86_64"),
            allow(unused_variables, reason = "AVX2 alone asks for what is next")
        )]
        ahead: Ahead<'_, 2>,
        out: PairMut<'_>,
    ) {
        match self.level {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the machine has NEON.
            Level::Neon => unsafe { neon::plain_pair(rows, order, forward, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX2.
            Level::Avx2 => unsafe { avx2::plain_pair(rows, order, forward, ahead, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX-512 and VBMI.
            Level::Avx512 => unsafe { avx512::plain_pair(rows, order, forward, out) },
            _ => scalar::plain_pair(rows, order, forward, out),
        }
    }

    /// Two output rows of a bilinear resize; `fine` is working space of two rows in Q7.
    pub(crate) fn bilinear_pair(
        self,
        input: BilinearInput<'_>,
        columns: &Columns,
        forward: &Forward,
        fine: &mut FineRows,
        out: PairMut<'_>,
    ) {
        let BilinearInput {
            rows, down, order, ..
        } = input;
        #[cfg(target_arch = "x86_64")]
        {
            let weights = down.map(|tap| tap.weight);
            if let (Level::Avx512, Some(octets)) = (self.level, &columns.octets) {
                // SAFETY: the machine has AVX-512 and VBMI.
                return unsafe { avx512::bilinear_pair(rows, octets, weights, forward, out) };
            }
            if let (Level::Avx2 | Level::Avx512, Some(pairs)) = (self.level, &columns.pairs) {
                // SAFETY: the machine has AVX2.
                return unsafe {
                    avx2::bilinear_pair(rows, pairs, weights, forward, input.ahead, out)
                };
            }
        }
        #[cfg(target_arch = "aarch64")]
        if let (Level::Neon, Some(gather)) = (self.level, &columns.gather) {
            let weights = down.map(|tap| tap.weight);
            // SAFETY: the machine has NEON.
            return unsafe { neon::bilinear_pair(rows, gather, weights, forward, out) };
        }
        for (row, (rows, down)) in rows.into_iter().zip(down).enumerate() {
            scalar::bilinear_row(rows, &columns.taps, down, order, fine.row_mut(row));
        }
        scalar::fine_pair([fine.row(0), fine.row(1)], forward, out);
    }

    /// See [`scalar::area_down`].
    pub(crate) fn area_down(self, input: &AreaInput<'_>, line: &mut [i16]) {
        match self.level {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the machine has NEON.
            Level::Neon => unsafe { neon::area_down(input, line) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX2.
            Level::Avx2 | Level::Avx512 => unsafe { avx2::area_down(input, line) },
            _ => scalar::area_down(input, line),
        }
    }

    /// See [`scalar::area_across`].
    pub(crate) fn area_across(self, line: &[i16], columns: &AreaColumns, out: [&mut [i16]; 3]) {
        match self.level {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the machine has NEON.
            Level::Neon => unsafe { neon::area_across(line, columns, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX2.
            Level::Avx2 | Level::Avx512 => unsafe { avx2::area_across(line, columns, out) },
            _ => scalar::area_across(line, columns, out),
        }
    }

    /// See [`scalar::fine_pair`].
    pub(crate) fn fine_pair(self, fine: &FineRows, forward: &Forward, out: PairMut<'_>) {
        let rows = [fine.row(0), fine.row(1)];
        match self.level {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the machine has NEON.
            Level::Neon => unsafe { neon::fine_pair(rows, forward, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX2.
            Level::Avx2 | Level::Avx512 => unsafe { avx2::fine_pair(rows, forward, out) },
            _ => scalar::fine_pair(rows, forward, out),
        }
    }

    /// See [`scalar::packed_pair`]; from the first column.
    pub(crate) fn packed_pair(
        self,
        pair: Pair<'_>,
        order: PixelOrder,
        back: &Back,
        out: [&mut [u8]; 2],
    ) {
        match self.level {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the machine has NEON.
            Level::Neon => unsafe { neon::packed_pair(pair, order, back, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX2.
            Level::Avx2 => unsafe { avx2::packed_pair(pair, order, back, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has AVX-512 and VBMI.
            Level::Avx512 => unsafe { avx512::packed_pair(pair, order, back, out) },
            _ => scalar::packed_pair(pair, order, back, 0, out),
        }
    }
}
