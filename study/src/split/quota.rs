//! How many patients of each class a part receives.

/// Slack against a product such as `0.29 * 100` lying just below the whole number it stands for.
const ROUNDING: f64 = 1e-9;

/// Patients of each class for a part that asks for `share` of everyone.
///
/// With `counts[k]` patients of class k in the cohort, a class gives the whole part of share · `counts[k]`
/// or one more, so that the part has round(share · N) patients; the largest remainders come first, the
/// earlier class on a tie.
/// Every class gives at least one patient where `caps` allows it, even if the part grows by that:
/// a part without a class cannot speak of it.
///
/// `counts` and `caps` (the most a class may give) have one entry per class.
pub(super) fn quotas(counts: &[usize], share: f64, caps: &[usize]) -> Vec<usize> {
    let ideal: Vec<f64> = counts.iter().map(|&n| n as f64 * share).collect();
    let mut given: Vec<usize> = ideal
        .iter()
        .zip(caps)
        .map(|(&x, &cap)| floor(x).max(1).min(cap))
        .collect();
    let everyone: usize = counts.iter().sum();
    let wanted = floor(everyone as f64 * share + 0.5);
    while given.iter().sum::<usize>() < wanted {
        let remainder = |k: usize| ideal[k] - given[k] as f64;
        let candidates = (0..counts.len()).filter(|&k| given[k] < caps[k] && remainder(k) > 0.0);
        // `max_by` keeps the last of equals, so the search runs backwards.
        let Some(k) = candidates
            .rev()
            .max_by(|&a, &b| remainder(a).total_cmp(&remainder(b)))
        else {
            break;
        };
        given[k] += 1;
    }
    given
}

/// The whole part of a share of patients, at least zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count of patients: not negative and far below 2^53"
)]
pub(super) fn floor(x: f64) -> usize {
    (x + ROUNDING).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_remainders_fill_the_part() {
        // 0.1 of 131, 114, 73 = 13.1, 11.4, 7.3; round(31.8) = 32, so one more: the largest remainder.
        assert_eq!(quotas(&[131, 114, 73], 0.1, &[130, 113, 72]), [13, 12, 7]);
    }

    #[test]
    fn a_tie_goes_to_the_earlier_class() {
        assert_eq!(quotas(&[5, 5], 0.5, &[5, 5]), [3, 2]);
    }

    #[test]
    fn a_small_class_gives_one_and_a_cap_holds() {
        assert_eq!(quotas(&[100, 2], 0.1, &[99, 1]), [10, 1]);
        assert_eq!(quotas(&[100, 2], 0.1, &[99, 0]), [10, 0]);
    }

    #[test]
    fn a_share_that_should_be_whole_is_whole() {
        assert_eq!(floor(0.29 * 100.0), 29);
    }
}
