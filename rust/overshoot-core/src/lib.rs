//! The frame path: packed pixels to planar I420, resized on the way, and back, and a ring that
//! hands the newest frame from any thread to one consumer. No Python, no I/O.
//!
//! Colour is BT.601 or BT.709, limited or full range ([`Colour`]); chroma is the average of each
//! 2×2 block of the pixels that exist. Everything is integer arithmetic, the same in every kernel,
//! so a frame gives the same bytes on every machine.
//!
//! Pictures come in as [`Rows`], so any row stride, padded or negative, is read in place.

mod axis;
mod colour;
mod converter;
mod error;
mod fit;
mod geometry;
mod kernels;
mod output;
mod planar;
mod resample;
mod resize;
mod ring;
mod rows;
mod slots;
mod taps;

pub use axis::Filter;
pub use colour::{Colour, PixelOrder, Range, Standard};
pub use converter::{Converter, MAX_THREADS, Scratch, Settings};
pub use error::FrameError;
pub use fit::Fit;
pub use geometry::{MAX_SIDE, Size};
pub use kernels::{LEVEL_VARIABLE, Level};
pub use planar::{Chroma, Planes, Unpacker};
pub use resize::{ResizeScratch, Resizer};
pub use ring::{FrameRing, Lease, Stamp};
pub use rows::{Packed, Rows};
pub use slots::{Counts, MIN_SLOTS, Pushed};
