//! Whole-number intensities of a region, counted in a table: what grey levels and first-order statistics
//! are read from without looking at each voxel again.
//!
//! Images mostly store whole numbers, of which a region holds far fewer than voxels.

use rayon::prelude::*;

use crate::roi::Roi;
use crate::survey::PIECE;
use crate::vectorised::vectorised;

/// Values are counted in a table when it needs no more places than this for each voxel: it is then
/// cheaper to clear and to read than the values are to sort.
const PLACES_PER_VOXEL: usize = 16;

/// Most places of a table, so that they are numbered in 16 bits; one more stands for voxels outside.
const MOST: usize = u16::MAX as usize;

/// 2^52: a whole number from 0 to 2^32 stands in the low bits of its sum with this one.
const SHIFT: f64 = 4_503_599_627_370_496.0;

/// How often each whole number occurs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WholeNumbers {
    /// The number that the first place stands for.
    low: f64,
    counts: Vec<u32>,
}

impl WholeNumbers {
    /// Counts the intensities of a region, and notes the place of each voxel of its box: that of its
    /// intensity, or the number of places outside the region. None when some intensity is not whole or the
    /// table would be large.
    pub(crate) fn count(roi: &Roi) -> Option<(Self, Vec<u16>)> {
        let (low, high) = roi.range();
        let range = high - low;
        if !roi.is_whole() || range >= (PLACES_PER_VOXEL * roi.count()).min(MOST) as f64 {
            return None;
        }
        let outside = place(range) + 1;
        let (places, mut counts) = if let Some((whole, inside)) = roi.whole() {
            let least = whole.distance_of(low);
            places(
                whole.distances(),
                inside,
                outside,
                #[inline(always)]
                move |distance| distance.wrapping_sub(least),
            )
        } else {
            let (values, inside) = roi.elements();
            places(
                values,
                inside,
                outside,
                #[inline(always)]
                move |value| place(value - low),
            )
        };
        counts.truncate(usize::from(outside));
        Some((Self { low, counts }, places))
    }

    /// The number that the first place stands for.
    pub(crate) fn least(&self) -> f64 {
        self.low
    }

    /// Number of places.
    pub(crate) fn places(&self) -> usize {
        self.counts.len()
    }

    /// The places whose number occurs, each with its number and how often that occurs, ascending.
    pub(crate) fn occurring(&self) -> impl Iterator<Item = (usize, f64, u32)> {
        let places = self.counts.iter().enumerate();
        places
            .filter(|(_, count)| **count > 0)
            .map(|(place, count)| (place, self.low + place as f64, *count))
    }
}

/// The place of each number, `outside` where it is not in the region, and how often each place occurs.
fn places<T: Sync>(
    numbers: &[T],
    inside: &[bool],
    outside: u16,
    place: impl Fn(&T) -> u16 + Copy + Sync,
) -> (Vec<u16>, Vec<u32>) {
    let mut places = vec![0; numbers.len()];
    let pieces = places.par_chunks_mut(PIECE);
    let pieces = pieces.zip(numbers.par_chunks(PIECE).zip(inside.par_chunks(PIECE)));
    let counts = pieces.map(|(places, (numbers, inside))| {
        vectorised(
            #[inline(always)]
            || {
                // Copies, which no write to a place can change.
                let (place, outside) = (place, outside);
                let both = numbers.iter().zip(inside);
                for (to, (number, inside)) in places.iter_mut().zip(both) {
                    // All ones inside, zero outside; no branch.
                    let within = u16::from(*inside).wrapping_neg();
                    *to = (place(number) & within) | (outside & !within);
                }
            },
        );
        occurrences(places, usize::from(outside) + 1)
    });
    let counts = counts.reduce_with(|mut sum, counts| {
        add(&mut sum, &counts);
        sum
    });
    (places, counts.unwrap_or_default())
}

/// How often each place occurs, all of them below `n`.
///
/// The same place several times in a row, as outside the region, would make each count wait for the one before: in
/// turn they go to several tables, unless these have more elements than there are places to count.
fn occurrences(places: &[u16], n: usize) -> Vec<u32> {
    const TABLES: usize = 4;
    if TABLES * n > places.len() {
        let mut counts = vec![0; n];
        for place in places {
            counts[usize::from(*place)] += 1;
        }
        return counts;
    }
    let mut tables: [Vec<u32>; TABLES] = std::array::from_fn(|_| vec![0; n]);
    let (fours, rest) = places.as_chunks::<TABLES>();
    for four in fours {
        for (counts, place) in tables.iter_mut().zip(four) {
            counts[usize::from(*place)] += 1;
        }
    }
    let [mut counts, others @ ..] = tables;
    for place in rest {
        counts[usize::from(*place)] += 1;
    }
    for other in others {
        add(&mut counts, &other);
    }
    counts
}

fn add(sums: &mut [u32], counts: &[u32]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// A whole number below 2^16 without a conversion, which the processor does one by one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the callers' numbers fit; outside the region any number will do"
)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
#[inline(always)]
fn place(number: f64) -> u16 {
    (number + SHIFT).to_bits() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few places and many, in one table and in several, also where nothing is left over.
    #[test]
    fn places_are_counted_as_they_occur() {
        for n in [1_u16, 3, 50, 400] {
            for len in [0, 1, 7, 64, 203_u16] {
                let places: Vec<u16> = (0..len).map(|at| (at * at / 3) % n).collect();
                let expected = (0..n).map(|wanted| {
                    let same = places.iter().filter(|place| **place == wanted);
                    same.map(|_| 1).sum::<u32>()
                });
                let found = occurrences(&places, usize::from(n));
                assert_eq!(found, expected.collect::<Vec<_>>());
            }
        }
    }
}
