//! Parts of a pair's rows that are held out in turn to calibrate its machine.
//!
//! scikit-learn (LIBSVM) draws them from one shared generator, anew at every fit. Here they come from
//! the seed and hold the two classes in proportion; rows of one patient stay together where patients
//! are known.

use std::collections::BTreeMap;

use raduet_study::random::Stream;

/// Parts of the training rows that are held out in turn.
pub(crate) const FOLDS: usize = 5;

/// The fold of every row, below [`FOLDS`].
pub(crate) fn drawn(positive: &[bool], groups: Option<&[usize]>, mut stream: Stream) -> Vec<usize> {
    match groups {
        Some(groups) => by_group(positive, groups, &mut stream),
        None => by_row(positive, &mut stream),
    }
}

/// Shuffled rows of either class dealt out in turn.
fn by_row(positive: &[bool], stream: &mut Stream) -> Vec<usize> {
    let mut fold_of = vec![0; positive.len()];
    let mut dealt = 0;
    for side in [true, false] {
        let mut rows: Vec<usize> = (0..positive.len())
            .filter(|&row| positive[row] == side)
            .collect();
        stream.shuffle(&mut rows);
        for row in rows {
            fold_of[row] = dealt % FOLDS;
            dealt += 1;
        }
    }
    fold_of
}

/// Shuffled patients, those with most rows first, each to the fold that is then most even: the sum over
/// classes and folds of the squared shares of the class is least. Of equals the fold with fewest rows
/// wins, then the first.
fn by_group(positive: &[bool], groups: &[usize], stream: &mut Stream) -> Vec<usize> {
    let mut number = BTreeMap::new();
    // Numbered as they come, since the numbers given may be any.
    let group_of: Vec<usize> = groups
        .iter()
        .map(|group| {
            let next = number.len();
            *number.entry(*group).or_insert(next)
        })
        .collect();
    let mut counts = vec![[0.0_f64; 2]; number.len()];
    let mut totals = [0.0; 2];
    for (&group, &side) in group_of.iter().zip(positive) {
        counts[group][usize::from(side)] += 1.0;
        totals[usize::from(side)] += 1.0;
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    stream.shuffle(&mut order);
    let rows = |count: [f64; 2]| count[0] + count[1];
    order.sort_by(|&a, &b| rows(counts[b]).total_cmp(&rows(counts[a])));
    let mut filled = [[0.0_f64; 2]; FOLDS];
    let mut fold_of_group = vec![0; counts.len()];
    for group in order {
        let added = |fold: usize| -> f64 {
            (0..2)
                .filter(|&side| totals[side] > 0.0)
                .map(|side| {
                    // What the group adds to the sum of squares.
                    let share = counts[group][side] / totals[side];
                    share * (2.0 * filled[fold][side] / totals[side] + share)
                })
                .sum()
        };
        let best = (0..FOLDS).min_by(|&a, &b| {
            added(a)
                .total_cmp(&added(b))
                .then(rows(filled[a]).total_cmp(&rows(filled[b])))
        });
        let fold = best.unwrap_or(0);
        fold_of_group[group] = fold;
        for side in 0..2 {
            filled[fold][side] += counts[group][side];
        }
    }
    group_of.iter().map(|&group| fold_of_group[group]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(seed: u64) -> Stream {
        Stream::new(seed, "test", 0)
    }

    #[test]
    fn rows_are_dealt_in_proportion() {
        let positive: Vec<bool> = (0..53).map(|i| i % 3 == 0).collect();
        let fold_of = drawn(&positive, None, stream(1));
        for fold in 0..FOLDS {
            let of = |side| {
                let of_side = (0..53).filter(|&i| fold_of[i] == fold && positive[i] == side);
                of_side.count()
            };
            assert!((3..=4).contains(&of(true)) && of(false) == 7, "{fold}");
        }
        assert_ne!(fold_of, drawn(&positive, None, stream(2)));
    }

    #[test]
    fn patients_stay_together_and_classes_in_proportion() {
        // 40 patients with one to three rows each.
        let groups: Vec<usize> = (0..80).map(|i| 1000 - (i * i) % 41).collect();
        let positive: Vec<bool> = groups.iter().map(|g| g % 4 == 0).collect();
        let fold_of = drawn(&positive, Some(&groups), stream(1));
        for (a, group) in groups.iter().enumerate() {
            for b in (0..80).filter(|&b| groups[b] == *group) {
                assert_eq!(fold_of[a], fold_of[b]);
            }
        }
        let positives = positive.iter().filter(|p| **p).count() as f64;
        for fold in 0..FOLDS {
            let rows = fold_of.iter().filter(|f| **f == fold).count();
            let of_fold = (0..80).filter(|&i| fold_of[i] == fold && positive[i]);
            let share = of_fold.count() as f64 / positives;
            assert!((14..=18).contains(&rows), "{rows}");
            assert!((share - 0.2).abs() < 0.08, "{share}");
        }
        assert_ne!(fold_of, drawn(&positive, Some(&groups), stream(2)));
        // Other numbers for the same patients change nothing.
        let renamed: Vec<usize> = groups.iter().map(|g| 7 * (2000 - g)).collect();
        assert_eq!(fold_of, drawn(&positive, Some(&renamed), stream(1)));
    }
}
