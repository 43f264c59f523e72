//! `LoG`: the Laplacian of a Gaussian, by recursion along the axes.
//!
//! `σ² (∂²/∂x² + ∂²/∂y² + ∂²/∂z²) (G_σ * f)` with `σ` in mm, one response for each `σ`, always in three
//! dimensions. Each summand is made by three recursions ([`super::recursive_gaussian`]): first the second
//! derivative along its axis, then the smoothing along the others in the order x, y, z.
//!
//! ITK keeps the images between the recursions and the sum in single precision whatever the pixel type, and
//! PyRadiomics measures features on them. So does this filter: its responses are single-precision numbers,
//! and in double precision throughout none of them would agree to more than seven digits.

use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis, Zip};
use rayon::prelude::*;

use super::parameters::{Number, Parameters};
use super::recursive_gaussian::{Along, Lines, Pass, Recursion, SHORTEST, single};
use crate::error::{FeatureError, Result};
use crate::filters::{Box3, Filter};
use crate::geometry::Spacing;

/// Responses to the Laplacian of Gaussians of some widths.
///
/// The image must have at least 4 voxels along each axis, and `ceil(σ / spacing) + 1` for each `σ`. Where one
/// `σ` is too wide, [`Filter::respond`] hands out the responses of all others first and then gives an error
/// that names the first one left out.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplacianOfGaussian {
    sigmas: Vec<Number>,
}

impl LaplacianOfGaussian {
    pub(super) const PARAMETERS: &'static [&'static str] = &["sigma"];

    /// A filter with widths in mm. Their names are as Python writes the numbers: `1` is
    /// `log-sigma-1-mm-3D`, `1.0` is `log-sigma-1-0-mm-3D`.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] when there is no width, one is not above zero, or two are the same.
    pub fn new(sigmas: &[Number]) -> Result<Self> {
        let mut faults = Vec::new();
        if sigmas.is_empty() {
            faults.push("LoG: sigma must list at least one width in mm".into());
        }
        for (at, sigma) in sigmas.iter().enumerate() {
            let width = sigma.value();
            if !(width.is_finite() && width > 0.0) {
                faults.push(format!("LoG: sigma {sigma}: must be above zero"));
            }
            if sigmas[..at]
                .iter()
                .any(|one| one.to_string() == sigma.to_string())
            {
                faults.push(format!("LoG: sigma {sigma} is listed twice"));
            }
        }
        if faults.is_empty() {
            Ok(Self {
                sigmas: sigmas.to_vec(),
            })
        } else {
            Err(FeatureError::Settings { faults })
        }
    }

    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self> {
        Self::new(&parameters.numbers("sigma")?)
    }

    /// Why the response for a width cannot be made.
    fn fault(sigma: Number, shape: &[usize], spacing: Spacing) -> Option<FeatureError> {
        let axes = ["z", "y", "x"].into_iter().zip(shape).zip(spacing.zyx());
        for ((axis, size), spacing) in axes {
            let least = ((sigma.value() / spacing).ceil() + 1.0).max(SHORTEST as f64);
            if (*size as f64) < least {
                return Some(FeatureError::Filter {
                    filter: name(sigma),
                    found: format!("the image has {size} voxels along {axis}"),
                    expected: format!("at least {least}"),
                });
            }
        }
        None
    }
}

fn name(sigma: Number) -> String {
    format!("log-sigma-{}-mm-3D", sigma.to_string().replace('.', "-"))
}

impl Filter for LaplacianOfGaussian {
    fn names(&self) -> Vec<String> {
        self.sigmas.iter().copied().map(name).collect()
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let (slices, rows, columns) = image.dim();
        self.respond_within(image, spacing, ([0; 3], [slices, rows, columns]), each)
    }

    fn respond_within(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        wanted: Box3,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let mut left_out = None;
        let source = Source::new(image);
        let mut room = Room::new(image.dim(), wanted);
        for (at, sigma) in self.sigmas.iter().enumerate() {
            match Self::fault(*sigma, image.shape(), spacing) {
                None => {
                    let sigma = sigma.value();
                    each(at, source.laplacian(spacing, sigma, wanted, &mut room))?;
                }
                Some(fault) => left_out = left_out.or(Some(fault)),
            }
        }
        left_out.map_or(Ok(()), Err)
    }

    /// The recursion carries every voxel on to the ends of its lines.
    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        None
    }
}

/// An image, in single precision if that changes no value: it is read twice for each width.
enum Source<'a> {
    Double(&'a Array3<f64>),
    Single(Array3<f32>),
}

impl<'a> Source<'a> {
    fn new(image: &'a Array3<f64>) -> Self {
        let mut short = Array3::zeros(image.raw_dim());
        let planes: Vec<_> = image.outer_iter().zip(short.outer_iter_mut()).collect();
        let same = planes.into_par_iter().all(|(image, mut short)| {
            let mut same = true;
            Zip::from(&image).and(&mut short).for_each(|value, short| {
                *short = single(*value);
                same &= f64::from(*short).to_bits() == value.to_bits();
            });
            same
        });
        if same {
            Self::Single(short)
        } else {
            Self::Double(image)
        }
    }

