//! Grey level co-occurrence matrix (IBSI family LFYI): how often grey levels `i` and `j` are a step apart,
//! counted along each direction.
//!
//! `ibsi` profile: matrices of slices and directions become one value as the settings' aggregations say.
//! `pyradiomics` profile: the directions of a volume at each of the settings' distances, or those of all
//! slices together, are averaged, or weighted by `exp(-d²)` of their length in mm and merged. Directions
//! without any pair are left out; when none is left, all features are NaN but the maximal correlation
//! coefficient, which PyRadiomics sets to 1 for a region of one level.
//!
//! Symbols: `p(i, j)` the normalised matrix, `p_x(i) = Σ_j p(i, j)`, `p_y(j) = Σ_i p(i, j)` (the same when
//! pairs count both ways), `mu_x`, `mu_y`, `sigma_x²`, `sigma_y²` their means and variances,
//! `p_x+y(k) = Σ_{i+j=k} p(i, j)`, `p_x-y(k) = Σ_{|i-j|=k} p(i, j)`, `N_g` the highest level of the
//! region, `HX = -Σ p_x log2(p_x + ε)`, `HY` likewise, `HXY = -Σ p log2(p + ε)`,
//! `HXY1 = -Σ p(i, j) log2(p_x(i) p_y(j) + ε)`, `HXY2 = -Σ p_x(i) p_y(j) log2(p_x(i) p_y(j) + ε)`,
//! `Q(i, j) = Σ_k p(i, k) p(j, k) / (p_x(i) p_y(k) + ε)`, `ε` = 2.2e-16 in the `pyradiomics` profile and 0
//! in the `ibsi` profile.
//!
//! Haralick, Shanmugam and Dinstein, Textural features for image classification, IEEE Transactions
//! on Systems, Man and Cybernetics 3(6), 1973, doi:10.1109/TSMC.1973.4309314.

mod correlations;
mod eigenvalues;
mod features;
mod marginals;
pub(super) mod matrix;

use std::cell;
use std::sync::Arc;

use self::features::{MAXIMAL_CORRELATION, Row, TABLE};
use self::marginals::{CoOccurrence, Frame};
use self::matrix::{Cell, Sorter};
use crate::aggregation::Aggregation;
use crate::discretise::DiscretisedRoi;
use crate::families::aggregate::{self, Directional, Means};
use crate::families::entropy::Count;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::geometry::{Offset3, Reach, half_offsets};
use crate::profile::Profile;
use crate::settings::{ExtractionSettings, Planes};
use crate::spec::{FeatureSpec, rows_of, specs_of};

/// The family.
pub(crate) struct Glcm(pub(crate) Profile);

impl FeatureFamily for Glcm {
    fn id(&self) -> &'static str {
        "glcm"
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
        let matrices = Matrices::new(self.0, region);
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

/// Matrices of fewer voxels are read one after another.
const PARALLEL_VOXELS: usize = 1024;

/// Of so few voxels the pairs are sorted, direction after direction: a table would be mostly empty.
const FEW_VOXELS: usize = 32;

/// What one matrix leaves to the next one.
#[derive(Default)]
struct Room {
    matrix: CoOccurrence,
    sorter: Sorter,
    values: Vec<f64>,
}

thread_local! {
    /// The room of the last matrix of this thread, taken out while it is in use: whatever stops the work in the
    /// middle leaves no half-filled room.
    static SPARE: cell::Cell<Option<Box<Room>>> = const { cell::Cell::new(None) };
}

/// Counts and reads the matrices of a region.
struct Matrices<'a> {
    levels: &'a DiscretisedRoi,
    settings: &'a ExtractionSettings,
    frame: Arc<Frame>,
}

impl<'a> Matrices<'a> {
    fn new(profile: Profile, region: &'a Region<'_>) -> Self {
        let levels = region.grey_levels();
        let frame = Frame {
            levels: levels
                .levels()
                .iter()
                .map(|level| f64::from(*level))
                .collect(),
            highest_level: f64::from(levels.highest_level()),
            pairs: region.settings.pairs,
            profile,
        };
        Self {
            levels,
            settings: region.settings,
            frame: Arc::new(frame),
        }
    }

    fn offsets(&self, reach: Reach) -> Vec<Offset3> {
        half_offsets(&self.settings.distances, reach)
    }

