//! A resize from one size to another, worked out once and used for every frame of that geometry.

use crate::axis::{Axis, Filter};
use crate::colour::{self, PixelOrder, Sample};
use crate::geometry::{check_len, check_rows};
use crate::resample::{self, Workspace};
use crate::{FrameError, Size};

/// From packed pixels of one size to pictures of another. Immutable, so threads may share it;
/// each brings its own [`Scratch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    source: Size,
    target: Size,
    across: Axis,
    down: Axis,
}

/// Working memory of a conversion; grows to what is needed and is then reused.
#[derive(Debug, Default, Clone)]
pub struct Scratch {
    work: Workspace,
    top: Vec<u16>,
    bottom: Vec<u16>,
}

impl Plan {
    /// The plan from `source` to `target`.
    pub fn new(source: Size, target: Size, filter: Filter) -> Self {
        Self {
            source,
            target,
            across: Axis::new(source.width(), target.width(), filter),
            down: Axis::new(source.height(), target.height(), filter),
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

    /// Packed pixels to I420.
    ///
    /// `rows` holds one slice per source row, of at least three bytes a pixel; `planes` is exactly
    /// [`Size::i420_len`] bytes of the target. Chroma is the average of 2×2 blocks of the resized
    /// picture, before that is rounded to bytes.
    pub fn to_i420(
        &self,
        rows: &[&[u8]],
        order: PixelOrder,
        scratch: &mut Scratch,
        planes: &mut [u8],
    ) -> Result<(), FrameError> {
        self.check(rows)?;
        check_len("the I420 frame", planes.len(), self.target.i420_len())?;
        let mut out = OutPlanes::split(planes, self.target, order);
        let height = self.target.height();
        if self.is_copy() {
            let len = self.source.packed_row_len();
            for y in (0..height).step_by(2) {
                let bottom = (y + 1 < height).then(|| &rows[y + 1][..len]);
                out.put(y, &rows[y][..len], bottom);
            }
            return Ok(());
        }
        let Scratch { work, top, bottom } = scratch;
        top.resize(self.target.packed_row_len(), 0);
        bottom.resize(self.target.packed_row_len(), 0);
        for y in (0..height).step_by(2) {
            self.row(rows, y, work, top);
            let lower = y + 1 < height;
            if lower {
                self.row(rows, y + 1, work, bottom);
            }
            out.put(y, top, lower.then_some(&*bottom));
        }
        Ok(())
    }

    /// Packed pixels to packed pixels of the target size, in the same order; `pixels` is exactly
    /// [`Size::packed_len`] bytes of the target.
    pub fn resize(
        &self,
        rows: &[&[u8]],
        scratch: &mut Scratch,
        pixels: &mut [u8],
    ) -> Result<(), FrameError> {
        self.check(rows)?;
        check_len("the resized frame", pixels.len(), self.target.packed_len())?;
        let len = self.target.packed_row_len();
        scratch.top.resize(len, 0);
        for (y, out) in pixels.chunks_exact_mut(len).enumerate() {
            if self.is_copy() {
                out.copy_from_slice(&rows[y][..len]);
                continue;
            }
            self.row(rows, y, &mut scratch.work, &mut scratch.top);
            for (out, &sample) in out.iter_mut().zip(&scratch.top) {
                // A sample is at most 255 * 256, so half a unit more still fits 16 bits.
                *out = ((sample + 128) >> 8) as u8;
            }
        }
        Ok(())
    }

    /// Refuses rows that are too few or too short for the source size.
    pub fn check(&self, rows: &[&[u8]]) -> Result<(), FrameError> {
        check_rows(
            "the frame",
            rows,
            self.source.packed_row_len(),
            self.source.height(),
        )
    }

    fn is_copy(&self) -> bool {
        self.source == self.target
    }

    fn row(&self, rows: &[&[u8]], y: usize, work: &mut Workspace, out: &mut [u16]) {
        resample::row(
            rows,
            self.source.width(),
            (&self.across, &self.down),
            y,
            work,
            out,
        );
    }
}

/// The three planes of an I420 frame, being written.
struct OutPlanes<'a> {
    y: &'a mut [u8],
    u: &'a mut [u8],
    v: &'a mut [u8],
    width: usize,
    order: PixelOrder,
}

impl<'a> OutPlanes<'a> {
    fn split(planes: &'a mut [u8], size: Size, order: PixelOrder) -> Self {
        let (y, chroma) = planes.split_at_mut(size.plane_len());
        let (u, v) = chroma.split_at_mut(size.chroma().plane_len());
        Self {
            y,
            u,
            v,
            width: size.width(),
            order,
        }
    }

    /// Rows `y` and, unless the picture ends there, `y + 1`; `y` is even.
    fn put<T: Sample>(&mut self, y: usize, top: &[T], bottom: Option<&[T]>) {
        let chroma_width = self.width.div_ceil(2);
        let chroma = y / 2 * chroma_width..(y / 2 + 1) * chroma_width;
        colour::luma(top, self.order, &mut self.y[y * self.width..][..self.width]);
        if let Some(bottom) = bottom {
            colour::luma(
                bottom,
                self.order,
                &mut self.y[(y + 1) * self.width..][..self.width],
            );
        }
        colour::chroma(
            top,
            bottom.unwrap_or(top),
            self.order,
            &mut self.u[chroma.clone()],
            &mut self.v[chroma],
        );
    }
}
