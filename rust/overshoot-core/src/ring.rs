//! A ring of frames between any number of producer threads and one consumer: the newest wins.

#[cfg(all(feature = "loom", test))]
use loom::sync::{Mutex, MutexGuard};
use std::sync::{Arc, PoisonError};
#[cfg(not(all(feature = "loom", test)))]
use std::sync::{Mutex, MutexGuard};

use crate::rows::{Rows, check_rows};
use crate::slots::{Counts, Pushed, Slots};
use crate::{Converter, Filter, FrameError, PixelOrder, Scratch, Settings, Size};

/// What travels with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stamp {
    /// Seconds on the clock of the source.
    pub timestamp: f64,
    /// Position in the stream.
    pub index: i64,
}

/// I420 frames of one size. A producer converts into a slot of its own, outside the lock, so
/// neither a push nor a take ever waits for pixels. The planes of every slot are allocated at once.
#[derive(Debug)]
pub struct FrameRing {
    size: Size,
    filter: Filter,
    shared: Arc<Shared>,
}

/// What leases keep alive, even after the ring is gone.
#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    slots: Slots,
    /// One per slot; taken out while the slot is being written or held.
    contents: Vec<Content>,
    /// The conversion of the last frame's geometry, for the next one.
    converter: Option<Arc<Converter>>,
}

#[derive(Debug, Default)]
struct Content {
    planes: Vec<u8>,
    scratch: Scratch,
    stamp: Stamp,
}

impl FrameRing {
    /// A ring of I420 frames of `size`; other sizes are resized by `filter` on the way in.
    ///
    /// There must be a slot for the frame that is ready, for each push at the same time and for
    /// each frame that is held; a push that finds none is dropped.
    pub fn new(size: Size, slots: usize, filter: Filter) -> Result<Self, FrameError> {
        let content = || Content {
            planes: vec![0; size.i420_len()],
            ..Content::default()
        };
        let state = State {
            slots: Slots::new(slots)?,
            contents: (0..slots).map(|_| content()).collect(),
            converter: None,
        };
        Ok(Self {
            size,
            filter,
            shared: Arc::new(Shared(Mutex::new(state))),
        })
    }

    /// The size of the frames that come out.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Converts a packed frame into a slot. From any thread; never waits for another's pixels.
    pub fn push<R: Rows>(
        &self,
        rows: &R,
        source: Size,
        order: PixelOrder,
        stamp: Stamp,
    ) -> Result<Pushed, FrameError> {
        check_rows("the frame", rows, source.row_len(order), source.height())?;
        let Some((mut writing, last)) = self.begin() else {
            return Ok(Pushed::Dropped);
        };
        let settings = Settings {
            order,
            filter: self.filter,
            ..Settings::default()
        };
        let converter = match last {
            Some(last) if last.source() == source && last.settings() == settings => last,
            _ => Arc::new(Converter::new(source, self.size, settings)?),
        };
        let content = &mut writing.content;
        content.stamp = stamp;
        converter.convert(rows, &mut content.scratch, &mut content.planes)?;
        Ok(writing.commit(converter))
    }

    /// The newest frame; `None` when there is none, and then the next push asks for a wake-up.
    pub fn take(&self) -> Option<Lease> {
        let mut state = self.shared.lock();
        let index = state.slots.take()?;
        let content = std::mem::take(&mut state.contents[index]);
        Some(Lease {
            shared: Arc::clone(&self.shared),
            index,
            content,
        })
    }

    /// Drops every later push; the frame that is ready may still be taken. May be called twice.
    pub fn close(&self) {
        self.shared.lock().slots.close();
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.shared.lock().slots.counts()
    }

    fn begin(&self) -> Option<(Writing<'_>, Option<Arc<Converter>>)> {
        let mut state = self.shared.lock();
        let index = state.slots.begin()?;
        let content = std::mem::take(&mut state.contents[index]);
        let writing = Writing {
            shared: &self.shared,
            index,
            content,
            committed: false,
        };
        Some((writing, state.converter.clone()))
    }
}

impl Shared {
    /// A panic elsewhere cannot leave the state half changed: no rule of [`Slots`] calls out.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot that one producer writes into; given back on every way out.
struct Writing<'r> {
    shared: &'r Shared,
    index: usize,
    content: Content,
    committed: bool,
}

impl Writing<'_> {
    fn commit(mut self, converter: Arc<Converter>) -> Pushed {
        self.committed = true;
        let mut state = self.shared.lock();
        state.contents[self.index] = std::mem::take(&mut self.content);
        state.converter = Some(converter);
        state.slots.commit(self.index)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.committed {
            let mut state = self.shared.lock();
            state.contents[self.index] = std::mem::take(&mut self.content);
            state.slots.abandon(self.index);
        }
    }
}

/// A frame that was taken. Its slot is not written to until this is dropped, from whatever thread,
/// and be the ring closed or gone.
#[derive(Debug)]
pub struct Lease {
    shared: Arc<Shared>,
    index: usize,
    content: Content,
}

impl Lease {
    /// Y, then U, then V, without padding: [`Size::i420_len`] bytes, at one address for as long as
    /// the lease lives, wherever that itself is moved.
    pub fn planes(&self) -> &[u8] {
        &self.content.planes
    }

    /// What travelled with the frame.
    pub fn stamp(&self) -> Stamp {
        self.content.stamp
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.contents[self.index] = std::mem::take(&mut self.content);
        state.slots.release(self.index);
    }
}

#[cfg(test)]
#[cfg(feature = "loom")]
mod interleavings;
#[cfg(test)]
#[cfg(not(feature = "loom"))]
mod tests;
