//! Local intensity (IBSI chapter 3.2, family 9ST6): means over a ball of 1 cm³ around a voxel.
//!
//! The ball around a voxel centre holds all voxels of the image whose centre is no further away than its
//! radius, inside the region or not. Where a region was made from plain arrays, there is no image beyond
//! its bounding box. Voxels that are NaN or infinite outside the region are left out like voxels beyond
//! the edge of the image.

mod ball;

use ndarray::{Array3, s};
use rayon::prelude::*;

use self::ball::{BallRow, RunningSums, ball, count_over_balls, reach};
use crate::families::summary::Summary;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::roi::Roi;
use crate::spec::{Feature, FeatureSpec, specs_of};
use crate::volume::Volume;

/// The family.
pub(crate) struct LocalIntensity;

/// Both peaks.
#[derive(Debug, Clone, Copy)]
struct Peaks {
    local: f64,
    global: f64,
}

impl Peaks {
    /// Of no voxel.
    const NONE: Self = Self {
        local: f64::NEG_INFINITY,
        global: f64::NEG_INFINITY,
    };

    fn highest(self, other: Self) -> Self {
        Self {
            local: self.local.max(other.local),
            global: self.global.max(other.global),
        }
    }
}

const TABLE: &[Feature<Peaks>] = &[
    Feature::new(
        "local_intensity_local_peak",
        None,
        Some("VJGA"),
        "intensity",
        "mean over the ball around the voxel of highest intensity; of several, the highest mean",
        |peaks| peaks.local,
    ),
    Feature::new(
        "local_intensity_global_peak",
        None,
        Some("0F91"),
        "intensity",
        "highest mean over the ball around any voxel of the region",
        |peaks| peaks.global,
    ),
];

impl FeatureFamily for LocalIntensity {
    fn id(&self) -> &'static str {
        "local_intensity"
    }

    fn profile(&self) -> Profile {
        Profile::Ibsi
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::Surroundings
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let peaks = peaks(region.roi, region.image);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&peaks)));
    }
}

/// The part of the image that balls around the region's voxels touch.
struct Surroundings {
    values: Array3<f64>,
    /// Where the region's box begins in it.
    offset: [usize; 3],
}

impl Surroundings {
    fn new(roi: &Roi, image: Option<&Volume>, ball: &[BallRow]) -> Self {
        let Some(image) = image else {
            return Self {
                values: roi.values().clone(),
                offset: [0; 3],
            };
        };
        let reach = reach(ball);
        let (at, size, all) = (roi.offset(), roi.shape(), image.grid().shape);
        let low: [usize; 3] = std::array::from_fn(|k| at[k].saturating_sub(reach[k]));
        let high: [usize; 3] = std::array::from_fn(|k| (at[k] + size[k] + reach[k]).min(all[k]));
        Self {
            values: image.box_f64(low, std::array::from_fn(|k| high[k] - low[k])),
            offset: std::array::from_fn(|k| at[k] - low[k]),
        }
    }
}

