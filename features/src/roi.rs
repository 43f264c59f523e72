//! A region of interest: the pixels of one slice (or of a volume) that features are computed from.

use ndarray::{Array3, ArrayView1, ArrayView3, Axis, s};
use ndarray_stats::SummaryStatisticsExt;
use rayon::prelude::*;

use crate::components;
use crate::error::{FeatureError, Result};
use crate::geometry::{Grid, Spacing};
use crate::intensities::{Intensities, Whole};
use crate::settings::{Resegmentation, ResegmentationRange};
use crate::survey::Survey;
use crate::volume::{MaskVolume, Volume};

/// Relative difference of spacings and absolute difference of affine entries in mm that still count
/// as one grid: headers keep `f32`.
const GRID_TOLERANCE: f64 = 1e-3;

/// Planes of a volume that one thread looks at in one go.
pub(crate) const PLANES_AT_A_TIME: usize = 8;

/// The tight bounding box of a region, with its values and its mask, `[z, y, x]`.
///
/// A slice is a region with one plane. Never empty, and every value inside is finite; values outside
/// the region but inside the box may be anything. Pixels are ordered row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Roi {
    intensities: Intensities,
    inside: Array3<bool>,
    survey: Survey,
    spacing: Spacing,
    offset: [usize; 3],
}

/// The elements of an array in storage order.
pub(crate) fn in_order<T>(array: &Array3<T>) -> &[T] {
    let elements = array.as_slice();
    elements.expect("regions are made in standard layout")
}

impl Roi {
    /// The region's pixels in slice `z`, or `None` when the mask is empty there.
    ///
    /// # Errors
    /// [`FeatureError::GridMismatch`] when image and mask lie on different grids,
    /// [`FeatureError::NoSuchSlice`] when there is no slice `z`, [`FeatureError::NonFinite`] when a
    /// value inside the region is NaN or infinite.
    pub fn from_slice(volume: &Volume, mask: &MaskVolume, z: usize) -> Result<Option<Self>> {
        check_same_grid(volume.grid(), mask.grid())?;
        let slices = volume.grid().shape[0];
        if z >= slices {
            return Err(FeatureError::NoSuchSlice { slice: z, slices });
        }
        let plane = mask.inside().slice(s![z..=z, .., ..]);
        let Some((low, shape)) = bounding_box(&plane) else {
            return Ok(None);
        };
        let offset = [z, low[1], low[2]];
        let intensities = Intensities::of_box(volume, offset, shape);
        let inside = crop(&plane, low, shape);
        Self::checked(intensities, inside, volume.grid().spacing, offset).map(Some)
    }

    /// The whole region, or `None` when the mask is empty.
    ///
    /// # Errors
    /// As [`Self::from_slice`].
    pub fn from_volume(volume: &Volume, mask: &MaskVolume) -> Result<Option<Self>> {
        check_same_grid(volume.grid(), mask.grid())?;
        let all = mask.inside().view();
        let Some((low, shape)) = bounding_box(&all) else {
            return Ok(None);
        };
        let inside = crop(&all, low, shape);
        let intensities = Intensities::of_box(volume, low, shape);
        Self::checked(intensities, inside, volume.grid().spacing, low).map(Some)
    }

