//! Form of a region, PyRadiomics' family `shape`.
//!
//! Symbols: `A` area and `V` volume of the mesh ([`crate::mesh::pyradiomics`]), `N` number of voxels,
//! `l_1 >= l_2 >= l_3` variances of the voxel centres along their principal axes
//! ([`crate::principal_axes`]). Intensities play no part.

mod diameters;
mod features;

use self::diameters::Diameters;
use self::features::{Shape, TABLE};
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::mesh::bits::BitMask;
use crate::mesh::cubes::Cubes;
use crate::mesh::pyradiomics::PYRADIOMICS;
use crate::principal_axes::PrincipalAxes;
use crate::profile::Profile;
use crate::roi::Roi;
use crate::spec::{FeatureSpec, specs_of};

/// The family.
pub(crate) struct ShapeFamily;

impl FeatureFamily for ShapeFamily {
    fn id(&self) -> &'static str {
        "shape"
    }

    fn profile(&self) -> Profile {
        Profile::PyRadiomics
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
        let shape = measure(region.morphology);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&shape)));
    }
}

fn measure(roi: &Roi) -> Shape {
    let spacing = roi.spacing();
    let mask = BitMask::new(roi.inside());
    let cubes = Cubes::new(&mask);
    let axes = PrincipalAxes::new(&mask, spacing);
    Shape {
        area: PYRADIOMICS.area(&cubes, spacing),
        volume: PYRADIOMICS.volume(&cubes, spacing),
        voxel_volume: axes.voxels as f64 * spacing.voxel(),
        variances: axes.variances,
        diameters: Diameters::new(&mask, spacing),
    }
}
