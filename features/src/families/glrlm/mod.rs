//! Grey level run length matrix (IBSI family TP0I): runs of voxels of one grey level, by level `i` and
//! length `j`, counted along each direction.
//!
//! `ibsi` profile: matrices of slices and directions become one value as the settings' aggregations say.
//! `pyradiomics` profile: the directions of a volume, or those of all slices together, are averaged, or
//! weighted by their length in mm and merged. Directions in which no line holds two voxels of the region
//! are left out, as PyRadiomics does; when none is left, all features are NaN. The symbols are those of
//! [`crate::families::size_matrix`].
//!
//! Galloway, Texture analysis using gray level run lengths, Computer Graphics and Image Processing
//! 4(2), 1975, doi:10.1016/S0146-664X(75)80008-6.

pub(super) mod runs;

use self::runs::RunCounts;
use crate::aggregation::Aggregation;
use crate::discretise::DiscretisedRoi;
use crate::families::aggregate::{self, Directional};
use crate::families::entropy::Count;
use crate::families::size_matrix::{Cell, SizeNumbers};
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::geometry::{Offset3, Reach, half_offsets};
use crate::profile::Profile;
use crate::settings::{ExtractionSettings, Planes};
use crate::spec::{Feature, FeatureSpec, rows_of, specs_of};

/// A feature that is read from a run length matrix.
type Row = Feature<SizeNumbers>;

/// The family.
pub(crate) struct Glrlm(pub(crate) Profile);

impl FeatureFamily for Glrlm {
    fn id(&self) -> &'static str {
        "glrlm"
    }

    fn profile(&self) -> Profile {
        self.0
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.0)
    }

    fn aggregations(&self, settings: &ExtractionSettings) -> Vec<Option<Aggregation>> {
        aggregate::of_directions(self.0, settings)
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let matrices = Matrices {
            levels: region.grey_levels(),
            profile: self.0,
        };
        let features = rows_of(TABLE, self.0).count();
        match self.0 {
            Profile::Ibsi => {
                let slices = region.grey_levels().slices();
                let ways = self.aggregations(region.settings);
                let ways: Vec<_> = ways.into_iter().flatten().collect();
                aggregate::append_all(&matrices, &ways, slices, features, values);
            }
            Profile::PyRadiomics => values.extend(matrices.as_pyradiomics(region, features)),
        }
    }
}

/// Counts and reads the matrices of a region.
struct Matrices<'a> {
    levels: &'a DiscretisedRoi,
    profile: Profile,
}

/// Steps of one voxel.
fn offsets(reach: Reach) -> Vec<Offset3> {
    half_offsets(&[1], reach)
}

impl Matrices<'_> {
    fn read_cells<C: Count>(&self, cells: &[Cell<C>]) -> Option<Vec<f64>> {
        if cells.is_empty() {
            return None;
        }
        let numbers = SizeNumbers::new(cells, self.profile.epsilon());
        let features = rows_of(TABLE, self.profile);
        Some(features.map(|feature| (feature.value)(&numbers)).collect())
    }

    /// The features as PyRadiomics aggregates them.
    fn as_pyradiomics(&self, region: &Region<'_>, features: usize) -> Vec<f64> {
        let reach = match region.settings.planes {
            Planes::Volume => Reach::Volume,
            Planes::InSlices => Reach::Slice,
        };
        // Lines along a step that is as long as the box hold one voxel each: nothing to count in the steps
        // from slice to slice of a region that has only one.
        let shape = self.levels.shape();
        let mut offsets = offsets(reach);
        offsets.retain(|offset| offset.fits(shape));
        let counts = runs::count_runs(self.levels, &(0..self.levels.slices()), &offsets);
        let directions = offsets.into_iter().zip(counts);
        let (kept, directions): (Vec<Offset3>, Vec<RunCounts>) = directions
            .filter(|(offset, runs)| runs::has_line_of_two(self.levels, runs, *offset))
            .unzip();
        if region.settings.weighting.is_none() {
            return aggregate::mean_of_matrices(self, &directions, features);
        }
        let spacing = region.roi.spacing();
        let mut cells: Vec<Cell<f64>> = Vec::new();
        for (offset, counts) in kept.into_iter().zip(directions) {
            let length = region
                .settings
                .weight(offset, spacing)
                .map_or(1.0, |(_, length)| length);
            let counts = counts.cells(self.levels.levels());
            cells.extend(counts.into_iter().map(|cell| Cell {
                level: cell.level,
                size: cell.size,
                count: length * cell.count as f64,
            }));
        }
        // Stable, so that elements are added up in the order of the directions.
        cells.sort_by_key(|cell| (cell.level, cell.size));
        let same = cells.chunk_by(|a, b| (a.level, a.size) == (b.level, b.size));
        let merged: Vec<_> = same
            .map(|same| Cell {
                count: same.iter().map(|cell| cell.count).sum::<f64>(),
                ..same[0]
            })
            .collect();
        aggregate::means(self.read_cells(&merged), features)
    }
}

