//! How often each intensity (or grey level) occurs in a region: what all statistics are read from.
//!
//! Few distinct values are the rule in images, and a sum over distinct values is as good as a sum over
//! voxels. Whole numbers are counted in a table, everything else is sorted.
//!
//! Symbols: `x_v` the distinct values, ascending, `c_v` how often they occur, `n` their number,
//! `mu` the mean, `m_k` the k-th central moment `Σ c_v (x_v - mu)^k / n`.
//!
//! Percentiles are interpolated linearly between order statistics at `q (n - 1)`, counted from 0, by the
//! same arithmetic as `numpy`. This meets the standard's reference values on all data sets, among them 4
//! for the 90th percentile of the digital phantom; interpolation at `q n - 1/2`, which other programs use,
//! gives 4.2 there, and the manual accepts both. The robust mean absolute deviation keeps what lies
//! between two percentiles, both included, so that a rounding error would decide over voxels.

use crate::families::sort::sort;
use crate::roi::Roi;
use crate::whole_numbers::WholeNumbers;

/// Terms that are added up one after another; longer sums are sums of such sums, which keeps their
/// rounding error small.
const BLOCK: usize = 128;

/// The distinct values of a region with their numbers. Never empty.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    values: Vec<f64>,
    counts: Vec<u32>,
    /// How many are not above the value at the same place.
    through: Vec<usize>,
    mean: f64,
    /// `m_2`, `m_3`, `m_4`.
    moments: [f64; 3],
}

impl Distribution {
    /// The intensities of a region.
    pub(crate) fn of_intensities(roi: &Roi) -> Self {
        match WholeNumbers::count(roi) {
            Some((numbers, _)) => Self::of_numbers(&numbers),
            None => Self::sorted(roi.intensities()),
        }
    }

    /// Numbers that have been counted.
    pub(crate) fn of_numbers(numbers: &WholeNumbers) -> Self {
        let room = numbers.places();
        let (mut values, mut counts) = (Vec::with_capacity(room), Vec::with_capacity(room));
        for (_, number, count) in numbers.occurring() {
            values.push(number);
            counts.push(count);
        }
        Self::new(values, counts)
    }

    /// Values, ascending and distinct, with the number of each, at least one.
    pub(crate) fn new(values: Vec<f64>, counts: Vec<u32>) -> Self {
        let mut through = Vec::with_capacity(counts.len());
        let mut n = 0;
        for count in &counts {
            n += *count as usize;
            through.push(n);
        }
        let mut all = Self {
            values,
            counts,
            through,
            mean: 0.0,
            moments: [0.0; 3],
        };
        let n = all.n();
        all.mean = match all.values[..] {
            [only] => only,
            _ => all.sum(|x| x) / n,
        };
        let mean = all.mean;
        let [second, third, fourth] = all.sums(|x| {
            let d = x - mean;
            let square = d * d;
            [square, square * d, square * square]
        });
        all.moments = [second / n, third / n, fourth / n];
        all
    }

    fn sorted(mut x: Vec<f64>) -> Self {
        sort(&mut x);
        let (mut values, mut counts) = (Vec::with_capacity(x.len()), Vec::with_capacity(x.len()));
        for run in x.chunk_by(|a, b| a >= b) {
            values.push(run[0]);
            counts.push(u32::try_from(run.len()).expect("fewer than 2^32 voxels"));
        }
        Self::new(values, counts)
    }

    /// The distinct values, ascending.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// How often each of them occurs.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Number of voxels.
    pub(crate) fn n(&self) -> f64 {
        self.through.last().copied().unwrap_or(0) as f64
    }

    /// `Σ c_v f(x_v)`.
    pub(crate) fn sum(&self, term: impl Fn(f64) -> f64) -> f64 {
        let [sum] = self.sums(|x| [term(x)]);
        sum
    }

    /// Several such sums at once.
    fn sums<const N: usize>(&self, term: impl Fn(f64) -> [f64; N]) -> [f64; N] {
        let mut whole = [0.0; N];
        let blocks = self.values.chunks(BLOCK).zip(self.counts.chunks(BLOCK));
        for (values, counts) in blocks {
            let mut block = [0.0; N];
            for (value, count) in values.iter().zip(counts) {
                let count = f64::from(*count);
                for (sum, term) in block.iter_mut().zip(term(*value)) {
                    *sum += count * term;
                }
            }
            for (sum, block) in whole.iter_mut().zip(block) {
                *sum += block;
            }
        }
        whole
    }

    /// Lowest value.
    pub(crate) fn minimum(&self) -> f64 {
        self.values[0]
    }

    /// Highest value.
    pub(crate) fn maximum(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    /// Highest minus lowest value.
    pub(crate) fn range(&self) -> f64 {
        self.maximum() - self.minimum()
    }

    /// `mu`.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// `m_2`.
    pub(crate) fn variance(&self) -> f64 {
        self.moments[0]
    }

    /// `m_3 / m_2^(3/2)`; 0 for a flat region, a convention of the standard and of PyRadiomics.
    pub(crate) fn skewness(&self) -> f64 {
        if self.is_flat() {
            0.0
        } else {
            self.moments[1] / self.moments[0].powf(1.5)
        }
    }

    /// `m_4 / m_2^2`, not reduced by 3; NaN for a flat region, for which each profile has its convention.
    pub(crate) fn kurtosis(&self) -> f64 {
        if self.is_flat() {
            f64::NAN
        } else {
            self.moments[2] / (self.moments[0] * self.moments[0])
        }
    }

    /// `m_4 / m_2^2 - 3`; 0 for a flat region, the standard's convention.
    pub(crate) fn excess_kurtosis(&self) -> f64 {
        if self.is_flat() {
            0.0
        } else {
            self.kurtosis() - 3.0
        }
    }

    /// Whether there is one value only.
    pub(crate) fn is_flat(&self) -> bool {
        self.values.len() == 1
    }

    /// The middle value, or the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let n = self.through[self.through.len() - 1];
        if n % 2 == 1 {
            self.ranked(n / 2)
        } else {
            f64::midpoint(self.ranked(n / 2 - 1), self.ranked(n / 2))
        }
    }

