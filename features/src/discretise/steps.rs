//! Ranks of whole numbers by one division for several voxels at a time.

use rayon::prelude::*;

use super::VALUES_AT_A_TIME;
use crate::bins::Bins;
use crate::vectorised::vectorised;

/// Ranks of places that are a line cut into steps of one length, as they are when the bins are equally wide, begin at whole
/// numbers and are all in use. Several places are then divided at once, where each would have to be looked up.
pub(super) struct Steps {
    /// Places from the beginning of the first bin to the first place.
    before: u16,
    /// 2^16 divided by the length, and rounded up: the high half of a product with it is the quotient.
    reciprocal: u16,
}

impl Steps {
    /// None where they are no such line: each rank is compared.
    pub(super) fn of(rank_of_place: &[u16], least: f64, bins: &Bins) -> Option<Self> {
        let (first, step) = bins.line()?;
        let (before, length) = (whole(least - first)?, whole(step)?);
        // Bins narrower than numbers so large can differ have no length.
        let quotient = (1_u32 << 16).checked_div(length.into())?;
        let reciprocal = u16::try_from(quotient + 1).ok()?;
        let last = u16::try_from(rank_of_place.len()).ok()?;
        before.checked_add(last)?;
        let found = Self { before, reciprocal };
        let mut all = (0..).zip(rank_of_place).filter(|(_, rank)| **rank > 0);
        all.all(|(place, rank)| found.of_place(place) == *rank)
            .then_some(found)
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn of_place(&self, place: u16) -> u16 {
        let place = u32::from(place.wrapping_add(self.before));
        1 + ((place * u32::from(self.reciprocal)) >> 16) as u16
    }

    /// Makes ranks of places, 0 of `outside` and those behind it.
    pub(super) fn rank(&self, places: &mut [u16], outside: u16) {
        places.par_chunks_mut(VALUES_AT_A_TIME).for_each(|places| {
            vectorised(
                #[inline(always)]
                || {
                    for place in places {
                        let inside = u16::from(*place < outside).wrapping_neg();
                        *place = self.of_place(*place) & inside;
                    }
                },
            );
        });
    }
}

/// A number as a whole one of 16 bits.
fn whole(number: f64) -> Option<u16> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is compared with what it was made of"
    )]
    let whole = number as u16;
    ((f64::from(whole) - number).abs() <= 0.0).then_some(whole)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::discretise::{Discretisation, DiscretisedRoi, small};
    use crate::geometry::Spacing;
    use crate::roi::Roi;

    fn roi(values: &Array3<f64>, inside: &Array3<bool>) -> Roi {
        let spacing = Spacing::new([1.0; 3]).unwrap();
        let roi = Roi::from_arrays(values, inside, spacing);
        roi.unwrap().unwrap()
    }

    /// Bins of many widths with whole and other edges, all of them in use or not, in and outside the region.
    #[test]
    fn whole_numbers_have_the_ranks_of_their_levels() {
        for width in [0.5, 1.0, 2.0, 2.5, 3.0, 7.0, 25.0, 400.0] {
            let rule = Discretisation::PyRadiomicsFixedBinSize { width };
            for from in [-30_000.0, -31.0, 0.0, 13.0, 40_000.0] {
                for (span, empty) in [(90, 0..0), (90, 20..71), (1200, 300..301), (1200, 7..900)] {
                    let numbers = (0..1300).map(|i| i * i * 7 % span);
                    let numbers = numbers.map(|n| if empty.contains(&n) { 0 } else { n });
                    let values = Array3::from_shape_vec(
                        (1, 10, 130),
                        numbers.map(|n| from + f64::from(n)).collect(),
                    );
                    let values = values.unwrap();
                    let inside = Array3::from_shape_fn((1, 10, 130), |(_, y, x)| x % 11 != y);
                    let roi = roi(&values, &inside);
                    let found = DiscretisedRoi::new(&roi, rule, 4096, 1).unwrap();
                    assert!(found.whole_numbers().is_some());
                    let (low, high) = roi.range();
                    let bins = Bins::new(rule, low, high, 4096).unwrap();
                    for ((_, y, x), value) in values.indexed_iter() {
                        let rank = usize::from(found.ranks()[found.row(0, y) + x]);
                        let level = rank.checked_sub(1).map(|at| found.levels()[at] as usize);
                        let expected = inside[[0, y, x]].then(|| bins.level(*value));
                        assert_eq!(level, expected, "width {width}, {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_line_of_ranks_is_one_only_without_empty_bins() {
        let of = |values: &[f64], width: f64| {
            let rule = Discretisation::PyRadiomicsFixedBinSize { width };
            let values = values.repeat(9);
            let values = Array3::from_shape_vec((1, 1, values.len()), values).unwrap();
            let roi = roi(&values, &values.mapv(|_| true));
            let (low, high) = roi.range();
            let bins = Bins::new(rule, low, high, 4096).unwrap();
            let found = DiscretisedRoi::new(&roi, rule, 4096, 1).unwrap();
            let numbers = found.whole_numbers().unwrap();
            let mut ranks = vec![0; numbers.places() + 1];
            for (place, number, _) in numbers.occurring() {
                let level = u32::from(small(bins.level(number)));
                ranks[place] = small(found.levels().binary_search(&level).unwrap() + 1);
            }
            Steps::of(&ranks, numbers.least(), &bins).is_some()
        };
        assert!(of(&[54.0, 74.0, 75.0, 101.0, 126.0], 25.0));
        assert!(!of(&[54.0, 74.0, 101.0, 126.0], 25.0));
        assert!(!of(&[54.0, 55.0, 56.0], 0.5));
        assert!(!of(&[54.0, 55.0, 56.0], 1.0));
        assert!(of(&[54.0, 55.0, 56.0, 58.0], 2.0));
        assert!(!of(&[9e15], 0.25));
    }
}
