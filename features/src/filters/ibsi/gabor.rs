//! Gabor filter (IBSI Q88H): the modulus of a plane wave under a Gaussian, in planes.
//!
//! With `x` and `y` in mm along the columns and rows of a plane, direction `θ`, wavelength `λ`, standard
//! deviation `σ` and eccentricity `γ`: `exp(-(a² + γ² b²) / (2 σ²) + j 2π a / λ)` where
//! `a = x cos θ + y sin θ` and `b = -x sin θ + y cos θ`. The amplitude is 1 at the centre.

use std::f64::consts::TAU;

use ndarray::{Array3, Axis};
use rustfft::num_complex::Complex64;

use crate::error::Result;
use crate::filters::Filter;
use crate::filters::ibsi::planes::PlaneFilter;
use crate::filters::ibsi::{Faults, checked_reach};
use crate::filters::padding::Boundary;
use crate::filters::pooling::Pooling;
use crate::filters::voxelwise::change;
use crate::geometry::Spacing;

/// Where the Gaussian ends, in standard deviations: its weight there is below 2e-8.
const CUTOFF: f64 = 6.0;

/// How far a full turn may be from a whole number of steps.
const STEP_TOLERANCE: f64 = 1e-9;

/// In which directions the wave goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Orientations {
    /// Only in direction `θ`.
    Single,
    /// In all directions `θ + k · step` of a full turn, their responses pooled.
    Invariant {
        /// Between directions, in degrees; divides 360.
        step_degrees: f64,
        /// How responses become one.
        pooling: Pooling,
    },
}

/// The planes of a volume that are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planes {
    /// Axial slices: columns along x, rows along y.
    Axial,
    /// Axial, coronal (columns along x, rows along z) and sagittal slices (columns along y, rows along z);
    /// the mean of the three responses.
    Orthogonal,
}

/// Parameters of [`Gabor`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaborOptions {
    /// Standard deviation of the Gaussian in mm.
    pub sigma_mm: f64,
    /// Wavelength in mm.
    pub wavelength_mm: f64,
    /// Eccentricity of the Gaussian: below 1 it is wider across the wave than along it.
    pub gamma: f64,
    /// Direction of the wave in degrees, from the columns' axis to the rows'.
    pub theta_degrees: f64,
    /// One or many directions.
    pub orientations: Orientations,
    /// One or three sets of planes.
    pub planes: Planes,
    /// Beyond the border.
    pub boundary: Boundary,
}

/// Gabor filters of one wavelength.
#[derive(Debug, Clone, PartialEq)]
pub struct Gabor {
    options: GaborOptions,
    /// Directions with responses of their own, in radians.
    directions: Vec<f64>,
}

impl Gabor {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) for lengths and eccentricities that are not
    /// above 0, an infinite direction, and a step that does not divide the full turn.
    pub fn new(options: GaborOptions) -> Result<Self> {
        let mut faults = Faults::default();
        faults.positive("sigma of the Gabor filter", options.sigma_mm);
        faults.positive("wavelength of the Gabor filter", options.wavelength_mm);
        faults.positive("gamma of the Gabor filter", options.gamma);
        let theta = options.theta_degrees;
        faults.unless(theta.is_finite(), || {
            format!("theta of the Gabor filter is {theta}; it must be finite")
        });
        let steps = match options.orientations {
            Orientations::Single => Some(1),
            Orientations::Invariant { step_degrees, .. } => steps(step_degrees),
        };
        faults.unless(steps.is_some(), || {
            format!(
                "{:?} of the Gabor filter: the step must divide 360",
                options.orientations
            )
        });
        faults.into_result()?;
        let steps = steps.unwrap_or(1);
        // The wave against a direction is the complex conjugate, with the same modulus: when the steps hold
        // every direction together with its opposite, half a turn is enough.
        let different = if steps % 2 == 0 { steps / 2 } else { steps };
        let direction = |step: u32| theta.to_radians() + TAU * f64::from(step) / f64::from(steps);
        Ok(Self {
            options,
            directions: (0..different).map(direction).collect(),
        })
    }

    /// Each set of planes as the axis across them and those of their rows and columns (0 is z).
    fn planes(&self) -> &'static [(usize, [usize; 2])] {
        match self.options.planes {
            Planes::Axial => &[(0, [1, 2])],
            Planes::Orthogonal => &[(0, [1, 2]), (1, [0, 2]), (2, [0, 1])],
        }
    }

    /// How many voxels kernels reach along rows' and columns' axes with these spacings.
    fn half_widths(&self, spacing: [f64; 2]) -> Result<[usize; 2]> {
        let GaborOptions {
            sigma_mm, gamma, ..
        } = self.options;
        let [along, across] = [sigma_mm, sigma_mm / gamma];
        // Standard deviations of the turned Gaussian along rows' and columns' axes.
        let deviations = self.directions.iter().map(|theta| {
            let (sin, cos) = theta.sin_cos();
            [
                (along * sin).hypot(across * cos),
                (along * cos).hypot(across * sin),
            ]
        });
        let widest = deviations.fold([0.0_f64; 2], |most, new| {
            [most[0].max(new[0]), most[1].max(new[1])]
        });
        let voxels = |axis: usize| (CUTOFF * widest[axis] / spacing[axis]).ceil();
        let name = &self.names()[0];
        Ok([
            checked_reach(name, voxels(0))?,
            checked_reach(name, voxels(1))?,
        ])
    }

    /// The kernel of a direction at a position in mm.
    fn kernel(&self, theta: f64, y: f64, x: f64) -> Complex64 {
        let GaborOptions {
            sigma_mm,
            wavelength_mm,
            gamma,
            ..
        } = self.options;
        let (sin, cos) = theta.sin_cos();
        let along = x * cos + y * sin;
        let across = gamma * (y * cos - x * sin);
        let envelope = (-(along * along + across * across) / (2.0 * sigma_mm * sigma_mm)).exp();
        Complex64::from_polar(envelope, TAU * along / wavelength_mm)
    }
}

