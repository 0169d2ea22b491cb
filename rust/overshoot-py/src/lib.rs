//! The Python module `overshoot._native`: takes numpy arrays, detaches from the interpreter for
//! the work, maps errors. The rules are in `overshoot-core`; the manual is `_native.pyi`.

use pyo3::prelude::*;

mod arrays;
mod convert;
mod lease;
mod ring;

#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::convert::{i420_size, planes_to_packed, resize, simd_level, to_i420};
    #[pymodule_export]
    use crate::lease::Lease;
    #[pymodule_export]
    use crate::ring::FrameRing;
}
