//! The ring: numpy arrays in, leases on slots out.

use numpy::PyReadonlyArray3;
use overshoot_core::{Counts, Filter, Pushed, Size, Stamp};
use pyo3::prelude::*;

use crate::arrays::{ArrayRows, Refusal, packed_size, pixel_order};
use crate::lease::Lease;

#[pyclass(frozen, module = "overshoot._native")]
pub(crate) struct FrameRing {
    ring: overshoot_core::FrameRing,
}

#[pymethods]
impl FrameRing {
    #[new]
    #[pyo3(signature = (width, height, slots, /))]
    fn new(width: usize, height: usize, slots: usize) -> PyResult<Self> {
        let size = Size::new(width, height).map_err(Refusal::from)?;
        let ring = overshoot_core::FrameRing::new(size, slots, Filter::default())
            .map_err(Refusal::from)?;
        Ok(Self { ring })
    }

    #[pyo3(signature = (pixels, timestamp, index, order, /))]
    fn push(
        &self,
        py: Python<'_>,
        pixels: PyReadonlyArray3<'_, u8>,
        timestamp: f64,
        index: i64,
        order: &str,
    ) -> PyResult<bool> {
        let view = pixels.as_array();
        let order = pixel_order(order)?;
        let source = packed_size(view.shape(), order)?;
        let stamp = Stamp { timestamp, index };
        let pushed = py.detach(|| {
            self.ring
                .push(&ArrayRows::new(view), source, order, stamp)
                .map_err(Refusal::from)
        })?;
        Ok(pushed == Pushed::Wake)
    }

    #[pyo3(signature = ())]
    fn take(&self) -> Option<Lease> {
        self.ring.take().map(Lease)
    }

    #[pyo3(signature = ())]
    fn close(&self) {
        self.ring.close();
    }

    #[pyo3(signature = ())]
    fn counts(&self) -> (u64, u64, u64, u64, u64) {
        let Counts {
            pushed,
            taken,
            dropped,
            ready,
            no_slot,
        } = self.ring.counts();
        (pushed, taken, dropped, ready, no_slot)
    }
}
