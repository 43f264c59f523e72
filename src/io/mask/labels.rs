//! Stored numbers as labels: which labels there are, and where one of them is.

use std::collections::BTreeMap;

use ndarray::{Array1, Array3, s};
use raduet_features::{Grid, Scaling, Volume, Voxels};

use crate::error::{Code, Result, ToolError};
use crate::io::geometry;
use crate::io::nifti::Passing;
use crate::io::voxel_bytes::{with_array, with_type};

/// How far a stored number may be from a whole one: labels that went through a scaling or a 32-bit
/// float (0.9999, 2.0003) are meant whole, 0.5 or 0.00392 are not.
pub(super) const WHOLE: f64 = 1e-3;
/// Labels above 2^53 are not exact in `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Adds to an error of geometry how much of the segmentation lies outside the image.
pub(super) fn with_share_outside(
    error: ToolError,
    image: &Grid,
    segmentation: &Volume,
) -> ToolError {
    let labelled = with_array!(segmentation, array => {
        let scaling = segmentation.scaling();
        let indices = array.indexed_iter().filter(|(_, stored)| {
            label_of(**stored, scaling).is_some_and(|(label, _)| label != 0)
        });
        let indices = indices.map(|((z, y, x), _)| [z, y, x]);
        geometry::share_outside(image, segmentation.grid(), indices)
    });
    match labelled {
        Some(share) if share > 0.0 => {
            let percent = 100.0 * share;
            error.found_also(&format!(
                "{percent:.1} % of the labelled voxels lie outside the image"
            ))
        }
        _ => error,
    }
}

/// A stored number as a label.
trait Stored: Copy + PartialEq {
    /// The number itself, where it is an integer that fits.
    fn whole(self) -> Option<i64>;
    /// The integer that a label is stored as; none where labels are stored as fractions.
    fn stored_as(label: i64) -> Option<Self>;
    /// The number, rounded to `f64` where it is larger than 2^53.
    fn real(self) -> f64;
}

fn nearest_unsigned(n: u64) -> f64 {
    n as f64
}

fn nearest_signed(n: i64) -> f64 {
    n as f64
}

macro_rules! integer {
    ($real:expr => $($kind:ty),+) => {$(
        impl Stored for $kind {
            fn whole(self) -> Option<i64> {
                i64::try_from(self).ok()
            }
            fn stored_as(label: i64) -> Option<Self> {
                Self::try_from(label).ok()
            }
            fn real(self) -> f64 {
                $real(self)
            }
        }
    )+};
}

macro_rules! float {
    ($($kind:ty),+) => {$(
        impl Stored for $kind {
            fn whole(self) -> Option<i64> {
                None
            }
            fn stored_as(_: i64) -> Option<Self> {
                None
            }
            fn real(self) -> f64 {
                f64::from(self)
            }
        }
    )+};
}

integer!(f64::from => u8, i8, u16, i16, u32, i32);
integer!(nearest_unsigned => u64);
integer!(nearest_signed => i64);
float!(f32, f64);

/// The label of a stored number, and whether it had to be rounded; `None` when it is no label.
fn label_of<T: Stored>(stored: T, scaling: Scaling) -> Option<(i64, bool)> {
    if scaling == Scaling::NONE
        && let Some(label) = stored.whole()
    {
        return Some((label, false));
    }
    let value = stored.real() * scaling.slope + scaling.intercept;
    let label = value.round();
    // Written so that NaN is refused.
    if !((value - label).abs() <= WHOLE && label.abs() < EXACT) {
        return None;
    }
    let rounded = (value - label).abs() > 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    Some((label as i64, rounded))
}

/// Voxels of each label but 0, and how many values were rounded.
pub(crate) type Counts = (BTreeMap<i64, u64>, u64);

/// Counts the labels of a segmentation.
pub(super) fn count(volume: &Volume) -> Result<Counts> {
    with_array!(volume, array => count_in(array, volume.scaling()))
}

fn count_in<T: Stored>(array: &Array3<T>, scaling: Scaling) -> Result<Counts> {
    let voxels = array.as_standard_layout();
    let mut counter = Counter::new(scaling);
    counter
        .add(voxels.as_slice().unwrap_or_default())
        .map_err(|(value, at)| no_label(value, at, array.dim()))?;
    Ok(counter.counts())
}

/// Voxels of one label that follow one another in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::io) struct Run {
    pub(in crate::io) label: i64,
    pub(in crate::io) from: usize,
    pub(in crate::io) len: usize,
}

