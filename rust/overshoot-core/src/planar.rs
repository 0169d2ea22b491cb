//! I420 planes to packed pixels.

use crate::colour::{self, PixelOrder};
use crate::geometry::{check_len, check_rows};
use crate::{FrameError, Plan, Scratch, Size};

/// The planes of one I420 frame, a slice per row; rows may be longer than the picture.
#[derive(Debug, Clone, Copy)]
pub struct Planes<'a> {
    /// Luma rows.
    pub y: &'a [&'a [u8]],
    /// Rows of blue difference, half as many, rounded up.
    pub u: &'a [&'a [u8]],
    /// Rows of red difference, half as many, rounded up.
    pub v: &'a [&'a [u8]],
}

impl Planes<'_> {
    fn check(&self, size: Size) -> Result<(), FrameError> {
        let half = size.chroma();
        check_rows("the Y plane", self.y, size.width(), size.height())?;
        check_rows("the U plane", self.u, half.width(), half.height())?;
        check_rows("the V plane", self.v, half.width(), half.height())
    }
}

/// I420 to packed pixels of `plan`'s target size, which `pixels` fills exactly.
///
/// Each chroma sample serves its 2×2 block. A resize is of the packed picture, so the answer is
/// that of converting first and [`Plan::resize`] after.
pub fn planes_to_packed(
    planes: Planes<'_>,
    plan: &Plan,
    order: PixelOrder,
    scratch: &mut Scratch,
    pixels: &mut [u8],
) -> Result<(), FrameError> {
    let (source, target) = (plan.source(), plan.target());
    planes.check(source)?;
    check_len("the packed frame", pixels.len(), target.packed_len())?;
    if source == target {
        convert(planes, source, order, pixels);
        return Ok(());
    }
    let mut whole = vec![0; source.packed_len()];
    convert(planes, source, order, &mut whole);
    let rows: Vec<&[u8]> = whole.chunks_exact(source.packed_row_len()).collect();
    plan.resize(&rows, scratch, pixels)
}

fn convert(planes: Planes<'_>, size: Size, order: PixelOrder, pixels: &mut [u8]) {
    let (width, half) = (size.width(), size.chroma().width());
    for (y, out) in pixels.chunks_exact_mut(size.packed_row_len()).enumerate() {
        let (u, v) = (planes.u[y / 2], planes.v[y / 2]);
        colour::packed(&planes.y[y][..width], &u[..half], &v[..half], order, out);
    }
}
