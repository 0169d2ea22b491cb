//! The tables of the bilinear kernels of x86: which bytes a shuffle takes from which windows.

use super::ColumnTap;
use crate::PixelOrder;

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
