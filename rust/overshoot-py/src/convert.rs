//! The conversions, one function each.

use numpy::ndarray::Array3;
use numpy::{IntoPyArray, PyArray1, PyArray3, PyReadonlyArray2, PyReadonlyArray3};
use overshoot_core::{Plan, Planes, Scratch, Size};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::arrays::{Refusal, filter, packed_size, pixel_order, rows, with_contiguous_rows};

#[pyfunction]
#[pyo3(signature = (width, height, /))]
pub(crate) fn i420_size(width: usize, height: usize) -> PyResult<usize> {
    Ok(Size::new(width, height).map_err(Refusal::from)?.i420_len())
}

#[pyfunction(name = "to_i420")]
#[pyo3(signature = (pixels, width, height, order, filter, /))]
pub(crate) fn to_i420<'py>(
    py: Python<'py>,
    pixels: PyReadonlyArray3<'py, u8>,
    width: usize,
    height: usize,
    order: &str,
    filter: &str,
) -> PyResult<Bound<'py, PyArray1<u8>>> {
    let view = pixels.as_array();
    let plan = plan(packed_size(view.shape())?, width, height, filter)?;
    let order = pixel_order(order)?;
    let planes = py.detach(|| {
        let source = with_contiguous_rows(view);
        let mut planes = vec![0; plan.target().i420_len()];
        plan.to_i420(&rows(&source), order, &mut Scratch::default(), &mut planes)?;
        Ok::<_, Refusal>(planes)
    })?;
    Ok(PyArray1::from_vec(py, planes))
}

#[pyfunction]
#[pyo3(signature = (pixels, width, height, filter, /))]
pub(crate) fn resize<'py>(
    py: Python<'py>,
    pixels: PyReadonlyArray3<'py, u8>,
    width: usize,
    height: usize,
    filter: &str,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let view = pixels.as_array();
    let plan = plan(packed_size(view.shape())?, width, height, filter)?;
    let resized = py.detach(|| {
        let source = with_contiguous_rows(view);
        let mut resized = vec![0; plan.target().packed_len()];
        plan.resize(&rows(&source), &mut Scratch::default(), &mut resized)?;
        Ok::<_, Refusal>(resized)
    })?;
    packed_array(py, plan.target(), resized)
}

#[pyfunction]
#[pyo3(signature = (y, u, v, width, height, out_width, out_height, order, /))]
// The three planes and two sizes are what the picture is.
#[allow(clippy::too_many_arguments)]
pub(crate) fn planes_to_packed<'py>(
    py: Python<'py>,
    y: PyReadonlyArray2<'py, u8>,
    u: PyReadonlyArray2<'py, u8>,
    v: PyReadonlyArray2<'py, u8>,
    width: usize,
    height: usize,
    out_width: usize,
    out_height: usize,
    order: &str,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let size = Size::new(width, height).map_err(Refusal::from)?;
    let plan = plan(size, out_width, out_height, "bilinear")?;
    let order = pixel_order(order)?;
    let (y, u, v) = (y.as_array(), u.as_array(), v.as_array());
    let packed = py.detach(|| {
        let (y, u, v) = (
            with_contiguous_rows(y),
            with_contiguous_rows(u),
            with_contiguous_rows(v),
        );
        let (y, u, v) = (rows(&y), rows(&u), rows(&v));
        let planes = Planes {
            y: &y,
            u: &u,
            v: &v,
        };
        let mut packed = vec![0; plan.target().packed_len()];
        overshoot_core::planes_to_packed(
            planes,
            &plan,
            order,
            &mut Scratch::default(),
            &mut packed,
        )?;
        Ok::<_, Refusal>(packed)
    })?;
    packed_array(py, plan.target(), packed)
}

fn plan(source: Size, width: usize, height: usize, name: &str) -> PyResult<Plan> {
    let target = Size::new(width, height).map_err(Refusal::from)?;
    Ok(Plan::new(source, target, filter(name)?))
}

fn packed_array(py: Python<'_>, size: Size, pixels: Vec<u8>) -> PyResult<Bound<'_, PyArray3<u8>>> {
    Array3::from_shape_vec((size.height(), size.width(), 3), pixels)
        .map(|array| array.into_pyarray(py))
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))
}
