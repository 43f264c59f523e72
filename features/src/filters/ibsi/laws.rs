//! Laws kernels (IBSI JTXT): products of short kernels that respond to levels, edges, spots, waves and
//! ripples (K. I. Laws, *Rapid texture identification*, doi:10.1117/12.959169), and their energy map.
//!
//! Every short kernel has unit L2 norm. The energy map is the mean of the absolute response in a square or
//! cube of `2 d + 1` voxels a side; it is taken of the pooled response.

use ndarray::Array3;

use crate::error::Result;
use crate::filters::Filter;
use crate::filters::convolve::Kernel;
use crate::filters::ibsi::mean::box_filter;
use crate::filters::ibsi::separable::{Chain, Separable};
use crate::filters::ibsi::{Dimensions, Faults, MAXIMUM_REACH, Rotation, in_standard_layout};
use crate::filters::padding::Boundary;
use crate::filters::voxelwise::change;
use crate::geometry::Spacing;

/// Names and weights before normalisation.
const KERNELS: [(&str, &[f64]); 8] = [
    ("L3", &[1.0, 2.0, 1.0]),
    ("L5", &[1.0, 4.0, 6.0, 4.0, 1.0]),
    ("E3", &[-1.0, 0.0, 1.0]),
    ("E5", &[-1.0, -2.0, 0.0, 2.0, 1.0]),
    ("S3", &[-1.0, 2.0, -1.0]),
    ("S5", &[-1.0, 0.0, 2.0, 0.0, -1.0]),
    ("W5", &[-1.0, 2.0, 0.0, -2.0, 1.0]),
    ("R5", &[1.0, -4.0, 6.0, -4.0, 1.0]),
];

/// Whether the response itself or its energy is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Energy {
    /// The response.
    None,
    /// The mean absolute response up to so many voxels away along each axis (Chebyshev distance).
    Within(usize),
}

/// Parameters of [`Laws`].
#[derive(Debug, Clone, PartialEq)]
pub struct LawsOptions {
    /// Names of the kernels along x, y and, for volumes, z: `L5E5` is a filter of slices, `L5E5E5` one of
    /// volumes.
    pub kernels: String,
    /// One or all orientations.
    pub rotation: Rotation,
    /// Response or energy.
    pub energy: Energy,
    /// Beyond the border, of the image and of the response.
    pub boundary: Boundary,
}

/// A product of Laws kernels.
#[derive(Debug, Clone, PartialEq)]
pub struct Laws {
    options: LawsOptions,
    separable: Separable,
}

impl Laws {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) unless there are two or three kernels, all
    /// known, and an energy's distance is 1 to 512.
    pub fn new(options: LawsOptions) -> Result<Self> {
        let mut faults = Faults::default();
        let letters: Vec<char> = options.kernels.chars().collect();
        let names: Vec<String> = letters
            .chunks(2)
            .map(|name| name.iter().collect())
            .collect();
        let mut chains = Vec::new();
        for name in &names {
            match normalised(name) {
                Some(kernel) => chains.push(vec![kernel]),
                None => faults.unless(false, || {
                    format!("no Laws kernel '{name}'; there are {}", known_names())
                }),
            }
        }
        faults.unless(matches!(names.len(), 2 | 3), || {
            let found = &options.kernels;
            format!(
                "'{found}' names {} Laws kernels; 2 or 3 make a filter",
                names.len()
            )
        });
        if let Energy::Within(distance) = options.energy {
            faults.unless((1..=MAXIMUM_REACH).contains(&distance), || {
                format!("distance of the energy map is {distance} voxels; it must be 1 to {MAXIMUM_REACH}")
            });
        }
        faults.into_result()?;
        let dimensions = if chains.len() == 2 {
            Dimensions::Two
        } else {
            Dimensions::Three
        };
        let mut chains = chains.into_iter();
        let chains: [Chain; 3] = std::array::from_fn(|_| chains.next().unwrap_or_default());
        let separable = Separable {
            chains,
            dimensions,
            rotation: options.rotation,
            boundary: options.boundary,
        };
        Ok(Self { options, separable })
    }
}

/// The kernel of this name with unit L2 norm.
fn normalised(name: &str) -> Option<Kernel> {
    let (_, weights) = KERNELS.iter().find(|(known, _)| *known == name)?;
    let norm = weights
        .iter()
        .map(|weight| weight * weight)
        .sum::<f64>()
        .sqrt();
    let taps = weights.iter().map(|weight| weight / norm);
    Some(Kernel::centred(taps.collect()))
}

fn known_names() -> String {
    KERNELS.map(|(name, _)| name).join(", ")
}

impl Filter for Laws {
    fn names(&self) -> Vec<String> {
        let LawsOptions {
            kernels,
            rotation,
            energy,
            ..
        } = &self.options;
        let energy = match energy {
            Energy::None => String::new(),
            Energy::Within(distance) => format!("_energy_d{distance}"),
        };
        let kernels = kernels.to_lowercase();
        vec![format!("laws_{kernels}{}{energy}", rotation.name())]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let mut response = self.separable.respond(&in_standard_layout(image));
        if let Energy::Within(distance) = self.options.energy {
            change(&mut response, |value| *value = value.abs());
            let Separable {
                dimensions,
                boundary,
                ..
            } = self.separable;
            let mean = box_filter(2 * distance + 1, dimensions, boundary);
            response = mean.respond(&response);
        }
        each(0, response)
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        let mut reach = self.separable.reach()?;
        if let Energy::Within(distance) = self.options.energy {
            for axis in self.separable.dimensions.axes() {
                reach[*axis] += distance;
            }
        }
        Some(reach)
    }
}
