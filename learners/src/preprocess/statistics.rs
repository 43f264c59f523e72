//! Numbers of one column: sums, middles, ranks. All run in the order of the given values, so the
//! caller decides what leaves a trace.

/// Independent partial sums, so that the loop can be vectorised without changing its order.
const LANES: usize = 8;

/// Sum of the values of a function.
pub(crate) fn sum_of(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let blocks = values.chunks_exact(LANES);
    let rest: f64 = blocks.remainder().iter().map(|&x| f(x)).sum();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane += f(x);
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Arithmetic mean; NaN of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    sum_of(values, |x| x) / values.len() as f64
}

/// Mean and sum of squared deviations from it, in two passes.
pub(crate) fn squares(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = mean(values);
    let squares = sum_of(values, |x| (x - mean) * (x - mean));
    // The deviations' own sum corrects for the rounding of the mean.
    let rest = sum_of(values, |x| x - mean);
    (mean, squares - rest * rest / n)
}

/// Mean and population variance.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let (mean, squares) = squares(values);
    (mean, squares / values.len() as f64)
}

/// Values in ascending order.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Middle of sorted values, the mean of the two middle ones of an even number.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(f64::midpoint(sorted[last / 2], sorted[sorted.len() / 2]))
}

/// The value below which a share of sorted values lies, linear between neighbours (numpy's default,
/// type 7 of Hyndman and Fan 1996, doi 10.2307/2684934).
///
/// # Panics
/// Without values.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    quantile_at(sorted, share * (sorted.len() - 1) as f64)
}

/// The value at a position that may lie between two.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position within the list"
)]
pub(crate) fn quantile_at(sorted: &[f64], position: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = position.clamp(0.0, last as f64);
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let part = position - below as f64;
    // From the nearer end, as numpy does, so that a whole position gives the value itself.
    let step = sorted[above] - sorted[below];
    if part >= 0.5 {
        sorted[above] - step * (1.0 - part)
    } else {
        sorted[below] + step * part
    }
}

/// Ranks from 1, ties sharing their mean rank, and Σ (t³ − t) over the groups of t equal values.
pub(crate) fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<(f64, u32)> = values
        .iter()
        .zip(0_u32..)
        // −0 + 0 is 0: both zeros are one value.
        .map(|(&value, row)| (value + 0.0, row))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut ranks = vec![0.0; values.len()];
    let mut ties = 0.0;
    let mut before = 0;
    for group in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let t = group.len() as f64;
        let rank = before as f64 + 0.5 * (t + 1.0);
        for &(_, row) in group {
            ranks[row as usize] = rank;
        }
        ties += t * t * t - t;
        before += group.len();
    }
    (ranks, ties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_between_neighbours_by_hand() {
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (share, expected) in [
            (0.0, 1.0),
            (0.25, 2.0),
            (0.3, 2.4),
            (0.9, 12.8),
            (1.0, 16.0),
        ] {
            let found = quantile(&values, share);
            assert!((found - expected).abs() < 1e-12, "{share}: {found}");
        }
        assert_eq!(median(&values), Some(4.0));
        assert_eq!(median(&values[..4]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn tied_values_share_their_mean_rank() {
        let (found, ties) = ranks(&[3.0, 0.0, 3.0, -0.0, 7.0, 3.0]);
        assert_eq!(found, [4.0, 1.5, 4.0, 1.5, 6.0, 4.0]);
        assert!((ties - (24.0 + 6.0)).abs() < 1e-12);
    }

    #[test]
    fn sums_of_squares_survive_a_large_mean() {
        let values: Vec<f64> = (0..19).map(|i| 1e9 + f64::from(i % 3)).collect();
        let (mean, squares) = squares(&values);
        // 7 zeros, 6 ones, 6 twos.
        assert!((mean - 1e9 - 18.0 / 19.0).abs() < 1e-6);
        assert!((squares - (30.0 - 18.0 * 18.0 / 19.0)).abs() < 1e-6);
    }
}