    /// A box of the response, as of [`laplacian`].
    fn laplacian(
        &self,
        spacing: Spacing,
        sigma: f64,
        wanted: Box3,
        room: &mut Room,
    ) -> Array3<f64> {
        match self {
            Self::Double(image) => laplacian(&image.view(), spacing, sigma, wanted, room),
            Self::Single(image) => laplacian(&image.view(), spacing, sigma, wanted, room),
        }
    }
}

/// What lies between an image and its response, used again for each width.
struct Room {
    /// Filtered along two axes: of the box's size along them, of the image's along the third.
    between: Vec<f32>,
    sum: Array3<f32>,
}

impl Room {
    fn new((slices, rows, _): (usize, usize, usize), (_, shape): Box3) -> Self {
        let [z, y, x] = shape;
        Self {
            between: vec![0.0; (slices * y).max(z * rows) * x],
            sum: Array3::zeros(shape),
        }
    }
}

/// A box of the response. Every line that the box depends on is filtered whole, from the same numbers as if
/// all of the response were wanted: along the first axis all lines are, along the second those whose
/// places on the first axis lie in the box, along the third those that pass through it.
///
/// The first two axes span planes that are filtered one by one, so that what lies between stays in the cache.
fn laplacian<S: Copy + Into<f64> + Sync>(
    image: &ArrayView3<'_, S>,
    spacing: Spacing,
    sigma: f64,
    (low, shape): Box3,
    room: &mut Room,
) -> Array3<f64> {
    let [dz, dy, dx] = spacing.zyx();
    let pass = |axis: usize, recursion: Recursion, along| Pass {
        recursion,
        along,
        wanted: low[axis]..low[axis] + shape[axis],
    };
    let curvature = |axis, d, along| pass(axis, Recursion::curvature(sigma, d), along);
    let smoothing = |axis, d, along| pass(axis, Recursion::smoothing(sigma, d), along);
    let smooth_x = smoothing(2, dx, Along::Rows);
    let smooth_y = smoothing(1, dy, Along::Columns);
    let smooth_z = smoothing(0, dz, Along::Columns);
    // Planes of the image across an axis are filtered by two passes, then planes across another one by the third.
    let parts = [
        (
            Axis(0),
            [curvature(2, dx, Along::Rows), smooth_y.clone()],
            Axis(1),
            &smooth_z,
            dx,
        ),
        (
            Axis(0),
            [curvature(1, dy, Along::Columns), smooth_x.clone()],
            Axis(1),
            &smooth_z,
            dy,
        ),
        (
            Axis(1),
            [curvature(0, dz, Along::Columns), smooth_x],
            Axis(0),
            &smooth_y,
            dz,
        ),
    ];
    let Room { between, sum } = room;
    sum.fill(0.0);
    for (across, [first, second], planes, third, d) in parts {
        let mut dims = shape;
        dims[across.index()] = image.len_of(across);
        let between = &mut between[..dims.iter().product()];
        let mut between =
            ArrayViewMut3::from_shape(dims, between).expect("room for either kind of planes");
        let pairs = image.axis_iter(across).zip(between.axis_iter_mut(across));
        let pairs: Vec<_> = pairs.collect();
        pairs
            .into_par_iter()
            .for_each_init(Lines::default, |lines, (source, target)| {
                first.then(&second, &source, target, lines);
            });
        let pairs = between.axis_iter(planes).zip(sum.axis_iter_mut(planes));
        let pairs: Vec<_> = pairs.collect();
        let per_voxel = 1.0 / (d * d);
        pairs
            .into_par_iter()
            .for_each_init(Lines::default, |lines, (source, sum)| {
                third.add(per_voxel, &source, sum, lines);
            });
    }
    sum.mapv(f64::from)
}

#[cfg(test)]
mod tests {
    use ndarray::s;

    use super::*;

    /// Sizes that leave blocks of lines partly empty; boxes in the middle and at either end.
    #[test]
    fn a_box_is_cut_from_the_whole_response_whatever_the_source() {
        let shape = [9, 35, 21];
        let image =
            Array3::from_shape_fn(shape, |(z, y, x)| ((z * 31 + y * 17 + x * x) % 101) as f64);
        let thirds = image.mapv(|value| value / 3.0);
        assert!(matches!(Source::new(&image), Source::Single(_)));
        assert!(matches!(Source::new(&thirds), Source::Double(_)));
        let spacing = Spacing::new([2.0, 1.0, 0.5]).unwrap();
        let within = |source: &Source<'_>, wanted| {
            let mut room = Room::new(image.dim(), wanted);
            // The room holds an earlier width's numbers.
            source.laplacian(spacing, 1.0, wanted, &mut room);
            source.laplacian(spacing, 1.7, wanted, &mut room)
        };
        for image in [&image, &thirds] {
            let whole = within(&Source::Double(image), ([0; 3], shape));
            assert!(whole.iter().any(|response| response.abs() > 1.0));
            for (low, size) in [
                ([0; 3], shape),
                ([0, 0, 0], [1, 3, 2]),
                ([3, 10, 5], [2, 19, 9]),
                ([8, 33, 20], [1, 2, 1]),
            ] {
                let cut = whole.slice(s![
                    low[0]..low[0] + size[0],
                    low[1]..low[1] + size[1],
                    low[2]..low[2] + size[2]
                ]);
                assert_eq!(within(&Source::Double(image), (low, size)), cut);
                assert_eq!(within(&Source::new(image), (low, size)), cut);
            }
        }
    }
}
