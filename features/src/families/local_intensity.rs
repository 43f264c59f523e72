//! Local intensity (IBSI chapter 3.2, family 9ST6): means over a ball of 1 cm³ around a voxel.
//!
//! The ball around a voxel centre holds all voxels of the image whose centre is no further away than its
//! radius, inside the region or not. Where a region was made from plain arrays, there is no image beyond
//! its bounding box. Voxels that are NaN or infinite outside the region are left out like voxels beyond
//! the edge of the image.
//!
//! A ball is a stack of rows, and the sum over a row is a difference of two running sums. Rows of equal
//! length are added up first, so that a voxel costs one addition for each row of the ball.
//!
//! Frings et al., Radiology 272, 2014 and Wahl et al., Journal of Nuclear Medicine 50, 2009 take such
//! peaks from PET images.

use ndarray::{Array3, ArrayView3};
use rayon::prelude::*;

use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::geometry::Spacing;
use crate::profile::Profile;
use crate::roi::Roi;
use crate::spec::{Feature, FeatureSpec, specs_of};
use crate::volume::Volume;

/// The family.
pub(crate) struct LocalIntensity;

/// Volume of the ball in mm³.
const BALL: f64 = 1000.0;

/// Both peaks.
struct Peaks {
    local: f64,
    global: f64,
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
        Input::Intensities
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let peaks = peaks(region.roi, region.image);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&peaks)));
    }
}

/// A row of the ball: steps along z and y, and how far it reaches along x on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BallRow {
    z: isize,
    y: isize,
    reach: usize,
}

/// Rows of the ball, those of one length together.
fn ball(spacing: Spacing) -> Vec<BallRow> {
    let [depth, height, width] = spacing.zyx();
    let radius = (BALL * 3.0 / (4.0 * std::f64::consts::PI)).cbrt();
    let inside = |z: isize, y: isize, x: usize| {
        let squared = [z as f64 * depth, y as f64 * height, x as f64 * width].map(|d| d * d);
        squared.iter().sum::<f64>() <= radius * radius
    };
    // Steps along an axis that stay within the ball.
    let most = |step: &dyn Fn(isize) -> bool| (0..).take_while(|k| step(*k)).last().unwrap_or(0);
    let deepest = most(&|k| inside(k, 0, 0));
    let mut rows = Vec::new();
    for z in -deepest..=deepest {
        let highest = most(&|k| inside(z, k, 0));
        for y in -highest..=highest {
            let reach = most(&|k| inside(z, y, k.unsigned_abs())).unsigned_abs();
            rows.push(BallRow { z, y, reach });
        }
    }
    rows.sort_by_key(|row| row.reach);
    rows
}

/// The part of the image that balls around the region's voxels touch.
struct Surroundings {
    values: Array3<f64>,
    /// Where the region's box begins in it.
    offset: [usize; 3],
}

impl Surroundings {
    fn new(roi: &Roi, image: Option<&Volume>, rows: &[BallRow]) -> Self {
        let Some(image) = image else {
            return Self {
                values: roi.values().clone(),
                offset: [0; 3],
            };
        };
        let most = |of: &dyn Fn(&BallRow) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let reach = [
            most(&|row| row.z.unsigned_abs()),
            most(&|row| row.y.unsigned_abs()),
            most(&|row| row.reach),
        ];
        let (at, size, all) = (roi.offset(), roi.shape(), image.grid().shape);
        let low: [usize; 3] = std::array::from_fn(|k| at[k].saturating_sub(reach[k]));
        let high: [usize; 3] = std::array::from_fn(|k| (at[k] + size[k] + reach[k]).min(all[k]));
        Self {
            values: image.box_f64(low, std::array::from_fn(|k| high[k] - low[k])),
            offset: std::array::from_fn(|k| at[k] - low[k]),
        }
    }
}

/// Running sums along x: sum `x` of a row is that of the values before voxel `x - margin`. Rows go on for
/// `margin` voxels without value on either side.
struct RunningSums {
    sums: Vec<f64>,
    shape: [usize; 3],
    margin: usize,
}

