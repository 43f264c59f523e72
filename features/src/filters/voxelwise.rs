//! Work on the values of volumes one by one, on all threads.

use ndarray::Array3;
use rayon::prelude::*;

/// Voxels that a thread works on at a time.
const CHUNK: usize = 1 << 15;

/// The values of a volume in standard layout.
pub(crate) fn values(volume: &Array3<f64>) -> &[f64] {
    match volume.as_slice() {
        Some(values) => values,
        None => unreachable!("volumes of filters are in standard layout"),
    }
}

/// The values of a volume in standard layout.
pub(crate) fn values_mut(volume: &mut Array3<f64>) -> &mut [f64] {
    match volume.as_slice_mut() {
        Some(values) => values,
        None => unreachable!("volumes of filters are in standard layout"),
    }
}

/// Changes every voxel.
pub(crate) fn change(volume: &mut Array3<f64>, change: impl Fn(&mut f64) + Sync) {
    let chunks = values_mut(volume).par_chunks_mut(CHUNK);
    chunks.for_each(|values| values.iter_mut().for_each(&change));
}

/// Adds a volume of the same shape.
pub(crate) fn add(sum: &mut Array3<f64>, other: &Array3<f64>) {
    debug_assert_eq!(sum.dim(), other.dim());
    let chunks = values_mut(sum).par_chunks_mut(CHUNK);
    chunks
        .zip(values(other).par_chunks(CHUNK))
        .for_each(|(sums, others)| {
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum += other;
            }
        });
}
