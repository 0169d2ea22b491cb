//! What can be wrong with a frame.

use std::fmt;

use crate::kernels::{LEVEL_VARIABLE, Level};

/// A frame, a buffer or a ring that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The environment asks for instructions that are unknown, or that this machine lacks.
    Level,
    /// Packed pixels cannot be written in this order.
    Order,
    /// No threads, or more than [`crate::MAX_THREADS`].
    Threads {
        /// Threads asked for.
        got: usize,
    },
    /// A side is zero or longer than [`crate::MAX_SIDE`].
    Size {
        /// Columns asked for.
        width: usize,
        /// Rows asked for.
        height: usize,
    },
    /// Fewer rows than the picture has.
    Rows {
        /// Which buffer.
        what: &'static str,
        /// Rows that the picture has.
        needed: usize,
        /// Rows that were given.
        got: usize,
    },
    /// A row, or a flat buffer, has fewer bytes than it must.
    Bytes {
        /// Which buffer.
        what: &'static str,
        /// Bytes that are needed.
        needed: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// A ring of too few slots, or too many.
    Slots {
        /// Slots asked for.
        got: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Level => {
                let names = Level::ALL.map(|level| match level.is_available() {
                    true => level.name().to_owned(),
                    false => format!("{} (not on this machine)", level.name()),
                });
                write!(
                    f,
                    "{LEVEL_VARIABLE} must be unset or one of {}",
                    names.join(", ")
                )
            }
            Self::Order => f.write_str("pixels are written with three or four channels, not one"),
            Self::Threads { got } => {
                write!(f, "{got} threads: it must be 1 to {}", crate::MAX_THREADS)
            }
            Self::Size { width, height } => write!(
                f,
                "a frame of {width}x{height} pixels: each side must be 1 to {}",
                crate::MAX_SIDE
            ),
            Self::Rows { what, needed, got } => {
                write!(f, "{what} has {got} rows, and the frame needs {needed}")
            }
            Self::Bytes { what, needed, got } => {
                write!(f, "{what} has {got} bytes, and the frame needs {needed}")
            }
            Self::Slots { got } => write!(
                f,
                "a ring of {got} slots: it must have {} to {}",
                crate::slots::MIN_SLOTS,
                crate::slots::MAX_SLOTS
            ),
        }
    }
}

impl std::error::Error for FrameError {}
