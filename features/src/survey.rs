//! What one look at all intensities of a region tells.

use rayon::prelude::*;

use crate::intensities::{Intensities, Whole};
use crate::roi::in_order;
use crate::vectorised::vectorised;

/// Voxels that one thread looks at in one go.
pub(crate) const PIECE: usize = 1 << 17;

/// Number, range and kind of the intensities of a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Survey {
    /// Pixels inside.
    pub(crate) count: usize,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Whether all values are finite.
    pub(crate) finite: bool,
    /// Whether all values are whole numbers.
    pub(crate) whole: bool,
}

impl Survey {
    /// Looks at the intensities of a box, of which those inside count.
    pub(crate) fn new(intensities: &Intensities, inside: &[bool]) -> Self {
        match intensities {
            Intensities::Real(values) => {
                let pieces = in_order(values).par_chunks(PIECE);
                let pieces = pieces.zip(inside.par_chunks(PIECE));
                let surveys = pieces.map(|(values, inside)| Self::of_values(values, inside));
                surveys.reduce_with(Self::and).expect("a region has values")
            }
            Intensities::Whole(whole) => Self::of_whole(whole, inside),
        }
    }

    /// Of two parts of a region together.
    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            finite: self.finite && other.finite,
            whole: self.whole && other.whole,
        }
    }

    /// Without branches and in lanes that do not wait for each other, so that the processor takes several
    /// values at a time.
    fn of_values(values: &[f64], inside: &[bool]) -> Self {
        const LANES: usize = 8;
        /// 1.5 · 2^52: sums with it are rounded to whole numbers.
        const ROUNDING: f64 = 6_755_399_441_055_744.0;
        let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        let (mut wrong, mut broken) = ([0_u64; LANES], [0_u64; LANES]);
        for (values, inside) in values.chunks(LANES).zip(inside.chunks(LANES)) {
            for (lane, (value, inside)) in values.iter().zip(inside).enumerate() {
                let within = if *inside { *value } else { f64::INFINITY };
                low[lane] = if within < low[lane] {
                    within
                } else {
                    low[lane]
                };
                let within = if *inside { *value } else { f64::NEG_INFINITY };
                high[lane] = if within > high[lane] {
                    within
                } else {
                    high[lane]
                };
                let value = if *inside { *value } else { 0.0 };
                let rest = (value + ROUNDING) - ROUNDING - value;
                wrong[lane] |= u64::from(!value.is_finite());
                broken[lane] |= u64::from(rest.abs() > 0.0);
            }
        }
        Self {
            count: count(inside),
            low: low.into_iter().fold(f64::INFINITY, f64::min),
            high: high.into_iter().fold(f64::NEG_INFINITY, f64::max),
            finite: wrong.iter().all(|wrong| *wrong == 0),
            whole: broken.iter().all(|broken| *broken == 0),
        }
    }

    fn of_whole(whole: &Whole, inside: &[bool]) -> Self {
        let pieces = whole.distances().par_chunks(PIECE);
        let pieces = pieces.zip(inside.par_chunks(PIECE));
        let (count, low, high) = pieces
            .map(|(distances, inside)| {
                vectorised(
                    #[inline(always)]
                    || count_and_range(distances, inside),
                )
            })
            .reduce(
                || (0, u16::MAX, 0),
                |a, b| (a.0 + b.0, a.1.min(b.1), a.2.max(b.2)),
            );
        let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
        if count > 0 {
            lowest = whole.base() + f64::from(low);
            highest = whole.base() + f64::from(high);
        }
        Self {
            count,
            low: lowest,
            high: highest,
            finite: true,
            whole: true,
        }
    }
}

/// Number, least and greatest of the distances inside.
#[inline(always)]
fn count_and_range(distances: &[u16], inside: &[bool]) -> (usize, u16, u16) {
    const LANES: usize = 32;
    let (mut low, mut high) = ([u16::MAX; LANES], [0; LANES]);
    let mut look = |lane: usize, distance: u16, inside: bool| {
        // All ones inside, zero outside.
        let within = u16::from(inside).wrapping_neg();
        low[lane] = low[lane].min(distance | !within);
        high[lane] = high[lane].max(distance & within);
    };
    let (blocks, last) = distances.as_chunks::<LANES>();
    let (blocks_inside, last_inside) = inside.as_chunks::<LANES>();
    for (distances, inside) in blocks.iter().zip(blocks_inside) {
        for lane in 0..LANES {
            look(lane, distances[lane], inside[lane]);
        }
    }
    for (lane, (distance, inside)) in last.iter().zip(last_inside).enumerate() {
        look(lane, *distance, *inside);
    }
    let low = low.into_iter().fold(u16::MAX, u16::min);
    (count(inside), low, high.into_iter().fold(0, u16::max))
}

/// Number of true elements.
#[inline(always)]
fn count(inside: &[bool]) -> usize {
    /// So few that their number fits into a byte: bytes are added up many at a time.
    const FEW: usize = 128;
    let few = inside
        .chunks(FEW)
        .map(|few| few.iter().map(|inside| u8::from(*inside)).sum::<u8>());
    few.map(usize::from).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::geometry::{Affine, Grid, Spacing};
    use crate::volume::{Scaling, Volume, Voxels};

    /// Short numbers and the same as `f64` look the same.
    #[test]
    fn both_kinds_of_intensities_tell_the_same() {
        let stored = Array3::from_shape_fn((3, 7, 45), |(z, y, x)| {
            i16::try_from((z * 7919 + y * 104_729 + x * 1_299_709) % 5001).unwrap() - 2500
        });
        let spacing = Spacing::new([1.0; 3]).unwrap();
        let grid = Grid {
            shape: [3, 7, 45],
            spacing,
            affine: Affine([[0.0; 4]; 3]),
        };
        let volume = Volume::new(Voxels::I16(stored), Scaling::NONE, grid).unwrap();
        let whole = Intensities::of_box(&volume, [0; 3], [3, 7, 45]);
        let real = Intensities::Real(whole.values().clone());
        for every in [1, 2, 31, 100, 10_000] {
            let inside: Vec<bool> = (0..3 * 7 * 45).map(|at| (at + 3) % every == 0).collect();
            let found = Survey::new(&whole, &inside);
            assert_eq!(found, Survey::new(&real, &inside), "every {every}");
            assert_eq!(found.count, inside.iter().filter(|inside| **inside).count());
        }
    }
}
