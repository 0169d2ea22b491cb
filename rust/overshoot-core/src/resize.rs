//! Packed pixels to packed pixels of another size.

use crate::axis::{Axis, Filter};
use crate::geometry::check_len;
use crate::resample::{self, Workspace};
use crate::rows::{Rows, Window, check_rows};
use crate::{FrameError, PixelOrder, Size};

/// A resize, worked out once. Immutable, so threads may share it; each
/// brings its own [`ResizeScratch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resizer {
    source: Size,
    target: Size,
    channels: usize,
    across: Axis,
    down: Axis,
}

/// Working memory of a resize; grows to what is needed and is then reused.
#[derive(Debug, Default, Clone)]
pub struct ResizeScratch {
    work: Workspace,
    row: Vec<u16>,
}

impl Resizer {
    /// The resize from `source` to `target` of pixels of as many bytes as `order` has, all of
    /// which are channels to it.
    pub fn new(source: Size, target: Size, order: PixelOrder, filter: Filter) -> Self {
        Self {
            source,
            target,
            channels: order.bytes(),
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

    /// Resizes one frame; `pixels` is exactly as many bytes as the target has. Within
    /// half a level and a hair of exact arithmetic.
    pub fn resize<R: Rows>(
        &self,
        rows: &R,
        scratch: &mut ResizeScratch,
        pixels: &mut [u8],
    ) -> Result<(), FrameError> {
        let row_len = self.channels * self.source.width();
        check_rows("the frame", rows, row_len, self.source.height())?;
        let len = self.channels * self.target.width();
        check_len(
            "the resized frame",
            pixels.len(),
            len * self.target.height(),
        )?;
        let window = Window {
            rows,
            top: 0,
            left_byte: 0,
            row_len,
        };
        scratch.row.resize(len, 0);
        for (y, out) in pixels.chunks_exact_mut(len).enumerate() {
            if self.source == self.target {
                out.copy_from_slice(window.row(y));
                continue;
            }
            let axes = (&self.across, &self.down);
            let ResizeScratch { work, row } = scratch;
            resample::row(window, self.channels, axes, y, work, row);
            for (out, &sample) in out.iter_mut().zip(row.iter()) {
                // A sample is at most 255 * 256, so half a unit more still fits 16 bits.
                *out = ((sample + 128) >> 8) as u8;
            }
        }
        Ok(())
    }
}
