//! Between numpy arrays and what the core takes.

use numpy::ndarray::{ArrayView, CowArray, Dimension, RemoveAxis};
use overshoot_core::{Filter, FrameError, PixelOrder, Size};
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

/// The core's errors are `ValueError` in Python.
pub(crate) struct Refusal(FrameError);

impl From<FrameError> for Refusal {
    fn from(error: FrameError) -> Self {
        Self(error)
    }
}

impl From<Refusal> for PyErr {
    fn from(refusal: Refusal) -> Self {
        PyValueError::new_err(refusal.0.to_string())
    }
}

/// The array itself where each of its rows is contiguous, whatever lies between them; else a copy.
pub(crate) fn with_contiguous_rows<'a, D>(view: ArrayView<'a, u8, D>) -> CowArray<'a, u8, D>
where
    D: Dimension + RemoveAxis,
{
    if view.outer_iter().all(|row| row.is_standard_layout()) {
        view.into()
    } else {
        view.as_standard_layout().into_owned().into()
    }
}

/// The rows of what [`with_contiguous_rows`] gave.
pub(crate) fn rows<'a, D>(array: &'a CowArray<'_, u8, D>) -> Vec<&'a [u8]>
where
    D: Dimension + RemoveAxis,
{
    array
        .outer_iter()
        .filter_map(|row| row.to_slice())
        .collect()
}

pub(crate) fn pixel_order(name: &str) -> Result<PixelOrder, PyErr> {
    match name {
        "bgr" => Ok(PixelOrder::Bgr),
        "rgb" => Ok(PixelOrder::Rgb),
        _ => Err(PyValueError::new_err(format!(
            "order is {name:?}: it must be \"bgr\" or \"rgb\""
        ))),
    }
}

pub(crate) fn filter(name: &str) -> Result<Filter, PyErr> {
    match name {
        "bilinear" => Ok(Filter::Bilinear),
        "area" => Ok(Filter::Area),
        _ => Err(PyValueError::new_err(format!(
            "filter is {name:?}: it must be \"bilinear\" or \"area\""
        ))),
    }
}

/// The size of an array of shape (height, width, 3).
pub(crate) fn packed_size(shape: &[usize]) -> Result<Size, PyErr> {
    match *shape {
        [height, width, 3] => Ok(Size::new(width, height).map_err(Refusal::from)?),
        _ => Err(PyValueError::new_err(format!(
            "an array of shape {shape:?}: it must be (height, width, 3)"
        ))),
    }
}
