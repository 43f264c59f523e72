//! Contours to voxels.
//!
//! The rule: a contour belongs to the slice it lies in; a voxel is inside when its centre is inside by the even-odd
//! rule over *all* contours of its slice together. So a contour within another one is a hole, one within the hole an
//! island, and a keyhole that joins outline and hole in one contour gives the same. A centre exactly on an edge
//! counts as inside on the edges of lower row and column, as outside on the others, so that neighbouring regions
//! never share a voxel. Computed in the index space of the image, in f64.

use std::collections::BTreeMap;

use ndarray::Array3;
use raduet_features::Grid;

use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::grid::{apply, inverse, real, whole};
use crate::io::room::zeroed;

/// A contour's points may lie so far off the middle of a slice, in slices, without a word.
const SILENT: f64 = 0.05;
/// Beyond this it was drawn on other slices.
const TOLERATED: f64 = 0.25;

/// A closed contour: its points in RAS and mm.
pub type Contour = Vec<[f64; 3]>;

/// What a set of contours fills.
#[derive(Debug)]
pub struct Filled {
    /// On the image's grid, `[z, y, x]`.
    pub inside: Array3<bool>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
}

/// A contour in one slice: columns and rows.
type Flat = Vec<[f64; 2]>;

/// Fills contours on the grid of an image.
///
/// # Errors
/// `E_GEOMETRY` when a contour does not lie in a slice of the image, or leaves the image.
pub fn fill(contours: &[Contour], image: &Grid) -> Result<Filled> {
    let inverse = inverse(&image.affine)
        .ok_or_else(|| ToolError::internal("the image's grid cannot be inverted"))?;
    let [nz, ny, nx] = image.shape;
    let mut slices: BTreeMap<i64, Vec<Flat>> = BTreeMap::new();
    let mut warnings = Vec::new();
    let (mut worst, mut repeated) = (0.0_f64, 0_usize);
    let mut planes: BTreeMap<i64, f64> = BTreeMap::new();
    for contour in contours {
        let points: Vec<[f64; 3]> = contour.iter().map(|p| apply(&inverse, *p)).collect();
        let places = || points.iter().map(|[_, _, k]| *k);
        let low = places().fold(f64::INFINITY, f64::min);
        let high = places().fold(f64::NEG_INFINITY, f64::max);
        let middle = f64::midpoint(low, high);
        let Some(slice) = whole(middle.round()) else {
            return Err(beside("a contour at no finite place".to_owned()));
        };
        if high - low > 2.0 * SILENT {
            return Err(beside(format!(
                "a contour goes through {:.2} slices of the image",
                high - low
            )));
        }
        let apart = (middle - middle.round()).abs();
        worst = worst.max(apart);
        let plane = *planes.entry(slice).or_insert(middle);
        if apart > TOLERATED || (plane - middle).abs() > SILENT {
            return Err(beside(format!(
                "contours lie between the slices of the image, by up to {worst:.3} slices"
            )));
        }
        // Without a sign of zero, so that equal contours lie side by side once they are sorted.
        let flat: Flat = points.iter().map(|[x, y, _]| [x + 0.0, y + 0.0]).collect();
        if far(&flat, [nx, ny]) {
            return Err(beside(
                "a contour lies outside the image altogether".to_owned(),
            ));
        }
        slices.entry(slice).or_default().push(flat);
    }
    for own in slices.values_mut() {
        let drawn = own.len();
        own.sort_unstable_by(|a, b| {
            let pairs = a.as_flattened().iter().zip(b.as_flattened());
            let apart = pairs.map(|(a, b)| a.total_cmp(b));
            let first = apart.into_iter().find(|order| order.is_ne());
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        });
        own.dedup();
        repeated = repeated.saturating_add(drawn.saturating_sub(own.len()));
    }
    if worst > SILENT {
        warnings.push(Warning::new(
            WarningCode::Geometry,
            format!("contours lie up to {worst:.3} slices off the middle of slices"),
            "each is taken into the nearest slice",
        ));
    }
    if repeated > 0 {
        warnings.push(Warning::new(
            WarningCode::Geometry,
            format!("{repeated} contours are there twice"),
            "each is taken once: twice would be a hole",
        ));
    }
    warnings.extend(missing(&slices));
    let mut inside = zeroed::<u8>(nz.saturating_mul(ny).saturating_mul(nx))?;
    let (mut all, mut lost) = (0_u64, 0_u64);
    for (slice, flat) in &slices {
        let plane = usize::try_from(*slice).ok().filter(|z| *z < nz);
        let frame = Frame::around(flat, [ny, nx]);
        let filled = frame.fill(flat)?;
        for (at, _) in filled
            .iter()
            .enumerate()
            .filter(|(_, inside)| **inside != 0)
        {
            all = all.saturating_add(1);
            let place = frame.place(at, [ny, nx]).zip(plane);
            let voxel = place.and_then(|([y, x], z)| {
                let row = z.saturating_mul(ny).saturating_add(y);
                inside.get_mut(row.saturating_mul(nx).saturating_add(x))
            });
            match voxel {
                Some(voxel) => *voxel = 1,
                None => lost = lost.saturating_add(1),
            }
        }
    }
    if lost > 0 {
        let (lost, all) = (real(lost), real(all));
        return Err(beside(format!(
            "{:.1} % of the region's voxels lie outside the image",
            100.0 * lost / all
        )));
    }
    let inside = inside.into_iter().map(|v| v != 0).collect();
    let inside = Array3::from_shape_vec(image.shape, inside)
        .map_err(|error| ToolError::internal(error.to_string()))?;
    Ok(Filled { inside, warnings })
}

