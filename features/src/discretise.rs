//! Grey levels: intensities cut into bins that count from 1 at the lowest value of the region.

mod steps;

use std::ops::Range;

use rayon::prelude::*;

use crate::bins::Bins;
use crate::error::Result;
use crate::geometry::Offset3;
use crate::roi::{PLANES_AT_A_TIME, Roi};
use crate::whole_numbers::WholeNumbers;
use steps::Steps;

/// Values that one thread cuts in one go.
const VALUES_AT_A_TIME: usize = 1 << 15;

/// How intensities become grey levels.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Discretisation {
    /// Fixed bin size as PyRadiomics does it (`binWidth`): bin edges are the multiples of the width,
    /// starting with the last one at or below the lowest value `m` of the region, and a value on an
    /// edge belongs to the bin above: `level(x) = floor(x / W) - floor(m / W) + 1`.
    PyRadiomicsFixedBinSize {
        /// Bin width `W`, in the unit of the intensities.
        width: f64,
    },
    /// Fixed bin number as PyRadiomics does it (`binCount`): `count` bins of one width between the
    /// lowest and the highest value, which belongs to the last bin. The edges are those of
    /// `numpy.histogram`, which widens a flat region to value ± 0.5: its level is then
    /// `count / 2 + 1`, not 1.
    PyRadiomicsFixedBinNumber {
        /// Number of bins.
        count: u32,
    },
    /// Fixed bin number of the standard (IBSI K15C): `count` bins between the lowest value `m` and the
    /// highest value `M` of the region, `level(x) = floor(N (x - m) / (M - m)) + 1`, and `N` for `M`.
    /// A flat region has level 1.
    FixedBinNumber {
        /// Number of bins `N`.
        count: u32,
    },
    /// Fixed bin size of the standard (IBSI Q3RU): `level(x) = floor((x - lower) / w) + 1`; values below
    /// `lower`, which only filtered images have, belong to the first bin.
    FixedBinSize {
        /// Bin width `w`, in the unit of the intensities.
        width: f64,
        /// Where the first bin begins; none: at the lower bound of an absolute re-segmentation range
        /// (which [`crate::ExtractionOptions::check`] then writes here), else at the lowest value of the
        /// region.
        lower: Option<f64>,
    },
    /// Intensities that are grey levels already; rounded to whole numbers, which must be 1 or more.
    AsStored,
}

impl Discretisation {
    /// What is wrong with the parameters.
    pub(crate) fn fault(self, maximum_bins: usize) -> Option<String> {
        match self {
            Self::PyRadiomicsFixedBinSize { width } | Self::FixedBinSize { width, .. }
                if !(width.is_finite() && width > 0.0) =>
            {
                Some(format!("bin width {width}: must be a positive number"))
            }
            Self::FixedBinSize {
                lower: Some(lower), ..
            } if !lower.is_finite() => Some(format!(
                "lower bound {lower} of the first bin: must be a finite number"
            )),
            Self::PyRadiomicsFixedBinNumber { count } | Self::FixedBinNumber { count }
                if count == 0 || count as usize > maximum_bins =>
            {
                Some(format!(
                    "bin count {count}: must lie between 1 and {maximum_bins}"
                ))
            }
            _ => None,
        }
    }

    /// Name and parameters for outputs.
    pub(crate) fn describe(self) -> (&'static str, Vec<(&'static str, String)>) {
        let width = |width: f64| ("bin_width", width.to_string());
        let count = |count: u32| ("bin_count", count.to_string());
        match self {
            Self::PyRadiomicsFixedBinSize { width: w } => {
                ("pyradiomics_fixed_bin_size", vec![width(w)])
            }
            Self::PyRadiomicsFixedBinNumber { count: n } => {
                ("pyradiomics_fixed_bin_number", vec![count(n)])
            }
            Self::FixedBinNumber { count: n } => ("fixed_bin_number", vec![count(n)]),
            Self::FixedBinSize { width: w, lower } => {
                let lower = lower.map_or_else(|| "lowest intensity".into(), |low| low.to_string());
                (
                    "fixed_bin_size",
                    vec![width(w), ("first_bin_begins_at", lower)],
                )
            }
            Self::AsStored => ("as_stored", Vec::new()),
        }
    }
}

