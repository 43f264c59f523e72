//! Mean filter (IBSI S60F): the mean of a square or cube around each voxel.

use ndarray::Array3;

use crate::error::Result;
use crate::filters::Filter;
use crate::filters::convolve::Kernel;
use crate::filters::ibsi::separable::Separable;
use crate::filters::ibsi::{Dimensions, Faults, MAXIMUM_REACH, Rotation, in_standard_layout};
use crate::filters::padding::Boundary;
use crate::geometry::Spacing;

/// Parameters of [`Mean`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanOptions {
    /// Side of the square or cube in voxels; odd.
    pub support: usize,
    /// Square or cube.
    pub dimensions: Dimensions,
    /// Beyond the border.
    pub boundary: Boundary,
}

/// The mean of a square or cube of `M` voxels a side: each kernel is `M` times `1 / M`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    options: MeanOptions,
    separable: Separable,
}

impl Mean {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) unless the support is odd and at most 1025.
    pub fn new(options: MeanOptions) -> Result<Self> {
        let support = options.support;
        let mut faults = Faults::default();
        let most = 2 * MAXIMUM_REACH + 1;
        faults.unless(support % 2 == 1 && support <= most, || {
            format!(
                "support of the mean filter is {support} voxels; it must be odd and at most {most}"
            )
        });
        faults.into_result()?;
        Ok(Self {
            options,
            separable: box_filter(support, options.dimensions, options.boundary),
        })
    }
}

/// Means over `support` voxels along each axis; `support` is odd.
pub(super) fn box_filter(support: usize, dimensions: Dimensions, boundary: Boundary) -> Separable {
    let chain = vec![Kernel::centred(vec![1.0 / support as f64; support])];
    Separable {
        chains: match dimensions {
            Dimensions::Two => [chain.clone(), chain, Vec::new()],
            Dimensions::Three => [chain.clone(), chain.clone(), chain],
        },
        dimensions,
        rotation: Rotation::None,
        boundary,
    }
}

impl Filter for Mean {
    fn names(&self) -> Vec<String> {
        let MeanOptions {
            support,
            dimensions,
            ..
        } = self.options;
        vec![format!("mean_m{support}_{}", dimensions.name())]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        each(0, self.separable.respond(&in_standard_layout(image)))
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        self.separable.reach()
    }
}