    /// The part of the region whose intensities the rule keeps, in its own tight box, or `None` when
    /// nothing is left. Range and outliers are both measured on the whole region, so that what stays is
    /// the intersection (IBSI chapter 2.4).
    #[must_use]
    pub fn resegmented(&self, rule: Resegmentation) -> Option<Self> {
        let x = self.intensities();
        let view = ArrayView1::from(&x);
        let mean = view.sum() / x.len() as f64;
        // Only an empty list has no moment.
        let deviation = view.central_moment(2).unwrap_or(0.0).sqrt();
        let maximum = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut low, mut high) = match rule.range {
            None => (f64::NEG_INFINITY, f64::INFINITY),
            Some(ResegmentationRange::Absolute { low, high }) => (low, high),
            Some(ResegmentationRange::OfMaximum { low, high }) => (low * maximum, high * maximum),
            Some(ResegmentationRange::Deviations { low, high }) => {
                (mean + low * deviation, mean + high * deviation)
            }
        };
        if let Some(outliers) = rule.outliers {
            low = low.max(mean - outliers * deviation);
            high = high.min(mean + outliers * deviation);
        }
        let inside = ndarray::Zip::from(self.values())
            .and(&self.inside)
            .map_collect(|value, inside| *inside && (low..=high).contains(value));
        let (from, shape) = bounding_box(&inside.view())?;
        let intensities = self.intensities.cut(from, shape);
        let inside = crop(&inside.view(), from, shape);
        Some(Self {
            survey: Survey::new(&intensities, in_order(&inside)),
            intensities,
            inside,
            spacing: self.spacing,
            offset: std::array::from_fn(|axis| self.offset[axis] + from[axis]),
        })
    }

    /// A region from plain arrays of one shape, or `None` when no pixel is inside.
    ///
    /// # Errors
    /// [`FeatureError::GridMismatch`] when the shapes differ, [`FeatureError::NonFinite`] when a value
    /// inside the region is NaN or infinite.
    pub fn from_arrays(
        values: &Array3<f64>,
        inside: &Array3<bool>,
        spacing: Spacing,
    ) -> Result<Option<Self>> {
        if values.shape() != inside.shape() {
            return Err(FeatureError::GridMismatch {
                what: "shape [z, y, x]",
                image: format!("{:?}", values.shape()),
                mask: format!("{:?}", inside.shape()),
            });
        }
        let Some((low, shape)) = bounding_box(&inside.view()) else {
            return Ok(None);
        };
        let inside = crop(&inside.view(), low, shape);
        let values = Intensities::Real(crop(&values.view(), low, shape));
        Self::checked(values, inside, spacing, low).map(Some)
    }

    /// The part of the region in a box of its own box that holds at least one of its voxels. The box of the
    /// part is that box, which need not be tight.
    pub(crate) fn window(&self, low: [usize; 3], shape: [usize; 3]) -> Self {
        let inside = crop(&self.inside.view(), low, shape);
        let intensities = self.intensities.cut(low, shape);
        Self {
            survey: Survey::new(&intensities, in_order(&inside)),
            intensities,
            inside,
            spacing: self.spacing,
            offset: std::array::from_fn(|axis| self.offset[axis] + low[axis]),
        }
    }

    /// Lowest and highest intensity inside.
    pub fn range(&self) -> (f64, f64) {
        (self.survey.low, self.survey.high)
    }

    /// Whether all intensities inside are whole numbers.
    pub(crate) fn is_whole(&self) -> bool {
        self.survey.whole
    }

    /// Values of the bounding box and which of them are inside, row after row.
    pub(crate) fn elements(&self) -> (&[f64], &[bool]) {
        (in_order(self.values()), in_order(&self.inside))
    }

    /// The intensities as stored, and which of them are inside, row after row, where they are whole numbers of
    /// 16 bits.
    pub(crate) fn whole(&self) -> Option<(&Whole, &[bool])> {
        match &self.intensities {
            Intensities::Whole(whole) => Some((whole, in_order(&self.inside))),
            Intensities::Real(_) => None,
        }
    }

    /// The same voxels on another image of the grid, given as a box that begins at `origin`.
    ///
    /// # Errors
    /// [`FeatureError::NonFinite`] when a value inside the region is NaN or infinite.
    pub(crate) fn on(&self, image: &Array3<f64>, origin: [usize; 3]) -> Result<Self> {
        let from = std::array::from_fn(|axis| self.offset[axis] - origin[axis]);
        let values = crop(&image.view(), from, self.shape());
        Self::checked(
            Intensities::Real(values),
            self.inside.clone(),
            self.spacing,
            self.offset,
        )
    }

    /// Establishes the invariant; `inside` is tight and has at least one true element.
    fn checked(
        intensities: Intensities,
        inside: Array3<bool>,
        spacing: Spacing,
        offset: [usize; 3],
    ) -> Result<Self> {
        let survey = Survey::new(&intensities, in_order(&inside));
        if !survey.finite {
            return Err(non_finite(intensities.values(), &inside, offset));
        }
        Ok(Self {
            intensities,
            inside,
            survey,
            spacing,
            offset,
        })
    }

    /// Values of the bounding box, in and outside the region.
    pub fn values(&self) -> &Array3<f64> {
        self.intensities.values()
    }

    /// True inside the region, same shape as the values.
    pub fn inside(&self) -> &Array3<bool> {
        &self.inside
    }

    /// Number of pixels inside; at least one.
    pub fn count(&self) -> usize {
        self.survey.count
    }

    /// Distances between pixel centres.
    pub fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// Where the bounding box begins in the volume, `[z, y, x]`.
    pub fn offset(&self) -> [usize; 3] {
        self.offset
    }

    /// Size of the bounding box, `[z, y, x]`.
    pub fn shape(&self) -> [usize; 3] {
        self.intensities.shape()
    }

    /// The values inside the region, row after row.
    pub fn intensities(&self) -> Vec<f64> {
        let mut found = Vec::with_capacity(self.survey.count);
        let (values, inside) = self.elements();
        let both = values.iter().zip(inside);
        found.extend(both.filter(|(_, inside)| **inside).map(|(value, _)| *value));
        found
    }

    /// Number of connected parts; pixels that share a corner belong together (8 neighbours in a slice, 26
    /// in a volume).
    pub fn parts(&self) -> usize {
        components::count(&self.inside.view())
    }
}

