//! The frame path: packed BGR/RGB to planar I420 and back, resizing on the way, and a ring that
//! hands the newest frame from any thread to one consumer. No Python, no I/O.
//!
//! Colour is BT.601 (ITU-R BT.601-7, section 2.5) in limited range (Y 16..=235, U and V
//! 16..=240); chroma is the average of each 2×2 block of the pixels that exist. Everything is
//! integer arithmetic, so a frame gives the same bytes on every machine.
//!
//! Pictures come in as rows (`&[&[u8]]`, one slice a row), so any row stride, padded or negative,
//! is read in place.

mod axis;
mod colour;
mod error;
mod geometry;
mod plan;
mod planar;
mod resample;
mod ring;
mod slots;

pub use axis::Filter;
pub use colour::PixelOrder;
pub use error::FrameError;
pub use geometry::{MAX_SIDE, Size};
pub use plan::{Plan, Scratch};
pub use planar::{Planes, planes_to_packed};
pub use ring::{FrameRing, Lease, Stamp};
pub use slots::{Counts, MIN_SLOTS, Pushed};
