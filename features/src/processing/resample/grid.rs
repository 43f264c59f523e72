//! Where the voxels of the new grid lie on the old one.

use crate::error::{FeatureError, Result};
use crate::geometry::{Affine, Grid, Spacing};

use super::{Extent, GridRule, Resampling};

/// A remainder of a voxel below this, on the whole length of an axis, comes from spacings that headers
/// keep in single precision.
const HEADER_ROUNDING: f64 = 1e-4;

/// Grids with more voxels are refused: a spacing in the wrong unit rather than a wish.
const MOST_VOXELS: f64 = 4e9;

/// One axis of the new grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Distance between new voxels in mm.
    pub(super) spacing: f64,
    /// Positions of the new voxel centres, in voxels of the old axis. Not empty.
    pub(super) positions: Vec<f64>,
    /// Whether the spacing stays: to the bit by the standard's rule, nearly by PyRadiomics'.
    pub(super) kept: bool,
}

/// Whether two spacings count as one, as `numpy.allclose` has it.
fn same(new: f64, old: f64) -> bool {
    (new - old).abs() <= 1e-8 + 1e-5 * new
}

/// The new axes `[z, y, x]`; `low` and `size` are the box of the region on the old grid.
///
/// # Errors
/// [`FeatureError::Resampling`] when a spacing is not a number from 0 on, or the grid is far too fine.
pub(super) fn axes(
    old: &Grid,
    how: &Resampling,
    low: [usize; 3],
    size: [usize; 3],
) -> Result<[Axis; 3]> {
    for spacing in how.spacing {
        if !(spacing.is_finite() && spacing >= 0.0) {
            return Err(FeatureError::Resampling {
                found: format!("spacing {:?} mm along z, y, x", how.spacing),
                expected: "each must be a positive number, or 0 to keep the image's own".into(),
            });
        }
    }
    let spacing: [f64; 3] = std::array::from_fn(|axis| new_spacing(old, how, size, axis));
    let voxels: f64 = (0..3)
        .map(|axis| old.shape[axis] as f64 * old.spacing.zyx()[axis] / spacing[axis])
        .product();
    if voxels > MOST_VOXELS {
        return Err(FeatureError::Resampling {
            found: format!("a spacing of {spacing:?} mm makes {voxels:.0} voxels"),
            expected: format!("at most {MOST_VOXELS:.0} are reasonable"),
        });
    }
    Ok(std::array::from_fn(|axis| match how.grid {
        GridRule::Ibsi => ibsi(old, how.extent, axis, spacing[axis], low[axis], size[axis]),
        GridRule::PyRadiomics => {
            pyradiomics(old, how.extent, axis, spacing[axis], low[axis], size[axis])
        }
    }))
}

fn new_spacing(old: &Grid, how: &Resampling, size: [usize; 3], axis: usize) -> f64 {
    let own = old.spacing.zyx()[axis];
    let single_slice = how.grid == GridRule::PyRadiomics && size[axis] == 1;
    let wanted = how.spacing[axis];
    if wanted > 0.0 && !single_slice {
        wanted
    } else {
        own
    }
}

/// The standard's grid: its centre is that of the old one.
fn ibsi(old: &Grid, extent: Extent, axis: usize, spacing: f64, low: usize, size: usize) -> Axis {
    let (length, own) = (old.shape[axis] as f64, old.spacing.zyx()[axis]);
    let (step, new_length) = (
        spacing / own,
        (length * (own / spacing) - HEADER_ROUNDING).ceil().max(1.0),
    );
    let origin = 0.5 * (length - 1.0) - 0.5 * (new_length - 1.0) * step;
    let (from, to) = match extent {
        Extent::Whole => (0.0, new_length - 1.0),
        // Wherever a voxel of the region has a weight, and the padding around it.
        Extent::AroundRegion { padding } => {
            let padding = padding as f64;
            let from = ((low as f64 - 1.0 - origin) / step).floor() - padding;
            let to = (((low + size) as f64 - origin) / step).ceil() + padding;
            (from.max(0.0), to.min(new_length - 1.0))
        }
    };
    Axis {
        spacing,
        positions: whole_numbers(from, to)
            .map(|at| origin + at * step)
            .collect(),
        kept: spacing.to_bits() == own.to_bits(),
    }
}

