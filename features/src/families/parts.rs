//! Which voxels one matrix is counted from, for the matrices without directions (GLSZM, GLDZM, NGTDM and
//! NGLDM; IBSI chapter 3.6, aggregations 8QNN, 62GR and KOBO).
//!
//! ```text
//! 2D    one matrix for each slice that holds voxels of the region, mean of the features
//! 2.5D  one matrix; neighbours lie in the same slice, counts of all slices are added
//! 3D    one matrix; neighbours lie in other slices, too
//! ```
//!
//! PyRadiomics knows the second (`force2D`) and the third.

use std::ops::Range;

use rayon::prelude::*;

use crate::aggregation::Aggregation;
use crate::discretise::DiscretisedRoi;
use crate::families::aggregate::means;
use crate::geometry::Reach;
use crate::profile::Profile;
use crate::settings::{ExtractionSettings, Planes};
use crate::spec::{Feature, rows_of};

/// How a region is taken apart into matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    /// A matrix for each slice.
    EachSlice,
    /// One matrix of all slices, neighbours within a slice.
    SlicesTogether,
    /// One matrix, neighbours in all three directions.
    Volume,
}

/// What one matrix is counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Slices of the region's box.
    pub(crate) slices: Range<usize>,
    /// Where neighbours may lie.
    pub(crate) reach: Reach,
}

/// The aggregations that the settings ask of a family without directions, each once, in their order.
pub(crate) fn aggregations(
    profile: Profile,
    settings: &ExtractionSettings,
) -> Vec<Option<Aggregation>> {
    if profile == Profile::PyRadiomics {
        return vec![None];
    }
    let mut ways = Vec::new();
    for asked in &settings.aggregations {
        let way = Some(asked.without_directions());
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// The partings that go with [`aggregations`], in the same order.
pub(crate) fn partings(profile: Profile, settings: &ExtractionSettings) -> Vec<Parting> {
    let ways = aggregations(profile, settings).into_iter();
    ways.map(|way| match (way, settings.planes) {
        (Some(Aggregation::Slices), _) => Parting::EachSlice,
        (Some(Aggregation::SlicesMerged), _) | (None, Planes::InSlices) => Parting::SlicesTogether,
        (Some(_), _) | (None, Planes::Volume) => Parting::Volume,
    })
    .collect()
}

impl Parting {
    /// Where neighbours may lie.
    pub(crate) fn reach(self) -> Reach {
        match self {
            Self::EachSlice | Self::SlicesTogether => Reach::Slice,
            Self::Volume => Reach::Volume,
        }
    }

    /// The parts of a region: none is empty.
    pub(crate) fn parts(self, levels: &DiscretisedRoi) -> Vec<Part> {
        let reach = self.reach();
        let all = 0..levels.slices();
        match self {
            Self::EachSlice => all
                .filter(|z| levels.plane(*z).iter().any(|rank| *rank > 0))
                .map(|z| Part {
                    slices: z..z + 1,
                    reach,
                })
                .collect(),
            Self::SlicesTogether | Self::Volume => vec![Part { slices: all, reach }],
        }
    }

    /// The profile's features of a table: read from the matrix of each part, then the mean over the parts
    /// in which the feature is defined.
    pub(crate) fn features<T: Send>(
        self,
        profile: Profile,
        table: &'static [Feature<T>],
        levels: &DiscretisedRoi,
        read: impl Fn(&Part) -> T + Send + Sync,
    ) -> Vec<f64> {
        // Each slice is a task of its own; the mean runs over them in their order.
        let numbers: Vec<T> = match self.parts(levels).as_slice() {
            [only] => vec![read(only)],
            parts => parts.par_iter().map(read).collect(),
        };
        let readings = numbers.iter().map(|numbers| {
            let rows = rows_of(table, profile);
            rows.map(|row| (row.value)(numbers)).collect()
        });
        means(readings, rows_of(table, profile).count())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::geometry::Spacing;
    use crate::roi::Roi;
    use crate::set::FeatureSet;
    use crate::settings::ExtractionOptions;
    use crate::{Discretisation, engine};

    #[test]
    fn each_way_is_taken_once_and_in_the_order_asked() {
        let options = ExtractionOptions {
            profile: Profile::Ibsi,
            aggregations: vec![
                Aggregation::VolumeAveraged,
                Aggregation::SliceMerged,
                Aggregation::Volume,
                Aggregation::Slices,
                Aggregation::DirectionMerged,
            ],
            ..ExtractionOptions::default()
        };
        let settings = options.check().unwrap();
        let asked = [
            Aggregation::Volume,
            Aggregation::Slices,
            Aggregation::SlicesMerged,
        ];
        assert_eq!(
            aggregations(Profile::Ibsi, &settings),
            asked.map(Some).to_vec()
        );
        assert_eq!(
            partings(Profile::Ibsi, &settings),
            [Parting::Volume, Parting::EachSlice, Parting::SlicesTogether]
        );
        assert_eq!(aggregations(Profile::PyRadiomics, &settings), [None]);
        assert_eq!(partings(Profile::PyRadiomics, &settings), [Parting::Volume]);
    }

    /// Enough slices that several threads share one matrix.
    #[test]
    fn threads_change_no_bit() {
        let shape = (37, 11, 13);
        let scrambled = |(z, y, x): (usize, usize, usize)| (z * 143 + y * 13 + x) * 7919 % 257;
        let values = Array3::from_shape_fn(shape, |place| (scrambled(place) / 20) as f64);
        let inside = Array3::from_shape_fn(shape, |place| scrambled(place) % 5 > 0);
        let spacing = Spacing::new([1.0; 3]).unwrap();
        let roi = Roi::from_arrays(&values, &inside, spacing)
            .unwrap()
            .unwrap();
        for (profile, families) in [
            (Profile::PyRadiomics, &["gldm", "glszm", "ngtdm"][..]),
            (Profile::Ibsi, &["glszm", "gldzm", "ngtdm", "ngldm"]),
        ] {
            let options = ExtractionOptions {
                profile,
                discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 1.0 },
                aggregations: Aggregation::ALL.to_vec(),
                distances: vec![1, 2],
                ..ExtractionOptions::default()
            };
            let settings = options.check().unwrap();
            let set = FeatureSet::with(families, &settings).unwrap();
            let on = |threads: usize| -> Vec<u64> {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let found = pool.build().unwrap();
                let found = found.install(|| engine::extract_one(&set, &settings, &roi));
                let values = found.unwrap().into_values();
                values.into_iter().map(f64::to_bits).collect()
            };
            let one = on(1);
            assert_eq!(one, on(2));
            assert_eq!(one, on(5));
        }
    }
}
