//! The pixel work itself, once for each set of instructions, and the choice between them.
//!
//! `scalar` says what every kernel computes; the others compute the same, byte for byte, in whole
//! blocks, and leave what is over to a padded buffer or to `scalar`. `unsafe` is allowed here
//! alone.

use std::sync::OnceLock;

use crate::colour::{Back, Forward};
use crate::taps::{AreaColumns, MOST_TAPS, Octets, Pairs, RowTap, RowWeights};
use crate::{FrameError, PixelOrder};

mod ahead;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512;
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)]
pub(crate) mod neon;
pub(crate) mod scalar;

pub(crate) use ahead::Ahead;

/// The environment variable that forces a [`Level`], for tests and comparisons.
pub const LEVEL_VARIABLE: &str = "OVERSHOOT_SIMD";

/// A set of instructions. Each gives the same bytes; they differ in speed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// No more than the language has; runs everywhere.
    Scalar,
    /// NEON, of every 64-bit ARM.
    Neon,
    /// AVX2, of x86-64 since 2013.
    Avx2,
    /// AVX-512 F, BW, VL and VBMI, of Intel's since Ice Lake and AMD's since Zen 4.
    Avx512,
}

impl Level {
    /// Every level, the slowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// As [`LEVEL_VARIABLE`] spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            // The kernels count on the lower bytes of a lane being first.
            #[cfg(target_arch = "aarch64")]
            Self::Neon => {
                cfg!(target_endian = "little") && std::arch::is_aarch64_feature_detected!("neon")
            }
            #[cfg(not(target_arch = "aarch64"))]
            Self::Neon => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vbmi")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// The fastest that this machine has, or the one that [`LEVEL_VARIABLE`] names; looked up
    /// once. An error where it names one that is unknown or that the machine lacks.
    pub fn chosen() -> Result<Self, FrameError> {
        static CHOSEN: OnceLock<Result<Level, FrameError>> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let available = || {
                Self::ALL
                    .into_iter()
                    .rev()
                    .filter(|level| level.is_available())
            };
            match std::env::var_os(LEVEL_VARIABLE) {
                Some(name) if !name.is_empty() => available()
                    .find(|level| name == level.name())
                    .ok_or(FrameError::Level),
                _ => Ok(available().next().unwrap_or(Self::Scalar)),
            }
        })
    }
}

/// Two rows of an I420 picture and the chroma that they share, being written.
pub(crate) struct PairMut<'a> {
    pub(crate) y: [&'a mut [u8]; 2],
    pub(crate) u: &'a mut [u8],
    pub(crate) v: &'a mut [u8],
}

/// Two rows of luma and the chroma that they share.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) y: [&'a [u8]; 2],
    pub(crate) chroma: ChromaRow<'a>,
}

impl Pair<'_> {
    /// How many of `width` columns all of the rows have.
    fn columns(&self, width: usize) -> usize {
        let chroma = match self.chroma {
            ChromaRow::Planar { u, v } => u.len().min(v.len()),
            ChromaRow::Interleaved(uv) => uv.len() / 2,
        };
        let luma = self.y[0].len().min(self.y[1].len());
        width.min(luma).min(2 * chroma)
    }

    /// What begins at column `x`, which is even.
    #[cfg(target_arch = "x86_64")]
    fn from(self, x: usize) -> Self {
        Self {
            y: [&self.y[0][x..], &self.y[1][x..]],
            chroma: match self.chroma {
                ChromaRow::Planar { u, v } => ChromaRow::Planar {
                    u: &u[x / 2..],
                    v: &v[x / 2..],
                },
                ChromaRow::Interleaved(uv) => ChromaRow::Interleaved(&uv[x..]),
            },
        }
    }
}

/// A row of chroma.
#[derive(Clone, Copy)]
pub(crate) enum ChromaRow<'a> {
    Planar { u: &'a [u8], v: &'a [u8] },
    Interleaved(&'a [u8]),
}

impl ChromaRow<'_> {
    pub(crate) fn at(&self, index: usize) -> (u8, u8) {
        match self {
            Self::Planar { u, v } => (u[index], v[index]),
            Self::Interleaved(uv) => (uv[2 * index], uv[2 * index + 1]),
        }
    }
}

/// The source rows of one row of the area kernels, `len` bytes of each, with their weights.
pub(crate) struct AreaInput<'a> {
    rows: [&'a [u8]; MOST_TAPS],
    pub(crate) weights: RowWeights<'a>,
    pub(crate) len: usize,
    pub(crate) ahead: Ahead<'a, 4>,
}

impl<'a> AreaInput<'a> {
    /// `row` gives the rows in turn, each at least `len` bytes.
    pub(crate) fn new(
        row: impl Fn(usize) -> &'a [u8],
        weights: RowWeights<'a>,
        len: usize,
        ahead: Ahead<'a, 4>,
    ) -> Self {
        let mut rows: [&[u8]; MOST_TAPS] = [&[]; MOST_TAPS];
        for (at, slot) in rows[..weights.values().len()].iter_mut().enumerate() {
            *slot = &row(at)[..len];
        }
        Self {
            rows,
            weights,
            len,
            ahead,
        }
    }

    /// The rows, as many as there are weights.
    pub(crate) fn rows(&self) -> &[&'a [u8]] {
        &self.rows[..self.weights.values().len()]
    }
}

/// The source rows of two rows of a bilinear resize, and how each two are blended.
pub(crate) struct BilinearInput<'a> {
    pub(crate) rows: [[&'a [u8]; 2]; 2],
    pub(crate) down: [RowTap; 2],
    pub(crate) order: PixelOrder,
    pub(crate) ahead: Ahead<'a, 4>,
}

/// The tables of a bilinear resize; those of a level that is not used are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) taps: Vec<crate::taps::ColumnTap>,
    pub(crate) pairs: Option<Pairs>,
    pub(crate) octets: Option<Octets>,
    #[cfg(target_arch = "aarch64")]
    pub(crate) gather: Option<neon::Gather>,
}

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
            rows,
            down,
            order,
            ahead,
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
                return unsafe { avx2::bilinear_pair(rows, pairs, weights, forward, ahead, out) };
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

/// Two rows in Q7, three planes each, of whole blocks; grows once and is then reused.
#[derive(Debug, Default, Clone)]
pub(crate) struct FineRows {
    samples: Vec<i16>,
    stride: usize,
}

impl FineRows {
    /// Makes room for rows of `width` samples, in whole blocks.
    pub(crate) fn reserve(&mut self, width: usize) {
        self.stride = width.next_multiple_of(crate::taps::BLOCK);
        self.samples.resize(6 * self.stride, 0);
    }

    pub(crate) fn row(&self, row: usize) -> scalar::Fine<'_> {
        let start = 3 * row * self.stride;
        [0, 1, 2].map(|plane| &self.samples[start + plane * self.stride..][..self.stride])
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> [&mut [i16]; 3] {
        let samples = &mut self.samples[3 * row * self.stride..][..3 * self.stride];
        let (blue, rest) = samples.split_at_mut(self.stride);
        let (green, red) = rest.split_at_mut(self.stride);
        [blue, green, red]
    }

    /// Gives the second row the first one's samples.
    pub(crate) fn repeat(&mut self) {
        let len = 3 * self.stride;
        self.samples.copy_within(..len, len);
    }
}
