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

/// Neighbours whose counts are added up in 16 bits, and whose levels, 16 bits too, are added up in 32, at a
/// time: so many of either cannot overflow.
pub(crate) const AT_A_TIME: usize = u16::MAX as usize;

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

impl<'a> Row<'a> {
    /// The grey levels one step away from each voxel of the row.
    #[inline]
    pub(crate) fn at(&self, step: isize) -> &'a [u16] {
        // The padding is as wide as the longest step.
        &self.all[self.begin.wrapping_add_signed(step)..][..self.numbers.len()]
    }
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
