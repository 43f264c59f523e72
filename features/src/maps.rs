//! Feature maps: a feature at every voxel of a region, measured on the part of the region around it.
//!
//! PyRadiomics' voxel-based extraction with `maskedKernel`: the neighbourhood is the cube (with
//! [`Planes::InSlices`] the square) of side `2 · radius + 1` around the voxel, as far as it belongs to the
//! region. Grey levels are those of the whole region, so that they mean the same everywhere, and `N_g` is
//! the region's.
//!
//! ```text
//! . . . . .      radius 1: o the voxel, k the voxels measured for it,
//! . k k k .      r others of the region, . outside
//! r k o k .
//! r r k r .
//! ```

use ndarray::Array3;
use rayon::prelude::*;

use crate::discretise::DiscretisedRoi;
use crate::engine::append_values;
use crate::error::{FeatureError, Result};
use crate::family::{Input, Region};
use crate::roi::Roi;
use crate::set::FeatureSet;
use crate::settings::{ExtractionSettings, Planes};

/// How far the neighbourhood reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapOptions {
    /// Voxels on each side (`kernelRadius`, 1 by default).
    pub radius: usize,
    /// Value outside the region (`initValue`, 0 by default).
    pub outside: f64,
}

/// Further neighbourhoods than this are refused: the work grows with their volume.
const LARGEST_RADIUS: usize = 64;

/// Neighbourhoods that one thread measures in one go.
const CENTRES_AT_A_TIME: usize = 64;

/// Maps of every feature of a set, in the order of its columns, each of the region's box `[z, y, x]`.
/// Undefined values are NaN.
///
/// # Errors
/// [`FeatureError::Settings`] when a family of the set measures form, which has no map, or the radius is
/// 0 or far too large; [`FeatureError::TooManyBins`].
pub fn feature_maps(
    set: &FeatureSet,
    settings: &ExtractionSettings,
    roi: &Roi,
    options: MapOptions,
) -> Result<Vec<Array3<f64>>> {
    let faults = faults(set, options);
    if !faults.is_empty() {
        return Err(FeatureError::Settings { faults });
    }
    let levels = if set.reads_grey_levels() {
        let (most, pad) = (settings.maximum_bins, settings.padding());
        let rule = settings.discretisation;
        Some(DiscretisedRoi::new(roi, rule, most, pad)?)
    } else {
        None
    };
    let inside = roi.inside().indexed_iter().filter(|(_, inside)| **inside);
    let centres: Vec<[usize; 3]> = inside.map(|((z, y, x), _)| [z, y, x]).collect();
    let rows = centres.par_chunks(CENTRES_AT_A_TIME).map(|centres| {
        let mut values = Vec::with_capacity(centres.len() * set.width());
        let mut room = None;
        for centre in centres {
            let (low, shape) = window(roi.shape(), *centre, options.radius, settings.planes);
            let part = roi.window(low, shape);
            let grey = levels
                .as_ref()
                .map(|levels| levels.window(low, shape, room.take()));
            let region = Region::new(&part, &part, None, settings, grey);
            append_values(set, &region, &mut values);
            room = region.into_grey_levels();
        }
        values
    });
    let rows = rows.collect::<Vec<_>>().concat();
    let map = |column: usize| {
        let mut map = Array3::from_elem(roi.values().dim(), options.outside);
        let values = rows.iter().skip(column).step_by(set.width());
        for (centre, value) in centres.iter().zip(values) {
            map[*centre] = *value;
        }
        map
    };
    Ok((0..set.width()).into_par_iter().map(map).collect())
}

fn faults(set: &FeatureSet, options: MapOptions) -> Vec<String> {
    let mut faults = Vec::new();
    let families = set.families();
    let form = families.iter().filter(|f| f.input() == Input::Morphology);
    faults.extend(form.map(|family| format!("family '{}' has no map", family.id())));
    if !(1..=LARGEST_RADIUS).contains(&options.radius) {
        faults.push(format!(
            "kernel radius {}: must lie between 1 and {LARGEST_RADIUS}",
            options.radius
        ));
    }
    faults
}

/// The box around a voxel, cut at the ends of the region's box.
fn window(
    shape: [usize; 3],
    centre: [usize; 3],
    radius: usize,
    planes: Planes,
) -> ([usize; 3], [usize; 3]) {
    let radii = match planes {
        Planes::InSlices => [0, radius, radius],
        Planes::Volume => [radius; 3],
    };
    let low: [usize; 3] = std::array::from_fn(|axis| centre[axis].saturating_sub(radii[axis]));
    let high: [usize; 3] =
        std::array::from_fn(|axis| (centre[axis] + radii[axis] + 1).min(shape[axis]));
    (low, std::array::from_fn(|axis| high[axis] - low[axis]))
}
