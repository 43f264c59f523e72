//! The neighbours that NGTDM, NGLDM and GLDM look at.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use crate::discretise::DiscretisedRoi;
use crate::families::parts::Part;
use crate::families::tally::Tally;
use crate::geometry::half_offsets;
use crate::profile::Profile;
use crate::settings::ExtractionSettings;
use crate::vectorised::vectorised;

/// Slices that one thread takes at a time, so that an empty tally costs little beside them.
const SLICES_AT_A_TIME: usize = 8;

/// Chebyshev distances at which neighbours lie: PyRadiomics takes the shells that are listed, the standard
/// everything up to the furthest.
pub(crate) fn distances(profile: Profile, settings: &ExtractionSettings) -> Vec<usize> {
    match profile {
        Profile::PyRadiomics => settings.distances.clone(),
        Profile::Ibsi => (1..=settings.padding()).collect(),
    }
}

/// A region with its grey levels in the place of their ranks.
pub(crate) struct Numbered<'a> {
    /// The region.
    pub(crate) levels: &'a DiscretisedRoi,
    /// Grey levels where the region has ranks, 0 outside.
    numbers: Cow<'a, [u16]>,
}

impl<'a> Numbered<'a> {
    /// Puts grey levels in the place of ranks, where they differ.
    pub(crate) fn new(levels: &'a DiscretisedRoi) -> Self {
        let ranks = levels.ranks();
        if levels.highest_level() as usize == levels.levels().len() {
            // No level is left out: ranks are levels.
            let numbers = Cow::Borrowed(ranks);
            return Self { levels, numbers };
        }
        let mut of_rank = vec![0_u16];
        of_rank.extend(
            levels.levels().iter().map(|level| {
                u16::try_from(*level).expect("the settings allow at most u16::MAX bins")
            }),
        );
        let numbers = ranks.iter().map(|rank| of_rank[usize::from(*rank)]);
        Self {
            levels,
            numbers: Cow::Owned(numbers.collect()),
        }
    }
}

/// A part of a region, ready to be walked row by row.
pub(crate) struct Neighbourhood<'a> {
    levels: &'a DiscretisedRoi,
    numbers: &'a [u16],
    slices: Range<usize>,
    /// To all neighbours, there and back.
    steps: Vec<isize>,
}

/// A row of voxels and where its neighbours stand.
pub(crate) struct Row<'a> {
    /// Ranks of the voxels, 0 outside the region.
    pub(crate) ranks: &'a [u16],
    /// Their grey levels, 0 outside the region.
    pub(crate) numbers: &'a [u16],
    all: &'a [u16],
    begin: usize,
}

impl Row<'_> {
    /// Adds up terms over the neighbours of each voxel: `term` has the level of the voxel and of a neighbour, the
    /// sums go to the voxels' places. A sum must fit into 16 bits; see [`Self::at_a_time`].
    #[inline]
    pub(crate) fn add_up<const SUMS: usize>(
        &self,
        steps: &[isize],
        mut sums: [&mut [u16]; SUMS],
        term: impl Fn(u16, u16) -> [u16; SUMS],
    ) {
        vectorised(
            #[inline(always)]
            || match self.numbers.len() {
                32.. => self.add_up_blocks::<32, SUMS>(steps, &mut sums, term),
                8.. => self.add_up_blocks::<8, SUMS>(steps, &mut sums, term),
                _ => self.add_up_blocks::<1, SUMS>(steps, &mut sums, term),
            },
        );
    }

    /// A block of voxels at a time, whose sums stay in registers. The last block overlaps the one before it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn add_up_blocks<const LANES: usize, const SUMS: usize>(
        &self,
        steps: &[isize],
        to: &mut [&mut [u16]; SUMS],
        term: impl Fn(u16, u16) -> [u16; SUMS],
    ) {
        let columns = self.numbers.len();
        for block in (0..columns).step_by(LANES) {
            let first = block.min(columns - LANES);
            let here = lanes::<LANES>(&self.numbers[first..]);
            let mut sums = [[0_u16; LANES]; SUMS];
            for step in steps {
                // The padding is as wide as the longest step.
                let there = (self.begin + first).wrapping_add_signed(*step);
                let there = lanes::<LANES>(&self.all[there..]);
                for lane in 0..LANES {
                    let terms = term(here[lane], there[lane]);
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        sum[lane] += term;
                    }
                }
            }
            for (to, sums) in to.iter_mut().zip(sums) {
                to[first..][..LANES].copy_from_slice(&sums);
            }
        }
    }

    /// Neighbours whose terms, none larger than this, cannot overflow 16 bits; at least one.
    pub(crate) fn at_a_time(largest_term: u16) -> usize {
        usize::from(u16::MAX / largest_term.max(1))
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn lanes<const LANES: usize>(numbers: &[u16]) -> &[u16; LANES] {
    numbers
        .first_chunk()
        .expect("a row is as long as a block, and so is its padding")
}

impl<'a> Neighbourhood<'a> {
    /// Neighbours at some Chebyshev distances, none beyond the padding.
    pub(crate) fn new(region: &'a Numbered<'a>, part: &Part, distances: &[usize]) -> Self {
        let levels = region.levels;
        let offsets = half_offsets(distances, part.reach).into_iter();
        Self {
            levels,
            numbers: &region.numbers,
            slices: part.slices.clone(),
            steps: offsets
                .map(|offset| levels.step(offset))
                .flat_map(|step| [step, -step])
                .collect(),
        }
    }

    /// Steps to all neighbours.
    pub(crate) fn steps(&self) -> &[isize] {
        &self.steps
    }

    /// Ranks of the region.
    pub(crate) fn ranks(&self) -> usize {
        self.levels.levels().len()
    }

    /// The highest grey level.
    pub(crate) fn highest(&self) -> u16 {
        // The settings allow at most so many bins.
        u16::try_from(self.levels.highest_level()).unwrap_or(u16::MAX)
    }

    /// Voxels of a row.
    pub(crate) fn columns(&self) -> usize {
        self.levels.columns()
    }

    /// Adds up a tally over all rows; `count` walks those of some slices. Slices are counted in parallel:
    /// sums of whole numbers do not depend on who adds them.
    pub(crate) fn tally(
        &self,
        empty: &Tally,
        count: impl Fn(&mut dyn Iterator<Item = Row<'_>>, &mut Tally) + Send + Sync,
    ) -> Tally {
        let of_slices = |slices: Range<usize>| {
            let mut tally = empty.clone();
            let places = slices.flat_map(|z| (0..self.levels.rows()).map(move |y| (z, y)));
            count(&mut places.map(|(z, y)| self.row(z, y)), &mut tally);
            tally
        };
        if self.slices.len() <= SLICES_AT_A_TIME {
            return of_slices(self.slices.clone());
        }
        let chunks = self.slices.len().div_ceil(SLICES_AT_A_TIME);
        let tallies = (0..chunks).into_par_iter().map(|chunk| {
            let begin = self.slices.start + chunk * SLICES_AT_A_TIME;
            of_slices(begin..self.slices.end.min(begin + SLICES_AT_A_TIME))
        });
        tallies.reduce(|| empty.clone(), |sum, other| sum.merged(&other))
    }

    fn row(&self, z: usize, y: usize) -> Row<'_> {
        let (begin, columns) = (self.levels.row(z, y), self.levels.columns());
        Row {
            ranks: &self.levels.ranks()[begin..][..columns],
            numbers: &self.numbers[begin..][..columns],
            all: self.numbers,
            begin,
        }
    }
}