/// The grey levels of a region in its bounding box, padded with zeros on all six sides.
///
/// ```text
/// 0 0 0 0     ranks: 0 outside the region and in the padding,
/// 0 1 2 0     1..=n inside. Rank r stands for grey level levels[r - 1]:
/// 0 2 0 0     levels that do not occur take no place in any matrix,
/// 0 0 0 0     but keep their number in all formulas.
/// ```
///
/// The padding is as wide as the furthest step of the settings' distances, so that a step from any
/// voxel of the box stays within [`Self::ranks`] and leads to a 0 when it leaves the region.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscretisedRoi {
    ranks: Vec<u16>,
    shape: [usize; 3],
    pad: usize,
    levels: Vec<u32>,
    histogram: Vec<u32>,
    highest: u32,
    pixels: usize,
    numbers: Option<WholeNumbers>,
}

impl DiscretisedRoi {
    /// Cuts the intensities of a region into at most `maximum_bins` grey levels.
    ///
    /// `pad` is the width of the padding, at least 1.
    ///
    /// # Errors
    /// [`crate::FeatureError::TooManyBins`] when the rule asks for more, decided before anything is allocated;
    /// [`crate::FeatureError::NotGreyLevels`] when intensities that should be levels lie below 1 or above
    /// `maximum_bins`.
    pub fn new(roi: &Roi, rule: Discretisation, maximum_bins: usize, pad: usize) -> Result<Self> {
        let (low, high) = roi.range();
        let bins = Bins::new(rule, low, high, maximum_bins)?;
        let mut found = Self {
            ranks: Vec::new(),
            shape: roi.shape(),
            pad,
            levels: Vec::new(),
            histogram: Vec::new(),
            highest: 0,
            pixels: roi.count(),
            numbers: None,
        };
        if let Some((numbers, places)) = WholeNumbers::count(roi) {
            found.cut_numbers(&bins, &numbers, places);
            found.numbers = Some(numbers);
        } else {
            found.cut_values(&bins, roi);
        }
        Ok(found)
    }

    /// Grey levels of whole numbers: one look at each number that occurs, not at each voxel.
    fn cut_numbers(&mut self, bins: &Bins, numbers: &WholeNumbers, mut places: Vec<u16>) {
        let mut counts = vec![0_u32; bins.count()];
        // The last place is that of voxels outside the region.
        let outside = numbers.places();
        let mut level_of_place = vec![0_u16; outside + 1];
        let mut ascending = bins.ascending();
        for (place, number, count) in numbers.occurring() {
            let level = ascending.level(number);
            counts[level - 1] += count;
            level_of_place[place] = small(level);
        }
        let rank_of_level = self.number_levels(&counts);
        let ranks = level_of_place.into_iter();
        let rank_of_place: Vec<u16> = ranks
            .map(|level| rank_of_level[usize::from(level)])
            .collect();
        if let Some(steps) = Steps::of(&rank_of_place, numbers.least(), bins) {
            steps.rank(&mut places, small(outside));
            self.fill(&places, |rank| *rank);
        } else {
            self.fill(&places, |place| rank_of_place[usize::from(*place)]);
        }
    }

