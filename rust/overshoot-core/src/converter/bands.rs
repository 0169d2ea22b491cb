//! A frame's rows, two by two, in bands that threads may share.

use std::ops::Range;
use std::thread;

use super::{Converter, Way};
use crate::PixelOrder;
use crate::kernels::{Ahead, AreaInput, BilinearInput, FineRows, PairMut};
use crate::output::OutPlanes;
use crate::resample::{self, Workspace};
use crate::rows::Window;

/// Working memory of a conversion; grows to what is needed and is then reused.
#[derive(Debug, Default, Clone)]
pub struct Scratch {
    fine: FineRows,
    line: Vec<i16>,
    spare: Vec<u8>,
    work: Workspace,
    wide: Vec<u16>,
    /// Those of the threads but the first.
    bands: Vec<Scratch>,
}

impl Converter {
    pub(super) fn bands(
        &self,
        window: Window<'_>,
        threads: usize,
        scratch: &mut Scratch,
        out: OutPlanes<'_>,
    ) {
        let pairs = self.placement.to.size.chroma().height();
        let threads = threads.min(pairs);
        if threads == 1 {
            return self.band(window, 0..pairs, scratch, out);
        }
        let mut bands = std::mem::take(&mut scratch.bands);
        bands.resize_with(threads - 1, Scratch::default);
        let limit = |band: usize| band * pairs / threads;
        thread::scope(|scope| {
            let (first, mut rest) = out.cut(limit(1));
            for (band, scratch) in (1..threads).zip(&mut bands) {
                let (mine, below) = rest.cut(limit(band + 1) - limit(band));
                rest = below;
                let range = limit(band)..limit(band + 1);
                scope.spawn(move || self.band(window, range, scratch, mine));
            }
            self.band(window, 0..limit(1), scratch, first);
        });
        scratch.bands = bands;
    }

    /// Converts `pairs` of rows; `out` begins with the first of them.
    fn band(
        &self,
        window: Window<'_>,
        pairs: Range<usize>,
        scratch: &mut Scratch,
        mut out: OutPlanes<'_>,
    ) {
        let to = self.placement.to;
        self.reserve(scratch);
        let mut spare = std::mem::take(&mut scratch.spare);
        for (index, pair) in pairs.enumerate() {
            let lower = 2 * pair + 1 < to.size.height();
            let out = out.pair(index, to, lower, &mut spare);
            self.pair(window, 2 * pair, lower, scratch, out);
        }
        scratch.spare = spare;
    }

    fn reserve(&self, scratch: &mut Scratch) {
        let to = self.placement.to.size;
        scratch.spare.resize(self.target.width(), 0);
        if !matches!(self.way, Way::Plain) {
            scratch.fine.reserve(to.width());
        }
        match &self.way {
            Way::Area { columns, .. } => {
                let len = self.placement.from.size.row_len(self.settings.order);
                scratch.line.resize(len.max(columns.needed), 0);
            }
            Way::Wide { .. } => {
                let len = to.row_len(self.settings.order);
                scratch.wide.resize(len, 0);
            }
            Way::Plain | Way::Bilinear { .. } => {}
        }
    }

    /// Rows `y` and, where the picture has it, `y + 1`.
    fn pair(
        &self,
        window: Window<'_>,
        y: usize,
        lower: bool,
        scratch: &mut Scratch,
        out: PairMut<'_>,
    ) {
        let order = self.settings.order;
        let below = if lower { y + 1 } else { y };
        match &self.way {
            Way::Plain => {
                let rows = [window.row(y), window.row(below)];
                let ahead = self.ahead(window, below, y + 2..y + 4, |y| y..y + 1);
                self.kernels
                    .plain_pair(rows, order, &self.forward, ahead, out);
            }
            Way::Bilinear { columns, rows } => {
                let down = [rows[y], rows[below]];
                let sources = down.map(|tap| [window.row(tap.first), window.row(tap.second)]);
                let input = BilinearInput {
                    rows: sources,
                    down,
                    order,
                    ahead: self.ahead(window, down[1].second, y + 2..y + 4, |y| {
                        rows[y].first..rows[y].second + 1
                    }),
                };
                let fine = &mut scratch.fine;
                self.kernels
                    .bilinear_pair(input, columns, &self.forward, fine, out);
            }
            Way::Area { columns, rows } => {
                for (row, y) in [y, y + 1]
                    .into_iter()
                    .enumerate()
                    .take(1 + usize::from(lower))
                {
                    let (first, weights) = rows.run(y);
                    let last = first + weights.values().len() - 1;
                    let ahead = self.ahead(window, last, y + 1..y + 2, |y| {
                        let (first, weights) = rows.run(y);
                        first..first + weights.values().len()
                    });
                    let source = |at| window.row(first + at);
                    let input = AreaInput::new(source, weights, window.row_len, ahead);
                    self.kernels.area_down(&input, &mut scratch.line);
                    let fine = scratch.fine.row_mut(row);
                    self.kernels.area_across(&scratch.line, columns, fine);
                }
                self.finish(lower, scratch, out);
            }
            Way::Wide { across, down } => {
                for (row, y) in [y, y + 1]
                    .into_iter()
                    .enumerate()
                    .take(1 + usize::from(lower))
                {
                    let Scratch { work, wide, .. } = scratch;
                    resample::row(window, order.bytes(), (across, down), y, work, wide);
                    spread(wide, order, scratch.fine.row_mut(row));
                }
                self.finish(lower, scratch, out);
            }
        }
    }

    /// The source rows past `last` of the output rows `next`, as far as there are such.
    fn ahead<'a, const ROWS: usize>(
        &self,
        window: Window<'a>,
        last: usize,
        next: Range<usize>,
        sources: impl Fn(usize) -> Range<usize>,
    ) -> Ahead<'a, ROWS> {
        let next = next.start..next.end.min(self.placement.to.size.height());
        if next.is_empty() {
            return Ahead::NONE;
        }
        let end = sources(next.end - 1).end;
        Ahead::new((sources(next.start).start.max(last + 1)..end).map(|y| window.row(y)))
    }

    fn finish(&self, lower: bool, scratch: &mut Scratch, out: PairMut<'_>) {
        if !lower {
            scratch.fine.repeat();
        }
        self.kernels.fine_pair(&scratch.fine, &self.forward, out);
    }
}

/// Samples of 8 + 8 bits as planes in Q7, the last one repeated for an odd picture's chroma.
fn spread(pixels: &[u16], order: PixelOrder, out: [&mut [i16]; 3]) {
    for (plane, place) in out.into_iter().zip(order.places()) {
        let samples = pixels
            .chunks_exact(order.bytes())
            .map(|pixel| (pixel[place] >> 1) as i16);
        let last = samples.clone().next_back().unwrap_or(0);
        let samples = samples.chain(std::iter::repeat(last));
        for (out, sample) in plane.iter_mut().zip(samples) {
            *out = sample;
        }
    }
}
