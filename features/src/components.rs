//! Connected parts of a region: voxels that touch each other, across corners too (26 neighbours in a
//! volume, 8 in a slice).
//!
//! Works on runs of voxels along x, of which a region has far fewer than voxels: two runs in neighbouring
//! rows belong together when they overlap or touch at a corner. A union-find holds the parts.

use ndarray::{Array3, ArrayView3};

use crate::roi::ends;
use crate::volume::MaskVolume;

/// Voxels `from..to` of one row.
#[derive(Debug, Clone, Copy)]
struct Run {
    row: (usize, usize),
    from: usize,
    to: usize,
}

/// The runs of a region and the part each belongs to; parts are numbered in storage order.
struct Parts {
    runs: Vec<Run>,
    part_of_run: Vec<usize>,
    count: usize,
}

/// How many connected parts a region has.
pub(crate) fn count(inside: &ArrayView3<'_, bool>) -> usize {
    Parts::new(inside).count
}

/// The connected parts of a region, in storage order of their first voxels; each becomes a mask of its own when
/// it is asked for.
#[derive(Debug)]
pub struct Components<'a> {
    mask: &'a MaskVolume,
    runs: Vec<Vec<Run>>,
}

impl<'a> Components<'a> {
    /// Finds the parts of a region.
    pub fn new(mask: &'a MaskVolume) -> Self {
        let parts = Parts::new(&mask.inside().view());
        let mut runs = vec![Vec::new(); parts.count];
        for (run, part) in parts.runs.iter().zip(&parts.part_of_run) {
            runs[*part].push(*run);
        }
        Self { mask, runs }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.runs.len()
    }

    /// Voxels of each part.
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        let voxels = |runs: &Vec<Run>| runs.iter().map(|run| run.to - run.from).sum();
        self.runs.iter().map(voxels)
    }

    /// One part as a mask, counted from 0, or `None` when there are fewer.
    pub fn mask(&self, part: usize) -> Option<MaskVolume> {
        let mut inside = Array3::from_elem(self.mask.inside().dim(), false);
        for run in self.runs.get(part)? {
            let (z, y) = run.row;
            inside
                .slice_mut(ndarray::s![z, y, run.from..run.to])
                .fill(true);
        }
        MaskVolume::new(inside, *self.mask.grid())
    }
}

impl Parts {
    fn new(inside: &ArrayView3<'_, bool>) -> Self {
        let (slices, rows, _) = inside.dim();
        let mut runs: Vec<Run> = Vec::new();
        // Where the runs of row (z, y) begin.
        let mut first = vec![0; slices * rows + 1];
        for z in 0..slices {
            for y in 0..rows {
                let line = inside.slice(ndarray::s![z, y, ..]);
                let row = (z, y);
                match line.as_slice() {
                    Some(line) => add_runs(line, row, &mut runs),
                    None => add_runs(&line.to_vec(), row, &mut runs),
                }
                first[z * rows + y + 1] = runs.len();
            }
        }
        let mut parents: Vec<usize> = (0..runs.len()).collect();
        for z in 0..slices {
            for y in 0..rows {
                let here = first[z * rows + y]..first[z * rows + y + 1];
                // The rows already visited that touch this one.
                for (dz, dy) in [(0, -1), (-1, -1), (-1, 0), (-1, 1)] {
                    let (Some(z), Some(y)) = (z.checked_add_signed(dz), y.checked_add_signed(dy))
                    else {
                        continue;
                    };
                    if y >= rows {
                        continue;
                    }
                    let there = first[z * rows + y]..first[z * rows + y + 1];
                    join_touching(&runs, here.clone(), there, &mut parents);
                }
            }
        }
        let mut numbers = vec![usize::MAX; runs.len()];
        let mut count = 0;
        let part_of_run = (0..runs.len())
            .map(|run| {
                let root = root(&mut parents, run);
                if numbers[root] == usize::MAX {
                    numbers[root] = count;
                    count += 1;
                }
                numbers[root]
            })
            .collect();
        Self {
            runs,
            part_of_run,
            count,
        }
    }
}

/// Adds the runs of a row. Most rows of a region have one or none.
fn add_runs(line: &[bool], row: (usize, usize), runs: &mut Vec<Run>) {
    let Some((first, last)) = ends(line) else {
        return;
    };
    let mut from = first;
    let between = &line[first..=last];
    if !between.iter().fold(true, |all, inside| all & inside) {
        for (at, pair) in (first..).zip(between.windows(2)) {
            match pair {
                [true, false] => runs.push(Run {
                    row,
                    from,
                    to: at + 1,
                }),
                [false, true] => from = at + 1,
                _ => {}
            }
        }
    }
    runs.push(Run {
        row,
        from,
        to: last + 1,
    });
}

/// Joins the runs of two rows that overlap or touch at a corner; both lists ascend along x.
fn join_touching(
    runs: &[Run],
    here: std::ops::Range<usize>,
    there: std::ops::Range<usize>,
    parents: &mut [usize],
) {
    let mut at = there.start;
    for run in here {
        // A run that ends before this one begins touches no later one either.
        while at < there.end && runs[at].to < runs[run].from {
            at += 1;
        }
        let mut other = at;
        while other < there.end && runs[other].from <= runs[run].to {
            let (a, b) = (root(parents, run), root(parents, other));
            parents[a.max(b)] = a.min(b);
            other += 1;
        }
    }
}

fn root(parents: &mut [usize], mut run: usize) -> usize {
    while parents[run] != run {
        parents[run] = parents[parents[run]];
        run = parents[run];
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flood fill, voxel by voxel.
    fn by_flooding(inside: &Array3<bool>) -> usize {
        let mut left = inside.clone();
        let (nz, ny, nx) = left.dim();
        let mut parts = 0;
        for (start, _) in inside.indexed_iter().filter(|(_, inside)| **inside) {
            if !std::mem::take(&mut left[start]) {
                continue;
            }
            parts += 1;
            let mut open = vec![start];
            while let Some((z, y, x)) = open.pop() {
                for z in z.saturating_sub(1)..(z + 2).min(nz) {
                    for y in y.saturating_sub(1)..(y + 2).min(ny) {
                        for x in x.saturating_sub(1)..(x + 2).min(nx) {
                            if std::mem::take(&mut left[[z, y, x]]) {
                                open.push((z, y, x));
                            }
                        }
                    }
                }
            }
        }
        parts
    }

    #[test]
    fn runs_and_flooding_find_the_same_parts() {
        let mut state = 7_u64;
        let mut several = 0;
        for round in 0..2000_usize {
            let shape = (1 + round % 4, 1 + round % 5, 1 + round % 7);
            let threshold = [2, 3, 5][round % 3];
            let inside = Array3::from_shape_simple_fn(shape, || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) % 8 < threshold
            });
            let expected = by_flooding(&inside);
            assert_eq!(count(&inside.view()), expected, "{inside:?}");
            several += usize::from(expected > 1);
        }
        assert!(several > 500, "{several} regions with several parts");
    }
}
