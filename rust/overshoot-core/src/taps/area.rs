//! The tables of the area kernels: runs of samples with their weights.

use super::{BLOCK, MOST_TAPS};
use crate::PixelOrder;
use crate::axis::{AREA_BITS, Axis, LINEAR_BITS};

/// Runs of samples with their weights, one run per output.
fn runs(axis: &Axis, len: usize) -> Vec<(usize, Vec<u32>)> {
    match axis {
        Axis::Copy => (0..len).map(|at| (at, vec![1 << AREA_BITS])).collect(),
        Axis::Linear(taps) => taps
            .iter()
            .map(|tap| {
                let weight = u32::from(tap.weight) << (AREA_BITS - LINEAR_BITS);
                match (1 << AREA_BITS) - weight {
                    _ if tap.first == tap.second => (tap.first, vec![1 << AREA_BITS]),
                    0 => (tap.second, vec![weight]),
                    rest if weight == 0 => (tap.first, vec![rest]),
                    rest => (tap.first, vec![rest, weight]),
                }
            })
            .collect(),
        Axis::Area { taps, weights } => taps
            .iter()
            .map(|tap| (tap.first, weights[tap.weights.clone()].to_vec()))
            .collect(),
    }
}

/// The weights in `bits`, as differences of rounded sums: they sum to `1 << bits`, unless there
/// is one alone, which is a unit less so that it fits.
fn rounded(weights: &[u32], bits: u32) -> impl Iterator<Item = u16> {
    let shift = AREA_BITS - bits;
    let (mut sum, mut before) = (0_u32, 0_u32);
    weights.iter().map(move |weight| {
        sum += weight;
        let upto = (sum + (1 << (shift - 1))) >> shift;
        let rounded = upto - before;
        before = upto;
        rounded.min((1 << bits) - 1) as u16
    })
}

/// The most taps that bytes are precise enough for as weights.
const MOST_BYTE_TAPS: usize = 4;

/// Weighted sums down the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AreaRows {
    /// The first source row of each output, and where its weights are.
    runs: Vec<(usize, std::ops::Range<usize>)>,
    weights: Vec<u16>,
    bytes: bool,
}

/// The weights of one output row, one for each of its source rows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowWeights<'a> {
    /// Two to four, of eight bits, which sum to 256.
    Bytes(&'a [u16]),
    /// At most [`MOST_TAPS`], in Q16.
    Words(&'a [u16]),
}

impl<'a> RowWeights<'a> {
    pub(crate) const fn values(self) -> &'a [u16] {
        match self {
            Self::Bytes(weights) | Self::Words(weights) => weights,
        }
    }
}

impl AreaRows {
    pub(crate) fn new(axis: &Axis, len: usize) -> Option<Self> {
        let runs = runs(axis, len);
        if runs.iter().any(|(_, run)| run.len() > MOST_TAPS) {
            return None;
        }
        let fits = |run: &[u32]| {
            (2..=MOST_BYTE_TAPS).contains(&run.len())
                && rounded(run, 8).map(u32::from).sum::<u32>() == 256
        };
        let bytes = runs.iter().all(|(_, run)| fits(run));
        let bits = if bytes { 8 } else { 16 };
        let mut weights = Vec::new();
        let runs = runs
            .into_iter()
            .map(|(first, run)| {
                let start = weights.len();
                weights.extend(rounded(&run, bits));
                (first, start..weights.len())
            })
            .collect();
        Some(Self {
            runs,
            weights,
            bytes,
        })
    }

    /// The first source row of output `y`, and the weights from there.
    pub(crate) fn run(&self, y: usize) -> (usize, RowWeights<'_>) {
        let (first, range) = &self.runs[y];
        let weights = &self.weights[range.clone()];
        let weights = match self.bytes {
            true => RowWeights::Bytes(weights),
            false => RowWeights::Words(weights),
        };
        (*first, weights)
    }
}

/// Weighted sums along a line of samples, over pairs of pixels; weights in Q15.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AreaColumns {
    pub(crate) order: PixelOrder,
    /// The first sample of each output, padded to whole blocks.
    pub(crate) first: Vec<u32>,
    /// How many pairs each output has: the same for all, some with weights of zero.
    pub(crate) pairs: usize,
    /// See [`Self::weight`].
    pub(crate) weights: Vec<[[i16; 2]; 4]>,
    /// Samples that the line must have, so that each output finds eight from the first of each
    /// of its pairs.
    pub(crate) needed: usize,
}

impl AreaColumns {
    pub(crate) fn new(axis: &Axis, len: usize, order: PixelOrder) -> Option<Self> {
        let mut runs = runs(axis, len);
        let taps = runs.iter().map(|(_, run)| run.len()).max()?;
        if taps > MOST_TAPS {
            return None;
        }
        let last = runs.last()?.clone();
        runs.resize(len.next_multiple_of(BLOCK), last);
        let first: Vec<u32> = runs
            .iter()
            .map(|(first, _)| (order.bytes() * first) as u32)
            .collect();
        let pairs = taps.div_ceil(2);
        let last = first.iter().max().copied().unwrap_or(0) as usize;
        let mut columns = Self {
            order,
            pairs,
            weights: vec![[[0; 2]; 4]; pairs * runs.len()],
            needed: last + 2 * order.bytes() * (pairs - 1) + 8,
            first,
        };
        for (x, (_, run)) in runs.iter().enumerate() {
            for (at, weight) in rounded(run, 15).enumerate() {
                let index = columns.index(x, at / 2);
                for copy in &mut columns.weights[index] {
                    // At most 32,767, so it fits.
                    copy[at % 2] = weight as i16;
                }
            }
        }
        Some(columns)
    }

    /// Both weights of a pair of output `x`.
    pub(crate) fn weight(&self, x: usize, pair: usize) -> [i16; 2] {
        self.weights[self.index(x, pair)][0]
    }

    /// Weights lie four times over (for three channels and padding), and those of outputs 0 and
    /// 8, 1 and 9 ... of each sixteen side by side, as in the halves of a register.
    fn index(&self, x: usize, pair: usize) -> usize {
        let (block, within) = (x / 16, x % 16);
        2 * ((8 * block + within % 8) * self.pairs + pair) + within / 8
    }
}
