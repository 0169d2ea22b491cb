//! What the kernels are given: rows that they read and write, and their tables.

use super::{Ahead, scalar};
use crate::PixelOrder;
use crate::taps::{BLOCK, ColumnTap, MOST_TAPS, Octets, Pairs, RowTap, RowWeights};

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
    pub(super) fn columns(&self, width: usize) -> usize {
        let chroma = match self.chroma {
            ChromaRow::Planar { u, v } => u.len().min(v.len()),
            ChromaRow::Interleaved(uv) => uv.len() / 2,
        };
        let luma = self.y[0].len().min(self.y[1].len());
        width.min(luma).min(2 * chroma)
    }

    /// What begins at column `x`, which is even.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn from(self, x: usize) -> Self {
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
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "AVX2 alone asks for what is next")
    )]
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
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "AVX2 alone asks for what is next")
    )]
    pub(crate) ahead: Ahead<'a, 4>,
}

/// The tables of a bilinear resize; those of a level that is not used are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) taps: Vec<ColumnTap>,
    pub(crate) pairs: Option<Pairs>,
    pub(crate) octets: Option<Octets>,
    #[cfg(target_arch = "aarch64")]
    pub(crate) gather: Option<super::neon::Gather>,
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
        self.stride = width.next_multiple_of(BLOCK);
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
