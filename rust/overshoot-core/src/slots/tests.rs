//! Every interleaving of a small ring, then long random ones.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const PRODUCERS: usize = 3;
const MOST_SLOTS: usize = 5;

/// The ring's rules with all who use them, and what each of them knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Model {
    slots: Slots,
    /// The slot that each producer writes, and when its push began.
    writing: [Option<(usize, u64)>; PRODUCERS],
    /// What is in each slot.
    frames: Vec<Frame>,
    /// When the push of the ready frame began.
    ready: Option<u64>,
    /// The slots that were taken and when their pushes began; any thread gives one back.
    held: Vec<(usize, u64)>,
    no_slot: u64,
    /// When the push of the last frame taken began.
    last_taken: u64,
    asleep: bool,
    pushes_left: usize,
    begun: u64,
    closed: bool,
}

/// Which push a slot's bytes are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Frame {
    Nothing,
    Half(u64),
    Whole(u64),
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin(usize),
    Commit(usize),
    Abandon(usize),
    Take,
    /// Of the longest held, the next longest …
    Release(usize),
    Close,
}

impl Model {
    fn new(slots: usize, pushes: usize) -> Self {
        Self {
            slots: Slots::new(slots).unwrap(),
            writing: [None; PRODUCERS],
            frames: vec![Frame::Nothing; slots],
            ready: None,
            held: Vec::new(),
            no_slot: 0,
            last_taken: 0,
            asleep: true,
            pushes_left: pushes,
            begun: 0,
            closed: false,
        }
    }

    fn possible(&self, step: Step) -> bool {
        match step {
            Step::Begin(producer) => self.writing[producer].is_none() && self.pushes_left > 0,
            Step::Commit(producer) | Step::Abandon(producer) => self.writing[producer].is_some(),
            Step::Take => true,
            Step::Release(nth) => nth < self.held.len(),
            Step::Close => !self.closed,
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Begin(producer) => self.begin(producer),
            Step::Commit(producer) => self.commit(producer),
            Step::Abandon(producer) => {
                let (slot, _) = self.writing[producer].take().unwrap();
                self.slots.abandon(slot);
            }
            Step::Take => self.take(),
            Step::Release(nth) => self.slots.release(self.held.remove(nth).0),
            Step::Close => {
                self.slots.close();
                self.closed = true;
            }
        }
        self.check();
    }

    fn begin(&mut self, producer: usize) {
        self.pushes_left -= 1;
        let had_ready = self.slots.counts().ready == 1;
        let in_use = self.writing.iter().flatten().count() + self.held.len();
        let began = self.slots.begin();
        assert_eq!(
            began.is_some(),
            !self.closed && in_use < self.slots.slots.len(),
            "a push finds a slot unless all are written or held, or the ring is closed"
        );
        self.no_slot += u64::from(began.is_none() && !self.closed);
        if let Some(slot) = began {
            self.begun += 1;
            self.writing[producer] = Some((slot, self.begun));
            self.frames[slot] = Frame::Half(self.begun);
            if had_ready && self.slots.counts().ready == 0 {
                self.ready = None;
            }
        }
    }

    fn commit(&mut self, producer: usize) {
        let (slot, began) = self.writing[producer].take().unwrap();
        self.frames[slot] = Frame::Whole(began);
        let newer = self.ready.into_iter().any(|ready| ready > began) || self.last_taken > began;
        match self.slots.commit(slot) {
            Pushed::Dropped => assert!(self.closed || newer || self.slots.newest > began),
            pushed => {
                assert!(!self.closed && !newer);
                assert_eq!(
                    pushed == Pushed::Wake,
                    self.asleep,
                    "a wake-up lost, or one too many"
                );
                self.asleep = false;
                self.ready = Some(began);
            }
        }
    }

    fn take(&mut self) {
        match (self.slots.take(), self.ready.take()) {
            (Some(slot), Some(began)) => {
                self.held.push((slot, began));
                assert!(began > self.last_taken, "time went backwards");
                self.last_taken = began;
                // A consumer may look without having been woken.
                self.asleep &= self.slots.idle;
            }
            (None, None) => self.asleep = true,
            unlike => panic!("taken and ready differ: {unlike:?}"),
        }
    }

    fn check(&self) {
        let counts = self.slots.counts();
        assert_eq!(counts.pushed, counts.taken + counts.dropped + counts.ready);
        assert_eq!(counts.ready, u64::from(self.ready.is_some()));
        assert_eq!(counts.no_slot, self.no_slot);
        assert!(
            !(self.asleep && self.ready.is_some()),
            "a frame waits for a sleeper"
        );
        for &(slot, began) in &self.held {
            let whole = Frame::Whole(began);
            assert_eq!(self.frames[slot], whole, "half written, or while held");
        }
        let owned: Vec<usize> = self
            .writing
            .iter()
            .flatten()
            .chain(&self.held)
            .map(|(slot, _)| *slot)
            .collect();
        let distinct: HashSet<usize> = owned.iter().copied().collect();
        assert_eq!(distinct.len(), owned.len(), "two own one slot: {owned:?}");
        let free = self
            .slots
            .slots
            .iter()
            .filter(|slot| **slot == Slot::Free)
            .count();
        assert_eq!(
            free + owned.len() + counts.ready as usize,
            self.slots.slots.len()
        );
    }
}

fn steps() -> Vec<Step> {
    let mut steps = vec![Step::Take, Step::Close];
    steps.extend((0..MOST_SLOTS).map(Step::Release));
    for producer in 0..PRODUCERS {
        steps.extend([
            Step::Begin(producer),
            Step::Commit(producer),
            Step::Abandon(producer),
        ]);
    }
    steps
}

fn explore(slots: usize, pushes: usize) -> usize {
    let mut seen = HashSet::new();
    let mut open = vec![Model::new(slots, pushes)];
    while let Some(model) = open.pop() {
        if !seen.insert(model.clone()) {
            continue;
        }
        for step in steps() {
            if model.possible(step) {
                let mut next = model.clone();
                next.apply(step);
                open.push(next);
            }
        }
    }
    seen.len()
}

#[test]
fn every_interleaving_of_a_small_ring_keeps_the_rules() {
    for (slots, pushes) in [(2, 5), (3, 5), (4, 5)] {
        let states = explore(slots, pushes);
        assert!(
            states > 1_000,
            "{states} states: the model has stopped moving"
        );
    }
}

#[test]
fn a_ring_has_two_to_sixty_four_slots() {
    for count in [0, 1, 65] {
        assert_eq!(Slots::new(count), Err(FrameError::Slots { got: count }));
    }
}

#[test]
fn the_frame_that_is_ready_outlives_the_close() {
    let mut slots = Slots::new(2).unwrap();
    let slot = slots.begin().unwrap();
    assert_eq!(slots.commit(slot), Pushed::Wake);
    slots.close();
    assert_eq!(slots.begin(), None);
    assert_eq!(slots.take(), Some(slot));
    let counts = slots.counts();
    assert_eq!(
        (counts.pushed, counts.taken, counts.dropped, counts.ready),
        (2, 1, 1, 0)
    );
}

proptest! {
    #[test]
    fn long_random_runs_keep_the_rules(slots in 2..=MOST_SLOTS, choices in prop::collection::vec(any::<prop::sample::Index>(), 0..400)) {
        let mut model = Model::new(slots, usize::MAX);
        let steps = steps();
        for choice in choices {
            let step = *choice.get(&steps);
            if model.possible(step) {
                model.apply(step);
            }
        }
    }
}
