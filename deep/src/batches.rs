//! Which samples make up which batch.

use crate::rng::{Purpose, Stream, shuffled};

/// The batches of an epoch in random order: positions of samples.
///
/// A last batch of a single sample joins the one before it: batch normalisation cannot work with one.
pub(crate) fn shuffled_batches(
    samples: u32,
    batch_size: usize,
    seed: u64,
    epoch: u32,
) -> Vec<Vec<usize>> {
    let mut stream = Stream::new(seed, Purpose::Shuffle, epoch, 0);
    let order = shuffled(samples, &mut stream);
    let mut batches: Vec<Vec<usize>> = order.chunks(batch_size).map(<[usize]>::to_vec).collect();
    if batches.len() > 1 && batches.last().is_some_and(|batch| batch.len() == 1) {
        let rest = batches.pop().unwrap_or_default();
        if let Some(last) = batches.last_mut() {
            last.extend(rest);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_once_and_no_batch_of_one() {
        for (samples, sizes) in [
            (9, vec![4, 5]),
            (8, vec![4, 4]),
            (10, vec![4, 4, 2]),
            (2, vec![2]),
        ] {
            let batches = shuffled_batches(samples, 4, 42, 0);
            let found: Vec<usize> = batches.iter().map(Vec::len).collect();
            assert_eq!(found, sizes);
            let mut all = batches.concat();
            all.sort_unstable();
            assert_eq!(all, (0..samples as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn epochs_differ_and_repeat() {
        let first = shuffled_batches(50, 8, 42, 0);
        assert_eq!(first, shuffled_batches(50, 8, 42, 0));
        assert_ne!(first, shuffled_batches(50, 8, 42, 1));
        assert_ne!(first, shuffled_batches(50, 8, 43, 0));
    }
}
