//! Shape of a region in a slice. PyRadiomics' family; IBSI has none for slices.
//!
//! Symbols: `A` area and `P` perimeter of the outline ([`contour`]), `n` number of pixels,
//! `l_1 >= l_2` variances of the pixel centres along their principal axes ([`moments`]).
//! Intensities play no part.

mod contour;
mod features;
mod moments;

use self::contour::Contour;
use self::features::{Shape, TABLE};
use self::moments::PrincipalVariances;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::mesh::bits::BitMask;
use crate::profile::Profile;
use crate::spec::{FeatureSpec, specs_of};

/// The family.
pub(crate) struct Shape2d;

/// Size of a pixel in mm.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pixel {
    height: f64,
    width: f64,
}

impl FeatureFamily for Shape2d {
    fn id(&self) -> &'static str {
        "shape2d"
    }

    fn profile(&self) -> Profile {
        Profile::PyRadiomics
    }

    fn extent(&self) -> Extent {
        Extent::Slice
    }

    fn input(&self) -> Input {
        Input::Morphology
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let inside = BitMask::new(region.morphology.inside());
        let [_, height, width] = region.morphology.spacing().zyx();
        let pixel = Pixel { height, width };
        let contour = Contour::new(&inside);
        let shape = Shape {
            area: contour.area(pixel),
            perimeter: contour.perimeter(pixel),
            diameter: contour.diameter(pixel),
            pixel_area: region.morphology.count() as f64 * (height * width),
            variances: PrincipalVariances::new(&inside, pixel),
        };
        values.extend(TABLE.iter().map(|feature| (feature.value)(&shape)));
    }
}
