//! Morphological features of the standard (IBSI chapter 3.1, family HCUG), those with reference values.
//!
//! Symbols: `A` area and `V` volume of the mesh ([`crate::mesh::closed`]), `N` number of voxels,
//! `l_1 >= l_2 >= l_3` variances of the voxel centres along their principal axes (divided by `N - 1`:
//! [`crate::principal_axes`] divides by `N`), all of the morphological mask; `X` intensities of the intensity mask, `n`
//! their number, `mu` their mean; `w_ij = 1 / d_ij` inverse distance in mm of two voxels of the intensity
//! mask, `W` the sum of all weights ([`autocorrelation`]).

mod autocorrelation;
mod ellipsoid;
mod features;
mod weighted_pairs;

use self::autocorrelation::Autocorrelation;
use self::features::{Form, TABLE};
use crate::families::summary::Summary;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::hull::diameter::diameter;
use crate::hull::solid::Hull;
use crate::mesh::bits::BitMask;
use crate::mesh::closed::CLOSED;
use crate::mesh::cubes::Cubes;
use crate::mesh::vertices::hull_of_each_slice;
use crate::principal_axes::PrincipalAxes;
use crate::profile::Profile;
use crate::roi::Roi;
use crate::spec::{FeatureSpec, specs_of};

/// The family.
pub(crate) struct Morphology;

impl FeatureFamily for Morphology {
    fn id(&self) -> &'static str {
        "morphology"
    }

    fn profile(&self) -> Profile {
        Profile::Ibsi
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::Morphology
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let form = measure(region.morphology, region.roi);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&form)));
    }
}

fn measure(morphology: &Roi, intensity: &Roi) -> Form {
    let spacing = morphology.spacing();
    let s = spacing.zyx();
    let mask = BitMask::new(morphology.inside());
    let cubes = Cubes::new(&mask);
    let axes = PrincipalAxes::new(&mask, spacing);
    let hull = Hull::new(&hull_of_each_slice(&mask).concat());
    let hull = hull.expect("vertices lie on both sides of a voxel along all axes");
    let half = spacing.half();
    // The covariance of the standard's values divides by N - 1; a single voxel has none.
    let n = axes.voxels as f64;
    let variances = axes
        .variances
        .map(|variance| variance * n / (n - 1.0).max(1.0));
    let summary = Summary::new(intensity);
    let Autocorrelation { moran, geary } = Autocorrelation::new(intensity, &summary);
    // The outermost vertices lie half a voxel beyond the outermost voxel centres.
    let shape = morphology.shape();
    Form {
        area: CLOSED.area(&cubes, spacing),
        volume: CLOSED.volume(&cubes, spacing),
        approximate_volume: n * spacing.voxel(),
        variances,
        diameter: diameter(hull.corners(), half),
        hull: [hull.volume(half), hull.area(half)],
        bounding_box: std::array::from_fn(|axis| shape[axis] as f64 * s[axis]),
        centre_shift: centre_shift(morphology, &axes, intensity),
        mean: summary.mean,
        moran,
        geary,
    }
}

/// Distance in mm between the centre of the morphological mask and the centre of mass of the intensity
/// mask: `|Σ X_k (r_k - c)| / |Σ X_k|`, NaN when the intensities add up to zero.
fn centre_shift(morphology: &Roi, axes: &PrincipalAxes, intensity: &Roi) -> f64 {
    let s = morphology.spacing().zyx();
    let (from, to) = (morphology.offset(), intensity.offset());
    // The first voxel of the intensity mask's box, seen from the centre.
    let first: [f64; 3] =
        std::array::from_fn(|axis| (to[axis] - from[axis]) as f64 * s[axis] - axes.centre[axis]);
    let [_, rows, _] = intensity.shape();
    let lines = intensity.values().rows().into_iter();
    let lines = lines.zip(intensity.inside().rows()).enumerate();
    let (mut mass, mut moment) = (0.0, [0.0; 3]);
    for (line, (values, inside)) in lines {
        let (mut of_row, mut along_row) = (0.0, 0.0);
        for (x, (value, _)) in values
            .iter()
            .zip(inside)
            .enumerate()
            .filter(|(_, (_, inside))| **inside)
        {
            of_row += value;
            along_row += value * (first[2] + x as f64 * s[2]);
        }
        mass += of_row;
        moment[0] += of_row * (first[0] + (line / rows) as f64 * s[0]);
        moment[1] += of_row * (first[1] + (line % rows) as f64 * s[1]);
        moment[2] += along_row;
    }
    let length = moment.iter().map(|m| m * m).sum::<f64>().sqrt();
    if mass == 0.0 {
        f64::NAN
    } else {
        length / mass.abs()
    }
}
