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

use ndarray::{Array3, s};
use rayon::prelude::*;

use crate::families::summary::Summary;
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
    let most = |inside: &dyn Fn(isize) -> bool| {
        let mut steps = 0;
        while inside(steps + 1) {
            steps += 1;
        }
        steps
    };
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

/// How far the ball reaches along z, y, x.
fn reach(ball: &[BallRow]) -> [usize; 3] {
    let most = |of: &dyn Fn(&BallRow) -> usize| ball.iter().map(of).max().unwrap_or(0);
    [
        most(&|row| row.z.unsigned_abs()),
        most(&|row| row.y.unsigned_abs()),
        most(&|row| row.reach),
    ]
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

    /// Whether the balls around `length` voxels of a row, from `at` on, lie in the image.
    fn holds(&self, at: [usize; 3], length: usize, reach: [usize; 3]) -> bool {
        let (slices, rows, columns) = self.values.dim();
        let ends = [at[0] + 1, at[1] + 1, at[2] + length];
        (0..3).all(|k| at[k] >= reach[k] && ends[k] + reach[k] <= [slices, rows, columns][k])
    }
}

/// Numbers that are added up in registers.
const LANES: usize = 16;

/// Sums of several rows of one length, element by element.
fn add_up(rows: &[&[f64]], length: usize, into: &mut Vec<f64>) {
    into.clear();
    into.resize(length, 0.0);
    let (whole, rest) = into.as_chunks_mut::<LANES>();
    let end = whole.len() * LANES;
    for (at, total) in whole.iter_mut().enumerate() {
        for row in rows {
            for (total, part) in total.iter_mut().zip(&row[at * LANES..][..LANES]) {
                *total += part;
            }
        }
    }
    for row in rows {
        for (total, part) in rest.iter_mut().zip(&row[end..]) {
            *total += part;
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
    fn new(values: &Array3<f64>, margin: usize) -> Self {
        let (slices, rows, columns) = values.dim();
        let mut sums = vec![0.0; slices * rows * (columns + 2 * margin + 1)];
        sums.par_chunks_mut(columns + 2 * margin + 1)
            .enumerate()
            .for_each(|(line, sums)| {
                let mut sum = 0.0;
                let row = values.slice(s![line / rows, line % rows, ..]);
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
            let length = into.len() + 2 * reach + 1;
            let rows = of_one_length.iter().filter_map(|row| {
                let z = z.checked_add_signed(row.z).filter(|z| *z < slices)?;
                let y = y.checked_add_signed(row.y).filter(|y| *y < rows)?;
                Some(&self.sums[(z * rows + y) * stride + from..][..length])
            });
            add_up(rows.collect::<Vec<_>>().as_slice(), length, rest);
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
    let reach = reach(&ball);
    let margin = reach[2];
    let whole: f64 = ball.iter().map(|row| (2 * row.reach + 1) as f64).sum();
    let Summary { mean, highest, .. } = Summary::new(roi);
    // Small numbers keep the running sums of a row exact or nearly so.
    let centred = around
        .values
        .mapv(|v| if v.is_finite() { v - mean } else { 0.0 });
    let sums = RunningSums::new(&centred, margin);
    let all_finite = around.values.iter().all(|v| v.is_finite());
    let known = around.values.mapv(|v| f64::from(u8::from(v.is_finite())));
    let counts = RunningSums::new(&known, margin);

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
            if all_finite && around.holds(at, total.len(), reach) {
                count.fill(whole);
            } else {
                counts.over_balls(&ball, at, rest, count);
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
    use crate::geometry::{Affine, Grid};
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
