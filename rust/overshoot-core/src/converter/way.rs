//! Which kernels a conversion takes, and their tables.

use super::Settings;
use crate::Size;
use crate::axis::Axis;
#[cfg(target_arch = "aarch64")]
use crate::kernels::neon;
use crate::kernels::{Columns, Level};
use crate::taps::{self, AreaColumns, AreaRows, Octets, Pairs, RowTap};

/// Which kernels do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// No resize.
    Plain,
    Bilinear {
        columns: Columns,
        rows: Vec<RowTap>,
    },
    Area {
        columns: AreaColumns,
        rows: AreaRows,
    },
    /// Averages of more samples than the area kernels sum without loss.
    Wide {
        across: Axis,
        down: Axis,
    },
}

impl Way {
    pub(super) fn new(from: Size, to: Size, settings: &Settings, level: Level) -> Self {
        if from == to {
            return Self::Plain;
        }
        let across = Axis::new(from.width(), to.width(), settings.filter);
        let down = Axis::new(from.height(), to.height(), settings.filter);
        let taps = taps::columns(&across, to.width());
        if let (Some(taps), Some(rows)) = (taps, taps::rows(&down, to.height())) {
            let (order, row_len) = (settings.order, from.row_len(settings.order));
            let columns = Columns {
                octets: (level == Level::Avx512)
                    .then(|| Octets::new(&taps, order, row_len))
                    .flatten(),
                #[cfg(target_arch = "aarch64")]
                gather: (level == Level::Neon)
                    .then(|| neon::Gather::new(&taps, order, row_len))
                    .flatten(),
                pairs: matches!(level, Level::Avx2 | Level::Avx512)
                    .then(|| Pairs::new(&taps, order, row_len))
                    .flatten(),
                taps,
            };
            return Self::Bilinear { columns, rows };
        }
        match (
            AreaColumns::new(&across, to.width(), settings.order),
            AreaRows::new(&down, to.height()),
        ) {
            (Some(columns), Some(rows)) => Self::Area { columns, rows },
            _ => Self::Wide { across, down },
        }
    }
}
