//! Filters that are a product of kernels along x, y and z: responses in one or all right-angle orientations.
//!
//! Many of the 24 orientations have the same response, or its negative, when kernels are symmetric or
//! antisymmetric: such orientations are found once and computed once. What is left shares the convolutions
//! along z and y.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ndarray::Array3;
use rayon::prelude::*;

use crate::filters::convolve::{self, Kernel, Stack};
use crate::filters::ibsi::{Dimensions, Rotation};
use crate::filters::padding::Boundary;
use crate::filters::pooling::{Occurrences, Pooling};
use crate::filters::rotations::{self, Sense};
use crate::filters::voxelwise::{change, values_mut};

/// Kernels that follow one another along one axis; none leaves the image as it is.
pub(super) type Chain = Vec<Kernel>;

/// A separable filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Separable {
    /// Along x, y, z; the last is empty for filters of slices.
    pub(super) chains: [Chain; 3],
    pub(super) dimensions: Dimensions,
    pub(super) rotation: Rotation,
    pub(super) boundary: Boundary,
}

impl Separable {
    /// The pooled response to an image in standard layout.
    pub(super) fn respond(&self, image: &Array3<f64>) -> Array3<f64> {
        let (slices, rows, columns) = image.dim();
        let (chains, orientations) = self.orientations();
        let pooling = match self.rotation {
            // The sum of one response.
            Rotation::None => Pooling::Average,
            Rotation::Invariant(pooling) => pooling,
        };
        let mut pooled = Array3::from_elem((slices, rows, columns), pooling.start());
        if pooled.is_empty() {
            return pooled;
        }
        let total: u32 = orientations
            .values()
            .map(|found| found.positive + found.negative)
            .sum();
        let mut matter: Vec<_> = orientations.into_iter().collect();
        matter.retain(|(_, occurrences)| occurrences.matter(pooling));
        for same_z in matter.chunk_by(|(first, _), (second, _)| first[0] == second[0]) {
            self.pool_orientations(image, &chains, same_z, pooling, &mut pooled);
        }
        if pooling == Pooling::Average && total > 1 {
            let total = f64::from(total);
            change(&mut pooled, |sum| *sum /= total);
        }
        pooled
    }

    /// Pools all orientations with one chain along z. Plane after plane is taken through the chains along y
    /// and x while it is in the cache.
    fn pool_orientations(
        &self,
        image: &Array3<f64>,
        chains: &[Chain],
        same_z: &[Oriented],
        pooling: Pooling,
        pooled: &mut Array3<f64>,
    ) {
        let (_, rows, columns) = image.dim();
        let (last, before) = match chains[same_z[0].0[0]].split_last() {
            Some((last, before)) => (Some(last), before),
            None => (None, &[][..]),
        };
        let image = self.follow_along_z(image, before);
        let stack = Stack::new(&image);
        let planes = values_mut(pooled)
            .par_chunks_mut(rows * columns)
            .enumerate();
        planes.for_each_init(Work::default, |work, (z, pooled)| {
            work.plane.resize(pooled.len(), 0.0);
            match last {
                Some(kernel) => stack.plane_along_z(z, kernel, self.boundary, &mut work.plane),
                None => work.plane.copy_from_slice(stack.plane(z)),
            }
            self.pool_plane(columns, chains, same_z, work, pooling, pooled);
        });
    }

