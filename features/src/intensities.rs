//! The intensities of a region's box, kept as they were stored where those are whole numbers of 16 bits: a
//! quarter of the memory of `f64`, and several times as many in a processor's registers. Families that need
//! `f64` have it made once, when the first of them asks; those that count whole numbers never do.

use std::sync::OnceLock;

use ndarray::{Array3, ArrayView3, s};
use rayon::prelude::*;

use crate::roi::{PLANES_AT_A_TIME, crop};
use crate::volume::{Scaling, Volume, Voxels};

/// The intensities of a box, `[z, y, x]`.
#[derive(Debug, Clone)]
pub(crate) enum Intensities {
    /// Any numbers.
    Real(Array3<f64>),
    /// Whole numbers that differ by less than 2^16.
    Whole(Whole),
}

/// Whole numbers, each as its distance from the least number that the image's type can hold.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    /// The number that a distance of 0 stands for.
    base: f64,
    distances: Array3<u16>,
    values: OnceLock<Array3<f64>>,
}

/// A stored number of 8 or 16 bits, as its distance from the least one of its type.
trait Short: Copy + Sync {
    /// The least number of the type.
    const LEAST: f64;
    fn distance(self) -> u16;
}

impl Short for u8 {
    const LEAST: f64 = 0.0;
    fn distance(self) -> u16 {
        u16::from(self)
    }
}

impl Short for u16 {
    const LEAST: f64 = 0.0;
    fn distance(self) -> u16 {
        self
    }
}

impl Short for i8 {
    const LEAST: f64 = -128.0;
    fn distance(self) -> u16 {
        u16::from(self.abs_diff(Self::MIN))
    }
}

impl Short for i16 {
    const LEAST: f64 = -32_768.0;
    fn distance(self) -> u16 {
        self.abs_diff(Self::MIN)
    }
}

impl Intensities {
    /// Those of a box that lies inside the volume.
    pub(crate) fn of_box(volume: &Volume, low: [usize; 3], shape: [usize; 3]) -> Self {
        /// Sums with a stored number are whole and exact up to here, and far beyond.
        const LARGEST: f64 = 4_294_967_296.0;
        let Scaling { slope, intercept } = volume.scaling();
        // Written so that a slope of exactly one passes and nothing else does.
        let unscaled = (slope - 1.0).abs() <= 0.0;
        let whole = intercept.abs() <= LARGEST && (intercept - intercept.round()).abs() <= 0.0;
        let short = match volume.voxels() {
            _ if !(unscaled && whole) => None,
            Voxels::U8(array) => Some(Whole::cut(&array.view(), low, shape, intercept)),
            Voxels::I8(array) => Some(Whole::cut(&array.view(), low, shape, intercept)),
            Voxels::U16(array) => Some(Whole::cut(&array.view(), low, shape, intercept)),
            Voxels::I16(array) => Some(Whole::cut(&array.view(), low, shape, intercept)),
            _ => None,
        };
        short.map_or_else(|| Self::Real(volume.box_f64(low, shape)), Self::Whole)
    }

    /// The values as `f64`.
    pub(crate) fn values(&self) -> &Array3<f64> {
        match self {
            Self::Real(values) => values,
            Self::Whole(whole) => whole.values(),
        }
    }

    /// Those of a box inside this one.
    pub(crate) fn cut(&self, low: [usize; 3], shape: [usize; 3]) -> Self {
        match self {
            Self::Real(values) => Self::Real(crop(&values.view(), low, shape)),
            Self::Whole(whole) => Self::Whole(Whole {
                base: whole.base,
                distances: crop(&whole.distances.view(), low, shape),
                values: OnceLock::new(),
            }),
        }
    }

    /// Size of the box.
    pub(crate) fn shape(&self) -> [usize; 3] {
        let (z, y, x) = match self {
            Self::Real(values) => values.dim(),
            Self::Whole(whole) => whole.distances.dim(),
        };
        [z, y, x]
    }
}

