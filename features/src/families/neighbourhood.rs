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

/// Chebyshev distances at which neighbours lie: PyRadiomics takes the shells that are listed, the standard
/// everything up to the furthest.
pub(crate) fn distances(profile: Profile, settings: &ExtractionSettings) -> Vec<usize> {
    match profile {
        Profile::PyRadiomics => settings.distances.clone(),
        Profile::Ibsi => (1..=settings.padding()).collect(),
    }
}

/// A part of a region, ready to be walked row by row.
pub(crate) struct Neighbourhood<'a> {
    levels: &'a DiscretisedRoi,
    slices: Range<usize>,
    /// Grey levels where the region has ranks, 0 outside.
    numbers: Cow<'a, [u16]>,
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
    pub(crate) fn new(levels: &'a DiscretisedRoi, part: &Part, distances: &[usize]) -> Self {
        let offsets = half_offsets(distances, part.reach).into_iter();
        Self {
            levels,
            slices: part.slices.clone(),
            numbers: numbers(levels),
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

    /// Adds up a tally over all rows; `count` walks those of one slice. Slices are counted in parallel:
    /// sums of whole numbers do not depend on who adds them.
    pub(crate) fn tally(
        &self,
        empty: &Tally,
        count: impl Fn(&mut dyn Iterator<Item = Row<'_>>, &mut Tally) + Send + Sync,
    ) -> Tally {
        let of_slices = |slices: &mut dyn Iterator<Item = usize>| {
            let mut tally = empty.clone();
            let mut rows = slices.flat_map(|z| (0..self.levels.rows()).map(move |y| (z, y)));
            let mut rows = rows.by_ref().map(|(z, y)| self.row(z, y));
            count(&mut rows, &mut tally);
            tally
        };
        let most = self.slices.len().div_ceil(SLICES_AT_A_TIME);
        if most <= 1 {
            return of_slices(&mut self.slices.clone());
        }
        let chunks = (0..most).into_par_iter().map(|chunk| {
            let begin = self.slices.start + chunk * SLICES_AT_A_TIME;
            let end = self.slices.end.min(begin + SLICES_AT_A_TIME);
            of_slices(&mut (begin..end))
        });
        chunks.reduce(|| empty.clone(), |sum, other| sum.merged(&other))
    }

    fn row(&self, z: usize, y: usize) -> Row<'_> {
        let (begin, columns) = (self.levels.row(z, y), self.levels.columns());
        Row {
            ranks: &self.levels.ranks()[begin..][..columns],
            numbers: &self.numbers[begin..][..columns],
            all: &self.numbers,
            begin,
        }
    }
}

/// Slices that one thread takes at a time, so that an empty tally costs little beside them.
const SLICES_AT_A_TIME: usize = 8;

/// The grey level at each place of [`DiscretisedRoi::ranks`].
fn numbers(levels: &DiscretisedRoi) -> Cow<'_, [u16]> {
    let ranks = levels.ranks();
    if levels.highest_level() as usize == levels.levels().len() {
        // No level is left out: ranks are levels.
        return Cow::Borrowed(ranks);
    }
    let mut of_rank = vec![0_u16];
    of_rank.extend(
        levels
            .levels()
            .iter()
            .map(|level| u16::try_from(*level).expect("the settings allow at most u16::MAX bins")),
    );
    let numbers = ranks.iter().map(|rank| of_rank[usize::from(*rank)]);
    Cow::Owned(numbers.collect())
}
