//! Axis by axis: a weighted sum of samples along one axis is a new array with that axis resampled.

use rayon::prelude::*;

use super::taps::Taps;

/// An array `[z, y, x]`, x fastest.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) shape: [usize; 3],
    pub(super) values: Vec<f64>,
}

impl Block {
    /// How many values lie between neighbours along an axis.
    pub(super) fn inner(&self, axis: usize) -> usize {
        self.shape[axis + 1..].iter().product()
    }

    /// A part of an axis.
    pub(super) fn narrowed(self, axis: usize, low: usize, length: usize) -> Self {
        if length == self.shape[axis] {
            return self;
        }
        let (old, inner) = (self.shape[axis] * self.inner(axis), self.inner(axis));
        let mut shape = self.shape;
        shape[axis] = length;
        let mut values = Vec::with_capacity(shape.iter().product());
        for outer in self.values.chunks(old) {
            values.extend_from_slice(&outer[low * inner..][..length * inner]);
        }
        Self { shape, values }
    }

    /// The axis resampled.
    pub(super) fn resampled(self, axis: usize, taps: &Taps) -> Self {
        let length = self.shape[axis];
        if taps.keep(length) {
            return self;
        }
        match taps.width {
            1 => self.summed::<1>(axis, taps),
            2 => self.summed::<2>(axis, taps),
            _ => self.summed::<4>(axis, taps),
        }
    }

    fn summed<const W: usize>(self, axis: usize, taps: &Taps) -> Self {
        let (old, inner) = (self.shape[axis], self.inner(axis));
        let mut shape = self.shape;
        shape[axis] = taps.len();
        let mut values = vec![0.0; shape.iter().product()];
        let indices = taps.indices.as_chunks::<W>().0;
        let weights = taps.weights.as_chunks::<W>().0;
        let new = taps.len();
        if inner == 1 {
            let rows = values.par_chunks_mut(new).zip(self.values.par_chunks(old));
            rows.for_each(|(sums, row)| {
                for ((sum, indices), weights) in sums.iter_mut().zip(indices).zip(weights) {
                    *sum = std::iter::zip(indices, weights)
                        .map(|(at, weight)| weight * row[*at])
                        .sum();
                }
            });
        } else {
            let lines = values.par_chunks_mut(inner).enumerate();
            lines.for_each(|(line, sums)| {
                let (outer, at) = (line / new, line % new);
                let block = &self.values[outer * old * inner..][..old * inner];
                let rows: [&[f64]; W] = indices[at].map(|index| &block[index * inner..][..inner]);
                add_rows(sums, rows, weights[at]);
            });
        }
        Self { shape, values }
    }
}

fn add_rows<const W: usize>(sums: &mut [f64], rows: [&[f64]; W], weights: [f64; W]) {
    for (at, sum) in sums.iter_mut().enumerate() {
        let mut total = 0.0;
        for (row, weight) in rows.iter().zip(weights) {
            total += weight * row[at];
        }
        *sum = total;
    }
}
