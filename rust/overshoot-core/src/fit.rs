//! Which part of the source goes to which part of the target.

use crate::Size;

/// What is done when the shapes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// All of the source fills all of the target; the picture is stretched.
    #[default]
    Stretch,
    /// The whole source in the middle of the target, in its own shape, with bars beside it
    /// (letterbox).
    Contain,
    /// The target is filled, in the source's shape; what protrudes is cut off, equally at both
    /// sides (crop).
    Cover,
}

/// A rectangle inside a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) size: Size,
}

impl Rect {
    const fn whole(size: Size) -> Self {
        Self {
            left: 0,
            top: 0,
            size,
        }
    }
}

/// What is read of the source, and where in the target it comes to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) from: Rect,
    pub(crate) to: Rect,
}

impl Placement {
    pub(crate) fn new(source: Size, target: Size, fit: Fit) -> Self {
        let (mut from, mut to) = (Rect::whole(source), Rect::whole(target));
        match fit {
            Fit::Stretch => {}
            Fit::Contain => to = contain(source, target),
            Fit::Cover => from = cover(source, target),
        }
        Self { from, to }
    }
}

/// Of even size and at an even place where it does not fill the target, so that no chroma sample
/// is half picture and half bar.
fn contain(source: Size, target: Size) -> Rect {
    let (width, height) = shape_within(source, target);
    let even = |side: usize, whole: usize| {
        if side == whole {
            side
        } else {
            (side.next_multiple_of(2)).min(whole & !1).max(1)
        }
    };
    let (width, height) = (even(width, target.width()), even(height, target.height()));
    Rect {
        left: ((target.width() - width) / 2) & !1,
        top: ((target.height() - height) / 2) & !1,
        size: Size::trusted(width, height),
    }
}

fn cover(source: Size, target: Size) -> Rect {
    let (width, height) = shape_within(target, source);
    Rect {
        left: (source.width() - width) / 2,
        top: (source.height() - height) / 2,
        size: Size::trusted(width, height),
    }
}

/// The largest sides of `shape`'s proportions inside `bounds`, rounded, at least one pixel.
fn shape_within(shape: Size, bounds: Size) -> (usize, usize) {
    let rounded = |a: usize, b: usize, c: usize| ((2 * a * b + c) / (2 * c)).max(1);
    if shape.width() * bounds.height() >= bounds.width() * shape.height() {
        let height = rounded(shape.height(), bounds.width(), shape.width());
        (bounds.width(), height.min(bounds.height()))
    } else {
        let width = rounded(shape.width(), bounds.height(), shape.height());
        (width.min(bounds.width()), bounds.height())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sizes() -> impl Strategy<Value = Size> {
        (1_usize..200, 1_usize..200).prop_map(|(width, height)| Size::trusted(width, height))
    }

    fn near(a: Size, b: Size) -> bool {
        // Sides are whole and may be made even, so shapes agree to within two pixels.
        let (a, b) = (
            (a.width() as f64, a.height() as f64),
            (b.width() as f64, b.height() as f64),
        );
        let wanted = (a.0 * b.1 / a.1 - b.0)
            .abs()
            .min((a.1 * b.0 / a.0 - b.1).abs());
        wanted <= 2.0
    }

    proptest! {
        #[test]
        fn a_letterbox_is_whole_even_central_and_in_shape(source in sizes(), target in sizes()) {
            let Placement { from, to } = Placement::new(source, target, Fit::Contain);
            prop_assert_eq!(from, Rect::whole(source));
            prop_assert!(near(source, to.size));
            for (at, side, whole) in [(to.left, to.size.width(), target.width()), (to.top, to.size.height(), target.height())] {
                prop_assert!(at + side <= whole && at % 2 == 0);
                prop_assert!(side == whole || side % 2 == 0 || whole == 1);
                prop_assert!((whole - side).abs_diff(2 * at) <= 3);
            }
            prop_assert!(to.size.width() + 1 >= target.width() || to.size.height() + 1 >= target.height());
        }

        #[test]
        fn a_crop_is_central_and_in_shape(source in sizes(), target in sizes()) {
            let Placement { from, to } = Placement::new(source, target, Fit::Cover);
            prop_assert_eq!(to, Rect::whole(target));
            prop_assert!(near(target, from.size));
            prop_assert!(from.left + from.size.width() <= source.width());
            prop_assert!(from.top + from.size.height() <= source.height());
            prop_assert!((source.width() - from.size.width()).abs_diff(2 * from.left) <= 1);
            prop_assert!(from.size.width() == source.width() || from.size.height() == source.height());
        }
    }
}