/// PyRadiomics' grid: its first corner is that of the old one.
fn pyradiomics(
    old: &Grid,
    extent: Extent,
    axis: usize,
    spacing: f64,
    low: usize,
    size: usize,
) -> Axis {
    let (length, own) = (old.shape[axis] as f64, old.spacing.zyx()[axis]);
    let ratio = own / spacing;
    let last = (length * ratio).ceil() - 1.0;
    let (from, to) = match extent {
        Extent::Whole => (0.0, last),
        Extent::AroundRegion { padding } => {
            let padding = padding as f64;
            let from = ((low as f64 - 0.5) * ratio - padding).floor();
            let to = (((low + size) as f64 - 0.5) * ratio + padding).ceil();
            (from.max(0.0), to.min(last))
        }
    };
    let origin = 0.5 * (spacing - own) / own + from / ratio;
    let numbers: Vec<f64> = whole_numbers(0.0, to - from).collect();
    let line = Line::along(old, axis);
    let start = line.position_at(line.point(origin));
    let position = |at: f64| line.position_at(line.point(origin) + line.direction * spacing * at);
    // ITK walks along x by fractions of the whole row and computes the other positions one by one.
    let count = numbers.len() as f64;
    let along = position(count) - start;
    let positions = numbers.iter().map(|at| match axis {
        2 => start + at / count * along,
        _ => position(*at),
    });
    Axis {
        spacing,
        positions: positions.collect(),
        kept: same(spacing, own),
    }
}

/// An axis of the image in patient space, where ITK computes positions.
///
/// Its rounding errors decide which neighbour is nearest half-way between two, and on which side of a
/// whole number an interpolated one falls before it is truncated: they are part of the reference. In
/// oblique images they differ from voxel to voxel; there the axis begins at 0.
struct Line {
    origin: f64,
    /// 1 or -1.
    direction: f64,
    /// Old spacing with the sign of the direction.
    step: f64,
}

impl Line {
    fn along(old: &Grid, axis: usize) -> Self {
        let own = old.spacing.zyx()[axis];
        let column = 2 - axis;
        let entries = old.affine.0.map(|row| row[column]);
        let mut leading = entries
            .iter()
            .zip(old.affine.0)
            .filter(|(e, _)| e.abs() > 0.0);
        match (leading.next(), leading.next()) {
            (Some((entry, row)), None) => Self {
                origin: row[3],
                direction: entry.signum(),
                step: own * entry.signum(),
            },
            _ => Self {
                origin: 0.0,
                direction: 1.0,
                step: own,
            },
        }
    }

    fn point(&self, index: f64) -> f64 {
        self.origin + self.step * index
    }

    fn position_at(&self, point: f64) -> f64 {
        (1.0 / self.step) * (point - self.origin)
    }
}

/// The numbers from one whole number to another, both included.
fn whole_numbers(from: f64, to: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(from), |at| Some(at + 1.0)).take_while(move |at| *at <= to)
}

/// The new grid as a whole.
pub(super) fn new_grid(old: &Grid, axes: &[Axis; 3]) -> Grid {
    let first: [f64; 3] = std::array::from_fn(|axis| axes[axis].positions[0]);
    let origin = old.affine.position(first);
    let mut affine = old.affine.0;
    for (row, origin) in affine.iter_mut().zip(origin) {
        for axis in 0..3 {
            row[2 - axis] *= axes[axis].spacing / old.spacing.zyx()[axis];
        }
        row[3] = origin;
    }
    Grid {
        shape: std::array::from_fn(|axis| axes[axis].positions.len()),
        spacing: Spacing::new(std::array::from_fn(|axis| axes[axis].spacing))
            .expect("spacings were checked"),
        affine: Affine(affine),
    }
}
