//! Packed pixels to I420, resized on the way: worked out once, and used for every frame alike.

use crate::axis::Filter;
use crate::colour::{Colour, Forward, PixelOrder};
use crate::fit::{Fit, Placement, Rect};
use crate::geometry::check_len;
use crate::kernels::{Kernels, Level, PairMut, scalar};
use crate::output::OutPlanes;
use crate::rows::{Rows, Window, check_rows};
use crate::{FrameError, Size};

mod bands;
mod way;

pub use bands::Scratch;
use way::Way;

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
