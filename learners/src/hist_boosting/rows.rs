//! Which rows learn: those held out to judge when to stop, and those of each round.

use std::collections::BTreeMap;

use raduet_study::random::Stream;

use crate::samples::Samples;

/// Row numbers that learn and row numbers that judge, both ascending.
pub(super) struct HeldOut {
    pub(super) learning: Vec<usize>,
    pub(super) judging: Vec<usize>,
}

/// Draws about a `fraction` of the rows. Patients stay whole where they are known, else every class
/// gives its share. Every class keeps a row to learn from.
pub(super) fn hold_out(samples: &Samples, fraction: f64, seed: u64) -> HeldOut {
    let mut stream = Stream::new(seed, "rows that judge boosting", 0);
    let judges = match samples.groups() {
        Some(groups) => by_patient(samples, groups, fraction, &mut stream),
        None => by_class(samples, fraction, &mut stream),
    };
    let (judging, learning) = (0..samples.rows()).partition(|&row| judges[row]);
    HeldOut { learning, judging }
}

fn by_class(samples: &Samples, fraction: f64, stream: &mut Stream) -> Vec<bool> {
    let mut of_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, label) in samples.labels().iter().enumerate() {
        of_class.entry(label.0).or_default().push(row);
    }
    let mut judges = vec![false; samples.rows()];
    for rows in of_class.values_mut() {
        stream.shuffle(rows);
        let count = share(rows.len(), fraction).min(rows.len() - 1);
        for &row in &rows[..count] {
            judges[row] = true;
        }
    }
    judges
}

fn by_patient(
    samples: &Samples,
    groups: &[usize],
    fraction: f64,
    stream: &mut Stream,
) -> Vec<bool> {
    let mut of_patient: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &group) in groups.iter().enumerate() {
        of_patient.entry(group).or_default().push(row);
    }
    let mut left = vec![0; samples.classes().len()];
    for label in samples.labels() {
        left[label.0] += 1;
    }
    let mut patients: Vec<&Vec<usize>> = of_patient.values().collect();
    stream.shuffle(&mut patients);
    let wanted = share(samples.rows(), fraction);
    let mut judges = vec![false; samples.rows()];
    let mut taken = 0;
    for rows in patients {
        if taken >= wanted {
            break;
        }
        let mut after = left.clone();
        for &row in rows {
            after[samples.labels()[row].0] -= 1;
        }
        let loses_a_class = left.iter().zip(&after).any(|(l, a)| *l > 0 && *a == 0);
        if loses_a_class {
            continue;
        }
        left = after;
        taken += rows.len();
        for &row in rows {
            judges[row] = true;
        }
    }
    judges
}

/// A share of a count, at least 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction of a count"
)]
pub(super) fn share(count: usize, fraction: f64) -> usize {
    ((count as f64 * fraction).round() as usize).clamp(1, count.max(1))
}

/// `count` of the numbers below `all`, ascending.
pub(super) fn drawn(all: usize, count: usize, mut stream: Stream) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..all).collect();
    for at in 0..count.min(all) {
        numbers.swap(at, at + stream.below(all - at));
    }
    numbers.truncate(count);
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    fn samples(labels: &[usize]) -> Samples {
        Samples::new(
            vec![0.0; labels.len()],
            vec!["x".into()],
            labels.iter().map(|&l| Label(l)).collect(),
            ClassNames::new(["a", "b"]).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn classes_give_their_share() {
        let labels: Vec<usize> = (0..100_usize)
            .map(|i| usize::from(i.is_multiple_of(5)))
            .collect();
        let held = hold_out(&samples(&labels), 0.1, 3);
        assert_eq!((held.learning.len(), held.judging.len()), (90, 10));
        assert_eq!(held.judging.iter().filter(|&&r| labels[r] == 1).count(), 2);
    }

    #[test]
    fn patients_stay_whole_and_no_class_is_lost() {
        let labels: Vec<usize> = (0..60).map(|i| usize::from(i < 3)).collect();
        let groups: Vec<usize> = (0..60).map(|i| i / 3).collect();
        for seed in 0..20 {
            let samples = samples(&labels).with_groups(groups.clone()).unwrap();
            let held = hold_out(&samples, 0.2, seed);
            assert_eq!(held.judging.len(), 12);
            assert!(
                held.judging.iter().all(|r| *r >= 3),
                "the only patient of b"
            );
            let learns = |group| held.learning.iter().any(|r| groups[*r] == group);
            assert!(held.judging.iter().all(|r| !learns(groups[*r])));
        }
    }

    #[test]
    fn draws_are_distinct_and_ascending() {
        let draw = drawn(50, 20, Stream::new(1, "test", 0));
        assert!(draw.len() == 20 && draw.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(drawn(5, 5, Stream::new(1, "test", 0)), [0, 1, 2, 3, 4]);
    }
}
