//! A ring of frames between any number of producer threads and one consumer: the newest wins.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
/// neither a push nor a take ever waits for pixels.
#[derive(Debug)]
pub struct FrameRing {
    size: Size,
    filter: Filter,
    state: Mutex<State>,
}

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
    pub fn new(size: Size, slots: usize, filter: Filter) -> Result<Self, FrameError> {
        Ok(Self {
            size,
            filter,
            state: Mutex::new(State {
                slots: Slots::new(slots)?,
                contents: (0..slots).map(|_| Content::default()).collect(),
                converter: None,
            }),
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
        content.planes.resize(self.size.i420_len(), 0);
        converter.convert(rows, &mut content.scratch, &mut content.planes)?;
        Ok(writing.commit(converter))
    }

    /// The newest frame; `None` when there is none, and then the next push asks for a wake-up.
    pub fn take(&self) -> Option<Lease<'_>> {
        let mut state = self.lock();
        let index = state.slots.take()?;
        let content = std::mem::take(&mut state.contents[index]);
        Some(Lease {
            ring: self,
            index,
            content,
        })
    }

    /// Drops every later push; the frame that is ready may still be taken. May be called twice.
    pub fn close(&self) {
        self.lock().slots.close();
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.lock().slots.counts()
    }

    fn begin(&self) -> Option<(Writing<'_>, Option<Arc<Converter>>)> {
        let mut state = self.lock();
        let index = state.slots.begin()?;
        let content = std::mem::take(&mut state.contents[index]);
        let writing = Writing {
            ring: self,
            index,
            content,
            committed: false,
        };
        Some((writing, state.converter.clone()))
    }

    /// A panic elsewhere cannot leave the state half changed: no rule of [`Slots`] calls out.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot that one producer writes into; given back on every way out.
struct Writing<'r> {
    ring: &'r FrameRing,
    index: usize,
    content: Content,
    committed: bool,
}

impl Writing<'_> {
    fn commit(mut self, converter: Arc<Converter>) -> Pushed {
        self.committed = true;
        let mut state = self.ring.lock();
        state.contents[self.index] = std::mem::take(&mut self.content);
        state.converter = Some(converter);
        state.slots.commit(self.index)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.committed {
            let mut state = self.ring.lock();
            state.contents[self.index] = std::mem::take(&mut self.content);
            state.slots.abandon(self.index);
        }
    }
}

/// A frame that the consumer holds; its slot is not written to until this is dropped.
#[derive(Debug)]
pub struct Lease<'r> {
    ring: &'r FrameRing,
    index: usize,
    content: Content,
}

impl Lease<'_> {
    /// Y, then U, then V, without padding: [`Size::i420_len`] bytes.
    pub fn planes(&self) -> &[u8] {
        &self.content.planes
    }

    /// What travelled with the frame.
    pub fn stamp(&self) -> Stamp {
        self.content.stamp
    }

    /// Keeps the planes; the slot goes back without, and allocates anew when it is next written.
    pub fn into_planes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.content.planes)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.ring.lock();
        state.contents[self.index] = std::mem::take(&mut self.content);
        state.slots.release(self.index);
    }
}

#[cfg(test)]
mod tests;
