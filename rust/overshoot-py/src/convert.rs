//! The conversions, one function each. Results go into arrays of the caller's.

use std::cell::RefCell;

use numpy::{PyReadonlyArray2, PyReadonlyArray3, PyReadwriteArray1, PyReadwriteArray3};
use overshoot_core::{
    Chroma, Converter, Level, Planes, ResizeScratch, Resizer, Scratch, Settings, Size, Unpacker,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{ArrayRows, Refusal, colour, filter, fit, packed_size, pixel_order};

/// How many geometries a thread remembers.
const REMEMBERED: usize = 4;

thread_local! {
    /// The conversions that this thread made last, the latest first, with their working memory.
    static CONVERTERS: RefCell<Vec<(Converter, Scratch)>> = const { RefCell::new(Vec::new()) };
}

/// The conversion of this geometry, as it was left or made anew.
fn remembered(
    source: Size,
    target: Size,
    settings: Settings,
) -> Result<(Converter, Scratch), Refusal> {
    let known = CONVERTERS.with_borrow_mut(|known| {
        let same = |(converter, _): &(Converter, Scratch)| {
            (converter.source(), converter.target()) == (source, target)
                && converter.settings() == settings
        };
        known.iter().position(same).map(|at| known.remove(at))
    });
    match known {
        Some(known) => Ok(known),
        None => Ok((
            Converter::new(source, target, settings)?,
            Scratch::default(),
        )),
    }
}

fn remember(conversion: (Converter, Scratch)) {
    CONVERTERS.with_borrow_mut(|known| {
        known.truncate(REMEMBERED - 1);
        known.insert(0, conversion);
    });
}

#[pyfunction]
#[pyo3(signature = ())]
pub(crate) fn simd_level() -> PyResult<&'static str> {
    Ok(Level::chosen().map_err(Refusal::from)?.name())
}

#[pyfunction]
#[pyo3(signature = (width, height, /))]
pub(crate) fn i420_size(width: usize, height: usize) -> PyResult<usize> {
    Ok(Size::new(width, height).map_err(Refusal::from)?.i420_len())
}

#[pyfunction]
#[pyo3(signature = (
    pixels, planes, width, height, order, filter, standard, full_range, fit, bars, threads, /
))]
// Each is a setting of its own; the façade names them.
#[allow(clippy::too_many_arguments)]
pub(crate) fn to_i420<'py>(
    py: Python<'py>,
    pixels: PyReadonlyArray3<'py, u8>,
    mut planes: PyReadwriteArray1<'py, u8>,
    width: usize,
    height: usize,
    order: &str,
    filter: &str,
    standard: &str,
    full_range: bool,
    fit: &str,
    bars: (u8, u8, u8),
    threads: usize,
) -> PyResult<()> {
    let settings = Settings {
        order: pixel_order(order)?,
        filter: self::filter(filter)?,
        colour: colour(standard, full_range)?,
        fit: self::fit(fit)?,
        bars: bars.into(),
    };
    let view = pixels.as_array();
    let source = packed_size(view.shape(), settings.order)?;
    let target = Size::new(width, height).map_err(Refusal::from)?;
    let planes = planes.as_slice_mut()?;
    py.detach(|| {
        let rows = ArrayRows::new(view);
        let (converter, mut scratch) = remembered(source, target, settings)?;
        let done = converter.convert_in_bands(&rows, threads, &mut scratch, planes);
        remember((converter, scratch));
        Ok::<_, Refusal>(done?)
    })?;
    Ok(())
}

#[pyfunction]
#[pyo3(signature = (pixels, resized, filter, /))]
pub(crate) fn resize<'py>(
    py: Python<'py>,
    pixels: PyReadonlyArray3<'py, u8>,
    mut resized: PyReadwriteArray3<'py, u8>,
    filter: &str,
) -> PyResult<()> {
    let view = pixels.as_array();
    let order = match view.shape()[2] {
        1 => "gray",
        3 => "bgr",
        _ => "bgra",
    };
    let order = pixel_order(order)?;
    let source = packed_size(view.shape(), order)?;
    let target = packed_size(resized.as_array().shape(), order)?;
    let filter = self::filter(filter)?;
    let resized = resized.as_slice_mut()?;
    py.detach(|| {
        let resizer = Resizer::new(source, target, order, filter);
        let scratch = &mut ResizeScratch::default();
        resizer.resize(&ArrayRows::new(view), scratch, resized)?;
        Ok::<_, Refusal>(())
    })?;
    Ok(())
}

#[pyfunction]
#[pyo3(signature = (y, u, v, pixels, order, standard, full_range, /))]
// The three planes, the result and how they are encoded.
#[allow(clippy::too_many_arguments)]
pub(crate) fn planes_to_packed<'py>(
    py: Python<'py>,
    y: PyReadonlyArray2<'py, u8>,
    u: PyReadonlyArray2<'py, u8>,
    v: Option<PyReadonlyArray2<'py, u8>>,
    mut pixels: PyReadwriteArray3<'py, u8>,
    order: &str,
    standard: &str,
    full_range: bool,
) -> PyResult<()> {
    let order = pixel_order(order)?;
    let size = packed_size(pixels.as_array().shape(), order)?;
    let unpacker =
        Unpacker::new(size, order, colour(standard, full_range)?).map_err(Refusal::from)?;
    let (y, u, v) = (y.as_array(), u.as_array(), v.as_ref().map(|v| v.as_array()));
    let pixels = pixels
        .as_slice_mut()
        .map_err(|_| PyValueError::new_err("the pixels are not C-contiguous"))?;
    py.detach(|| {
        let (y, u, v) = (ArrayRows::new(y), ArrayRows::new(u), v.map(ArrayRows::new));
        let chroma = match &v {
            Some(v) => Chroma::Planar { u: &u, v },
            None => Chroma::Interleaved(&u),
        };
        unpacker.convert(Planes { y: &y, chroma }, pixels)?;
        Ok::<_, Refusal>(())
    })?;
    Ok(())
}