/// Counts labels. Neighbours are mostly equal: equal runs are measured, and looked up once.
struct Counter<T> {
    scaling: Scaling,
    /// Stored value of the run that goes on, its label, whether that was rounded.
    run: Option<(T, i64, bool)>,
    /// Where it began.
    from: usize,
    /// Voxels looked at.
    at: usize,
    counts: BTreeMap<i64, u64>,
    /// A label other than 0 with voxels that are not in `counts` yet: mostly there is one label.
    latest: (i64, u64),
    rounded: u64,
    /// The runs of all labels but 0.
    runs: Vec<Run>,
    /// Most of them that are kept.
    most_runs: usize,
}

impl<T: Stored> Counter<T> {
    fn new(scaling: Scaling) -> Self {
        Self::keeping_runs(scaling, 0)
    }

    /// One that keeps so many runs at most.
    fn keeping_runs(scaling: Scaling, most_runs: usize) -> Self {
        Self {
            scaling,
            run: None,
            from: 0,
            at: 0,
            counts: BTreeMap::new(),
            latest: (0, 0),
            rounded: 0,
            runs: Vec::new(),
            most_runs,
        }
    }

    /// Looks at the voxels that follow.
    ///
    /// # Errors
    /// The first value that is no label, and where it stands.
    fn add(&mut self, voxels: &[T]) -> std::result::Result<(), (f64, usize)> {
        /// Voxels compared at a time: without an early end that compiles to wide instructions.
        const BLOCK: usize = 512;
        // 1 where another run begins.
        let mut begins = [0_u8; BLOCK];
        for block in voxels.chunks(BLOCK) {
            let start = self.at;
            self.at += block.len();
            if self.goes_on(block) {
                continue;
            }
            begins.fill(0);
            begins[0] = u8::from(!self.goes_on(&block[..1]));
            let neighbours = block.iter().zip(&block[1..]);
            for (begins, (before, here)) in begins[1..].iter_mut().zip(neighbours) {
                *begins = u8::from(before != here);
            }
            for (eight, flags) in begins.as_chunks::<8>().0.iter().enumerate() {
                let mut flags = u64::from_le_bytes(*flags);
                while flags > 0 {
                    let within = 8 * eight + flags.trailing_zeros() as usize / 8;
                    flags &= flags - 1;
                    self.begin(block[within], start + within)?;
                }
            }
        }
        Ok(())
    }

    /// Whether all of a block belongs to the run.
    fn goes_on(&self, block: &[T]) -> bool {
        let Some((value, ..)) = self.run else {
            return false;
        };
        let others = block
            .iter()
            .fold(0, |other, &v| other | u8::from(v != value));
        others == 0
    }

    fn begin(&mut self, stored: T, at: usize) -> std::result::Result<(), (f64, usize)> {
        self.close(at);
        let label = label_of(stored, self.scaling);
        let (label, rounded) = label.ok_or_else(|| {
            let Scaling { slope, intercept } = self.scaling;
            (stored.real() * slope + intercept, at)
        })?;
        self.run = Some((stored, label, rounded));
        self.from = at;
        Ok(())
    }

    fn close(&mut self, at: usize) {
        let (from, len) = (self.from, at - self.from);
        let Some((_, label, rounded)) = self.run.take() else {
            return;
        };
        self.rounded += if rounded { len as u64 } else { 0 };
        if label == 0 {
            return;
        }
        if label != self.latest.0 {
            self.note_latest();
            self.latest.0 = label;
        }
        self.latest.1 += len as u64;
        if self.runs.len() < self.most_runs {
            self.runs.push(Run { label, from, len });
        }
    }

    fn note_latest(&mut self) {
        let (label, count) = std::mem::take(&mut self.latest);
        if count > 0 {
            *self.counts.entry(label).or_insert(0) += count;
        }
    }

    /// Voxels of each label but 0, and how many values were rounded.
    fn counts(mut self) -> Counts {
        self.close(self.at);
        self.note_latest();
        (self.counts, self.rounded)
    }

    /// The same with the runs of these labels, in their order; none when there are more than are kept.
    fn counts_and_runs(mut self) -> Option<(Counts, Vec<Run>)> {
        self.close(self.at);
        let runs = std::mem::take(&mut self.runs);
        let all = runs.len() < self.most_runs;
        all.then(|| (self.counts(), runs))
    }
}