impl PartialEq for Intensities {
    /// However they are kept.
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Whole {
    fn cut<T: Short>(
        array: &ArrayView3<'_, T>,
        low: [usize; 3],
        shape: [usize; 3],
        intercept: f64,
    ) -> Self {
        let [z, y, x] = low;
        let [nz, ny, nx] = shape;
        let mut distances = vec![0; nz * ny * nx];
        let planes = distances.par_chunks_mut(ny * nx).enumerate();
        planes
            .with_min_len(PLANES_AT_A_TIME)
            .for_each(|(at, plane)| {
                let stored = array.slice(s![z + at, y..y + ny, x..x + nx]);
                for (to, row) in plane.chunks_exact_mut(nx).zip(stored.rows()) {
                    match row.to_slice() {
                        Some(row) => fill(to, row.iter()),
                        None => fill(to, row.iter()),
                    }
                }
            });
        Self {
            base: T::LEAST + intercept,
            distances: Array3::from_shape_vec((nz, ny, nx), distances)
                .expect("as many numbers as the box has voxels"),
            values: OnceLock::new(),
        }
    }

    /// The number that a distance of 0 stands for.
    pub(crate) fn base(&self) -> f64 {
        self.base
    }

    /// How far each number is above [`Self::base`], row after row.
    pub(crate) fn distances(&self) -> &[u16] {
        let distances = self.distances.as_slice();
        distances.expect("made in standard layout")
    }

    /// The distance of a number of the box.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of the box are less than 2^16 above the base"
    )]
    pub(crate) fn distance_of(&self, number: f64) -> u16 {
        (number - self.base) as u16
    }

    fn values(&self) -> &Array3<f64> {
        self.values.get_or_init(|| {
            self.distances
                .mapv(|distance| self.base + f64::from(distance))
        })
    }
}

fn fill<'a, T: Short + 'a>(to: &mut [u16], stored: impl Iterator<Item = &'a T>) {
    for (to, stored) in to.iter_mut().zip(stored) {
        *to = stored.distance();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Affine, Grid, Spacing};

    fn volume(voxels: Voxels, slope: f64, intercept: f64) -> Volume {
        let spacing = Spacing::new([1.0; 3]).unwrap();
        let grid = Grid {
            shape: voxels.shape(),
            spacing,
            affine: Affine([[0.0; 4]; 3]),
        };
        Volume::new(voxels, Scaling { slope, intercept }, grid).unwrap()
    }

    /// Both ways of keeping give the same numbers, at the ends of each type, too.
    #[test]
    fn short_numbers_are_kept_short_and_equal_their_values() {
        let at = |k: usize| [i16::MIN, -1, 0, 1, i16::MAX, 700][k];
        let signed = Array3::from_shape_fn((1, 2, 3), |(_, y, x)| at(3 * y + x));
        let unsigned = signed.mapv(i16::cast_unsigned);
        let bytes = signed.mapv(|v| v.to_le_bytes()[0]);
        let signed_bytes = bytes.mapv(u8::cast_signed);
        for voxels in [
            Voxels::I16(signed),
            Voxels::U16(unsigned),
            Voxels::U8(bytes),
            Voxels::I8(signed_bytes),
        ] {
            for intercept in [0.0, -1024.0, 3.0] {
                let volume = volume(voxels.clone(), 1.0, intercept);
                let kept = Intensities::of_box(&volume, [0, 0, 1], [1, 2, 2]);
                let Intensities::Whole(whole) = &kept else {
                    panic!("kept as f64: {voxels:?}");
                };
                let values = volume.box_f64([0, 0, 1], [1, 2, 2]);
                assert_eq!(kept.values(), values);
                assert_eq!(kept, Intensities::Real(values.clone()));
                for (value, distance) in values.iter().zip(whole.distances()) {
                    assert_eq!(whole.distance_of(*value), *distance);
                }
                let part = kept.cut([0, 1, 0], [1, 1, 2]);
                assert_eq!(part.values(), values.slice(s![.., 1..2, ..]));
            }
        }
    }

    #[test]
    fn scaled_and_wide_numbers_are_kept_as_they_are() {
        let voxels = Voxels::I16(Array3::from_elem((1, 1, 2), 5));
        for (slope, intercept) in [
            (2.0, 0.0),
            (1.0, 0.5),
            (1.0 + f64::EPSILON, 0.0),
            (1.0, 1e300),
        ] {
            let volume = volume(voxels.clone(), slope, intercept);
            let kept = Intensities::of_box(&volume, [0; 3], [1, 1, 2]);
            assert!(matches!(kept, Intensities::Real(_)), "{slope} {intercept}");
        }
        let wide = volume(Voxels::I32(Array3::from_elem((1, 1, 2), 5)), 1.0, 0.0);
        let kept = Intensities::of_box(&wide, [0; 3], [1, 1, 2]);
        assert!(matches!(kept, Intensities::Real(_)));
    }
}