    /// The response along z to several kernels.
    fn follow_along_z<'a>(
        &self,
        image: &'a Array3<f64>,
        kernels: &[Kernel],
    ) -> Cow<'a, Array3<f64>> {
        let mut response = Cow::Borrowed(image);
        for kernel in kernels {
            response = Cow::Owned(convolve::along(&response, 0, kernel, self.boundary));
        }
        response
    }

    /// Takes the response along z of a plane, in `work.plane`, through the chains along y and x and pools the
    /// responses row after row.
    fn pool_plane(
        &self,
        columns: usize,
        chains: &[Chain],
        orientations: &[Oriented],
        work: &mut Work,
        pooling: Pooling,
        pooled: &mut [f64],
    ) {
        let Work {
            plane,
            along_y,
            along_x,
            padded,
        } = work;
        for same_y in orientations.chunk_by(|(first, _), (second, _)| first[1] == second[1]) {
            let chain = &chains[same_y[0].0[1]];
            follow(chain, plane, along_y, |kernel, from, to| {
                convolve::plane_along_y(from, columns, kernel, self.boundary, to);
            });
            let rows = along_y[0].chunks(columns);
            for (row, pooled) in rows.zip(pooled.chunks_mut(columns)) {
                for ([.., x], occurrences) in same_y {
                    follow(&chains[*x], row, along_x, |kernel, from, to| {
                        convolve::row_along_x(from, kernel, self.boundary, padded, to);
                    });
                    pooling.add(pooled, &along_x[0], *occurrences);
                }
            }
        }
    }

    /// The chains without repetitions, and the orientations as their positions along z, y, x.
    fn orientations(&self) -> (Vec<Chain>, BTreeMap<[usize; 3], Occurrences>) {
        let rotations = match (self.rotation, self.dimensions) {
            (Rotation::None, _) => vec![rotations::IDENTITY],
            (Rotation::Invariant(_), Dimensions::Two) => rotations::of_slices(),
            (Rotation::Invariant(_), Dimensions::Three) => rotations::of_volumes(),
        };
        let mut chains = Vec::new();
        let mut orientations = BTreeMap::<_, Occurrences>::new();
        for rotation in rotations {
            let mut negated = false;
            let [x, y, z] = rotation.map(|(axis, sense)| {
                let chain = match sense {
                    Sense::Forwards => self.chains[axis].clone(),
                    Sense::Backwards => self.chains[axis].iter().map(Kernel::flipped).collect(),
                };
                let (position, sign_changed) = position(&mut chains, chain);
                negated ^= sign_changed;
                position
            });
            let occurrences = orientations.entry([z, y, x]).or_default();
            if negated {
                occurrences.negative += 1;
            } else {
                occurrences.positive += 1;
            }
        }
        (chains, orientations)
    }

    /// How many voxels along z, y, x the response depends on, or `None` when the image's other end counts.
    pub(super) fn reach(&self) -> Option<[usize; 3]> {
        if self.boundary == Boundary::Periodic {
            return None;
        }
        let reaches = self
            .chains
            .each_ref()
            .map(|chain| chain.iter().map(Kernel::reach).sum());
        let [x, y, z]: [usize; 3] = reaches;
        Some(match (self.rotation, self.dimensions) {
            (Rotation::None, _) => [z, y, x],
            (Rotation::Invariant(_), Dimensions::Two) => [0, y.max(x), y.max(x)],
            (Rotation::Invariant(_), Dimensions::Three) => [z.max(y).max(x); 3],
        })
    }
}

/// The positions of an orientation's chains along z, y, x, and how it occurs.
type Oriented = ([usize; 3], Occurrences);

/// What a thread works in.
#[derive(Default)]
struct Work {
    plane: Vec<f64>,
    /// Response and what it was made from.
    along_y: [Vec<f64>; 2],
    along_x: [Vec<f64>; 2],
    padded: Vec<f64>,
}

/// Applies kernels one after the other by `step`; the response is the first of the buffers.
fn follow(
    kernels: &[Kernel],
    from: &[f64],
    buffers: &mut [Vec<f64>; 2],
    mut step: impl FnMut(&Kernel, &[f64], &mut [f64]),
) {
    for buffer in &mut *buffers {
        buffer.resize(from.len(), 0.0);
    }
    let [response, earlier] = buffers;
    let Some((first, rest)) = kernels.split_first() else {
        response.copy_from_slice(from);
        return;
    };
    step(first, from, response);
    for kernel in rest {
        std::mem::swap(response, earlier);
        step(kernel, earlier, response);
    }
}

/// Where a chain, or the chain with the opposite sign, stands among those known, and whether the sign is the
/// opposite one; adds it when it is new.
fn position(known: &mut Vec<Chain>, chain: Chain) -> (usize, bool) {
    let mut opposite = chain.clone();
    if let Some(kernel) = opposite.first_mut() {
        *kernel = kernel.negated();
    }
    if let Some(position) = known.iter().position(|other| *other == chain) {
        return (position, false);
    }
    if let Some(position) = known.iter().position(|other| *other == opposite) {
        return (position, true);
    }
    known.push(chain);
    (known.len() - 1, false)
}