    /// The `q`-quantile, `0 <= q <= 1`.
    pub(crate) fn quantile(&self, q: f64) -> f64 {
        let n = self.through[self.through.len() - 1];
        let (below, t) = position(q, n);
        let a = self.ranked(below);
        let b = self.ranked((below + 1).min(n - 1));
        // From the nearer end, as `numpy` does it: exact at both.
        if t < 0.5 {
            a + (b - a) * t
        } else {
            b - (b - a) * (1.0 - t)
        }
    }

    /// The order statistic with `rank` values below it.
    fn ranked(&self, rank: usize) -> f64 {
        let at = self.through.partition_point(|through| *through <= rank);
        self.values[at]
    }

    /// `P75 - P25`.
    pub(crate) fn interquartile_range(&self) -> f64 {
        self.quantile(0.75) - self.quantile(0.25)
    }

    /// `(P75 - P25) / (P75 + P25)`; NaN when the quartiles add up to zero.
    pub(crate) fn quartile_dispersion(&self) -> f64 {
        let (low, high) = (self.quantile(0.25), self.quantile(0.75));
        divided(high - low, high + low)
    }

    /// `sqrt(m_2) / mu`; NaN for a mean of zero.
    pub(crate) fn coefficient_of_variation(&self) -> f64 {
        divided(self.variance().sqrt(), self.mean)
    }

    /// Mean of `|x - centre|`.
    pub(crate) fn mean_deviation_from(&self, centre: f64) -> f64 {
        self.sum(|x| (x - centre).abs()) / self.n()
    }

    /// Mean of `|x - mean|` of the values from the 10th to the 90th percentile, both included; `mean` is
    /// that of these values.
    pub(crate) fn robust_mean_absolute_deviation(&self) -> f64 {
        let (low, high) = (self.quantile(0.1), self.quantile(0.9));
        let from = self.values.partition_point(|x| *x < low);
        let to = self.values.partition_point(|x| *x <= high);
        if to <= from {
            // Two voxels: none lies between their percentiles.
            return f64::NAN;
        }
        let kept = Self::new(
            self.values[from..to].to_vec(),
            self.counts[from..to].to_vec(),
        );
        kept.mean_deviation_from(kept.mean)
    }

    /// Probability of each value, in their order.
    pub(crate) fn probabilities(&self) -> impl Iterator<Item = f64> {
        let n = self.n();
        self.counts.iter().map(move |count| f64::from(*count) / n)
    }
}

/// A quotient that is NaN, never infinite, for a denominator of zero.
fn divided(numerator: f64, denominator: f64) -> f64 {
    if denominator.abs() > 0.0 {
        numerator / denominator
    } else {
        f64::NAN
    }
}

/// Between which of `n` order statistics the `q`-quantile lies: the lower one, counted from 0, and
/// how far from it to the next.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the position lies between 0 and n - 1"
)]
fn position(q: f64, n: usize) -> (usize, f64) {
    let position = q * (n - 1) as f64;
    let below = position.floor();
    (below as usize, position - below)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use raduet_testkit::phantoms::Random;

    use super::*;
    use crate::geometry::Spacing;

    fn region(values: &[f64]) -> Roi {
        let values = Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).unwrap();
        let inside = values.mapv(|_| true);
        Roi::from_arrays(&values, &inside, Spacing::new([1.0; 3]).unwrap())
            .unwrap()
            .unwrap()
    }

    /// Counting is right when it gives what sorting gives, and both what the definitions say.
    #[test]
    fn counted_and_sorted_values_are_the_same_distribution() {
        let mut random = Random::new(5);
        let x: Vec<f64> = (0..997)
            .map(|_| f64::from(random.below(40)) - 17.0)
            .collect();
        assert!(WholeNumbers::count(&region(&x)).is_some());
        let counted = Distribution::of_intensities(&region(&x));
        let sorted = Distribution::sorted(x.clone());
        assert_eq!(counted.values(), sorted.values());
        assert_eq!(counted.counts(), sorted.counts());

        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let moment = |k| x.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
        for (found, expected) in [
            (counted.mean(), mean),
            (counted.variance(), moment(2)),
            (counted.skewness(), moment(3) / moment(2).powf(1.5)),
            (counted.kurtosis(), moment(4) / moment(2).powi(2)),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        let mut order = x;
        order.sort_by(f64::total_cmp);
        for (rank, value) in order.iter().enumerate() {
            assert!((counted.ranked(rank) - value).abs() < 0.1);
        }
    }

    #[test]
    fn fractions_and_wide_ranges_are_sorted() {
        assert!(WholeNumbers::count(&region(&[1.0, 2.5])).is_none());
        assert!(WholeNumbers::count(&region(&[0.0, 1e6])).is_none());
        assert!(WholeNumbers::count(&region(&[0.0, 1e300])).is_none());
        let far = Distribution::of_intensities(&region(&[1e300, -1e300, 0.5]));
        assert_eq!(far.values(), [-1e300, 0.5, 1e300]);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let symmetric = Distribution::of_intensities(&region(&[-1.0, 1.0]));
        assert!(symmetric.coefficient_of_variation().is_nan());
        assert!(symmetric.quartile_dispersion().is_nan());
    }
}
