//! From matrices of slices and directions to one value for each feature (IBSI chapter 3.6, see
//! [`crate::Aggregation`]).

use rayon::prelude::*;

use crate::aggregation::Aggregation;
use crate::geometry::Reach;
use crate::profile::Profile;
use crate::settings::ExtractionSettings;

/// Matrices that are counted along directions: what [`append_all`] has to know of a family.
pub(crate) trait Directional: Sync {
    /// The counts along one direction, or several of them merged. Counts are whole numbers, so that the
    /// order of merging does not matter.
    type Matrix: Send + Sync;

    /// Counts the whole region along each direction.
    fn count(&self, reach: Reach) -> Vec<Self::Matrix>;

    /// Counts slice `z` of the box along each direction within slices.
    fn count_slice(&self, z: usize) -> Vec<Self::Matrix>;

    /// Adds up matrices; at least one.
    fn merge(&self, matrices: &[&Self::Matrix]) -> Self::Matrix;

    /// The value of each feature; none for an empty matrix.
    fn read(&self, matrix: &Self::Matrix) -> Option<Vec<f64>>;
}

/// The aggregations of a family of such matrices.
pub(crate) fn of_directions(
    profile: Profile,
    settings: &ExtractionSettings,
) -> Vec<Option<Aggregation>> {
    match profile {
        Profile::PyRadiomics => vec![None],
        Profile::Ibsi => {
            let all = settings.aggregations.iter().copied();
            all.filter(|way| way.has_directions()).map(Some).collect()
        }
    }
}

/// Appends the values of `features` features for each of the aggregations, in their order. Matrices are
/// counted once and serve all aggregations that need them; slices without a voxel of the region have
/// empty matrices, which no mean sees.
pub(crate) fn append_all<F: Directional>(
    family: &F,
    ways: &[Aggregation],
    slices: usize,
    features: usize,
    values: &mut Vec<f64>,
) {
    let need = |some: &[Aggregation]| ways.iter().any(|way| some.contains(way));
    let by_slice: Option<Vec<Vec<F::Matrix>>> =
        need(&[Aggregation::SliceAveraged, Aggregation::SliceMerged]).then(|| {
            let all = (0..slices).into_par_iter();
            all.map(|z| family.count_slice(z)).collect()
        });
    let in_plane = need(&[
        Aggregation::DirectionMerged,
        Aggregation::SlicesAndDirectionsMerged,
    ])
    .then(|| match &by_slice {
        None => family.count(Reach::Slice),
        Some(slices) => (0..slices[0].len())
            .map(|direction| {
                let of_slices: Vec<_> = slices.iter().map(|slice| &slice[direction]).collect();
                family.merge(&of_slices)
            })
            .collect(),
    });
    let volume = need(&[Aggregation::VolumeAveraged, Aggregation::VolumeMerged])
        .then(|| family.count(Reach::Volume));

    let mut mean = |readings: Vec<Option<Vec<f64>>>| {
        values.extend(means(readings.into_iter().flatten(), features));
    };
    let merged = |directions: &[F::Matrix]| {
        let all: Vec<_> = directions.iter().collect();
        family.read(&family.merge(&all))
    };
    let slices = by_slice.as_deref().unwrap_or_default();
    let in_plane = in_plane.as_deref().unwrap_or_default();
    let volume = volume.as_deref().unwrap_or_default();
    for way in ways {
        mean(match way {
            Aggregation::SliceAveraged => {
                let all = slices.par_iter().flatten();
                all.map(|matrix| family.read(matrix)).collect()
            }
            Aggregation::SliceMerged => slices.par_iter().map(|slice| merged(slice)).collect(),
            Aggregation::DirectionMerged => read_all(family, in_plane),
            Aggregation::SlicesAndDirectionsMerged => vec![merged(in_plane)],
            Aggregation::VolumeAveraged => read_all(family, volume),
            Aggregation::VolumeMerged => vec![merged(volume)],
            // Matrices without directions know these; a family asks for those with directions only.
            Aggregation::Slices | Aggregation::SlicesMerged | Aggregation::Volume => Vec::new(),
        });
    }
}

/// The mean of each feature over the matrices that are not empty.
pub(crate) fn mean_of_matrices<F: Directional>(
    family: &F,
    matrices: &[F::Matrix],
    features: usize,
) -> Vec<f64> {
    means(read_all(family, matrices).into_iter().flatten(), features)
}

/// The features of each matrix, in the order of the matrices.
fn read_all<F: Directional>(family: &F, matrices: &[F::Matrix]) -> Vec<Option<Vec<f64>>> {
    let all = matrices.par_iter();
    all.map(|matrix| family.read(matrix)).collect()
}

/// For each of `features` features the mean of the values that are not NaN; NaN when there is none.
pub(crate) fn means(readings: impl IntoIterator<Item = Vec<f64>>, features: usize) -> Vec<f64> {
    let (mut sums, mut defined) = (vec![0.0; features], vec![0_u32; features]);
    for reading in readings {
        for ((sum, n), value) in sums.iter_mut().zip(&mut defined).zip(reading) {
            if !value.is_nan() {
                *sum += value;
                *n += 1;
            }
        }
    }
    let both = sums.into_iter().zip(defined);
    both.map(|(sum, n)| sum / f64::from(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::means;

    #[test]
    fn undefined_values_do_not_count() {
        let readings = [[1.0, f64::NAN], [f64::NAN, f64::NAN], [3.0, f64::NAN]];
        let found = means(readings.map(|reading| reading.to_vec()), 2);
        assert!((found[0] - 2.0).abs() < 1e-15);
        assert!(found[1].is_nan());
        assert!(means([], 1)[0].is_nan());
    }
}
