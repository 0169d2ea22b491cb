//! I420 and NV12 planes to packed pixels.

use crate::colour::{Back, Colour, PixelOrder};
use crate::geometry::check_len;
use crate::kernels::{ChromaRow, Kernels, Level, Pair};
use crate::rows::{Rows, check_rows};
use crate::{FrameError, Size};

/// The planes of one frame; rows may be longer than the picture, and there may be more.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    /// Luma rows.
    pub y: &'a dyn Rows,
    /// Half as many rows of chroma, rounded up.
    pub chroma: Chroma<'a>,
}

/// How chroma is laid out.
#[derive(Clone, Copy)]
pub enum Chroma<'a> {
    /// A plane each (I420).
    Planar {
        /// Blue difference.
        u: &'a dyn Rows,
        /// Red difference.
        v: &'a dyn Rows,
    },
    /// U and V by turns in one plane (NV12).
    Interleaved(&'a dyn Rows),
}

impl Planes<'_> {
    fn check(&self, size: Size) -> Result<(), FrameError> {
        let half = size.chroma();
        check_rows("the Y plane", self.y, size.width(), size.height())?;
        match self.chroma {
            Chroma::Planar { u, v } => {
                check_rows("the U plane", u, half.width(), half.height())?;
                check_rows("the V plane", v, half.width(), half.height())
            }
            Chroma::Interleaved(uv) => {
                check_rows("the UV plane", uv, 2 * half.width(), half.height())
            }
        }
    }

    fn pair(&self, size: Size, index: usize) -> Pair<'_> {
        let (width, half) = (size.width(), size.chroma().width());
        let below = (2 * index + 1).min(size.height() - 1);
        Pair {
            y: [2 * index, below].map(|y| &self.y.row(y)[..width]),
            chroma: match self.chroma {
                Chroma::Planar { u, v } => ChromaRow::Planar {
                    u: &u.row(index)[..half],
                    v: &v.row(index)[..half],
                },
                Chroma::Interleaved(uv) => ChromaRow::Interleaved(&uv.row(index)[..2 * half]),
            },
        }
    }
}

/// From the planes of pictures of one size to packed pixels of the same size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpacker {
    size: Size,
    order: PixelOrder,
    back: Back,
    kernels: Kernels,
}

impl Unpacker {
    /// The conversion, by the fastest kernels of this machine ([`Level::chosen`]). An error where
    /// `order` has one channel alone.
    pub fn new(size: Size, order: PixelOrder, colour: Colour) -> Result<Self, FrameError> {
        Self::with_level(size, order, colour, Level::chosen()?)
    }

    /// The conversion by the kernels of one level, or by the scalar ones where the machine lacks
    /// it. The bytes do not depend on it.
    pub fn with_level(
        size: Size,
        order: PixelOrder,
        colour: Colour,
        level: Level,
    ) -> Result<Self, FrameError> {
        if order == PixelOrder::Gray {
            return Err(FrameError::Order);
        }
        Ok(Self {
            size,
            order,
            back: Back::new(colour),
            kernels: Kernels::new(level),
        })
    }

    /// The size of the pictures.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Bytes of the pixels that come out.
    pub const fn packed_len(&self) -> usize {
        self.size.row_len(self.order) * self.size.height()
    }

    /// Converts one frame; `pixels` is exactly [`Self::packed_len`] bytes. Each chroma sample
    /// serves its 2×2 block.
    pub fn convert(&self, planes: Planes<'_>, pixels: &mut [u8]) -> Result<(), FrameError> {
        planes.check(self.size)?;
        check_len("the packed frame", pixels.len(), self.packed_len())?;
        let row_len = self.size.row_len(self.order);
        for (index, rows) in pixels.chunks_mut(2 * row_len).enumerate() {
            let pair = planes.pair(self.size, index);
            let (top, bottom) = rows.split_at_mut(row_len);
            self.kernels
                .packed_pair(pair, self.order, &self.back, [top, bottom]);
        }
        Ok(())
    }
}
