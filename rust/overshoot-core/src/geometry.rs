//! Sizes that are known to be sound, so that nothing downstream can overflow.

use crate::{FrameError, PixelOrder};

/// The longest side of a frame, in pixels.
pub const MAX_SIDE: usize = 16_384;

/// The size of a frame in pixels; both sides are 1 to [`MAX_SIDE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    width: usize,
    height: usize,
}

impl Size {
    /// A size, or an error where a side is zero or too long.
    pub fn new(width: usize, height: usize) -> Result<Self, FrameError> {
        let sound = 1..=MAX_SIDE;
        if sound.contains(&width) && sound.contains(&height) {
            Ok(Self { width, height })
        } else {
            Err(FrameError::Size { width, height })
        }
    }

    /// A size of sides that are known to be sound.
    pub(crate) const fn trusted(width: usize, height: usize) -> Self {
        debug_assert!(width >= 1 && width <= MAX_SIDE && height >= 1 && height <= MAX_SIDE);
        Self { width, height }
    }

    /// Columns.
    pub const fn width(self) -> usize {
        self.width
    }

    /// Rows.
    pub const fn height(self) -> usize {
        self.height
    }

    /// The size of each chroma plane: half, rounded up.
    pub const fn chroma(self) -> Self {
        Self {
            width: self.width.div_ceil(2),
            height: self.height.div_ceil(2),
        }
    }

    /// Bytes of one plane of this size.
    pub const fn plane_len(self) -> usize {
        self.width * self.height
    }

    /// Bytes of one I420 frame: Y, then U, then V, without padding.
    pub const fn i420_len(self) -> usize {
        self.plane_len() + 2 * self.chroma().plane_len()
    }

    /// Bytes of one row of packed pixels of three bytes.
    pub const fn packed_row_len(self) -> usize {
        3 * self.width
    }

    /// Bytes of one row of pixels in this order.
    pub const fn row_len(self, order: PixelOrder) -> usize {
        order.bytes() * self.width
    }

    /// Bytes of one packed frame of three bytes a pixel.
    pub const fn packed_len(self) -> usize {
        self.packed_row_len() * self.height
    }
}

/// Refuses a flat buffer of any length but `needed`.
pub(crate) fn check_len(what: &'static str, got: usize, needed: usize) -> Result<(), FrameError> {
    if got == needed {
        Ok(())
    } else {
        Err(FrameError::Bytes { what, needed, got })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_round_chroma_up() -> Result<(), FrameError> {
        for (width, height, len) in [
            (1, 1, 3),
            (2, 2, 6),
            (3, 3, 17),
            (641, 481, 641 * 481 + 2 * 321 * 241),
        ] {
            assert_eq!(Size::new(width, height)?.i420_len(), len);
        }
        Ok(())
    }

    #[test]
    fn sides_have_limits() {
        for (width, height) in [(0, 1), (1, 0), (MAX_SIDE + 1, 1), (1, usize::MAX)] {
            assert_eq!(
                Size::new(width, height),
                Err(FrameError::Size { width, height })
            );
        }
        assert!(Size::new(MAX_SIDE, MAX_SIDE).is_ok());
    }
}