    fn read_cells<C: Count>(&self, cells: &[Cell<C>]) -> Option<Vec<f64>> {
        let mut room = SPARE.take().unwrap_or_default();
        let mut values = Vec::new();
        let any = self.append_cells(cells, &mut room.matrix, &mut values);
        SPARE.set(Some(room));
        any.then_some(values)
    }

    /// Appends the features of a matrix; false where it is empty.
    fn append_cells<C: Count>(
        &self,
        cells: &[Cell<C>],
        matrix: &mut CoOccurrence,
        values: &mut Vec<f64>,
    ) -> bool {
        let any = matrix.fill(&self.frame, cells);
        if any {
            let flat = self.frame.levels.len() == 1;
            let features = rows_of(TABLE, self.frame.profile);
            values.extend(features.map(|feature: &Row| {
                if flat && feature.spec.name == MAXIMAL_CORRELATION {
                    1.0
                } else {
                    (feature.value)(matrix)
                }
            }));
        }
        any
    }

    /// The mean over the directions of a small region, one after another: handing them to other threads would
    /// cost more than they do.
    fn mean_of_small(&self, reach: Reach, features: usize) -> Vec<f64> {
        let mut room = SPARE.take().unwrap_or_default();
        let Room {
            matrix,
            sorter,
            values,
        } = &mut *room;
        let mut means = Means::new(features);
        let mut add = |cells: &[Cell]| {
            values.clear();
            if self.append_cells(cells, matrix, values) {
                means.add(values);
            }
        };
        if self.levels.pixels() <= FEW_VOXELS {
            let slices = 0..self.levels.slices();
            for offset in self.offsets(reach) {
                if offset.z.cast_unsigned() < slices.len() {
                    let step = self.levels.step(offset).cast_unsigned();
                    add(sorter.count(self.levels, &slices, step, self.settings.pairs));
                }
            }
        } else {
            for cells in self.count(reach) {
                add(&cells);
            }
        }
        SPARE.set(Some(room));
        means.finish()
    }

    /// The features as PyRadiomics aggregates them.
    fn as_pyradiomics(&self, region: &Region<'_>, features: usize) -> Vec<f64> {
        let reach = match self.settings.planes {
            Planes::Volume => Reach::Volume,
            Planes::InSlices => Reach::Slice,
        };
        let mut values = if self.settings.weighting.is_none() {
            if self.levels.pixels() < PARALLEL_VOXELS {
                self.mean_of_small(reach, features)
            } else {
                aggregate::mean_of_matrices(self, &self.count(reach), features)
            }
        } else {
            let directions = self.count(reach);
            let spacing = region.roi.spacing();
            let weighted = self.offsets(reach).into_iter().zip(&directions);
            let cells = weighted.flat_map(|(offset, cells)| {
                let weight = self
                    .settings
                    .weight(offset, spacing)
                    .map_or(1.0, |(weight, _)| weight);
                cells.iter().map(move |cell| Cell {
                    i: cell.i,
                    j: cell.j,
                    count: weight * cell.count as f64,
                })
            });
            let merged = matrix::merge(self.frame.levels.len(), cells.collect());
            aggregate::means(self.read_cells(&merged), features)
        };
        // Without any pair nothing was read, but one level is one level.
        if self.frame.levels.len() == 1 {
            let mut names = rows_of(TABLE, self.frame.profile).map(|row| row.spec.name);
            let at = names.position(|name| name == MAXIMAL_CORRELATION);
            values[at.expect("a feature of the profile")] = 1.0;
        }
        values
    }
}

impl Directional for Matrices<'_> {
    type Matrix = Vec<Cell>;

    fn count(&self, reach: Reach) -> Vec<Vec<Cell>> {
        let slices = 0..self.levels.slices();
        matrix::count_pairs(
            self.levels,
            slices,
            &self.offsets(reach),
            self.settings.pairs,
        )
    }

    fn count_slice(&self, z: usize) -> Vec<Vec<Cell>> {
        let offsets = self.offsets(Reach::Slice);
        matrix::count_pairs(self.levels, z..z + 1, &offsets, self.settings.pairs)
    }

    fn merge(&self, matrices: &[&Vec<Cell>]) -> Vec<Cell> {
        let cells = matrices.iter().flat_map(|cells| cells.iter().copied());
        matrix::merge(self.frame.levels.len(), cells.collect())
    }

    fn read(&self, matrix: &Vec<Cell>) -> Option<Vec<f64>> {
        self.read_cells(matrix)
    }
}
