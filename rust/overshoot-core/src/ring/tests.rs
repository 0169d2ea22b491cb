use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const SIZE: (usize, usize) = (6, 4);

fn ring(slots: usize) -> FrameRing {
    FrameRing::new(Size::new(SIZE.0, SIZE.1).unwrap(), slots, Filter::Bilinear).unwrap()
}

/// A frame of one grey, which every pixel of the converted frame must then be.
fn push_grey(ring: &FrameRing, grey: u8, index: i64) -> Pushed {
    let row = [grey; 3 * SIZE.0];
    let rows = vec![&row[..]; SIZE.1];
    let stamp = Stamp {
        timestamp: 0.0,
        index,
    };
    ring.push(&rows, ring.size(), PixelOrder::Bgr, stamp)
        .unwrap()
}

#[test]
fn the_newest_is_taken_and_the_others_are_counted() {
    let ring = ring(3);
    assert_eq!(push_grey(&ring, 0, 0), Pushed::Wake);
    assert_eq!(push_grey(&ring, 100, 1), Pushed::Ready);
    assert_eq!(push_grey(&ring, 255, 2), Pushed::Ready);
    let lease = ring.take().unwrap();
    assert_eq!((lease.stamp().index, lease.planes()[0]), (2, 235));
    assert!(ring.take().is_none());
    let counts = ring.counts();
    assert_eq!(
        (counts.pushed, counts.taken, counts.dropped, counts.ready),
        (3, 1, 2, 0)
    );
}

#[test]
fn sources_of_other_sizes_are_resized_to_the_ring_s() {
    let ring = ring(2);
    for (index, (width, height)) in [(6, 4), (9, 1), (1, 9), (9, 1), (6, 4)]
        .into_iter()
        .enumerate()
    {
        let source = Size::new(width, height).unwrap();
        let row = vec![255; source.packed_row_len()];
        let rows = vec![&row[..]; height];
        let pushed = ring.push(&rows, source, PixelOrder::Rgb, Stamp::default());
        assert_eq!(
            pushed,
            Ok(if index == 0 {
                Pushed::Wake
            } else {
                Pushed::Ready
            })
        );
        let lease = ring.take().unwrap();
        assert_eq!(lease.planes().len(), ring.size().i420_len());
        assert!(lease.planes()[..24].iter().all(|&y| y == 235));
    }
}

#[test]
fn a_held_frame_is_not_written_to() {
    let ring = ring(2);
    push_grey(&ring, 255, 0);
    let lease = ring.take().unwrap();
    let address = lease.planes().as_ptr();
    for index in 1..10 {
        push_grey(&ring, 0, index);
    }
    assert!(lease.planes()[..24].iter().all(|&y| y == 235));
    assert_eq!(lease.planes().as_ptr(), address);
}

#[test]
fn a_push_that_finds_no_slot_is_dropped_and_counted() {
    let ring = ring(2);
    push_grey(&ring, 255, 0);
    let first = ring.take().unwrap();
    push_grey(&ring, 255, 1);
    let second = ring.take().unwrap();
    assert_eq!(push_grey(&ring, 0, 2), Pushed::Dropped);
    assert_eq!((ring.counts().dropped, ring.counts().no_slot), (1, 1));
    drop(first);
    assert!(ring.take().is_none());
    assert_eq!(push_grey(&ring, 0, 3), Pushed::Wake);
    assert_eq!(second.stamp().index, 1);
    assert_eq!(ring.take().unwrap().stamp().index, 3);
}

#[test]
fn slots_come_back_from_another_thread_and_at_their_old_addresses() {
    let ring = ring(2);
    let mut addresses = HashSet::new();
    for index in 0..20 {
        push_grey(&ring, 255, index);
        let lease = ring.take().unwrap();
        addresses.insert(lease.planes().as_ptr() as usize);
        thread::spawn(move || drop(lease)).join().unwrap();
    }
    assert_eq!(addresses.len(), 1, "a slot allocated anew");
    assert_eq!(ring.counts().taken, 20);
}

#[test]
fn a_lease_outlives_its_ring() {
    let ring = ring(2);
    push_grey(&ring, 255, 0);
    let lease = ring.take().unwrap();
    ring.close();
    drop(ring);
    assert_eq!(lease.planes()[0], 235);
}

#[test]
fn a_frame_that_is_refused_is_not_counted() {
    let ring = ring(2);
    let rows = vec![&[0_u8; 3][..]; 1];
    let refused = ring.push(&rows, ring.size(), PixelOrder::Bgr, Stamp::default());
    assert!(matches!(refused, Err(FrameError::Rows { .. })));
    assert_eq!(ring.counts(), Counts::default());
    assert_eq!(push_grey(&ring, 0, 0), Pushed::Wake);
}

#[test]
fn a_closed_ring_drops() {
    let ring = ring(2);
    ring.close();
    ring.close();
    assert_eq!(push_grey(&ring, 0, 0), Pushed::Dropped);
    assert_eq!((ring.counts().pushed, ring.counts().dropped), (1, 1));
}

#[test]
fn threads_never_tear_a_frame_nor_lose_a_wake_up() {
    const PRODUCERS: u8 = 4;
    const PUSHES: i64 = 2_000;
    let ring = ring(3);
    // Stands for the event loop: only the consumer clears it, only a push that says so sets it.
    let woken = AtomicBool::new(false);
    let running = AtomicBool::new(true);
    thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            loop {
                let last = !running.load(Ordering::Acquire);
                if woken.swap(false, Ordering::AcqRel) {
                    while let Some(lease) = ring.take() {
                        let luma = lease.planes()[0];
                        assert!(lease.planes()[..24].iter().all(|&y| y == luma));
                        let counts = ring.counts();
                        assert_eq!(counts.pushed, counts.taken + counts.dropped + counts.ready);
                    }
                } else if last {
                    return;
                }
                thread::yield_now();
            }
        });
        thread::scope(|pushing| {
            for producer in 0..PRODUCERS {
                let (ring, woken) = (&ring, &woken);
                pushing.spawn(move || {
                    for index in 0..PUSHES {
                        if push_grey(ring, 60 * producer, index) == Pushed::Wake {
                            woken.store(true, Ordering::Release);
                        }
                    }
                });
            }
        });
        running.store(false, Ordering::Release);
        consumer.join().unwrap();
    });
    let counts = ring.counts();
    assert_eq!(counts.pushed, u64::from(PRODUCERS) * PUSHES as u64);
    assert_eq!(counts.ready, 0, "a frame was left without a wake-up");
    assert_eq!(counts.pushed, counts.taken + counts.dropped);
}
