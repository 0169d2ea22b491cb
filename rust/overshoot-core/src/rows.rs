//! Pictures as rows, so that any distance between them, padded or negative, is read in place.

use crate::FrameError;

/// The rows of a picture or a plane. Asking for one must be cheap and never allocate.
pub trait Rows: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Row `y`, of those that there are; it may be longer than the picture is wide.
    fn row(&self, y: usize) -> &[u8];
}

impl Rows for Vec<&[u8]> {
    fn count(&self) -> usize {
        self.len()
    }

    fn row(&self, y: usize) -> &[u8] {
        self[y]
    }
}

/// Rows that lie one after the other in one buffer.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    /// The bytes of all rows.
    pub bytes: &'a [u8],
    /// Bytes from one row to the next; at least 1.
    pub stride: usize,
}

impl Rows for Packed<'_> {
    fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.stride)
    }

    fn row(&self, y: usize) -> &[u8] {
        let rest = &self.bytes[y * self.stride..];
        &rest[..self.stride.min(rest.len())]
    }
}

/// Refuses rows that are too few or too short for `row_len` × `rows`.
pub(crate) fn check_rows(
    what: &'static str,
    given: &dyn Rows,
    row_len: usize,
    rows: usize,
) -> Result<(), FrameError> {
    if given.count() < rows {
        return Err(FrameError::Rows {
            what,
            needed: rows,
            got: given.count(),
        });
    }
    match (0..rows).map(|y| given.row(y).len()).min() {
        Some(got) if got < row_len => Err(FrameError::Bytes {
            what,
            needed: row_len,
            got,
        }),
        _ => Ok(()),
    }
}

/// The part of a picture that a conversion reads: rows of exactly its own bytes.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) rows: &'a dyn Rows,
    pub(crate) top: usize,
    pub(crate) left_byte: usize,
    pub(crate) row_len: usize,
}

impl<'a> Window<'a> {
    pub(crate) fn row(&self, y: usize) -> &'a [u8] {
        &self.rows.row(self.top + y)[self.left_byte..][..self.row_len]
    }
}
