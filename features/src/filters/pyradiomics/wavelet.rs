//! `Wavelet`: the undecimated (stationary) wavelet transform.
//!
//! Along each axis `y[i] = Σ_j h[j] x[(i + L/2 - j) mod N]` with a decomposition filter `h` of `L` taps; bands
//! are named by the filters along x, y, z: `wavelet-LHH` is low-pass along x. A level hands its approximation
//! (`L…L`) to the next one, `wavelet2-…`, with the same filters: they are not spread out. Low-pass filters sum to
//! √2, so that the approximation of a volume is 2^1.5 times as bright with each level.
//!
//! Lines are periodic, and axes of odd size are first made even by their first voxel put behind the last one:
//! PyRadiomics does so for all axes and all levels at once and takes the voxel away from the responses.

use ndarray::{Array3, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use super::parameters::{Parameters, unknown};
use crate::error::{FeatureError, Result};
use crate::filters::Filter;
use crate::filters::wavelet_kernels::{self, DecompositionFilters, decomposition_filters};
use crate::geometry::Spacing;
use crate::vectorised::vectorised;

/// More levels than this are refused: each doubles the intensities and more.
const MOST_LEVELS: usize = 32;

/// Which axes are split into bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaveletAxes {
    /// x, y and z: eight bands.
    #[default]
    Volume,
    /// All but one: four bands of the planes across this axis of `[z, y, x]` (`force2D`, `force2Ddimension`).
    Planes(Axis),
}

/// The wavelet bands of some levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Wavelet {
    filters: DecompositionFilters,
    start_level: usize,
    levels: usize,
    axes: Vec<Axis>,
}

/// Which of the two filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Band {
    Low,
    High,
}

impl Wavelet {
    pub(super) const PARAMETERS: &'static [&'static str] = &[
        "wavelet",
        "level",
        "start_level",
        "force2D",
        "force2Ddimension",
    ];

    /// `levels` levels of a wavelet of [`wavelet_kernels`], the first one on the approximation of `start_level`
    /// levels that are not handed out.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] when there is no such wavelet or axis, no level, or too many.
    pub fn new(
        wavelet: &str,
        levels: usize,
        start_level: usize,
        axes: WaveletAxes,
    ) -> Result<Self> {
        let fault = |fault| {
            Err(FeatureError::Settings {
                faults: vec![fault],
            })
        };
        let Some(filters) = decomposition_filters(wavelet) else {
            let known: Vec<_> = wavelet_kernels::names().collect();
            return fault(unknown("Wavelet: wavelet", wavelet, &known));
        };
        if levels == 0 || levels + start_level > MOST_LEVELS {
            return fault(format!(
                "Wavelet: {levels} levels after {start_level}: must be at least 1 and together at most \
                 {MOST_LEVELS}"
            ));
        }
        // Bands are made along x first, like their names.
        let mut axes_of_bands = vec![Axis(2), Axis(1), Axis(0)];
        if let WaveletAxes::Planes(across) = axes {
            axes_of_bands.retain(|axis| *axis != across);
            if axes_of_bands.len() != 2 {
                let found = across.index();
                return fault(format!(
                    "Wavelet: force2Ddimension {found}: must be 0, 1 or 2"
                ));
            }
        }
        Ok(Self {
            filters,
            start_level,
            levels,
            axes: axes_of_bands,
        })
    }

    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self> {
        let across = parameters.whole("force2Ddimension", 0, [0, 2])?;
        let axes = [WaveletAxes::Planes(Axis(across)), WaveletAxes::Volume];
        Self::new(
            parameters.text("wavelet", "coif1")?,
            parameters.whole("level", 1, [1, MOST_LEVELS])?,
            parameters.whole("start_level", 0, [0, MOST_LEVELS])?,
            parameters.either("force2D", false, axes)?,
        )
    }

    /// The bands of one level but the approximation, as filters along the axes.
    fn details(&self) -> Vec<Vec<Band>> {
        let count = 1_usize << self.axes.len();
        let last = self.axes.len() - 1;
        let band = |number: usize, at: usize| {
            let high = number >> (last - at) & 1 == 1;
            if high { Band::High } else { Band::Low }
        };
        (1..count)
            .map(|number| (0..=last).map(|at| band(number, at)).collect())
            .collect()
    }

    fn taps(&self, band: Band) -> &[f64] {
        match band {
            Band::Low => &self.filters.low,
            Band::High => &self.filters.high,
        }
    }

    /// Splits an image into the bands that begin with some filters along the first axes: hands out the details
    /// in the order of their names and returns the approximation, if it is among them.
    fn split(
        &self,
        image: &Array3<f64>,
        chosen: &mut Vec<Band>,
        detail: &mut dyn FnMut(Array3<f64>) -> Result<()>,
    ) -> Result<Option<Array3<f64>>> {
        let axis = self.axes[chosen.len()];
        let mut approximation = None;
        for band in [Band::Low, Band::High] {
            chosen.push(band);
            let filtered = convolve(image, self.taps(band), axis);
            if chosen.len() < self.axes.len() {
                let found = self.split(&filtered, chosen, detail)?;
                approximation = approximation.or(found);
            } else if chosen.contains(&Band::High) {
                detail(filtered)?;
            } else {
                approximation = Some(filtered);
            }
            chosen.pop();
        }
        Ok(approximation)
    }
}

