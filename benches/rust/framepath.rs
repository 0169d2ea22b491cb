//! What one frame costs, one thread, beside the crates that do the same: `cargo bench`.
//!
//! Each contender's PSNR against float64 is printed before any is timed, and ours must keep 56 dB
//! on every plane. `OVERSHOOT_SIMD` picks our kernels.
#![allow(missing_docs)]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fast_image_resize as fir;
use fir::images::{Image, ImageRef};
use overshoot_core::{
    Chroma, Colour, Converter, Filter, FrameRing, Level, Packed, PixelOrder, Planes, Scratch,
    Settings, Size, Stamp, Unpacker,
};
use yuv::{YuvConversionMode, YuvPlanarImage, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

mod reference;

type Outcome = Result<(), Box<dyn Error>>;

const PSNR_FLOOR: f64 = 56.0;
/// Columns and rows.
type Sides = (usize, usize);

const VGA: Sides = (640, 480);
const HD: Sides = (1280, 720);
const FULL_HD: Sides = (1920, 1080);
const UHD: Sides = (3840, 2160);
const CASES: [(Sides, Sides, Filter); 9] = [
    (VGA, VGA, Filter::Bilinear),
    (HD, VGA, Filter::Bilinear),
    (FULL_HD, VGA, Filter::Bilinear),
    (FULL_HD, HD, Filter::Bilinear),
    (UHD, HD, Filter::Bilinear),
    (HD, VGA, Filter::Area),
    (FULL_HD, VGA, Filter::Area),
    (FULL_HD, HD, Filter::Area),
    (UHD, HD, Filter::Area),
];

fn prove(title: &str, who: &str, got: &[u8], exact: &[f64], parts: &[usize], ours: bool) {
    let (mut start, mut levels) = (0, Vec::new());
    for len in parts {
        let range = start..start + len;
        levels.push(reference::psnr(&got[range.clone()], &exact[range]));
        start += len;
    }
    println!("{title}: {who} {levels:.1?} dB");
    assert!(!ours || levels.iter().all(|&level| level >= PSNR_FLOOR));
}

/// `fast_image_resize`, then `yuv`: the pair that a Rust program would take.
struct Crates {
    resizer: fir::Resizer,
    options: fir::ResizeOptions,
    resized: Image<'static>,
    target: Size,
    planes: YuvPlanarImageMut<'static, u8>,
}

impl Crates {
    fn new(target: Size, filter: Filter) -> Self {
        let (width, height) = (target.width() as u32, target.height() as u32);
        // Their filters average where the picture shrinks; this is the one that does not.
        let algorithm = match filter {
            Filter::Bilinear => fir::ResizeAlg::Interpolation(fir::FilterType::Bilinear),
            Filter::Area => fir::ResizeAlg::Convolution(fir::FilterType::Box),
        };
        Self {
            resizer: fir::Resizer::new(),
            options: fir::ResizeOptions::new().resize_alg(algorithm),
            resized: Image::new(width, height, fir::PixelType::U8x3),
            target,
            planes: YuvPlanarImageMut::alloc(width, height, yuv::YuvChromaSubsampling::Yuv420),
        }
    }

    fn work(&mut self, source: Size, pixels: &[u8]) -> Outcome {
        if source != self.target {
            let (width, height) = (source.width() as u32, source.height() as u32);
            let image = ImageRef::new(width, height, pixels, fir::PixelType::U8x3)?;
            self.resizer
                .resize(&image, &mut self.resized, &self.options)?;
        }
        let bgr = if source == self.target {
            pixels
        } else {
            self.resized.buffer()
        };
        let stride = self.target.packed_row_len() as u32;
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
        let mode = YuvConversionMode::Balanced;
        Ok(yuv::bgr_to_yuv420(
            &mut self.planes,
            bgr,
            stride,
            range,
            matrix,
            mode,
        )?)
    }

    fn answer(&self) -> Vec<u8> {
        let planes = [
            &self.planes.y_plane,
            &self.planes.u_plane,
            &self.planes.v_plane,
        ];
        planes.map(|plane| plane.borrow().to_vec()).concat()
    }
}

fn to_i420(criterion: &mut Criterion) -> Outcome {
    for (from, to, filter) in CASES {
        let (source, target) = (Size::new(from.0, from.1)?, Size::new(to.0, to.1)?);
        let title = format!(
            "BGR {}x{} to I420 {}x{} {filter:?}",
            from.0, from.1, to.0, to.1
        );
        let pixels = reference::picture(source);
        let exact = reference::planes(&pixels, source, target, filter);
        let half = target.chroma().plane_len();
        let parts = [target.plane_len(), half, half];
        let settings = Settings {
            filter,
            ..Settings::default()
        };
        let converter = Converter::new(source, target, settings)?;
        let rows = Packed {
            bytes: &pixels,
            stride: source.packed_row_len(),
        };
        let (mut scratch, mut planes) = (Scratch::default(), vec![0; target.i420_len()]);
        converter.convert(&rows, &mut scratch, &mut planes)?;
        prove(&title, "overshoot", &planes, &exact, &parts, true);
        let mut crates = Crates::new(target, filter);
        crates.work(source, &pixels)?;
        prove(&title, "crates", &crates.answer(), &exact, &parts, false);

        let mut group = criterion.benchmark_group(&title);
        group.throughput(Throughput::Elements(target.plane_len() as u64));
        group.bench_function(
            format!("overshoot {}", Level::chosen()?.name()),
            |bencher| {
                bencher.iter(|| converter.convert(black_box(&rows), &mut scratch, &mut planes));
            },
        );
        group.bench_function("fast_image_resize + yuv", |bencher| {
            bencher.iter(|| crates.work(source, black_box(&pixels)).is_ok());
        });
        group.finish();
    }
    Ok(())
}

fn to_packed(criterion: &mut Criterion) -> Outcome {
    for (width, height) in [VGA, HD] {
        let size = Size::new(width, height)?;
        let mut flat = vec![0; size.i420_len()];
        let pixels = reference::picture(size);
        let rows = Packed {
            bytes: &pixels,
            stride: size.packed_row_len(),
        };
        Converter::new(size, size, Settings::default())?.convert(
            &rows,
            &mut Scratch::default(),
            &mut flat,
        )?;
        let exact = reference::pixels(&flat, size);
        let (luma, chroma) = flat.split_at(size.plane_len());
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let packed = |bytes, stride| Packed { bytes, stride };
        let half = size.chroma().width();
        let (y_rows, u_rows, v_rows) = (packed(luma, width), packed(u, half), packed(v, half));
        let chroma = Chroma::Planar {
            u: &u_rows,
            v: &v_rows,
        };
        let planes = Planes { y: &y_rows, chroma };
        let unpacker = Unpacker::new(size, PixelOrder::Bgr, Colour::default())?;
        let theirs = YuvPlanarImage {
            y_plane: luma,
            y_stride: width as u32,
            u_plane: u,
            u_stride: half as u32,
            v_plane: v,
            v_stride: half as u32,
            width: width as u32,
            height: height as u32,
        };
        let stride = size.packed_row_len() as u32;
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);

        let title = format!("I420 {width}x{height} to BGR");
        let mut out = vec![0; size.packed_len()];
        unpacker.convert(planes, &mut out)?;
        prove(&title, "overshoot", &out, &exact, &[out.len()], true);
        yuv::yuv420_to_bgr(&theirs, &mut out, stride, range, matrix)?;
        prove(&title, "yuv", &out, &exact, &[out.len()], false);

        let mut group = criterion.benchmark_group(&title);
        group.throughput(Throughput::Elements(size.plane_len() as u64));
        group.bench_function(
            format!("overshoot {}", Level::chosen()?.name()),
            |bencher| {
                bencher.iter(|| unpacker.convert(black_box(planes), &mut out));
            },
        );
        group.bench_function("yuv", |bencher| {
            bencher.iter(|| yuv::yuv420_to_bgr(&theirs, &mut out, stride, range, matrix).is_ok());
        });
        group.finish();
    }
    Ok(())
}

fn ring(criterion: &mut Criterion) -> Outcome {
    let (source, target) = (Size::new(FULL_HD.0, FULL_HD.1)?, Size::new(VGA.0, VGA.1)?);
    let pixels = reference::picture(source);
    let rows = Packed {
        bytes: &pixels,
        stride: source.packed_row_len(),
    };
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
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(15);
    targets = all
}
criterion_main!(benches);
