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
    let mut means = Means::new(features);
    for reading in readings {
        means.add(&reading);
    }
    means.finish()
}

/// Means of several features, which take one reading after another.
pub(crate) struct Means {
    sums: Vec<f64>,
    /// How many values each sum has.
    defined: Vec<u32>,
}

impl Means {
    pub(crate) fn new(features: usize) -> Self {
        Self {
            sums: vec![0.0; features],
            defined: vec![0; features],
        }
    }

    /// Adds the values that are not NaN.
    pub(crate) fn add(&mut self, reading: &[f64]) {
        let both = self.sums.iter_mut().zip(&mut self.defined);
        for ((sum, n), value) in both.zip(reading) {
            if !value.is_nan() {
                *sum += value;
                *n += 1;
            }
        }
    }

    /// The means, NaN of nothing.
    pub(crate) fn finish(self) -> Vec<f64> {
        let both = self.sums.into_iter().zip(self.defined);
        both.map(|(sum, n)| sum / f64::from(n)).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, Axis};
    use raduet_testkit::phantoms::{self, Random};

    use super::means;
    use crate::{
        Aggregation, Discretisation, ExtractionOptions, FeatureSet, Profile, Roi, Spacing, engine,
    };

    const WITH_DIRECTIONS: [Aggregation; 6] = [
        Aggregation::SliceAveraged,
        Aggregation::SliceMerged,
        Aggregation::DirectionMerged,
        Aggregation::SlicesAndDirectionsMerged,
        Aggregation::VolumeAveraged,
        Aggregation::VolumeMerged,
    ];

    /// A texture with holes; its second slice holds no voxel of the region unless it is the only one.
    fn region(slices: usize) -> Roi {
        let (rows, columns) = (19, 23);
        let mut random = Random::new(5);
        let mut values = Array3::zeros((slices, rows, columns));
        for (seed, mut slice) in (1..).zip(values.axis_iter_mut(Axis(0))) {
            let texture = phantoms::texture(rows, columns, 9, seed);
            slice
                .iter_mut()
                .zip(texture)
                .for_each(|(to, of)| *to = f64::from(of));
        }
        let inside = values.mapv(|_| random.below(10) > 1);
        let inside = Array3::from_shape_fn(inside.dim(), |(z, y, x)| z != 1 && inside[[z, y, x]]);
        Roi::from_arrays(&values, &inside, Spacing::new([2.0, 1.0, 1.0]).unwrap())
            .unwrap()
            .unwrap()
    }

    /// Features of a family by aggregation.
    fn measured(family: &str, roi: &Roi, ways: &[Aggregation]) -> Vec<Vec<f64>> {
        let options = ExtractionOptions {
            profile: Profile::Ibsi,
            discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 1.0 },
            aggregations: ways.to_vec(),
            ..ExtractionOptions::default()
        };
        let settings = options.check().unwrap();
        let set = FeatureSet::with(&[family], &settings).unwrap();
        let values = engine::extract_one(&set, &settings, roi)
            .unwrap()
            .into_values();
        let features = values.len() / ways.len();
        values.chunks_exact(features).map(<[f64]>::to_vec).collect()
    }

    fn bits(values: &[Vec<f64>]) -> Vec<Vec<u64>> {
        let of_one = |values: &Vec<f64>| values.iter().map(|value| value.to_bits()).collect();
        values.iter().map(of_one).collect()
    }

    #[test]
    fn undefined_values_do_not_count() {
        let readings = [[1.0, f64::NAN], [f64::NAN, f64::NAN], [3.0, f64::NAN]];
        let found = means(readings.map(|reading| reading.to_vec()), 2);
        assert!((found[0] - 2.0).abs() < 1e-15);
        assert!(found[1].is_nan());
        assert!(means([], 1)[0].is_nan());
    }

    /// Asked for together or alone, in any order, on any number of threads: the same bits.
    #[test]
    fn aggregations_do_not_depend_on_each_other_nor_on_threads() {
        let roi = region(5);
        for family in ["glcm", "glrlm"] {
            let all = bits(&measured(family, &roi, &WITH_DIRECTIONS));
            for (way, expected) in WITH_DIRECTIONS.into_iter().zip(&all) {
                assert_eq!(
                    bits(&measured(family, &roi, &[way])),
                    std::slice::from_ref(expected),
                    "{way:?}"
                );
            }
            let mut backwards = WITH_DIRECTIONS;
            backwards.reverse();
            let mut turned = bits(&measured(family, &roi, &backwards));
            turned.reverse();
            assert_eq!(turned, all);
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                let found = pool.install(|| measured(family, &roi, &WITH_DIRECTIONS));
                assert_eq!(bits(&found), all, "{threads} threads");
            }
        }
    }

    /// Nothing is merged of a single slice, and steps to other slices have no pairs.
    #[test]
    fn a_single_slice_is_its_own_volume() {
        let roi = region(1);
        let found = bits(&measured("glcm", &roi, &WITH_DIRECTIONS));
        let [avg, mrg, dmrg, vmrg, volume_avg, volume_mrg] = &found[..] else {
            panic!("six aggregations");
        };
        assert!([dmrg, volume_avg].iter().all(|other| *other == avg));
        assert!([vmrg, volume_mrg].iter().all(|other| *other == mrg));
        assert_ne!(avg, mrg);
        let runs = bits(&measured("glrlm", &roi, &WITH_DIRECTIONS));
        assert!(runs[0] == runs[2] && runs[1] == runs[3]);
    }

    /// 2D:avg and 2D:mrg are means over the slices that hold voxels.
    #[test]
    fn empty_slices_play_no_part() {
        let roi = region(4);
        let slices: Vec<Roi> = [0_usize, 2, 3]
            .into_iter()
            .map(|z| {
                let of = |array: &Array3<f64>| array.select(Axis(0), &[z]);
                let inside = roi.inside().select(Axis(0), &[z]);
                Roi::from_arrays(&of(roi.values()), &inside, roi.spacing())
                    .unwrap()
                    .unwrap()
            })
            .collect();
        for family in ["glcm", "glrlm"] {
            for way in [Aggregation::SliceAveraged, Aggregation::SliceMerged] {
                let readings: Vec<_> = slices
                    .iter()
                    .map(|slice| measured(family, slice, &[way]).remove(0))
                    .collect();
                let features = readings[0].len();
                let expected = means(readings, features);
                let found = measured(family, &roi, &[way]).remove(0);
                for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                    assert!(
                        (found / expected - 1.0).abs() < 1e-12,
                        "{family} {at}: {found} {expected}"
                    );
                }
            }
        }
    }
}
