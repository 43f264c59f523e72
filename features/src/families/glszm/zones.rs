//! Labelling zones: voxels of one grey level connected through any of their 8 neighbours in a slice or 26
//! in a volume.
//!
//! ```text
//! 1 2 1      labels:  0 1 2      In storage order a voxel takes the label of a neighbour before it. Labels that
//! . 1 .               . 0 .      turn out to be of one zone are joined: 0 and 2.
//! ```
//!
//! Random textures change at almost every voxel, where a processor cannot guess what comes next: so neighbours are
//! compared without branches, and so are labels given. Only the labels of two slices are kept, not one for each
//! voxel: whatever is asked of a zone is gathered under its labels on the way.

use std::ops::Range;

use rayon::prelude::*;

use super::joins::{Joins, Neighbourhood};
pub(crate) use super::labels::Gather;
use super::labels::Labels;
use crate::discretise::DiscretisedRoi;
use crate::families::parts::Part;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::Reach;

/// Slabs that are labelled side by side: few, since what joins them is done by one thread.
const SLABS: usize = 8;

/// Fewest voxels of a slab.
const SLAB_VOXELS: usize = 1 << 17;

/// The number of voxels of a zone.
pub(crate) struct Size;

impl Gather for Size {
    const NOTHING: u32 = 0;

    #[inline]
    fn row(&self, _: usize) -> impl Fn(usize) -> u32 {
        |_| 1
    }

    #[inline]
    fn both(a: u32, b: u32) -> u32 {
        a + b
    }
}

/// The least of a number that the voxels of each row have, counted from the first slice of the part on.
pub(crate) struct Least<F>(pub(crate) F);

impl<'a, F: Fn(usize) -> &'a [u32] + Sync> Gather for Least<F> {
    const NOTHING: u32 = u32::MAX;

    #[inline]
    fn row(&self, row: usize) -> impl Fn(usize) -> u32 {
        let row = (self.0)(row);
        move |column| row[column]
    }

    #[inline]
    fn both(a: u32, b: u32) -> u32 {
        a.min(b)
    }
}

/// The zones of a part of a region by level and by what is gathered over their voxels: in slabs of slices side by
/// side, which are then joined where they meet.
pub(crate) fn count_zones<G: Gather>(
    levels: &DiscretisedRoi,
    part: &Part,
    gather: &G,
) -> SizeCounts {
    let slice = levels.rows() * levels.columns();
    let voxels = SLAB_VOXELS.max((part.slices.len() * slice).div_ceil(SLABS));
    let firsts = part.slices.clone().step_by(voxels.div_ceil(slice));
    let firsts: Vec<usize> = firsts.collect();
    let ends = firsts.iter().skip(1).copied().chain([part.slices.end]);
    let slabs: Vec<_> = firsts.iter().copied().zip(ends).collect();
    let slabs: Vec<Slab> = slabs
        .into_par_iter()
        .map(|(first, end)| Slab::label(levels, part, first..end, gather))
        .collect();
    let mut slabs = slabs.into_iter();
    let Slab {
        mut labels,
        mut last,
        ..
    } = slabs.next().expect("a part has slices");
    for (z, slab) in firsts.into_iter().skip(1).zip(slabs) {
        let given = labels.append(&slab.labels);
        if part.reach == Reach::Volume {
            let now: Vec<u32> = slab.first.iter().map(|label| label + given).collect();
            join_with_slice_before(&mut labels, levels, z, [&last, &now]);
            last = slab.last;
            for label in &mut last {
                *label += given;
            }
        }
    }
    let mut counts = SizeCounts::new(levels.levels().len());
    labels.zones::<G>(|rank, gathered| counts.add(rank, gathered));
    counts
}

/// Some slices with their labels.
struct Slab {
    labels: Labels,
    /// Those of the voxels of the first slice; outside the region anything.
    first: Vec<u32>,
    /// Those of the last slice.
    last: Vec<u32>,
}

impl Slab {
    fn label<G: Gather>(
        levels: &DiscretisedRoi,
        part: &Part,
        slices: Range<usize>,
        gather: &G,
    ) -> Self {
        let (rows, columns) = (levels.rows(), levels.columns());
        let voxels = rows * columns;
        let mut labels = Labels::with_room(slices.len() * voxels);
        let mut joins = Joins::new(columns);
        let back = Joins::back(rows, columns);
        let mut first = Vec::new();
        // The slice before, and this one.
        let mut places = vec![0; 2 * voxels];
        for z in slices.clone() {
            places.copy_within(voxels.., 0);
            let reach = if z > slices.start {
                part.reach
            } else {
                Reach::Slice
            };
            for y in 0..rows {
                joins.list(neighbourhood(levels, z, y, reach));
                let ranks = &levels.ranks()[levels.row(z, y)..][..columns];
                let of = gather.row((z - part.slices.start) * rows + y);
                let places = (&mut places[..], voxels + y * columns);
                labels.label_row::<G>(ranks, joins.needs(), &back, places, of);
            }
            if z == slices.start {
                first = places[voxels..].to_vec();
            }
        }
        Self {
            labels,
            first,
            last: places.split_off(voxels),
        }
    }
}

