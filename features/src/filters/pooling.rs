//! Pooling: one response from the responses of a filter in several orientations.

use ndarray::Array3;
use rayon::prelude::*;

/// How the responses at a voxel become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Their largest.
    Max,
    /// Their mean.
    Average,
    /// Their smallest.
    Min,
}

impl Pooling {
    /// The word in the names of responses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Average => "average",
            Self::Min => "min",
        }
    }
}

/// Voxels that a thread works on at a time.
const CHUNK: usize = 1 << 15;

/// Changes every voxel by the same voxel of another volume of the same shape; both in standard layout.
pub(crate) fn combine(
    volume: &mut Array3<f64>,
    other: &Array3<f64>,
    change: impl Fn(&mut f64, f64) + Sync,
) {
    debug_assert_eq!(volume.dim(), other.dim());
    let (Some(to), Some(from)) = (volume.as_slice_mut(), other.as_slice()) else {
        unreachable!("volumes are in standard layout");
    };
    let chunks = to.par_chunks_mut(CHUNK).zip(from.par_chunks(CHUNK));
    chunks.for_each(|(to, from)| {
        for (to, from) in to.iter_mut().zip(from) {
            change(to, *from);
        }
    });
}

/// Changes every voxel; the volume is in standard layout.
pub(crate) fn change(volume: &mut Array3<f64>, change: impl Fn(&mut f64) + Sync) {
    let Some(to) = volume.as_slice_mut() else {
        unreachable!("volumes are in standard layout");
    };
    to.par_chunks_mut(CHUNK)
        .for_each(|to| to.iter_mut().for_each(&change));
}

/// In how many orientations a response was found as it is, and in how many with the opposite sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Occurrences {
    /// As it is.
    pub(crate) positive: u32,
    /// Negated.
    pub(crate) negative: u32,
}

/// Responses pooled so far: never more than one volume in memory.
#[derive(Debug)]
pub(crate) struct Pool {
    pooling: Pooling,
    pooled: Option<Array3<f64>>,
    count: u32,
}

impl Pool {
    /// Nothing pooled yet.
    pub(crate) fn new(pooling: Pooling) -> Self {
        Self {
            pooling,
            pooled: None,
            count: 0,
        }
    }

    /// Takes in a response in standard layout for the orientations in which it, or its negative, occurs.
    pub(crate) fn add(&mut self, mut response: Array3<f64>, occurrences: Occurrences) {
        let Occurrences { positive, negative } = occurrences;
        self.count += positive + negative;
        let weight = f64::from(positive) - f64::from(negative);
        match (self.pooling, positive > 0, negative > 0) {
            (Pooling::Average, ..) => change(&mut response, |value| *value *= weight),
            (Pooling::Max, true, true) => change(&mut response, |value| *value = value.abs()),
            (Pooling::Min, true, true) => change(&mut response, |value| *value = -value.abs()),
            (_, _, true) => change(&mut response, |value| *value = -*value),
            (_, _, false) => {}
        }
        match (&mut self.pooled, self.pooling) {
            (None, _) => self.pooled = Some(response),
            (Some(pooled), Pooling::Average) => {
                combine(pooled, &response, |sum, value| *sum += value)
            }
            (Some(pooled), Pooling::Max) => {
                combine(pooled, &response, |most, value| *most = most.max(value));
            }
            (Some(pooled), Pooling::Min) => {
                combine(pooled, &response, |least, value| *least = least.min(value));
            }
        }
    }

    /// Whether a response with these occurrences would change anything.
    pub(crate) fn needs(&self, occurrences: Occurrences) -> bool {
        self.pooling != Pooling::Average || occurrences.positive != occurrences.negative
    }

    /// Counts orientations whose responses cancel, which [`Pool::needs`] found.
    pub(crate) fn skip(&mut self, occurrences: Occurrences) {
        self.count += occurrences.positive + occurrences.negative;
    }

    /// The pooled response; `shape` is that of the image, for the case that all responses cancelled.
    pub(crate) fn finish(self, shape: (usize, usize, usize)) -> Array3<f64> {
        let mut pooled = self.pooled.unwrap_or_else(|| Array3::zeros(shape));
        if self.pooling == Pooling::Average && self.count > 1 {
            let count = f64::from(self.count);
            change(&mut pooled, |sum| *sum /= count);
        }
        pooled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(pooling: Pooling) -> Vec<f64> {
        let mut pool = Pool::new(pooling);
        let volume = |values: [f64; 3]| Array3::from_shape_vec((1, 1, 3), values.to_vec());
        let both = Occurrences {
            positive: 1,
            negative: 1,
        };
        let thrice = Occurrences {
            positive: 0,
            negative: 2,
        };
        pool.add(volume([1.0, -6.0, 3.0]).expect("a volume"), both);
        pool.add(volume([-2.0, 8.0, 0.0]).expect("a volume"), thrice);
        let shape = (1, 1, 3);
        pool.finish(shape).into_raw_vec_and_offset().0
    }

    #[test]
    fn negated_responses_are_pooled_like_others() {
        // Responses 1, -1, 2, 2 then -6, 6, -8, -8 then 3, -3, 0, 0.
        assert_eq!(pooled(Pooling::Max), [2.0, 6.0, 3.0]);
        assert_eq!(pooled(Pooling::Min), [-1.0, -8.0, -3.0]);
        assert_eq!(pooled(Pooling::Average), [1.0, -4.0, 0.0]);
    }
}
