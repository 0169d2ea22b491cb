//! Where the samples of one output axis come from, worked out once per geometry.

/// How pixels are made when the size changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Filter {
    /// Two neighbours at half-pixel centres, as cv2's `INTER_LINEAR`.
    #[default]
    Bilinear,
    /// The exact average over the box that an output pixel covers. An axis that grows is
    /// interpolated as by [`Filter::Bilinear`]: a box smaller than a pixel would only repeat it.
    Area,
}

/// Bits of a bilinear weight; the two weights of an output sum to `1 << LINEAR_BITS`.
pub(crate) const LINEAR_BITS: u32 = 15;

/// Bits of a box weight; 16,384 taps of 8 bits still sum exactly, and fit 32 bits vertically.
pub(crate) const AREA_BITS: u32 = 24;

/// Two source samples and the weight of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinearTap {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) weight: u16,
}

/// A run of source samples; their weights lie at `weights` of [`Axis::Area`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AreaTap {
    pub(crate) first: usize,
    pub(crate) weights: std::ops::Range<usize>,
}

/// One axis of a resize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Axis {
    Copy,
    Linear(Vec<LinearTap>),
    Area {
        taps: Vec<AreaTap>,
        weights: Vec<u32>,
    },
}

impl Axis {
    /// The axis from `source` to `target` samples; both are 1 to [`crate::MAX_SIDE`].
    pub(crate) fn new(source: usize, target: usize, filter: Filter) -> Self {
        if source == target {
            Self::Copy
        } else if filter == Filter::Area && target < source {
            area(source, target)
        } else {
            Self::Linear((0..target).map(|x| linear_tap(x, source, target)).collect())
        }
    }
}

/// Output `x` lies at `(x + 1/2) * source / target - 1/2`, kept as a fraction over `2 * target`.
fn linear_tap(x: usize, source: usize, target: usize) -> LinearTap {
    let scale = 2 * target;
    let position = ((2 * x + 1) * source).saturating_sub(target);
    let first = (position / scale).min(source - 1);
    let second = (first + 1).min(source - 1);
    let rest = (position % scale) as u64;
    let weight = ((rest << LINEAR_BITS) + target as u64) / scale as u64;
    LinearTap {
        first,
        second,
        // At most `1 << 15`, so it fits.
        weight: weight as u16,
    }
}

/// In units of `1 / target` of a source sample, output `x` covers `x * source ..` and each source
/// sample is `target` long. Weights are differences of rounded sums, so each set sums exactly.
fn area(source: usize, target: usize) -> Axis {
    let mut taps = Vec::with_capacity(target);
    let mut weights = Vec::with_capacity(source + target);
    for x in 0..target {
        let (start, end) = (x * source, (x + 1) * source);
        let (first, last) = (start / target, (end - 1) / target);
        let begin = weights.len();
        let mut before = 0;
        for sample in first..=last {
            let covered = ((sample + 1) * target).min(end) - start;
            let sum = rounded_share(covered, source);
            weights.push(sum - before);
            before = sum;
        }
        taps.push(AreaTap {
            first,
            weights: begin..weights.len(),
        });
    }
    Axis::Area { taps, weights }
}

/// `part / whole` in [`AREA_BITS`] bits; `part <= whole`.
fn rounded_share(part: usize, whole: usize) -> u32 {
    let (part, whole) = (part as u64, whole as u64);
    (((part << AREA_BITS) + whole / 2) / whole) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn linear_taps_are_the_half_pixel_rule(source in 1_usize..=16_384, target in 1_usize..=16_384, part in 0.0..1.0) {
            let x = ((target as f64) * part) as usize;
            let tap = linear_tap(x, source, target);
            let exact = ((x as f64 + 0.5) * source as f64 / target as f64 - 0.5).clamp(0.0, (source - 1) as f64);
            let step = if tap.second == tap.first { 0.0 } else { f64::from(tap.weight) / 32_768.0 };
            prop_assert!((tap.first as f64 + step - exact).abs() <= 0.5 / 32_768.0 + 1e-9);
            prop_assert!(tap.first < source && tap.second < source && tap.weight <= 32_768);
        }

        #[test]
        fn area_weights_sum_exactly_and_are_the_covered_share(source in 2_usize..=16_384, part in 0.0..1.0) {
            let target = 1 + ((source - 1) as f64 * part) as usize;
            prop_assume!(target < source);
            let Axis::Area { taps, weights } = area(source, target) else { return Err(TestCaseError::fail("not area")) };
            prop_assert_eq!(taps.len(), target);
            for (x, tap) in taps.iter().enumerate() {
                let run = &weights[tap.weights.clone()];
                prop_assert_eq!(run.iter().sum::<u32>(), 1 << AREA_BITS);
                prop_assert!(tap.first + run.len() <= source);
                let (start, end) = (x as f64 * source as f64 / target as f64, (x + 1) as f64 * source as f64 / target as f64);
                for (offset, weight) in run.iter().enumerate() {
                    let sample = (tap.first + offset) as f64;
                    let share = (end.min(sample + 1.0) - start.max(sample)) / (end - start);
                    prop_assert!((f64::from(*weight) / f64::from(1 << AREA_BITS) - share).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn an_axis_that_keeps_its_length_is_copied() {
        assert_eq!(Axis::new(7, 7, Filter::Area), Axis::Copy);
        assert_eq!(Axis::new(7, 7, Filter::Bilinear), Axis::Copy);
        assert!(matches!(Axis::new(3, 7, Filter::Area), Axis::Linear(_)));
    }
}