/// Joins the labels of a slice with those of the one before it.
fn join_with_slice_before(
    labels: &mut Labels,
    levels: &DiscretisedRoi,
    z: usize,
    [before, now]: [&[u32]; 2],
) {
    let (rows, columns) = (levels.rows(), levels.columns());
    let places = [before, now].concat();
    let back = Joins::back(rows, columns);
    let mut joins = Joins::new(columns);
    for y in 0..rows {
        joins.list(neighbourhood(levels, z, y, Reach::Volume));
        for (column, needs) in joins.needs().iter().enumerate() {
            let place = before.len() + y * columns + column;
            let mut needs = needs & Joins::SLICE_BEFORE;
            while needs > 0 {
                labels.unite(
                    places[place],
                    places[place - back[needs.trailing_zeros() as usize]],
                );
                needs &= needs - 1;
            }
        }
    }
}

/// What a row is joined with.
fn neighbourhood(levels: &DiscretisedRoi, z: usize, y: usize, reach: Reach) -> Neighbourhood<'_> {
    // All six sides of the box have padding, whose ranks are 0.
    let [plane, stride] = levels.strides();
    let first = levels.row(z, y) - 1;
    let row = |back: usize| &levels.ranks()[first - back..][..levels.columns() + 2];
    Neighbourhood {
        row: row(0),
        before: row(stride),
        slice_before: (reach == Reach::Volume)
            .then(|| [row(plane + stride), row(plane), row(plane - stride)]),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use raduet_testkit::phantoms::Random;

    use super::*;
    use crate::discretise::Discretisation;
    use crate::geometry::Spacing;
    use crate::roi::Roi;

    /// Sizes of the zones, found by walking from voxel to voxel.
    fn walked(levels: &Array3<u32>, reach: Reach) -> Vec<(u32, u32)> {
        let shape = [levels.dim().0, levels.dim().1, levels.dim().2];
        let mut left = levels.clone();
        let mut zones = Vec::new();
        for (start, level) in levels.indexed_iter() {
            if left[start] == 0 {
                continue;
            }
            left[start] = 0;
            let mut waiting = vec![[start.0, start.1, start.2]];
            let mut size = 0;
            while let Some(at) = waiting.pop() {
                size += 1;
                let along = |axis: usize| {
                    let far = usize::from(axis > 0 || reach == Reach::Volume);
                    at[axis].saturating_sub(far)..(at[axis] + far + 1).min(shape[axis])
                };
                for z in along(0) {
                    for (y, x) in along(1).flat_map(|y| along(2).map(move |x| (y, x))) {
                        if left[[z, y, x]] == *level {
                            left[[z, y, x]] = 0;
                            waiting.push([z, y, x]);
                        }
                    }
                }
            }
            zones.push((*level, size));
        }
        zones.sort_unstable();
        zones
    }

    /// Large zones and small ones, through more slabs than two.
    #[test]
    fn zones_go_on_from_slab_to_slab() {
        let shape = (33, 101, 103);
        assert!(shape.0 * shape.1 * shape.2 > 2 * SLAB_VOXELS);
        for (highest, spread) in [(3, 2), (9, 7), (40, 40)] {
            let mut random = Random::new(u64::from(highest));
            let levels = Array3::from_shape_fn(shape, |_| random.below(highest) % spread);
            let values = levels.mapv(f64::from);
            let inside = levels.mapv(|level| level > 0);
            let roi = Roi::from_arrays(&values, &inside, Spacing::new([1.0; 3]).unwrap());
            let rule = Discretisation::AsStored;
            let found = DiscretisedRoi::new(&roi.unwrap().unwrap(), rule, 4096, 1).unwrap();
            for reach in [Reach::Slice, Reach::Volume] {
                let slices = 0..shape.0;
                let counts = count_zones(&found, &Part { slices, reach }, &Size);
                let zones = counts.cells(found.levels()).into_iter().flat_map(|cell| {
                    std::iter::repeat_n((cell.level, cell.size), cell.count as usize)
                });
                assert!(zones.collect::<Vec<_>>() == walked(&levels, reach));
            }
        }
    }
}
