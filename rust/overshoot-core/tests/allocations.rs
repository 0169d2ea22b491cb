//! In the steady state a frame allocates nothing.

// clippy.toml allows unwrap inside of #[test] functions only, and here all is a test.
#![allow(missing_docs, clippy::unwrap_used)]
// A global allocator is unsafe by nature.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use overshoot_core::{
    Chroma, Colour, Converter, Filter, Fit, FrameRing, Level, Packed, PixelOrder, Planes, Scratch,
    Settings, Size, Stamp, Unpacker,
};

/// The system's allocator, counting what this thread asks of it.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is the system's; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

fn size(width: usize, height: usize) -> Size {
    Size::new(width, height).unwrap()
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(vec![1])), 1);
}

#[test]
fn a_conversion_allocates_for_its_first_frame_alone() {
    let source = size(321, 181);
    let pixels = vec![9; source.packed_len()];
    let rows = Packed {
        bytes: &pixels,
        stride: source.packed_row_len(),
    };
    // The last is so small that its averages go the wide way.
    for target in [source, size(160, 120), size(500, 300), size(5, 3)] {
        for filter in [Filter::Bilinear, Filter::Area] {
            for fit in [Fit::Stretch, Fit::Contain] {
                for level in Level::ALL {
                    let settings = Settings {
                        filter,
                        fit,
                        ..Settings::default()
                    };
                    let converter = Converter::with_level(source, target, settings, level);
                    let mut scratch = Scratch::default();
                    let mut planes = vec![0; target.i420_len()];
                    converter.convert(&rows, &mut scratch, &mut planes).unwrap();
                    let steady = allocations(|| {
                        for _ in 0..3 {
                            converter.convert(&rows, &mut scratch, &mut planes).unwrap();
                        }
                    });
                    assert_eq!(steady, 0, "{target:?} {settings:?} {level:?}");
                }
            }
        }
    }
}

#[test]
fn planes_are_unpacked_without_allocating() {
    let size = size(321, 181);
    let (luma, chroma) = (
        vec![90; size.plane_len()],
        vec![140; size.chroma().plane_len()],
    );
    let y = Packed {
        bytes: &luma,
        stride: size.width(),
    };
    let u = Packed {
        bytes: &chroma,
        stride: size.chroma().width(),
    };
    for level in Level::ALL {
        let unpacker =
            Unpacker::with_level(size, PixelOrder::Bgr, Colour::default(), level).unwrap();
        let mut pixels = vec![0; unpacker.packed_len()];
        let planes = Planes {
            y: &y,
            chroma: Chroma::Planar { u: &u, v: &u },
        };
        assert_eq!(
            allocations(|| unpacker.convert(planes, &mut pixels).unwrap()),
            0
        );
    }
}

#[test]
fn a_ring_whose_frames_are_given_back_allocates_nothing_more() {
    let source = size(320, 180);
    let pixels = vec![9; source.packed_len()];
    let rows = Packed {
        bytes: &pixels,
        stride: source.packed_row_len(),
    };
    let ring = FrameRing::new(size(160, 120), 3, Filter::Bilinear).unwrap();
    let push_and_take = || {
        ring.push(&rows, source, PixelOrder::Bgr, Stamp::default())
            .unwrap();
        ring.take()
    };
    // Held at the same time, so that each slot has its working memory, and one push has no slot.
    let hoard = || {
        [0; 4]
            .map(|_| push_and_take())
            .each_ref()
            .map(Option::is_some)
    };
    assert_eq!(hoard(), [true, true, true, false]);
    let steady = allocations(|| {
        for _ in 0..3 {
            drop(push_and_take().unwrap());
        }
        hoard();
    });
    assert_eq!((steady, ring.counts().no_slot), (0, 2));
}
