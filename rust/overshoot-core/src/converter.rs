//! Packed pixels to I420, resized on the way: worked out once, and used for every frame alike.

use std::ops::Range;
use std::thread;

use crate::axis::{Axis, Filter};
use crate::colour::{Colour, Forward, PixelOrder};
use crate::fit::{Fit, Placement, Rect};
use crate::geometry::check_len;
#[cfg(target_arch = "aarch64")]
use crate::kernels::neon;
use crate::kernels::{
    Ahead, AreaInput, BilinearInput, Columns, FineRows, Kernels, Level, PairMut, scalar,
};
use crate::output::OutPlanes;
use crate::resample::{self, Workspace};
use crate::rows::{Rows, Window, check_rows};
use crate::taps::{self, AreaColumns, AreaRows, Octets, Pairs, RowTap};
use crate::{FrameError, Size};

/// The most threads that a conversion may be given.
pub const MAX_THREADS: usize = 64;

/// How pixels become planes; two conversions of equal settings give equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Settings {
    /// The bytes of the pixels that go in.
    pub order: PixelOrder,
    /// How the size changes.
    pub filter: Filter,
    /// How the planes encode colour.
    pub colour: Colour,
    /// What happens when the shapes differ.
    pub fit: Fit,
    /// Red, green and blue of the bars of [`Fit::Contain`].
    pub bars: [u8; 3],
}

/// From packed pixels of one size to I420 of another. Immutable, so threads may share it; each
/// brings its own [`Scratch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converter {
    source: Size,
    target: Size,
    settings: Settings,
    placement: Placement,
    bars: [u8; 3],
    forward: Forward,
    kernels: Kernels,
    way: Way,
}

/// Which kernels do it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// No resize.
    Plain,
    Bilinear {
        columns: Columns,
        rows: Vec<RowTap>,
    },
    Area {
        columns: AreaColumns,
        rows: AreaRows,
    },
    /// Averages of more samples than the area kernels sum without loss.
    Wide {
        across: Axis,
        down: Axis,
    },
}

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
    /// The conversion, by the fastest kernels of this machine ([`Level::chosen`]).
    pub fn new(source: Size, target: Size, settings: Settings) -> Result<Self, FrameError> {
        Ok(Self::with_level(source, target, settings, Level::chosen()?))
    }

    /// The conversion by the kernels of one level, or by the scalar ones where the machine lacks
    /// it. The bytes do not depend on it.
    pub fn with_level(source: Size, target: Size, settings: Settings, level: Level) -> Self {
        let placement = Placement::new(source, target, settings.fit);
        let (from, to) = (placement.from.size, placement.to.size);
        let forward = Forward::new(settings.colour);
        Self {
            source,
            target,
            settings,
            placement,
            bars: bar_codes(settings.bars, &forward),
            forward,
            kernels: Kernels::new(level),
            way: Way::new(from, to, &settings, level),
        }
    }

    /// The size of the pictures that go in.
    pub const fn source(&self) -> Size {
        self.source
    }

    /// The size of the pictures that come out.
    pub const fn target(&self) -> Size {
        self.target
    }

    /// What it was made with.
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// The kernels that it uses.
    pub const fn level(&self) -> Level {
        self.kernels.level()
    }

    /// Refuses rows that are too few or too short for the source size.
    pub fn check<R: Rows>(&self, rows: &R) -> Result<(), FrameError> {
        let row_len = self.source.row_len(self.settings.order);
        check_rows("the frame", rows, row_len, self.source.height())
    }

    /// Converts one frame. `planes` is exactly [`Size::i420_len`] bytes of the target.
    pub fn convert<R: Rows>(
        &self,
        rows: &R,
        scratch: &mut Scratch,
        planes: &mut [u8],
    ) -> Result<(), FrameError> {
        self.convert_in_bands(rows, 1, scratch, planes)
    }

    /// As [`Self::convert`], by `threads` threads (the caller's is one of them), a band of rows
    /// each: worth it for very large sources. They live as long as the call.
    pub fn convert_in_bands<R: Rows>(
        &self,
        rows: &R,
        threads: usize,
        scratch: &mut Scratch,
        planes: &mut [u8],
    ) -> Result<(), FrameError> {
        if !(1..=MAX_THREADS).contains(&threads) {
            return Err(FrameError::Threads { got: threads });
        }
        self.check(rows)?;
        check_len("the I420 frame", planes.len(), self.target.i420_len())?;
        let order = self.settings.order;
        let Rect { left, top, size } = self.placement.from;
        let window = Window {
            rows,
            top,
            left_byte: order.bytes() * left,
            row_len: size.row_len(order),
        };
        let mut out = OutPlanes::split(planes, self.target);
        if self.placement.to.size != self.target {
            out.bars(self.placement.to, self.bars);
        }
        let (_, out) = out.cut(self.placement.to.top / 2);
        self.bands(window, threads, scratch, out);
        Ok(())
    }

    fn bands(&self, window: Window<'_>, threads: usize, scratch: &mut Scratch, out: OutPlanes<'_>) {
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

impl Way {
    fn new(from: Size, to: Size, settings: &Settings, level: Level) -> Self {
        if from == to {
            return Self::Plain;
        }
        let across = Axis::new(from.width(), to.width(), settings.filter);
        let down = Axis::new(from.height(), to.height(), settings.filter);
        let taps = taps::columns(&across, to.width());
        if let (Some(taps), Some(rows)) = (taps, taps::rows(&down, to.height())) {
            let (order, row_len) = (settings.order, from.row_len(settings.order));
            let columns = Columns {
                octets: (level == Level::Avx512)
                    .then(|| Octets::new(&taps, order, row_len))
                    .flatten(),
                #[cfg(target_arch = "aarch64")]
                gather: (level == Level::Neon)
                    .then(|| neon::Gather::new(&taps, order, row_len))
                    .flatten(),
                pairs: matches!(level, Level::Avx2 | Level::Avx512)
                    .then(|| Pairs::new(&taps, order, row_len))
                    .flatten(),
                taps,
            };
            return Self::Bilinear { columns, rows };
        }
        match (
            AreaColumns::new(&across, to.width(), settings.order),
            AreaRows::new(&down, to.height()),
        ) {
            (Some(columns), Some(rows)) => Self::Area { columns, rows },
            _ => Self::Wide { across, down },
        }
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

/// One colour as Y, U and V.
fn bar_codes(bars: [u8; 3], forward: &Forward) -> [u8; 3] {
    let (mut y, mut spare, mut u, mut v) = ([0], [0], [0], [0]);
    let out = PairMut {
        y: [&mut y, &mut spare],
        u: &mut u,
        v: &mut v,
    };
    scalar::plain_pair([&bars, &bars], PixelOrder::Rgb, forward, out);
    [y[0], u[0], v[0]]
}