/// Whether a contour touches no pixel of the image's rectangle.
fn far(flat: &Flat, size: [usize; 2]) -> bool {
    let axes = [0_usize, 1].into_iter().zip(size);
    axes.into_iter().any(|(axis, n)| {
        let along = || flat.iter().filter_map(|point| point.get(axis).copied());
        let low = along().fold(f64::INFINITY, f64::min);
        let high = along().fold(f64::NEG_INFINITY, f64::max);
        high < -0.5 || low > real(u64::try_from(n).unwrap_or(u64::MAX)) - 0.5
    })
}

fn beside(found: String) -> ToolError {
    ToolError::new(Code::Geometry, found)
        .expected("contours in the slices of the image")
        .remedy("pair the contours with the series they were drawn on")
}

/// A doubt about slices without a contour between those with some.
fn missing(slices: &BTreeMap<i64, Vec<Flat>>) -> Option<Warning> {
    let (first, last) = (slices.keys().next()?, slices.keys().next_back()?);
    let span = u64::try_from(last.checked_sub(*first)?)
        .ok()?
        .checked_add(1)?;
    let drawn = u64::try_from(slices.len()).ok()?;
    let gaps = span.checked_sub(drawn).filter(|gaps| *gaps > 0)?;
    Some(Warning::new(
        WarningCode::Geometry,
        format!("{gaps} slices between the first and the last contour have none"),
        "they are left empty",
    ))
}

/// The rectangle of pixels in which contours are filled: what they span, up to the image's size beyond every side of
/// it.
struct Frame {
    /// First row and column.
    low: [i64; 2],
    /// Rows and columns.
    size: [usize; 2],
}

impl Frame {
    fn around(flat: &[Flat], [ny, nx]: [usize; 2]) -> Self {
        let bounds = [ny, nx].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let (mut low, mut high) = (
            bounds.map(|n| n.saturating_mul(2)),
            bounds.map(i64::saturating_neg),
        );
        for [x, y] in flat.iter().flatten() {
            let ends = low.iter_mut().zip(&mut high).zip(bounds);
            for (((low, high), n), v) in ends.zip([y, x]) {
                let (near, far) = (n.saturating_neg(), n.saturating_mul(2));
                let below = whole(v.floor()).unwrap_or(0);
                *low = (*low).min(below.clamp(near, far));
                *high = (*high).max(below.saturating_add(2).clamp(near, far));
            }
        }
        let size = |axis: usize| {
            let (low, high) = (low.get(axis).copied(), high.get(axis).copied());
            let span = high.unwrap_or(0).saturating_sub(low.unwrap_or(0));
            usize::try_from(span).unwrap_or(0)
        };
        Self {
            low,
            size: [size(0), size(1)],
        }
    }

    /// 1 for each pixel inside, rows of columns.
    fn fill(&self, flat: &[Flat]) -> Result<Vec<u8>> {
        let [rows, columns] = self.size;
        let [low_row, low_column] = self.low;
        let mut marks = zeroed::<u8>(rows.saturating_mul(columns))?;
        let edges = flat.iter().flat_map(|points| {
            let next = points.iter().skip(1).chain(points.first());
            points.iter().zip(next)
        });
        for (a, b) in edges {
            // From the lower row up, so that both directions of an edge give the same crossings.
            let ([_, ya], [_, yb]) = (a, b);
            let ([x0, y0], [x1, y1]) = if ya < yb { (*a, *b) } else { (*b, *a) };
            let slope = (x1 - x0) / (y1 - y0);
            let (Some(first), Some(end)) = (whole(y0.ceil()), whole(y1.ceil())) else {
                return Err(beside("a contour at no finite place".to_owned()));
            };
            let limit = low_row.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
            // Rows from the lower end on, the upper end left out.
            for row in first.max(low_row)..end.min(limit) {
                let crossing = x0 + (integer(row) - y0) * slope;
                // The first pixel at or behind the crossing; parity changes there.
                let column = whole(crossing.ceil()).unwrap_or(i64::MAX);
                let column = column.max(low_column).saturating_sub(low_column);
                let row = usize::try_from(row.saturating_sub(low_row)).unwrap_or(usize::MAX);
                let column = usize::try_from(column).unwrap_or(usize::MAX);
                if column < columns
                    && let Some(mark) =
                        marks.get_mut(row.saturating_mul(columns).saturating_add(column))
                {
                    *mark ^= 1;
                }
            }
        }
        for row in marks.chunks_mut(columns.max(1)) {
            let mut parity = 0;
            for mark in row {
                parity ^= *mark;
                *mark = parity;
            }
        }
        Ok(marks)
    }

    /// Row and column in the image of a pixel of the rectangle; none outside.
    fn place(&self, at: usize, [ny, nx]: [usize; 2]) -> Option<[usize; 2]> {
        let [_, columns] = self.size;
        let [low_row, low_column] = self.low;
        let of = |n: usize, low: i64, limit: usize| {
            let n = i64::try_from(n).ok()?.checked_add(low)?;
            usize::try_from(n).ok().filter(|n| *n < limit)
        };
        let row = of(at.checked_div(columns)?, low_row, ny)?;
        let column = of(at.checked_rem(columns)?, low_column, nx)?;
        Some([row, column])
    }
}

/// A row's number as a coordinate.
fn integer(n: i64) -> f64 {
    let size = real(n.unsigned_abs());
    if n < 0 { -size } else { size }
}
