//! Which slot of the ring belongs to whom: the rules alone, without buffers or locks.
//!
//! ```text
//!            begin                commit                take               release
//!   Free ─────────────▶ Writing ───────────▶ Ready ───────────▶ Held ───────────────▶ Free
//!     ▲                  │  ▲                │  │
//!     │ abandon, or a    │  │ begin, when    │  │ a newer frame is committed
//!     │ late commit      │  │ none is free   │  │
//!     └──────────────────┘  └────────────────┘  └──────▶ Free
//! ```
//!
//! At most one slot is ready: only the newest frame is of use. Frames are ordered by when their
//! push began, and a frame that is finished after a newer one is late, and dropped.
//!
//! Any number of slots may be held at once. A push that finds every slot written or held is
//! dropped and counted: it neither waits nor allocates, so a consumer that hoards frames costs
//! frames, never time or memory.

use crate::FrameError;

/// The fewest slots: one to write into while another is ready.
pub const MIN_SLOTS: usize = 2;
pub(crate) const MAX_SLOTS: usize = 64;

/// What a ring has counted; at any moment `pushed == taken + dropped + ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counts {
    /// Pushes that have ended, whatever became of the frame.
    pub pushed: u64,
    /// Frames that the consumer has taken.
    pub taken: u64,
    /// Frames that a newer one replaced, that found no slot or came after the close.
    pub dropped: u64,
    /// Frames that wait to be taken: 0 or 1.
    pub ready: u64,
    /// Those of the dropped that found every slot being written or held.
    pub no_slot: u64,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pushed {
    /// The frame is ready; the consumer is at work and will find it.
    Ready,
    /// The frame is ready, and the consumer found nothing last time: it must be woken.
    Wake,
    /// The frame was dropped: the ring is closed, every slot is in use, or a newer frame is there.
    Dropped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Slot {
    Free,
    Writing { ticket: u64 },
    Ready,
    Held,
}

/// The state of every slot, and of the consumer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    counts: Counts,
    next_ticket: u64,
    /// The ticket of the newest frame that was ever ready; tickets start at 1.
    newest: u64,
    idle: bool,
    closed: bool,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Result<Self, FrameError> {
        if !(MIN_SLOTS..=MAX_SLOTS).contains(&count) {
            return Err(FrameError::Slots { got: count });
        }
        Ok(Self {
            slots: vec![Slot::Free; count],
            counts: Counts::default(),
            next_ticket: 1,
            newest: 0,
            // A consumer that has not come yet waits to be told that there is something.
            idle: true,
            closed: false,
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// A slot to write into; `None` when the push has ended in a drop.
    pub(crate) fn begin(&mut self) -> Option<usize> {
        let index = if self.closed {
            None
        } else {
            self.find(Slot::Free).or_else(|| self.find(Slot::Ready))
        };
        let Some(index) = index else {
            self.counts.pushed += 1;
            self.counts.dropped += 1;
            self.counts.no_slot += u64::from(!self.closed);
            return None;
        };
        if self.slots[index] == Slot::Ready {
            self.counts.ready -= 1;
            self.counts.dropped += 1;
        }
        self.slots[index] = Slot::Writing {
            ticket: self.next_ticket,
        };
        self.next_ticket += 1;
        Some(index)
    }

    /// The slot's frame is complete.
    pub(crate) fn commit(&mut self, index: usize) -> Pushed {
        let Slot::Writing { ticket } = self.slots[index] else {
            debug_assert!(false, "slot {index} is not being written");
            return Pushed::Dropped;
        };
        if self.closed || ticket < self.newest {
            self.abandon(index);
            return Pushed::Dropped;
        }
        if let Some(older) = self.find(Slot::Ready) {
            self.slots[older] = Slot::Free;
            self.counts.ready -= 1;
            self.counts.dropped += 1;
        }
        self.slots[index] = Slot::Ready;
        self.newest = ticket;
        self.counts.pushed += 1;
        self.counts.ready += 1;
        if std::mem::take(&mut self.idle) {
            Pushed::Wake
        } else {
            Pushed::Ready
        }
    }

    /// The slot's frame will not be completed.
    pub(crate) fn abandon(&mut self, index: usize) {
        debug_assert!(matches!(self.slots[index], Slot::Writing { .. }));
        self.slots[index] = Slot::Free;
        self.counts.pushed += 1;
        self.counts.dropped += 1;
    }

    /// The slot of the ready frame, now held; `None` leaves the consumer idle.
    pub(crate) fn take(&mut self) -> Option<usize> {
        let Some(index) = self.find(Slot::Ready) else {
            self.idle = true;
            return None;
        };
        self.slots[index] = Slot::Held;
        self.counts.ready -= 1;
        self.counts.taken += 1;
        Some(index)
    }

    /// Nobody looks at the slot's frame any more.
    pub(crate) fn release(&mut self, index: usize) {
        debug_assert_eq!(self.slots[index], Slot::Held);
        self.slots[index] = Slot::Free;
    }

    /// No more frames; the one that is ready may still be taken.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    fn find(&self, state: Slot) -> Option<usize> {
        self.slots.iter().position(|slot| *slot == state)
    }
}

#[cfg(test)]
mod tests;