    /// Grey levels of any values.
    fn cut_values(&mut self, bins: &Bins, roi: &Roi) {
        let (values, inside) = roi.elements();
        let mut levels = vec![0_u16; values.len()];
        let pieces = levels.par_chunks_mut(VALUES_AT_A_TIME);
        let pieces = pieces.zip(values.par_chunks(VALUES_AT_A_TIME));
        let counts = pieces
            .zip(inside.par_chunks(VALUES_AT_A_TIME))
            .map(|((levels, values), inside)| {
                let mut counts = vec![0_u32; bins.count()];
                for ((to, value), inside) in levels.iter_mut().zip(values).zip(inside) {
                    if *inside {
                        let level = bins.level(*value);
                        counts[level - 1] += 1;
                        *to = small(level);
                    }
                }
                counts
            })
            .reduce_with(|mut sums, counts| {
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum += count;
                }
                sums
            });
        let counts = counts.expect("a region has values");
        let rank_of_level = self.number_levels(&counts);
        self.fill(&levels, |level| rank_of_level[usize::from(*level)]);
    }

    /// Numbers the levels that occur, so that matrices have no empty rows, and gives back the rank of each
    /// level, 0 for none.
    fn number_levels(&mut self, counts: &[u32]) -> Vec<u16> {
        let mut rank_of_level = vec![0_u16; counts.len() + 1];
        let used = counts.iter().filter(|count| **count > 0).count();
        self.levels.reserve_exact(used);
        self.histogram.reserve_exact(used);
        for (below, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.levels.push(u32::from(small(below + 1)));
            self.histogram.push(*count);
            rank_of_level[below + 1] = small(self.levels.len());
        }
        self.highest = self.levels[self.levels.len() - 1];
        rank_of_level
    }

    /// Puts the rank of each voxel of the box into its place, with padding around all.
    fn fill(&mut self, voxels: &[u16], rank: impl Fn(&u16) -> u16 + Sync) {
        let [slices, rows, columns] = self.shape;
        let ([plane, stride], pad) = (self.strides(), self.pad);
        self.ranks = vec![0; (slices + 2 * pad) * plane];
        let planes = self.ranks[pad * plane..].par_chunks_mut(plane);
        let planes = planes.zip(voxels.par_chunks(rows * columns));
        planes
            .with_min_len(PLANES_AT_A_TIME)
            .for_each(|(ranks, voxels)| {
                let lines = ranks.chunks_exact_mut(stride).skip(pad);
                for (ranks, voxels) in lines.zip(voxels.chunks_exact(columns)) {
                    for (to, voxel) in ranks[pad..].iter_mut().zip(voxels) {
                        *to = rank(voxel);
                    }
                }
            });
    }

    /// The grey levels in a box of the region's box; `N_g` stays the region's. `room` is what an earlier call
    /// returned, whose memory is used again.
    pub(crate) fn window(&self, low: [usize; 3], shape: [usize; 3], room: Option<Self>) -> Self {
        let [slices, rows, columns] = shape;
        let [plane, stride] = strides(shape, self.pad);
        let (mut ranks, mut levels, mut histogram) = room
            .map(|room| (room.ranks, room.levels, room.histogram))
            .unwrap_or_default();
        ranks.clear();
        ranks.resize((slices + 2 * self.pad) * plane, 0_u16);
        // Ranks of the region first.
        levels.clear();
        for z in 0..slices {
            for y in 0..rows {
                let from = self.row(low[0] + z, low[1] + y) + low[2];
                let line = &self.ranks[from..from + columns];
                let present = line.iter().filter(|rank| **rank > 0);
                levels.extend(present.map(|rank| u32::from(*rank)));
                let to = (z + self.pad) * plane + (y + self.pad) * stride + self.pad;
                ranks[to..to + columns].copy_from_slice(line);
            }
        }
        let pixels = levels.len();
        levels.sort_unstable();
        // Few levels meet in a window: a search among them is quicker than a table of all.
        histogram.clear();
        histogram.extend(
            levels
                .chunk_by(|a, b| a == b)
                .map(|same| u32::try_from(same.len()).expect("fewer voxels than the region")),
        );
        levels.dedup();
        for rank in ranks.iter_mut().filter(|rank| **rank > 0) {
            let here = u32::from(*rank);
            *rank = small(levels.partition_point(|known| *known < here) + 1);
        }
        for rank in &mut levels {
            *rank = self.levels[*rank as usize - 1];
        }
        Self {
            ranks,
            shape,
            pad: self.pad,
            levels,
            histogram,
            highest: self.highest,
            pixels,
            numbers: None,
        }
    }

    /// The intensities, where they are whole numbers and have been counted.
    pub(crate) fn whole_numbers(&self) -> Option<&WholeNumbers> {
        self.numbers.as_ref()
    }

    /// All ranks, padding included, x fastest.
    pub fn ranks(&self) -> &[u16] {
        &self.ranks
    }

    /// The box without padding: slices, rows, columns.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Width of the padding on each side.
    pub fn pad(&self) -> usize {
        self.pad
    }

    /// How far apart neighbouring slices and neighbouring rows are in [`Self::ranks`].
    pub fn strides(&self) -> [usize; 2] {
        strides(self.shape, self.pad)
    }

    /// Where row `y` of slice `z` of the box begins in [`Self::ranks`]; its
    /// [`Self::columns`] ranks stand there one after another.
    pub fn row(&self, z: usize, y: usize) -> usize {
        let [plane, stride] = self.strides();
        (z + self.pad) * plane + (y + self.pad) * stride + self.pad
    }

    /// How far a step leads in [`Self::ranks`].
    pub fn step(&self, offset: Offset3) -> isize {
        let [plane, stride] = self.strides();
        offset.z * plane.cast_signed() + offset.y * stride.cast_signed() + offset.x
    }

    /// Ranks of slice `z` of the box with the padding around the slice.
    pub fn plane(&self, z: usize) -> &[u16] {
        let [plane, _] = self.strides();
        &self.ranks[(z + self.pad) * plane..][..plane]
    }

    /// Padded width of a row.
    pub fn stride(&self) -> usize {
        self.strides()[1]
    }

    /// Slices of the box, without padding.
    pub fn slices(&self) -> usize {
        self.shape[0]
    }

    /// Rows of the box, without padding.
    pub fn rows(&self) -> usize {
        self.shape[1]
    }

    /// Columns of the box, without padding.
    pub fn columns(&self) -> usize {
        self.shape[2]
    }

    /// The grey levels that occur, ascending; the level of rank `r` is `levels()[r - 1]`.
    pub fn levels(&self) -> &[u32] {
        &self.levels
    }

    /// How many pixels have each of the levels that occur.
    pub fn histogram(&self) -> &[u32] {
        &self.histogram
    }

    /// How many pixels of some slices of the box have each of the levels.
    pub(crate) fn histogram_of(&self, slices: &Range<usize>) -> Vec<u32> {
        if slices.len() == self.slices() {
            return self.histogram.clone();
        }
        // Rank 0 stands for voxels outside.
        let mut voxels = vec![0; self.levels.len() + 1];
        for rank in slices.clone().flat_map(|z| self.plane(z)) {
            voxels[usize::from(*rank)] += 1;
        }
        voxels.split_off(1)
    }

    /// `N_g`: the highest grey level in the region.
    pub fn highest_level(&self) -> u32 {
        self.highest
    }

    /// Pixels in the region.
    pub fn pixels(&self) -> usize {
        self.pixels
    }
}

