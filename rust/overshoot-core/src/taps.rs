//! Where the kernels read, and with which weights: tables made once per geometry.
//!
//! Rows of the tables are padded by repeating their last entry up to a whole [`BLOCK`] of outputs,
//! so kernels work in blocks, and an odd picture has its last column twice, as its chroma needs.

use crate::PixelOrder;
use crate::axis::{AREA_BITS, Axis, LINEAR_BITS};

/// Outputs that the widest kernel makes at once; a multiple of every other's.
pub(crate) const BLOCK: usize = 64;

/// The most taps that an output of the area kernels may have; more go the wide way.
pub(crate) const MOST_TAPS: usize = 32;

/// Bits of a horizontal bilinear weight.
pub(crate) const BYTE_BITS: u32 = 7;

/// An output column: `first * (128 - weight) + second * weight`, pixels counted from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnTap {
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// 1 to 127, so that both weights fit a signed byte: where one pixel alone counts, it is
    /// both, with 64 each.
    pub(crate) weight: i8,
}

/// An output row: `first + (second - first) * weight`, the weight in Q15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowTap {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) weight: i16,
}

/// The columns of an axis that is not averaged, padded to whole blocks.
pub(crate) fn columns(axis: &Axis, len: usize) -> Option<Vec<ColumnTap>> {
    let alone = |pixel| ColumnTap {
        first: pixel,
        second: pixel,
        weight: 1 << (BYTE_BITS - 1),
    };
    let mut taps: Vec<ColumnTap> = match axis {
        Axis::Copy => (0..len).map(alone).collect(),
        Axis::Linear(taps) => taps
            .iter()
            .map(|tap| {
                let half = 1 << (LINEAR_BITS - BYTE_BITS - 1);
                match (u32::from(tap.weight) + half) >> (LINEAR_BITS - BYTE_BITS) {
                    0 => alone(tap.first),
                    128 => alone(tap.second),
                    weight => ColumnTap {
                        first: tap.first,
                        second: tap.second,
                        weight: weight as i8,
                    },
                }
            })
            .collect(),
        Axis::Area { .. } => return None,
    };
    pad(&mut taps);
    Some(taps)
}

/// The rows of an axis that is not averaged.
pub(crate) fn rows(axis: &Axis, len: usize) -> Option<Vec<RowTap>> {
    let alone = |row| RowTap {
        first: row,
        second: row,
        weight: 0,
    };
    match axis {
        Axis::Copy => Some((0..len).map(alone).collect()),
        Axis::Linear(taps) => Some(
            taps.iter()
                .map(|tap| match i16::try_from(tap.weight) {
                    Ok(weight) => RowTap {
                        first: tap.first,
                        second: tap.second,
                        weight,
                    },
                    // One whole does not fit Q15.
                    Err(_) => alone(tap.second),
                })
                .collect(),
        ),
        Axis::Area { .. } => None,
    }
}

fn pad<T: Copy>(taps: &mut Vec<T>) {
    if let Some(&last) = taps.last() {
        taps.resize(taps.len().next_multiple_of(BLOCK), last);
    }
}

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

/// Bytes of several outputs, gathered from windows of a row: which, and their weights.
///
/// An entry makes `PIXELS` outputs. Each 16 bytes of `shuffle` are pairs of bytes, the first and
/// second of an output, blue of all, then green, then red; `weights` go with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gather<const BYTES: usize> {
    pub(crate) shuffle: Vec<[u8; BYTES]>,
    pub(crate) weights: Vec<[i8; 16]>,
    /// Where the two windows of each entry begin; each ends within the row.
    pub(crate) offsets: Vec<[u32; 2]>,
    /// Whether any entry needs its second window.
    pub(crate) split: bool,
    /// The length of the rows that the windows lie in.
    pub(crate) row_len: usize,
}

/// Outputs of a 128-bit entry.
pub(crate) type Pairs = Gather<16>;
/// Outputs of a 512-bit entry.
pub(crate) type Octets = Gather<64>;