impl Directional for Matrices<'_> {
    type Matrix = RunCounts;

    fn count(&self, reach: Reach) -> Vec<RunCounts> {
        runs::count_runs(self.levels, &(0..self.levels.slices()), &offsets(reach))
    }

    fn count_slice(&self, z: usize) -> Vec<RunCounts> {
        runs::count_runs(self.levels, &(z..z + 1), &offsets(Reach::Slice))
    }

    fn merge(&self, matrices: &[&RunCounts]) -> RunCounts {
        let mut all = matrices[0].clone();
        matrices[1..].iter().for_each(|one| all.absorb(one));
        all
    }

    fn read(&self, matrix: &RunCounts) -> Option<Vec<f64>> {
        self.read_cells(&matrix.cells(self.levels.levels()))
    }
}

/// When every feature is undefined, in the `pyradiomics` profile only.
const NO_LINE: &str = "PyRadiomics: no line holds two voxels of the region";

/// The 16 features in PyRadiomics' order.
const TABLE: &[Row] = &[
    Row::new(
        "glrlm_grey_level_non_uniformity",
        Some("glrlm_GrayLevelNonUniformity"),
        Some("R5YN"),
        "1",
        "sum of c_i^2, over n",
        |numbers| numbers.level_non_uniformity,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_grey_level_non_uniformity_normalised",
        Some("glrlm_GrayLevelNonUniformityNormalized"),
        Some("OVBL"),
        "1",
        "sum of c_i^2, over n^2",
        |numbers| numbers.level_non_uniformity_normalised,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_grey_level_variance",
        Some("glrlm_GrayLevelVariance"),
        Some("8CE5"),
        "level^2",
        "sum of p (i - mu_i)^2",
        |numbers| numbers.level_variance,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_high_grey_level_run_emphasis",
        Some("glrlm_HighGrayLevelRunEmphasis"),
        Some("G3QZ"),
        "level^2",
        "sum of c_i i^2, over n",
        |numbers| numbers.high_level,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_long_run_emphasis",
        Some("glrlm_LongRunEmphasis"),
        Some("W4KF"),
        "voxel^2",
        "sum of c_j j^2, over n",
        |numbers| numbers.large,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_long_run_high_grey_level_emphasis",
        Some("glrlm_LongRunHighGrayLevelEmphasis"),
        Some("3KUM"),
        "voxel^2 level^2",
        "sum of c i^2 j^2, over n",
        |numbers| numbers.large_high,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_long_run_low_grey_level_emphasis",
        Some("glrlm_LongRunLowGrayLevelEmphasis"),
        Some("IVPO"),
        "voxel^2 level^-2",
        "sum of c j^2 / i^2, over n",
        |numbers| numbers.large_low,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_low_grey_level_run_emphasis",
        Some("glrlm_LowGrayLevelRunEmphasis"),
        Some("V3SW"),
        "level^-2",
        "sum of c_i / i^2, over n",
        |numbers| numbers.low_level,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_run_entropy",
        Some("glrlm_RunEntropy"),
        Some("HJ9O"),
        "bit",
        "-sum of p log2(p + ε)",
        |numbers| numbers.entropy,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_run_length_non_uniformity",
        Some("glrlm_RunLengthNonUniformity"),
        Some("W92Y"),
        "1",
        "sum of c_j^2, over n",
        |numbers| numbers.size_non_uniformity,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_run_length_non_uniformity_normalised",
        Some("glrlm_RunLengthNonUniformityNormalized"),
        Some("IC23"),
        "1",
        "sum of c_j^2, over n^2",
        |numbers| numbers.size_non_uniformity_normalised,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_run_percentage",
        Some("glrlm_RunPercentage"),
        Some("9ZK5"),
        "1",
        "n over the number of voxels",
        |numbers| numbers.percentage,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_run_length_variance",
        Some("glrlm_RunVariance"),
        Some("SXLW"),
        "voxel^2",
        "sum of p (j - mu_j)^2",
        |numbers| numbers.size_variance,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_short_run_emphasis",
        Some("glrlm_ShortRunEmphasis"),
        Some("22OV"),
        "voxel^-2",
        "sum of c_j / j^2, over n",
        |numbers| numbers.small,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_short_run_high_grey_level_emphasis",
        Some("glrlm_ShortRunHighGrayLevelEmphasis"),
        Some("GD3A"),
        "voxel^-2 level^2",
        "sum of c i^2 / j^2, over n",
        |numbers| numbers.small_high,
    )
    .undefined_when(NO_LINE),
    Row::new(
        "glrlm_short_run_low_grey_level_emphasis",
        Some("glrlm_ShortRunLowGrayLevelEmphasis"),
        Some("HTZT"),
        "voxel^-2 level^-2",
        "sum of c / (i^2 j^2), over n",
        |numbers| numbers.small_low,
    )
    .undefined_when(NO_LINE),
];