/// Distance of slices and of rows in a padded box.
fn strides([_, rows, columns]: [usize; 3], pad: usize) -> [usize; 2] {
    let row = columns + 2 * pad;
    [(rows + 2 * pad) * row, row]
}

/// A level or rank as it is stored; both are at most `maximum_bins`, which the settings bound.
fn small(number: usize) -> u16 {
    u16::try_from(number).expect("the settings allow at most u16::MAX bins")
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact in binary")]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::error::FeatureError;
    use crate::geometry::Spacing;

    fn row(values: &[f64]) -> Roi {
        let values = Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).unwrap();
        let inside = values.mapv(|_| true);
        let spacing = Spacing::new([1.0; 3]).unwrap();
        Roi::from_arrays(&values, &inside, spacing)
            .unwrap()
            .unwrap()
    }

    fn levels(values: &[f64], rule: Discretisation) -> Vec<u32> {
        let found = DiscretisedRoi::new(&row(values), rule, 4096, 1).unwrap();
        let inside = &found.plane(0)[found.stride() + 1..][..values.len()];
        inside
            .iter()
            .map(|rank| found.levels()[usize::from(*rank) - 1])
            .collect()
    }

    #[test]
    fn bins_of_one_size_start_at_a_multiple_of_the_width() {
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 25.0 };
        // Edges 50, 75, … 175; a value on an edge opens a bin.
        assert_eq!(
            levels(&[54.0, 74.9, 75.0, 166.0, 150.0], rule),
            [1, 1, 2, 5, 5]
        );
        // Below zero the multiples still count downwards: edges -50, -25, 0.
        assert_eq!(levels(&[-30.0, -25.0, -1.0, 0.0], rule), [1, 2, 2, 3]);
        assert_eq!(levels(&[50.0, 50.0], rule), [1, 1]);
    }

    #[test]
    fn a_number_of_bins_covers_the_range_and_the_highest_value_is_in_the_last() {
        let rule = Discretisation::PyRadiomicsFixedBinNumber { count: 4 };
        assert_eq!(
            levels(&[0.0, 0.99, 1.0, 2.0, 3.0, 4.0], rule),
            [1, 1, 2, 3, 4, 4]
        );
        assert_eq!(levels(&[7.0, 7.0], rule), [3, 3]);
    }

    #[test]
    fn the_standards_bins_of_one_number() {
        let rule = Discretisation::FixedBinNumber { count: 4 };
        assert_eq!(
            levels(&[0.0, 0.99, 1.0, 2.0, 3.0, 4.0], rule),
            [1, 1, 2, 3, 4, 4]
        );
        assert_eq!(levels(&[7.0, 7.0], rule), [1, 1]);
        // Whole numbers on an edge: 32 · 3 / 96 is 1, without rounding.
        let rule = Discretisation::FixedBinNumber { count: 32 };
        assert_eq!(levels(&[0.0, 3.0, 93.0, 96.0], rule), [1, 2, 32, 32]);
    }

    #[test]
    fn the_standards_bins_of_one_size() {
        let from = |lower| Discretisation::FixedBinSize { width: 25.0, lower };
        // From a bound, which clamps what lies below; no special case at the upper end.
        assert_eq!(
            levels(&[-500.0, -476.0, -475.0, 400.0, -600.0], from(Some(-500.0))),
            [1, 1, 2, 37, 1]
        );
        assert_eq!(levels(&[3.0, 27.9, 28.0], from(None)), [1, 1, 2]);
        assert_eq!(levels(&[3.0, 3.0], from(None)), [1, 1]);
        // A region that lies below the bound as a whole.
        assert_eq!(levels(&[-9.0, -5.0], from(Some(0.0))), [1, 1]);
    }

    #[test]
    fn stored_levels_are_rounded_and_must_be_positive() {
        let rule = Discretisation::AsStored;
        assert_eq!(levels(&[1.0, 5.9, 3.2, 0.5], rule), [1, 6, 3, 1]);
        let found = |values: &[f64]| DiscretisedRoi::new(&row(values), rule, 4096, 1).unwrap_err();
        assert_eq!(
            found(&[0.0, 2.0]),
            FeatureError::NotGreyLevels {
                minimum: 0.0,
                maximum: 2.0,
                allowed: 4096
            }
        );
        assert!(matches!(
            found(&[1.0, 1e300]),
            FeatureError::NotGreyLevels { .. }
        ));
    }

    #[test]
    fn levels_that_do_not_occur_keep_their_number() {
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
        let found = DiscretisedRoi::new(&row(&[3.0, 9.0, 3.0]), rule, 4096, 1).unwrap();
        assert_eq!(found.levels(), [1, 7]);
        assert_eq!(found.histogram(), [2, 1]);
        assert_eq!(found.highest_level(), 7);
        assert_eq!(
            found.plane(0)[found.stride()..2 * found.stride()],
            [0, 1, 2, 1, 0]
        );
    }

    #[test]
    fn too_many_bins_are_refused_with_a_better_width() {
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1e-300 };
        let error = DiscretisedRoi::new(&row(&[0.0, 6400.0]), rule, 4096, 1).unwrap_err();
        let FeatureError::TooManyBins {
            suggested, bins, ..
        } = error
        else {
            panic!("found {error}");
        };
        assert!(bins > 1e300);
        assert_eq!(suggested, 100.0);
    }
}