impl RunningSums {
    fn new(values: ArrayView3<'_, f64>, margin: usize) -> Self {
        let (slices, rows, columns) = values.dim();
        let mut sums = vec![0.0; slices * rows * (columns + 2 * margin + 1)];
        sums.par_chunks_mut(columns + 2 * margin + 1)
            .enumerate()
            .for_each(|(line, sums)| {
                let mut sum = 0.0;
                let row = values.slice(ndarray::s![line / rows, line % rows, ..]);
                for (x, to) in sums[margin + 1..].iter_mut().enumerate() {
                    sum += row.get(x).copied().unwrap_or(0.0);
                    *to = sum;
                }
            });
        Self {
            sums,
            shape: [slices, rows, columns],
            margin,
        }
    }

    /// Sums over the balls around the voxels of row `(z, y)`, from voxel `x` on; as many as `into` holds.
    /// `rest` is room for one row.
    fn over_balls(
        &self,
        ball: &[BallRow],
        [z, y, x]: [usize; 3],
        rest: &mut Vec<f64>,
        into: &mut [f64],
    ) {
        let [slices, rows, columns] = self.shape;
        let stride = columns + 2 * self.margin + 1;
        into.fill(0.0);
        for of_one_length in ball.chunk_by(|a, b| a.reach == b.reach) {
            let reach = of_one_length[0].reach;
            // From the sum left of the first ball to that right of the last.
            let from = x + self.margin - reach;
            rest.clear();
            rest.resize(into.len() + 2 * reach + 1, 0.0);
            for row in of_one_length {
                let place = [z.checked_add_signed(row.z), y.checked_add_signed(row.y)];
                let [Some(z), Some(y)] = place else { continue };
                if z < slices && y < rows {
                    let sums = &self.sums[(z * rows + y) * stride + from..][..rest.len()];
                    for (total, sum) in rest.iter_mut().zip(sums) {
                        *total += sum;
                    }
                }
            }
            let (left, right) = (&rest[..into.len()], &rest[2 * reach + 1..]);
            for ((total, left), right) in into.iter_mut().zip(left).zip(right) {
                *total += right - left;
            }
        }
    }
}

fn peaks(roi: &Roi, image: Option<&Volume>) -> Peaks {
    let ball = ball(roi.spacing());
    let around = Surroundings::new(roi, image, &ball);
    let margin = ball.last().map_or(0, |row| row.reach);
    // Small numbers keep the running sums of a row exact or nearly so.
    let x = roi.intensities();
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let highest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let known = around.values.mapv(|v| f64::from(u8::from(v.is_finite())));
    let centred = around
        .values
        .mapv(|v| if v.is_finite() { v - mean } else { 0.0 });
    let sums = RunningSums::new(centred.view(), margin);
    let counts = RunningSums::new(known.view(), margin);

    let [_, rows, columns] = roi.shape();
    let [z_0, y_0, x_0] = around.offset;
    let lines = roi.inside().len() / columns;
    let of_lines = (0..lines).into_par_iter().map_init(
        || (Vec::new(), vec![0.0; columns], vec![0.0; columns]),
        |(rest, total, count), line| {
            let (z, y) = (line / rows, line % rows);
            let at = [z + z_0, y + y_0, x_0];
            sums.over_balls(&ball, at, rest, total);
            counts.over_balls(&ball, at, rest, count);
            let of_line = Peaks {
                local: f64::NEG_INFINITY,
                global: f64::NEG_INFINITY,
            };
            (0..columns)
                .filter(|x| roi.inside()[[z, y, *x]])
                .fold(of_line, |peaks, x| {
                    let around = mean + total[x] / count[x];
                    let at_highest = roi.values()[[z, y, x]] == highest;
                    Peaks {
                        local: if at_highest {
                            peaks.local.max(around)
                        } else {
                            peaks.local
                        },
                        global: peaks.global.max(around),
                    }
                })
        },
    );
    let nothing = || Peaks {
        local: f64::NEG_INFINITY,
        global: f64::NEG_INFINITY,
    };
    of_lines.reduce(nothing, |a, b| Peaks {
        local: a.local.max(b.local),
        global: a.global.max(b.global),
    })
}
