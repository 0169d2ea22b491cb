//! The ring under every interleaving of its locks and of the wake-up, as far as a bounded number
//! of preemptions goes. The rules of the slots alone are explored without bound in `slots::tests`.

use loom::model::Builder;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::*;

const PRODUCERS: u8 = 2;
/// More find no fault that three do not, and cost minutes.
const PREEMPTIONS: usize = 3;

fn size() -> Size {
    Size::new(2, 2).unwrap()
}

/// What `FrameRing::push` does, with bytes that are written in two halves instead of a conversion.
fn push(ring: &FrameRing, byte: u8, converter: &Arc<Converter>) -> Pushed {
    let Some((mut writing, _)) = ring.begin() else {
        return Pushed::Dropped;
    };
    let (first, second) = writing.content.planes.split_at_mut(3);
    first.fill(byte);
    // Counting takes the lock, so loom lets others run in between.
    let _ = ring.counts();
    second.fill(byte);
    writing.commit(Arc::clone(converter))
}

fn check(lease: &Lease) {
    let first = lease.planes()[0];
    assert!((1..=PRODUCERS).contains(&first));
    assert!(lease.planes().iter().all(|&byte| byte == first));
}

fn explore(slots: usize) {
    let converter = Arc::new(Converter::new(size(), size(), Settings::default()).unwrap());
    let mut model = Builder::new();
    model.preemption_bound = Some(PREEMPTIONS);
    model.check(move || {
        let ring = Arc::new(FrameRing::new(size(), slots, Filter::Bilinear).unwrap());
        let woken = Arc::new(AtomicBool::new(false));
        let handed = Arc::new(Mutex::new(None::<Lease>));
        let producers: Vec<_> = (1..=PRODUCERS)
            .map(|byte| {
                let (ring, woken) = (Arc::clone(&ring), Arc::clone(&woken));
                let converter = Arc::clone(&converter);
                thread::spawn(move || {
                    if push(&ring, byte, &converter) == Pushed::Wake {
                        assert!(!woken.swap(true, Ordering::AcqRel), "woken twice");
                    }
                })
            })
            .collect();
        let other = {
            let handed = Arc::clone(&handed);
            thread::spawn(move || {
                let lease = handed.lock().unwrap().take();
                lease.iter().for_each(check);
            })
        };
        let drain = || {
            if woken.swap(false, Ordering::AcqRel) {
                while let Some(lease) = ring.take() {
                    check(&lease);
                    *handed.lock().unwrap() = Some(lease);
                }
            }
        };
        drain();
        for thread in producers {
            thread.join().unwrap();
        }
        other.join().unwrap();
        // All pushes have ended, so a frame that still waits must have left a wake-up.
        drain();
        *handed.lock().unwrap() = None;
        let counts = ring.counts();
        assert_eq!(counts.ready, 0, "a wake-up was lost");
        assert_eq!(counts.pushed, u64::from(PRODUCERS));
        assert_eq!(counts.pushed, counts.taken + counts.dropped);
        let state = ring.shared.lock();
        let back = |content: &Content| content.planes.len() == size().i420_len();
        assert!(state.contents.iter().all(back), "a slot was not given back");
    });
}

#[test]
fn two_producers_a_consumer_and_a_thread_that_gives_back() {
    explore(2);
    explore(4);
}