fn peaks(roi: &Roi, image: Option<&Volume>) -> Peaks {
    let ball = ball(roi.spacing());
    let around = Surroundings::new(roi, image, &ball);
    let (slices, rows, columns) = around.values.dim();
    let shape = [slices, rows, columns];
    let [_, _, margin] = reach(&ball);
    let Summary { mean, highest, .. } = Summary::new(roi);
    // Small numbers keep the running sums of a row exact or nearly so.
    let sums = RunningSums::new(&around.values, margin, |v| {
        if v.is_finite() { v - mean } else { 0.0 }
    });
    let all_finite = around.values.iter().all(|v| v.is_finite());
    let finite = |v: f64| f64::from(u8::from(v.is_finite()));
    let counts = (!all_finite).then(|| RunningSums::new(&around.values, margin, finite));

    let [_, rows, columns] = roi.shape();
    let [z_0, y_0, x_0] = around.offset;
    let lines = roi.inside().len() / columns;
    let of_lines = (0..lines).into_par_iter().map_init(
        || (Vec::new(), vec![0.0; columns], vec![0.0; columns]),
        |(rest, total, count), line| {
            let (z, y) = (line / rows, line % rows);
            let inside = roi.inside().slice(s![z, y, ..]);
            let values = roi.values().slice(s![z, y, ..]);
            let mut of_line = Peaks::NONE;
            let Some(first) = inside.iter().position(|inside| *inside) else {
                return of_line;
            };
            let last = inside.iter().rposition(|inside| *inside).unwrap_or(first);
            let at = [z + z_0, y + y_0, first + x_0];
            let (total, count) = (&mut total[..=last - first], &mut count[..=last - first]);
            sums.over_balls(&ball, at, rest, total);
            match &counts {
                Some(counts) => counts.over_balls(&ball, at, rest, count),
                None => count_over_balls(shape, &ball, at, count),
            }
            for (x, (total, count)) in (first..).zip(total.iter().zip(&*count)) {
                if inside[x] {
                    let around = mean + total / count;
                    of_line.global = of_line.global.max(around);
                    if values[x] >= highest {
                        of_line.local = of_line.local.max(around);
                    }
                }
            }
            of_line
        },
    );
    of_lines.reduce(|| Peaks::NONE, Peaks::highest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::{Affine, Grid, Spacing};
    use crate::volume::{MaskVolume, Scaling, Voxels};

    /// The definition: every voxel of the image within the radius.
    fn by_definition(image: &Array3<f64>, inside: &Array3<bool>, spacing: [f64; 3]) -> Peaks {
        let radius_2 = (3.0_f64 / (4.0 * std::f64::consts::PI)).cbrt().powi(2) * 100.0;
        let region = || {
            inside
                .indexed_iter()
                .filter(|(_, inside)| **inside)
                .map(|(at, _)| at)
        };
        let highest = region()
            .map(|at| image[at])
            .fold(f64::NEG_INFINITY, f64::max);
        let mut peaks = Peaks::NONE;
        for at in region() {
            let (mut sum, mut count) = (0.0, 0.0);
            for (other, value) in image.indexed_iter().filter(|(_, value)| value.is_finite()) {
                let steps = [(at.0, other.0), (at.1, other.1), (at.2, other.2)];
                let squares = steps.iter().zip(spacing);
                let squared = squares.map(|((a, b), s)| (a.abs_diff(*b) as f64 * s).powi(2));
                if squared.sum::<f64>() <= radius_2 {
                    sum += value;
                    count += 1.0;
                }
            }
            peaks.global = peaks.global.max(sum / count);
            if image[at] >= highest {
                peaks.local = peaks.local.max(sum / count);
            }
        }
        peaks
    }

    proptest! {
        // A failing case is printed; nothing is written.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn peaks_are_those_of_the_definition(
            shape in (1_usize..6, 1_usize..9, 1_usize..12), holes in 0_u8..9, which in 0_usize..3,
            cells in prop::collection::vec((0_i32..40, 0_u8..10, 0_u8..50), 5 * 8 * 11),
        ) {
            // The second one is smaller than the ball, the third larger than it.
            let spacing = [[3.0, 1.3, 0.9], [9.0, 8.0, 7.0], [0.7, 2.1, 5.0]][which];
            let n = shape.0 * shape.1 * shape.2;
            let inside: Vec<bool> = cells[..n].iter().map(|(_, gap, _)| *gap >= holes).collect();
            let values = cells.iter().zip(&inside).map(|((value, _, odd), inside)| {
                if *odd == 0 && !inside { f64::NAN } else { f64::from(*value) * 0.37 }
            });
            let values = Array3::from_shape_vec(shape, values.collect()).unwrap();
            let inside = Array3::from_shape_vec(shape, inside).unwrap();
            let grid = Grid {
                shape: [shape.0, shape.1, shape.2],
                spacing: Spacing::new(spacing).unwrap(),
                affine: Affine([[0.0; 4]; 3]),
            };
            let image = Volume::new(Voxels::F64(values.clone()), Scaling::NONE, grid).unwrap();
            let mask = MaskVolume::new(inside.clone(), grid).unwrap();
            let Some(roi) = Roi::from_volume(&image, &mask).unwrap() else { return Ok(()) };
            let expected = by_definition(&values, &inside, spacing);
            let found = peaks(&roi, Some(&image));
            prop_assert!((found.local - expected.local).abs() < 1e-12, "{} {}", found.local, expected.local);
            prop_assert!((found.global - expected.global).abs() < 1e-12, "{} {}", found.global, expected.global);
        }
    }
}