impl Filter for Wavelet {
    fn names(&self) -> Vec<String> {
        let prefix = |level: usize| match level {
            1 => "wavelet".to_owned(),
            level => format!("wavelet{level}"),
        };
        let letters = |bands: Vec<Band>| {
            let letter = |band| if band == Band::Low { 'L' } else { 'H' };
            bands.into_iter().map(letter).collect::<String>()
        };
        let mut names = Vec::new();
        for level in 1..=self.levels {
            let details = self.details().into_iter().map(letters);
            names.extend(details.map(|letters| format!("{}-{letters}", prefix(level))));
        }
        let approximation = "L".repeat(self.axes.len());
        names.push(format!("{}-{approximation}", prefix(self.levels)));
        names
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let shape = image.dim();
        let even = image.shape().iter().all(|size| size % 2 == 0);
        let cut = |response: Array3<f64>| {
            if even {
                response
            } else {
                let (z, y, x) = shape;
                response.slice(s![..z, ..y, ..x]).to_owned()
            }
        };
        let mut approximation = made_even(image);
        let mut at = 0;
        for level in 0..self.start_level + self.levels {
            let wanted = level >= self.start_level;
            let mut detail = |response| {
                each(at, cut(response))?;
                at += 1;
                Ok(())
            };
            approximation = if wanted {
                let split = self.split(&approximation, &mut Vec::new(), &mut detail)?;
                split.expect("the approximation is one of the bands")
            } else {
                let low = &self.filters.low;
                let smoothed = |image, axis: &Axis| convolve(&image, low, *axis);
                self.axes.iter().fold(approximation, smoothed)
            };
        }
        each(at, cut(approximation))
    }

    /// Lines are periodic: nearer to one end than this, responses depend on the other end, too.
    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        let levels = self.start_level + self.levels;
        let mut reach = [0; 3];
        for axis in &self.axes {
            reach[axis.index()] = levels * (self.filters.low.len() / 2);
        }
        Some(reach)
    }
}

/// The image with its first voxels repeated behind the last ones along the axes of odd size.
fn made_even(image: &Array3<f64>) -> Array3<f64> {
    let mut even = image.as_standard_layout().into_owned();
    for axis in [Axis(0), Axis(1), Axis(2)] {
        if even.len_of(axis) % 2 == 1 {
            let first = even.index_axis(axis, 0).to_owned();
            even.push(axis, first.view())
                .expect("a plane of the same image");
        }
    }
    even.as_standard_layout().into_owned()
}

/// Filters all lines along an axis, each as one period.
///
/// Runs on the current rayon pool, by planes; the sum of one voxel runs over the taps in order.
fn convolve(image: &Array3<f64>, taps: &[f64], axis: Axis) -> Array3<f64> {
    let mut response = Array3::zeros(image.raw_dim());
    let planes = if axis == Axis(0) { Axis(1) } else { Axis(0) };
    let pairs: Vec<_> = image
        .axis_iter(planes)
        .zip(response.axis_iter_mut(planes))
        .collect();
    pairs
        .into_par_iter()
        .for_each_init(Vec::new, |line, (source, target)| {
            vectorised(
                #[inline(always)]
                || {
                    if axis == Axis(2) {
                        convolve_rows(line, &source, target, taps);
                    } else {
                        convolve_columns(&source, target, taps);
                    }
                },
            );
        });
    response
}

/// Filters the rows of a plane. `line` is room for a row with its continuation on both sides.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn convolve_rows(
    line: &mut Vec<f64>,
    source: &ArrayView2<'_, f64>,
    mut target: ArrayViewMut2<'_, f64>,
    taps: &[f64],
) {
    let period = source.ncols();
    let (ahead, behind) = margins(taps);
    for (row, mut response) in source.rows().into_iter().zip(target.rows_mut()) {
        line.clear();
        line.extend((0..behind).map(|k| row[wrapped(k, behind, period)]));
        line.extend(row);
        line.extend((0..ahead).map(|k| row[k % period]));
        let response = response.as_slice_mut().expect("rows of a fresh array");
        for (j, tap) in taps.iter().enumerate() {
            // Tap 0 meets the voxel furthest ahead.
            let first = taps.len() - 1 - j;
            for (sum, x) in response.iter_mut().zip(&line[first..]) {
                *sum += tap * x;
            }
        }
    }
}

/// Filters the columns of a plane, whole rows at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn convolve_columns(
    source: &ArrayView2<'_, f64>,
    mut target: ArrayViewMut2<'_, f64>,
    taps: &[f64],
) {
    let period = source.nrows();
    let (_, behind) = margins(taps);
    for (i, mut response) in target.rows_mut().into_iter().enumerate() {
        let response = response.as_slice_mut().expect("rows of a fresh array");
        for (j, tap) in taps.iter().enumerate() {
            let from = wrapped(i + taps.len() - 1 - j, behind, period);
            let row = source.row(from);
            let row = row.as_slice().expect("rows of an array in standard layout");
            for (sum, x) in response.iter_mut().zip(row) {
                *sum += tap * x;
            }
        }
    }
}

/// How many voxels ahead of and behind a voxel a filter sees.
fn margins(taps: &[f64]) -> (usize, usize) {
    let ahead = taps.len() / 2;
    (ahead, taps.len() - 1 - ahead)
}

/// The place on a line of a given period that is `at - behind` steps from its beginning.
fn wrapped(at: usize, behind: usize, period: usize) -> usize {
    // A multiple of the period that is not smaller than `behind`.
    (at + behind.next_multiple_of(period) - behind) % period
}
