//! Liver outlines of odd form: a wavy ellipse that tapers along z, sometimes with a notch, a hole
//! or a second part.

use std::f64::consts::{PI, TAU};

use ndarray::Array3;
use raduet_features::Grid;
use raduet_study::random::Stream;

use super::voxel_positions;

/// Waves of the outline: order k, amplitude and phase.
const WAVE_ORDERS: [u32; 5] = [2, 3, 4, 5, 13];
/// The last wave is the surface's nodularity: its amplitude at severity 0 and what severity 1 adds.
const SURFACE: f64 = 0.008;
const SURFACE_GROWTH: f64 = 0.014;

/// A disc of `radius` mm around `centre` (x, y in mm).
struct Disc {
    centre: [f64; 2],
    radius: f64,
}

impl Disc {
    fn holds(&self, [x, y]: [f64; 2]) -> bool {
        (x - self.centre[0]).hypot(y - self.centre[1]) <= self.radius
    }
}

/// Where the liver is; see [`Outline::holds`].
pub(super) struct Outline {
    centre: [f64; 2],
    semi_axes: [f64; 2],
    tilt: f64,
    waves: [(f64, f64); WAVE_ORDERS.len()],
    /// How much the outline shrinks and moves towards either end of the stack.
    taper: f64,
    drift: [f64; 2],
    /// Opening angle and direction of a wedge that is cut out, as the fissure of the liver is.
    notch: Option<(f64, f64)>,
    hole: Option<Disc>,
    island: Option<Disc>,
}

impl Outline {
    pub(super) fn draw(seed: u64, patient: usize, severity: f64) -> Self {
        let mut stream = Stream::new(seed, "phantom outline", patient as u64);
        let centre = [stream.uniform(-14.0, -4.0), stream.uniform(-8.0, 8.0)];
        let semi_axes = [stream.uniform(56.0, 72.0), stream.uniform(40.0, 54.0)];
        let tilt = stream.uniform(-0.4, 0.4);
        let waves = WAVE_ORDERS.map(|order| {
            let amplitude = if order == WAVE_ORDERS[WAVE_ORDERS.len() - 1] {
                (SURFACE + SURFACE_GROWTH * severity).max(0.0) * stream.uniform(0.5, 1.5)
            } else {
                stream.uniform(0.0, 0.28) / f64::from(order)
            };
            (amplitude, stream.uniform(0.0, TAU))
        });
        let taper = stream.uniform(0.25, 0.5);
        let drift = [stream.uniform(-8.0, 8.0), stream.uniform(-6.0, 6.0)];
        let notch = (stream.uniform(0.0, 1.0) < 0.35)
            .then(|| (stream.uniform(0.15, 0.4), stream.uniform(-PI, PI)));
        let hole = (stream.uniform(0.0, 1.0) < 0.25).then(|| Disc {
            centre: [
                centre[0] + stream.uniform(-20.0, 20.0),
                centre[1] + stream.uniform(-14.0, 14.0),
            ],
            radius: stream.uniform(5.0, 10.0),
        });
        let island = (stream.uniform(0.0, 1.0) < 0.2).then(|| Disc {
            centre: [
                centre[0] + semi_axes[0] * 1.3,
                centre[1] + stream.uniform(-25.0, 25.0),
            ],
            radius: stream.uniform(6.0, 12.0),
        });
        Self {
            centre,
            semi_axes,
            tilt,
            waves,
            taper,
            drift,
            notch,
            hole,
            island,
        }
    }

    /// Whether a point (x, y in mm) at relative height −1..=1 belongs to the liver.
    fn holds(&self, point: [f64; 2], height: f64) -> bool {
        if self.hole.as_ref().is_some_and(|hole| hole.holds(point)) {
            return false;
        }
        if self
            .island
            .as_ref()
            .is_some_and(|island| island.holds(point))
        {
            return true;
        }
        let dx = point[0] - self.centre[0] - self.drift[0] * height;
        let dy = point[1] - self.centre[1] - self.drift[1] * height;
        let (sin, cos) = self.tilt.sin_cos();
        let u = (cos * dx + sin * dy) / self.semi_axes[0];
        let v = (cos * dy - sin * dx) / self.semi_axes[1];
        let angle = v.atan2(u);
        let radius = u.hypot(v);
        if let Some((opening, direction)) = self.notch {
            let off = (angle - direction + PI).rem_euclid(TAU) - PI;
            if off.abs() < opening && radius > 0.45 {
                return false;
            }
        }
        let waves: f64 = WAVE_ORDERS
            .iter()
            .zip(self.waves)
            .map(|(&order, (amplitude, phase))| {
                amplitude * (f64::from(order) * angle + phase).cos()
            })
            .sum();
        radius <= (1.0 - self.taper * height * height) * (1.0 + waves)
    }

    /// The liver's voxels.
    pub(super) fn fill(&self, grid: &Grid) -> Array3<bool> {
        voxel_positions(grid).mapv(|(point, height)| self.holds(point, height))
    }

    /// Whether a point belongs to the body that surrounds the liver: a fixed oval.
    pub(super) fn body_holds(point: [f64; 2]) -> bool {
        (point[0] / 98.0).powi(2) + (point[1] / 74.0).powi(2) <= 1.0
    }
}
