//! The planes of an I420 picture, being written two rows at a time.

use crate::Size;
use crate::fit::Rect;
use crate::kernels::PairMut;

/// Rows of an I420 picture from an even one on; may be cut into bands for threads.
pub(crate) struct OutPlanes<'a> {
    y: &'a mut [u8],
    u: &'a mut [u8],
    v: &'a mut [u8],
    size: Size,
}

impl<'a> OutPlanes<'a> {
    /// `planes` is exactly [`Size::i420_len`] long.
    pub(crate) fn split(planes: &'a mut [u8], size: Size) -> Self {
        let (y, chroma) = planes.split_at_mut(size.plane_len());
        let (u, v) = chroma.split_at_mut(size.chroma().plane_len());
        Self { y, u, v, size }
    }

    /// The first `pairs` pairs of rows, and the rest.
    pub(crate) fn cut(self, pairs: usize) -> (Self, Self) {
        let luma = (2 * pairs * self.size.width()).min(self.y.len());
        let chroma = (pairs * self.size.chroma().width()).min(self.u.len());
        let (upper_y, y) = self.y.split_at_mut(luma);
        let (upper_u, u) = self.u.split_at_mut(chroma);
        let (upper_v, v) = self.v.split_at_mut(chroma);
        let part = |y, u, v| Self {
            y,
            u,
            v,
            size: self.size,
        };
        (part(upper_y, upper_u, upper_v), part(y, u, v))
    }

    /// Pair `index` of rows, within `rect`'s columns (its left is even). A row that is missing
    /// below the picture goes to `spare`, which is as long as the picture is wide.
    pub(crate) fn pair<'b>(
        &'b mut self,
        index: usize,
        rect: Rect,
        lower: bool,
        spare: &'b mut [u8],
    ) -> PairMut<'b> {
        let (stride, half) = (self.size.width(), self.size.chroma().width());
        let rows = &mut self.y[2 * index * stride..];
        let (top, rest) = rows.split_at_mut(stride);
        let columns = rect.left..rect.left + rect.size.width();
        let chroma_columns = index * half + rect.left / 2..;
        let chroma = rect.size.chroma().width();
        PairMut {
            y: [
                &mut top[columns.clone()],
                if lower {
                    &mut rest[columns]
                } else {
                    &mut spare[columns]
                },
            ],
            u: &mut self.u[chroma_columns.clone()][..chroma],
            v: &mut self.v[chroma_columns][..chroma],
        }
    }

    /// Fills what lies outside of `rect` with one colour.
    pub(crate) fn bars(&mut self, rect: Rect, [y, u, v]: [u8; 3]) {
        let half = Rect {
            left: rect.left / 2,
            top: rect.top / 2,
            size: rect.size.chroma(),
        };
        surround(self.y, self.size.width(), rect, y);
        surround(self.u, self.size.chroma().width(), half, u);
        surround(self.v, self.size.chroma().width(), half, v);
    }
}

fn surround(plane: &mut [u8], stride: usize, rect: Rect, value: u8) {
    for (index, row) in plane.chunks_exact_mut(stride).enumerate() {
        if index < rect.top || index >= rect.top + rect.size.height() {
            row.fill(value);
        } else {
            row[..rect.left].fill(value);
            row[rect.left + rect.size.width()..].fill(value);
        }
    }
}
