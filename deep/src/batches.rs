//! Which samples make up which batch.

use std::collections::BTreeMap;

use crate::rng::{Purpose, Stream, shuffled};

/// The batches of an epoch: positions of samples.
///
/// `groups` says for every sample which group it belongs to (its class, its patient); then as many samples are
/// drawn as there are, with replacement, each from a group drawn at random. Without groups every sample comes
/// once. A last batch of a single sample joins the one before it: batch normalisation cannot work with one.
pub(crate) fn batches(
    samples: u32,
    groups: Option<&[usize]>,
    batch_size: usize,
    seed: u64,
    epoch: u32,
) -> Vec<Vec<usize>> {
    let mut stream = Stream::new(seed, Purpose::Shuffle, epoch, 0);
    let order = match groups {
        None => shuffled(samples, &mut stream),
        Some(groups) => drawn(groups, &mut stream),
    };
    let mut batches: Vec<Vec<usize>> = order.chunks(batch_size).map(<[usize]>::to_vec).collect();
    if batches.len() > 1 && batches.last().is_some_and(|batch| batch.len() == 1) {
        let rest = batches.pop().unwrap_or_default();
        if let Some(last) = batches.last_mut() {
            last.extend(rest);
        }
    }
    batches
}

/// As many draws as there are samples, every group as likely as any other.
fn drawn(groups: &[usize], stream: &mut Stream) -> Vec<usize> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (sample, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(sample);
    }
    let members: Vec<Vec<usize>> = members.into_values().collect();
    let mut pick = |count: usize| stream.below(u32::try_from(count).unwrap_or(u32::MAX)) as usize;
    (0..groups.len())
        .map(|_| {
            let group = &members[pick(members.len())];
            group[pick(group.len())]
        })
        .collect()
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
            let batches = batches(samples, None, 4, 42, 0);
            let found: Vec<usize> = batches.iter().map(Vec::len).collect();
            assert_eq!(found, sizes);
            let mut all = batches.concat();
            all.sort_unstable();
            assert_eq!(all, (0..samples as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn epochs_differ_and_repeat() {
        let first = batches(50, None, 8, 42, 0);
        assert_eq!(first, batches(50, None, 8, 42, 0));
        assert_ne!(first, batches(50, None, 8, 42, 1));
        assert_ne!(first, batches(50, None, 8, 43, 0));
    }

    /// Ninety samples of one group and ten of another: both come equally often, and within a group too.
    #[test]
    fn groups_come_equally_often() {
        let groups: Vec<usize> = (0..100)
            .map(|sample| usize::from(sample >= 90) * 7)
            .collect();
        let mut rare = 0;
        let mut first = 0;
        for epoch in 0..100 {
            let order = batches(100, Some(&groups), 8, 42, epoch).concat();
            assert_eq!(order.len(), 100);
            rare += order.iter().filter(|sample| **sample >= 90).count();
            first += order.iter().filter(|sample| **sample == 95).count();
        }
        // 5000 of 10 000 and 500 of 10 000 expected; five standard deviations are 250 and 109.
        assert!(rare.abs_diff(5000) < 250, "{rare}");
        assert!(first.abs_diff(500) < 109, "{first}");
    }
}
