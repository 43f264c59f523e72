//! Filters that are a product of kernels along x, y and z: responses in one or all right-angle orientations.
//!
//! Many of the 24 orientations have the same response, or its negative, when kernels are symmetric or
//! antisymmetric: such orientations are found once and computed once. What is left shares the convolutions
//! along z and y.

use std::collections::BTreeMap;

use ndarray::Array3;

use crate::filters::convolve::{self, Kernel};
use crate::filters::ibsi::{Dimensions, Rotation};
use crate::filters::padding::Boundary;
use crate::filters::pooling::{Occurrences, Pool, Pooling};
use crate::filters::rotations::{self, Sense};

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
    /// The pooled response to an image.
    pub(super) fn respond(&self, image: &Array3<f64>) -> Array3<f64> {
        let (chains, orientations) = self.orientations();
        let pooling = match self.rotation {
            // One response: every way of pooling leaves it as it is.
            Rotation::None => Pooling::Max,
            Rotation::Invariant(pooling) => pooling,
        };
        let mut pool = Pool::new(pooling);
        // The last responses to z alone and to z and y, with the chains that made them. Orientations come
        // sorted by the chain along z, then y.
        let mut along_z: Option<(usize, Array3<f64>)> = None;
        let mut along_zy: Option<([usize; 2], Array3<f64>)> = None;
        for ([z, y, x], occurrences) in orientations {
            if !pool.needs(occurrences) {
                pool.skip(occurrences);
                continue;
            }
            let zy = match along_zy.take() {
                Some((made_by, response)) if made_by == [z, y] => response,
                _ => {
                    let first = match along_z.take() {
                        Some((made_by, response)) if made_by == z => response,
                        _ => self.follow(image, 0, &chains[z]),
                    };
                    let response = self.follow(&first, 1, &chains[y]);
                    along_z = Some((z, first));
                    response
                }
            };
            pool.add(self.follow(&zy, 2, &chains[x]), occurrences);
            along_zy = Some(([z, y], zy));
        }
        pool.finish(image.dim())
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

    fn follow(&self, volume: &Array3<f64>, axis: usize, chain: &Chain) -> Array3<f64> {
        let mut kernels = chain.iter();
        let Some(first) = kernels.next() else {
            return volume.clone();
        };
        let mut response = convolve::along(volume, axis, first, self.boundary);
        for kernel in kernels {
            response = convolve::along(&response, axis, kernel, self.boundary);
        }
        response
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
