//! Which instructions there are, and which of them are used.

use std::sync::OnceLock;

use crate::FrameError;

/// The environment variable that forces a [`Level`], for tests and comparisons.
pub const LEVEL_VARIABLE: &str = "OVERSHOOT_SIMD";

/// A set of instructions. Each gives the same bytes; they differ in speed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// No more than the language has; runs everywhere.
    Scalar,
    /// NEON, of every 64-bit ARM.
    Neon,
    /// AVX2, of x86-64 since 2013.
    Avx2,
    /// AVX-512 F, BW, VL and VBMI, of Intel's since Ice Lake and AMD's since Zen 4.
    Avx512,
}

impl Level {
    /// Every level, the slowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// As [`LEVEL_VARIABLE`] spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            // The kernels count on the lower bytes of a lane being first.
            #[cfg(target_arch = "aarch64")]
            Self::Neon => {
                cfg!(target_endian = "little") && std::arch::is_aarch64_feature_detected!("neon")
            }
            #[cfg(not(target_arch = "aarch64"))]
            Self::Neon => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vbmi")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// The fastest that this machine has, or the one that [`LEVEL_VARIABLE`] names; looked up
    /// once. An error where it names one that is unknown or that the machine lacks.
    pub fn chosen() -> Result<Self, FrameError> {
        static CHOSEN: OnceLock<Result<Level, FrameError>> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let available = || {
                Self::ALL
                    .into_iter()
                    .rev()
                    .filter(|level| level.is_available())
            };
            match std::env::var_os(LEVEL_VARIABLE) {
                Some(name) if !name.is_empty() => available()
                    .find(|level| name == level.name())
                    .ok_or(FrameError::Level),
                _ => Ok(available().next().unwrap_or(Self::Scalar)),
            }
        })
    }
}
