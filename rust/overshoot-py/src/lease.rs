//! A frame that was taken, as memory that Python looks at without a copy.

// The buffer protocol hands out a raw address; nothing safe in PyO3 stands for that.
#![allow(unsafe_code)]

use std::ffi::c_int;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

/// The interpreter drops it after the last view, in whatever thread; then the slot goes back.
#[pyclass(frozen, module = "overshoot._native")]
pub(crate) struct Lease(pub(crate) overshoot_core::Lease);

#[pymethods]
impl Lease {
    #[getter]
    fn timestamp(&self) -> f64 {
        self.0.stamp().timestamp
    }

    #[getter]
    fn index(&self) -> i64 {
        self.0.stamp().index
    }

    #[getter]
    fn planes<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        PyMemoryView::from(slf)
    }

    /// # Safety
    ///
    /// `view` is null or may be written to: the interpreter's own calls see to it.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let planes = slf.get().0.planes();
        // SAFETY: `view` by this function's contract, and null is refused. The view keeps a
        // reference to `slf`, which is frozen, so the planes neither move nor go while it lives,
        // and the ring does not write to a slot that is held. The view is read-only.
        let refused = unsafe {
            ffi::PyBuffer_FillInfo(
                view,
                slf.as_ptr(),
                planes.as_ptr().cast_mut().cast(),
                planes.len().cast_signed(),
                1,
                flags,
            )
        };
        match refused {
            0 => Ok(()),
            _ => Err(PyErr::fetch(slf.py())),
        }
    }
}