impl Pairs {
    /// Two outputs an entry, from one window of 16 bytes or two of 8; in each block of 16 the
    /// entries alternate between the outputs from 0 and those from 8, the halves of a register.
    pub(crate) fn new(columns: &[ColumnTap], order: PixelOrder, row_len: usize) -> Option<Self> {
        if row_len < 16 {
            return None;
        }
        let entry_of = |index: usize| 16 * (index / 8) + 8 * (index % 2) + 2 * (index / 2 % 4);
        let entries = || (0..columns.len() / 2).map(|index| &columns[entry_of(index)..][..2]);
        let split = entries().any(|pair| span(pair, order).len() > 16);
        let mut gather = Self::empty(split, row_len);
        for pair in entries() {
            let windows = if split {
                [0, 1].map(|at| window(&pair[at..=at], order, row_len, 8))
            } else {
                [window(pair, order, row_len, 16); 2]
            };
            let mut shuffle = [0x80; 16];
            for (at, tap) in pair.iter().enumerate() {
                let base = if split { 8 * at } else { 0 };
                for (channel, place) in order.places().into_iter().enumerate() {
                    for (side, pixel) in [tap.first, tap.second].into_iter().enumerate() {
                        let byte = order.bytes() * pixel + place - windows[at];
                        shuffle[4 * channel + 2 * at + side] = (base + byte) as u8;
                    }
                }
            }
            gather.push(shuffle, windows, pair.iter().cycle());
        }
        Some(gather)
    }
}

impl Octets {
    /// Eight outputs an entry, from one window of 64 bytes or two.
    pub(crate) fn new(columns: &[ColumnTap], order: PixelOrder, row_len: usize) -> Option<Self> {
        let entries = || columns.chunks_exact(8);
        let longest = entries().map(|taps| span(taps, order).len()).max()?;
        if row_len < 64 || longest > 128 {
            return None;
        }
        let split = longest > 64;
        let mut gather = Self::empty(split, row_len);
        for taps in entries() {
            let first = window(taps, order, row_len, 64);
            let second = (first + 64).min(row_len - 64);
            let mut shuffle = [0; 64];
            for (at, tap) in taps.iter().enumerate() {
                for (channel, place) in order.places().into_iter().enumerate() {
                    for (side, pixel) in [tap.first, tap.second].into_iter().enumerate() {
                        let byte = order.bytes() * pixel + place - first;
                        let byte = if byte < 64 {
                            byte
                        } else {
                            byte + first + 64 - second
                        };
                        shuffle[16 * channel + 2 * at + side] = byte as u8;
                    }
                }
            }
            gather.push(shuffle, [first, second], taps.iter());
        }
        Some(gather)
    }
}

impl<const BYTES: usize> Gather<BYTES> {
    fn empty(split: bool, row_len: usize) -> Self {
        Self {
            shuffle: Vec::new(),
            weights: Vec::new(),
            offsets: Vec::new(),
            split,
            row_len,
        }
    }

    fn push<'a>(
        &mut self,
        shuffle: [u8; BYTES],
        windows: [usize; 2],
        taps: impl Iterator<Item = &'a ColumnTap>,
    ) {
        let mut weights = [0; 16];
        for (pair, tap) in weights.chunks_exact_mut(2).zip(taps) {
            // 128 less 1 to 127, so it fits.
            pair.copy_from_slice(&[(128 - i16::from(tap.weight)) as i8, tap.weight]);
        }
        self.shuffle.push(shuffle);
        self.weights.push(weights);
        self.offsets.push(windows.map(|at| at as u32));
    }
}

/// The bytes that these outputs read.
fn span(taps: &[ColumnTap], order: PixelOrder) -> std::ops::Range<usize> {
    let read = |pixel: usize| order.bytes() * pixel;
    let used = order.bytes().min(3);
    let first = taps.iter().map(|tap| read(tap.first)).min().unwrap_or(0);
    let last = taps.iter().map(|tap| read(tap.second)).max().unwrap_or(0);
    first..last + used
}

/// Where a window of `len` bytes begins that has these outputs' first bytes and ends in the row.
fn window(taps: &[ColumnTap], order: PixelOrder, row_len: usize, len: usize) -> usize {
    span(taps, order).start.min(row_len - len)
}