/// Counts the labels of a mask that is not kept, with their runs and the fingerprint of its file; none where it had
/// better be read as a whole.
pub(in crate::io) fn runs_of(mask: &Passing) -> Option<(Counts, Vec<Run>, String)> {
    /// Voxels for each run that is kept, at least: what is kept is a small part of the mask.
    const FOR_A_RUN: usize = 64;
    let voxels = mask.grid().shape.iter().product::<usize>();
    with_type!(mask.numbers(), T => {
        let mut counter = Counter::<T>::keeping_runs(mask.scaling(), voxels / FOR_A_RUN + 1);
        let fingerprint = mask.slices(|_, bytes| {
            counter.add(bytemuck::try_cast_slice(bytes).ok()?).ok()
        });
        let fingerprint = fingerprint.ok()??;
        let (counts, runs) = counter.counts_and_runs()?;
        Some((counts, runs, fingerprint))
    })
}

fn no_label(value: f64, at: usize, (_, ny, nx): (usize, usize, usize)) -> ToolError {
    let (x, y, z) = (at % nx, at / nx % ny, at / nx / ny);
    ToolError::new(
        Code::MaskValues,
        format!("value {value} at voxel x {x}, y {y}, z {z} is no label"),
    )
    .expected(format!("whole numbers (within {WHOLE})"))
    .remedy("not whole numbers: threshold the mask first")
}

/// True where the label is; every value was found to be a label before.
pub(super) fn inside(volume: &Volume, label: i64) -> Array3<bool> {
    with_array!(volume, array => inside_in(array, volume.scaling(), label))
}

/// As [`inside`]; bytes become the region where they stand.
pub(super) fn into_inside(volume: Volume, label: i64) -> Array3<bool> {
    let wanted = match (u8::try_from(label), volume.voxels()) {
        (Ok(wanted), Voxels::U8(array))
            if volume.scaling() == Scaling::NONE && array.is_standard_layout() =>
        {
            wanted
        }
        _ => return inside(&volume, label),
    };
    let Voxels::U8(array) = volume.into_voxels() else {
        return Array3::default((0, 0, 0));
    };
    let (shape, voxels) = (array.dim(), array.len());
    let (stored, from) = array.into_raw_vec_and_offset();
    let from = from.unwrap_or(0);
    // Numbers and truths are of one size: the library fills the same memory.
    let inside: Vec<bool> = stored.into_iter().map(|stored| stored == wanted).collect();
    Array1::from_vec(inside)
        .slice_move(s![from..from + voxels])
        .into_shape_with_order(shape)
        .expect("as many voxels as before")
}

fn inside_in<T: Stored>(array: &Array3<T>, scaling: Scaling, label: i64) -> Array3<bool> {
    match T::stored_as(label) {
        // Integers as stored: a plain comparison.
        Some(wanted) if scaling == Scaling::NONE => array.mapv(|stored| stored == wanted),
        _ => {
            array.mapv(|stored| label_of(stored, scaling).is_some_and(|(found, _)| found == label))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of all lengths around those of the blocks, against one look at each voxel.
    #[test]
    fn voxels_are_counted_in_runs_as_one_by_one() {
        let lengths = [1, 2, 31, 32, 33, 64, 500, 511, 512, 513, 1025, 3, 4000];
        for skip in 0..lengths.len() {
            let lengths = lengths.iter().cycle().skip(skip).take(20);
            let stored = lengths.zip([0, 3, 0, 1, 255, 3, 1].into_iter().cycle());
            let stored = stored.flat_map(|(&length, label)| vec![label; length]);
            let stored: Vec<u8> = stored.collect();
            let mut expected = BTreeMap::new();
            for &label in stored.iter().filter(|label| **label > 0) {
                *expected.entry(i64::from(label)).or_default() += 1;
            }
            let array = Array3::from_shape_vec((1, 1, stored.len()), stored).unwrap();
            let counts = count_in(&array, Scaling::NONE).unwrap();
            assert_eq!(counts, (expected, 0));
        }
    }

    #[test]
    fn a_value_that_is_no_label_is_found_where_it_is() {
        for at in [0, 1, 31, 32, 100, 511, 512, 600, 1099] {
            let mut array = Array3::from_elem((2, 5, 110), 1.0_f32);
            array.as_slice_mut().unwrap()[at] = 0.5;
            let fault = count_in(&array, Scaling::NONE).unwrap_err().to_string();
            let (x, y, z) = (at % 110, at / 110 % 5, at / 550);
            let place = format!("value 0.5 at voxel x {x}, y {y}, z {z} ");
            assert!(fault.contains(&place), "{fault}");
        }
    }
}