/// The error of a region that holds values which are not finite.
fn non_finite(values: &Array3<f64>, inside: &Array3<bool>, offset: [usize; 3]) -> FeatureError {
    let (mut pixels, mut bad, mut first) = (0, 0, [0; 3]);
    let all = values.indexed_iter().zip(inside);
    for ((at, value), _) in all.filter(|(_, inside)| **inside) {
        pixels += 1;
        if !value.is_finite() {
            if bad == 0 {
                first = [at.0 + offset[0], at.1 + offset[1], at.2 + offset[2]];
            }
            bad += 1;
        }
    }
    FeatureError::NonFinite {
        count: bad,
        pixels,
        first,
    }
}

pub(crate) fn check_same_grid(image: &Grid, mask: &Grid) -> Result<()> {
    let mismatch =
        |what, image: String, mask: String| Err(FeatureError::GridMismatch { what, image, mask });
    if image.shape != mask.shape {
        return mismatch(
            "shape [z, y, x]",
            format!("{:?}", image.shape),
            format!("{:?}", mask.shape),
        );
    }
    let (a, b) = (image.spacing.zyx(), mask.spacing.zyx());
    if a.iter()
        .zip(b)
        .any(|(a, b)| (a - b).abs() > GRID_TOLERANCE * a)
    {
        return mismatch(
            "spacing [z, y, x] in mm",
            format!("{a:?}"),
            format!("{b:?}"),
        );
    }
    let (a, b) = (image.affine.0.as_flattened(), mask.affine.0.as_flattened());
    if a.iter().zip(b).any(|(a, b)| (a - b).abs() > GRID_TOLERANCE) {
        return mismatch("affine", format!("{a:?}"), format!("{b:?}"));
    }
    Ok(())
}

/// First index and size of the smallest box around all true elements.
pub(crate) fn bounding_box(inside: &ArrayView3<'_, bool>) -> Option<([usize; 3], [usize; 3])> {
    let of_plane = |z: usize| {
        let mut bounds: Option<Bounds> = None;
        for (y, row) in inside.index_axis(Axis(0), z).outer_iter().enumerate() {
            // Rows of a mask in standard layout are searched as plain bytes, most of them in vain.
            let ends = match row.as_slice() {
                Some(row) => ends(row),
                None => ends(&row.to_vec()),
            };
            let row = ends.map(|(first, last)| ([z, y, first], [z, y, last]));
            bounds = around(bounds, row);
        }
        bounds
    };
    let planes = (0..inside.len_of(Axis(0))).into_par_iter();
    let planes = planes.with_min_len(PLANES_AT_A_TIME).map(of_plane);
    let (low, high) = planes.reduce(|| None, around)?;
    Some((low, std::array::from_fn(|axis| high[axis] - low[axis] + 1)))
}

/// First and last indices.
type Bounds = ([usize; 3], [usize; 3]);

/// The bounds of both.
fn around(a: Option<Bounds>, b: Option<Bounds>) -> Option<Bounds> {
    let (Some((low, high)), Some((lower, higher))) = (a, b) else {
        return a.or(b);
    };
    Some((
        std::array::from_fn(|axis| low[axis].min(lower[axis])),
        std::array::from_fn(|axis| high[axis].max(higher[axis])),
    ))
}

/// First and last true element.
pub(crate) fn ends(row: &[bool]) -> Option<(usize, usize)> {
    /// Elements that are looked at together.
    const BLOCK: usize = 32;
    // No early end within a block: a few wide instructions.
    let any = |block: &[bool]| block.iter().fold(false, |any, inside| any | inside);
    let from = row.chunks(BLOCK).position(any)? * BLOCK;
    let to = row.chunks(BLOCK).rposition(any)? * BLOCK + BLOCK;
    Some((
        from + first(&row[from..])?,
        last(&row[..row.len().min(to)])?,
    ))
}

