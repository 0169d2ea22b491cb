//! What one frame costs, one thread: `cargo bench -p overshoot-core`.
//!
//! Each case first shows that its answer is right where that can be said in a line: a grey picture
//! stays grey. The arithmetic itself is held against float64 in the tests.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use overshoot_core::{
    Filter, FrameError, FrameRing, PixelOrder, Plan, Planes, Scratch, Size, Stamp, planes_to_packed,
};

const VGA: (usize, usize) = (640, 480);
const HD: (usize, usize) = (1280, 720);
const FULL_HD: (usize, usize) = (1920, 1080);

/// A picture with structure in every channel.
fn picture(size: Size) -> Vec<u8> {
    (0..size.packed_len())
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

fn rows(bytes: &[u8], len: usize) -> Vec<&[u8]> {
    bytes.chunks_exact(len).collect()
}

fn prove_grey(plan: &Plan) -> Result<(), FrameError> {
    let pixels = vec![128; plan.source().packed_len()];
    let mut planes = vec![0; plan.target().i420_len()];
    let rows = rows(&pixels, plan.source().packed_row_len());
    plan.to_i420(&rows, PixelOrder::Bgr, &mut Scratch::default(), &mut planes)?;
    let (luma, chroma) = planes.split_at(plan.target().plane_len());
    assert!(luma.iter().all(|&y| y == 126) && chroma.iter().all(|&c| c == 128));
    Ok(())
}

fn to_i420(criterion: &mut Criterion) -> Result<(), FrameError> {
    let mut group = criterion.benchmark_group("bgr_to_i420");
    for (from, to, filter) in [
        (VGA, VGA, Filter::Bilinear),
        (HD, VGA, Filter::Bilinear),
        (FULL_HD, VGA, Filter::Bilinear),
        (FULL_HD, HD, Filter::Bilinear),
        (FULL_HD, VGA, Filter::Area),
    ] {
        let (source, target) = (Size::new(from.0, from.1)?, Size::new(to.0, to.1)?);
        let plan = Plan::new(source, target, filter);
        prove_grey(&plan)?;
        let pixels = picture(source);
        let rows = rows(&pixels, source.packed_row_len());
        let (mut scratch, mut planes) = (Scratch::default(), vec![0; target.i420_len()]);
        group.throughput(Throughput::Elements(target.plane_len() as u64));
        group.bench_function(format!("{from:?} to {to:?} {filter:?}"), |bencher| {
            bencher.iter(|| {
                plan.to_i420(black_box(&rows), PixelOrder::Bgr, &mut scratch, &mut planes)
            });
        });
    }
    group.finish();
    Ok(())
}

fn to_packed(criterion: &mut Criterion) -> Result<(), FrameError> {
    let mut group = criterion.benchmark_group("i420_to_bgr");
    for (width, height) in [VGA, HD] {
        let size = Size::new(width, height)?;
        let (y, chroma) = (picture(size), vec![100; size.chroma().plane_len()]);
        let luma = rows(&y[..size.plane_len()], width);
        let chroma = rows(&chroma, size.chroma().width());
        let planes = Planes {
            y: &luma,
            u: &chroma,
            v: &chroma,
        };
        let plan = Plan::new(size, size, Filter::Bilinear);
        let (mut scratch, mut pixels) = (Scratch::default(), vec![0; size.packed_len()]);
        group.throughput(Throughput::Elements(size.plane_len() as u64));
        group.bench_function(format!("{width}x{height}"), |bencher| {
            bencher.iter(|| {
                planes_to_packed(
                    black_box(planes),
                    &plan,
                    PixelOrder::Bgr,
                    &mut scratch,
                    &mut pixels,
                )
            });
        });
    }
    group.finish();
    Ok(())
}

fn ring(criterion: &mut Criterion) -> Result<(), FrameError> {
    let (source, target) = (Size::new(FULL_HD.0, FULL_HD.1)?, Size::new(VGA.0, VGA.1)?);
    let pixels = picture(source);
    let rows = rows(&pixels, source.packed_row_len());
    let ring = FrameRing::new(target, 3, Filter::Bilinear)?;
    criterion.bench_function("ring push 1080p to 640x480, take", |bencher| {
        bencher.iter(|| {
            let pushed = ring.push(black_box(&rows), source, PixelOrder::Bgr, Stamp::default());
            (pushed, ring.take().map(|lease| lease.planes().len()))
        });
    });
    let counts = ring.counts();
    assert_eq!(counts.pushed, counts.taken);
    Ok(())
}

fn all(criterion: &mut Criterion) {
    let done = to_i420(criterion)
        .and_then(|()| to_packed(criterion))
        .and_then(|()| ring(criterion));
    assert!(done.is_ok(), "{done:?}");
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .sample_size(15);
    targets = all
}
criterion_main!(benches);
