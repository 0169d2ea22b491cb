//! Between numpy arrays and what the core takes.

use numpy::ndarray::{ArrayView, Axis, CowArray, Dimension, RemoveAxis};
use overshoot_core::{Colour, Filter, Fit, FrameError, PixelOrder, Range, Rows, Size, Standard};
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

/// The rows of an array: the array itself where each of its rows is contiguous, whatever lies
/// between them; else a copy.
pub(crate) struct ArrayRows<'a, D>(CowArray<'a, u8, D>);

impl<'a, D: Dimension + RemoveAxis> ArrayRows<'a, D> {
    pub(crate) fn new(view: ArrayView<'a, u8, D>) -> Self {
        // All rows are laid out alike, so the first one speaks for them.
        let contiguous = match view.len_of(Axis(0)) {
            0 => true,
            _ => view.index_axis(Axis(0), 0).is_standard_layout(),
        };
        Self(if contiguous {
            view.into()
        } else {
            view.as_standard_layout().into_owned().into()
        })
    }
}

impl<D: Dimension + RemoveAxis> Rows for ArrayRows<'_, D> {
    fn count(&self) -> usize {
        self.0.len_of(Axis(0))
    }

    fn row(&self, y: usize) -> &[u8] {
        // A row that is not contiguous cannot be; it would be refused as too short.
        self.0.index_axis(Axis(0), y).to_slice().unwrap_or(&[])
    }
}

/// One of the words of a setting.
fn word<T: Copy>(setting: &str, given: &str, words: &[(&str, T)]) -> Result<T, PyErr> {
    match words.iter().find(|(word, _)| *word == given) {
        Some((_, value)) => Ok(*value),
        None => {
            let names: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            let names = names.join(", ");
            Err(PyValueError::new_err(format!(
                "{setting} is {given:?}: it must be one of {names}"
            )))
        }
    }
}

pub(crate) fn pixel_order(name: &str) -> Result<PixelOrder, PyErr> {
    word(
        "order",
        name,
        &[
            ("bgr", PixelOrder::Bgr),
            ("rgb", PixelOrder::Rgb),
            ("bgra", PixelOrder::Bgra),
            ("rgba", PixelOrder::Rgba),
            ("gray", PixelOrder::Gray),
        ],
    )
}

pub(crate) fn filter(name: &str) -> Result<Filter, PyErr> {
    let words = [("bilinear", Filter::Bilinear), ("area", Filter::Area)];
    word("filter", name, &words)
}

pub(crate) fn fit(name: &str) -> Result<Fit, PyErr> {
    word(
        "fit",
        name,
        &[
            ("stretch", Fit::Stretch),
            ("contain", Fit::Contain),
            ("cover", Fit::Cover),
        ],
    )
}

pub(crate) fn colour(standard: &str, full_range: bool) -> Result<Colour, PyErr> {
    let words = [("bt601", Standard::Bt601), ("bt709", Standard::Bt709)];
    Ok(Colour {
        standard: word("standard", standard, &words)?,
        range: if full_range {
            Range::Full
        } else {
            Range::Limited
        },
    })
}

/// The size of an array of shape (height, width, channels) with the channels of `order`.
pub(crate) fn packed_size(shape: &[usize], order: PixelOrder) -> Result<Size, PyErr> {
    match *shape {
        [height, width, channels] if channels == order.bytes() => {
            Ok(Size::new(width, height).map_err(Refusal::from)?)
        }
        _ => Err(PyValueError::new_err(format!(
            "an array of shape {shape:?}: it must be (height, width, {})",
            order.bytes()
        ))),
    }
}