/// How many steps make a full turn, or `None` when no whole number does.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie between 1 and 3600"
)]
fn steps(step_degrees: f64) -> Option<u32> {
    let steps = 360.0 / step_degrees;
    // Finer steps than a tenth of a degree do not change a response.
    let fine =
        (0.5..3600.5).contains(&steps) && (steps - steps.round()).abs() < STEP_TOLERANCE * steps;
    fine.then(|| steps.round() as u32)
}

impl Filter for Gabor {
    fn names(&self) -> Vec<String> {
        let GaborOptions {
            sigma_mm,
            wavelength_mm,
            gamma,
            theta_degrees,
            ..
        } = self.options;
        let orientations = match self.options.orientations {
            Orientations::Single => String::new(),
            Orientations::Invariant {
                step_degrees,
                pooling,
            } => {
                format!("_invariant{step_degrees}_{}", pooling.name())
            }
        };
        let planes = match self.options.planes {
            Planes::Axial => "axial",
            Planes::Orthogonal => "orthogonal",
        };
        let wave = format!("gabor_s{sigma_mm}_l{wavelength_mm}_g{gamma}_t{theta_degrees}");
        vec![format!("{wave}{orientations}_{planes}")]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let mut response = Array3::zeros(image.dim());
        if image.is_empty() {
            return each(0, response);
        }
        let pooling = match self.options.orientations {
            Orientations::Single => Pooling::Average,
            Orientations::Invariant { pooling, .. } => pooling,
        };
        for (across, axes) in self.planes() {
            let distances = axes.map(|axis| spacing.zyx()[axis]);
            let filter = PlaneFilter::new(
                axes.map(|axis| image.shape()[axis]),
                self.half_widths(distances)?,
                self.options.boundary,
                self.directions.len(),
                |direction, [rows, columns]| {
                    let theta = self.directions[direction];
                    self.kernel(theta, rows * distances[0], columns * distances[1])
                },
            );
            filter.add_pooled_moduli(image, Axis(*across), pooling, &mut response);
        }
        let sets = self.planes().len();
        if sets > 1 {
            change(&mut response, |sum| *sum /= sets as f64);
        }
        each(0, response)
    }

    fn reach(&self, spacing: Spacing) -> Option<[usize; 3]> {
        if self.options.boundary == Boundary::Periodic {
            return None;
        }
        let mut reach = [0; 3];
        for (_, axes) in self.planes() {
            let half_widths = self
                .half_widths(axes.map(|axis| spacing.zyx()[axis]))
                .ok()?;
            for (axis, half_width) in axes.iter().zip(half_widths) {
                reach[*axis] = reach[*axis].max(half_width);
            }
        }
        Some(reach)
    }
}