/// Eight elements as the bytes of a word, the first one lowest.
fn word(eight: [bool; 8]) -> u64 {
    u64::from_le_bytes(eight.map(u8::from))
}

/// The first true element, eight at a time: where it is in a row nobody can guess.
fn first(row: &[bool]) -> Option<usize> {
    let (eights, rest) = row.as_chunks();
    let mut words = eights.iter().copied().map(word).enumerate();
    match words.find(|(_, word)| *word > 0) {
        Some((at, word)) => Some(8 * at + word.trailing_zeros() as usize / 8),
        None => Some(8 * eights.len() + rest.iter().position(|inside| *inside)?),
    }
}

/// The last one.
fn last(row: &[bool]) -> Option<usize> {
    let (rest, eights) = row.as_rchunks();
    let mut words = eights.iter().copied().map(word).enumerate();
    match words.rfind(|(_, word)| *word > 0) {
        Some((at, word)) => Some(rest.len() + 8 * at + 7 - word.leading_zeros() as usize / 8),
        None => rest.iter().rposition(|inside| *inside),
    }
}

pub(crate) fn crop<T: Clone>(
    array: &ArrayView3<'_, T>,
    low: [usize; 3],
    shape: [usize; 3],
) -> Array3<T> {
    let [z, y, x] = low;
    let [nz, ny, nx] = shape;
    array
        .slice(s![z..z + nz, y..y + ny, x..x + nx])
        .as_standard_layout()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    fn spacing() -> Spacing {
        Spacing::new([1.0; 3]).unwrap()
    }

    #[test]
    fn the_box_is_tight_and_knows_its_place() {
        let values = Array3::from_shape_fn((1, 4, 5), |(_, y, x)| (10 * y + x) as f64);
        let mut inside = Array3::from_elem((1, 4, 5), false);
        inside[[0, 1, 3]] = true;
        inside[[0, 2, 1]] = true;
        let roi = Roi::from_arrays(&values, &inside, spacing())
            .unwrap()
            .unwrap();
        assert_eq!(roi.offset(), [0, 1, 1]);
        assert_eq!(roi.shape(), [1, 2, 3]);
        assert_eq!(roi.count(), 2);
        assert_eq!(roi.intensities(), [13.0, 21.0]);
    }

    #[test]
    fn ends_of_rows_of_all_lengths() {
        for len in 0..75 {
            assert_eq!(ends(&vec![false; len]), None);
            for (a, b) in (0..len).flat_map(|a| (a..len).map(move |b| (a, b))) {
                let between = |at| at == a || at == b || (a < at && at < b && at % 3 == 0);
                let row: Vec<bool> = (0..len).map(between).collect();
                assert_eq!(ends(&row), Some((a, b)));
            }
        }
    }

    #[test]
    fn parts_touch_at_corners() {
        let parts = |rows: [[u8; 5]; 3]| {
            let inside = Array3::from_shape_fn((1, 3, 5), |(_, y, x)| rows[y][x] == 1);
            let values = Array3::zeros((1, 3, 5));
            Roi::from_arrays(&values, &inside, spacing())
                .unwrap()
                .unwrap()
                .parts()
        };
        assert_eq!(
            parts([[1, 0, 1, 0, 1], [0, 1, 0, 1, 0], [1, 0, 1, 0, 1]]),
            1
        );
        assert_eq!(
            parts([[1, 1, 0, 0, 1], [1, 0, 0, 1, 0], [0, 0, 0, 0, 0]]),
            2
        );
        assert_eq!(
            parts([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 1, 0, 1]]),
            6
        );
    }

    #[test]
    fn an_empty_mask_is_no_region() {
        let values = array![[[1.0, 2.0]]];
        let inside = array![[[false, false]]];
        assert_eq!(Roi::from_arrays(&values, &inside, spacing()), Ok(None));
    }

    #[test]
    fn nan_inside_is_an_error_and_outside_is_not() {
        let values = array![[[f64::NAN, 2.0, f64::INFINITY]]];
        let outside = array![[[false, true, false]]];
        assert!(Roi::from_arrays(&values, &outside, spacing()).is_ok());
        let inside = array![[[false, true, true]]];
        assert_eq!(
            Roi::from_arrays(&values, &inside, spacing()),
            Err(FeatureError::NonFinite {
                count: 1,
                pixels: 2,
                first: [0, 0, 2]
            })
        );
    }
}
