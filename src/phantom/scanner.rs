//! What the scanner does to the tissue: scale, bias field, point spread, Rician noise, whole numbers.

use std::f64::consts::TAU;

use ndarray::Array3;
use raduet_features::Grid;
use raduet_study::random::Stream;

use super::blur::gaussian;
use super::outline::Outline;
use super::voxel_positions;

/// One hospital's machine: signal of liver tissue in its own units, and relative noise.
struct Site {
    name: &'static str,
    signal: f64,
    noise: f64,
}

/// MRI has no common scale: the same liver is 150 at one site and 600 at another.
const SITES: [Site; 4] = [
    Site {
        name: "A",
        signal: 320.0,
        noise: 0.035,
    },
    Site {
        name: "B",
        signal: 600.0,
        noise: 0.045,
    },
    Site {
        name: "C",
        signal: 150.0,
        noise: 0.055,
    },
    Site {
        name: "D",
        signal: 430.0,
        noise: 0.030,
    },
];

/// Signal of other tissue and of air, relative to the liver's.
const OTHER_TISSUE: f64 = 1.35;
const AIR: f64 = 0.03;
/// Standard deviation of the point spread, in voxels of the row direction.
const POINT_SPREAD: f64 = 0.45;

/// One acquisition.
pub(super) struct Scanner {
    /// The site's name.
    pub(super) site: &'static str,
    signal: f64,
    noise: f64,
    /// Relative bias at the border along x, y, z, and its waves' phase.
    bias: [f64; 3],
    phase: f64,
}

impl Scanner {
    /// The acquisition of a patient: unrelated to the stage.
    pub(super) fn draw(seed: u64, patient: usize) -> Self {
        let mut stream = Stream::new(seed, "phantom scanner", patient as u64);
        let site = &SITES[stream.below(SITES.len())];
        Self {
            site: site.name,
            signal: site.signal * (0.18 * stream.normal()).exp(),
            noise: site.noise * (0.15 * stream.normal()).exp(),
            bias: [
                stream.uniform(-0.18, 0.18),
                stream.uniform(-0.18, 0.18),
                stream.uniform(-0.06, 0.06),
            ],
            phase: stream.uniform(0.0, TAU),
        }
    }

    /// The stored image. `liver` is the relative texture, used where `inside` is true.
    pub(super) fn acquire(
        &self,
        seed: u64,
        patient: usize,
        grid: &Grid,
        inside: &Array3<bool>,
        liver: &Array3<f64>,
    ) -> Array3<i16> {
        let positions = voxel_positions(grid);
        let mut image = Array3::from_shape_fn(inside.dim(), |at| {
            let (point, height) = positions[at];
            let tissue = if inside[at] {
                1.0 + liver[at]
            } else if Outline::body_holds(point) {
                OTHER_TISSUE + 2.0 * liver[at]
            } else {
                AIR
            };
            tissue * self.bias_at(point, height)
        });
        gaussian(
            &mut image,
            POINT_SPREAD * grid.spacing.zyx()[2],
            grid.spacing,
        );
        let mut stream = Stream::new(seed, "phantom noise", patient as u64);
        image.mapv(|tissue| {
            // Magnitude of a complex signal with equal Gaussian noise in both channels.
            let real = tissue + self.noise * stream.normal();
            let imaginary = self.noise * stream.normal();
            stored(self.signal * real.hypot(imaginary))
        })
    }

    fn bias_at(&self, [x, y]: [f64; 2], height: f64) -> f64 {
        let (u, v) = (x / 100.0, y / 80.0);
        let wave = 0.05 * (1.7 * u + 1.1 * v + self.phase).sin();
        (self.bias[0] * u + self.bias[1] * v + self.bias[2] * height + wave).exp()
    }
}

/// Rounds to the stored type, saturating.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded and clamped to the range of i16"
)]
fn stored(value: f64) -> i16 {
    value.round().clamp(0.0, f64::from(i16::MAX)) as i16
}
