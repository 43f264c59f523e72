//! Calibration intercept and slope of one probability (Cox 1958, doi 10.1093/biomet/45.3-4.562; Van Calster and others 2016,
//! doi 10.1016/j.jclinepi.2015.12.005).
//!
//! * slope b of logit P(y = 1) = a + b · logit(p): 1 when right, below 1 when probabilities are too extreme;
//! * intercept ("calibration in the large") a of logit P(y = 1) = a + logit(p): 0 when right, above when too low.
//!
//! Both are zeros of functions that fall everywhere: the score Σ (y − μ) in a, and Σ x (y − μ) in b with the best a for each
//! b. So each is found between two bounds, by Newton's steps where they stay within and by halving where not: extreme or
//! nearly separated probabilities cannot make it run away.
//!
//! Standard errors are robust (sandwich) with one cluster a patient, without small-sample correction. With weights
//! w = μ (1 − μ) and x̄ the weighted mean of x, H⁻¹ (Σ over patients of g gᵀ) H⁻¹ is for the intercept
//! `Σ_p (Σ (y − μ))² / (Σ w)²`, for the slope `Σ_p (Σ (x − x̄) (y − μ))² / (Σ w (x − x̄)²)²`, p a patient.

use std::collections::BTreeMap;

use crate::error::{Result, StudyError};

/// Probabilities are kept this far from 0 and 1, where the logit has no end.
const NEAREST: f64 = 1e-6;

/// Most steps towards a zero: each halves the bounds or the step before it, and a hundred halvings leave less than the
/// spacing of f64 of any bounds that finite logits ask for.
const MOST_STEPS: usize = 200;

/// Doublings of a slope until it is too steep: from 1 over the spread of logits to far beyond what finite logits ask for.
const MOST_DOUBLINGS: usize = 64;

/// Steps below this leave a coefficient where it is.
const STILL: f64 = 1e-13;

/// Values with their standard errors.
#[derive(Debug, Clone, PartialEq)]
pub struct WeakCalibration {
    /// Intercept with the slope held at one, and its standard error.
    pub intercept: [f64; 2],
    /// Slope, and its standard error; undefined with one probability only, or where the probability separates both kinds,
    /// so that no finite slope fits.
    pub slope: Result<[f64; 2]>,
}

/// Fits intercept and slope of a probability.
///
/// `owners`: whose sample each one is.
///
/// # Errors
/// [`StudyError::Undefined`] without samples of both kinds: neither coefficient has a finite value.
///
/// # Panics
/// When the three lists differ in length.
pub fn weak_calibration<K: Ord>(
    scores: &[f64],
    positive: &[bool],
    owners: &[K],
) -> Result<WeakCalibration> {
    assert!(
        scores.len() == positive.len() && scores.len() == owners.len(),
        "one score and one owner a sample"
    );
    let share = positive.iter().filter(|&&p| p).count() as f64 / positive.len() as f64;
    if !(share > 0.0 && share < 1.0) {
        return Err(undefined("all samples are of one kind"));
    }
    let samples = Samples {
        logits: scores.iter().map(|&p| logit(p)).collect(),
        positive,
        owners: positions(owners),
        mean: share.ln() - (-share).ln_1p(),
    };
    Ok(WeakCalibration {
        intercept: samples.intercept(),
        slope: samples.slope(),
    })
}

fn undefined(reason: &str) -> StudyError {
    StudyError::Undefined {
        figure: "calibration slope",
        reason: reason.to_owned(),
    }
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(NEAREST, 1.0 - NEAREST);
    p.ln() - (-p).ln_1p()
}

/// Numbers from 0 for the owners, in their order.
fn positions<K: Ord>(owners: &[K]) -> Vec<usize> {
    let mut numbers: BTreeMap<&K, usize> = owners.iter().map(|owner| (owner, 0)).collect();
    for (number, value) in numbers.values_mut().enumerate() {
        *value = number;
    }
    owners.iter().map(|owner| numbers[owner]).collect()
}

/// Samples of both kinds.
struct Samples<'a> {
    logits: Vec<f64>,
    positive: &'a [bool],
    owners: Vec<usize>,
    /// Logit of the share of positives.
    mean: f64,
}

impl Samples<'_> {
    /// Lowest and highest logit of a kind.
    fn ends(&self, kind: bool) -> (f64, f64) {
        let of_kind = self.logits.iter().zip(self.positive);
        of_kind.filter(|(_, positive)| **positive == kind).fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(low, high), (&x, _)| (low.min(x), high.max(x)),
        )
    }

    /// y − μ and μ (1 − μ) of every sample where the log odds are `linear`; both small forms keep their digits.
    fn residuals(&self, linear: impl Fn(f64) -> f64) -> impl Iterator<Item = (f64, f64)> {
        let samples = self.logits.iter().zip(self.positive);
        samples.map(move |(&x, &positive)| {
            let z = linear(x);
            let (no, yes) = (1.0 / (1.0 + z.exp()), 1.0 / (1.0 + (-z).exp()));
            (if positive { no } else { -yes }, no * yes)
        })
    }

    /// The intercept beside slope `b` of the logits.
    fn beside(&self, b: f64) -> f64 {
        let steps = self.logits.iter().map(|x| b * x);
        let (low, high) = steps.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), step| {
            (low.min(step), high.max(step))
        });
        // With all of them at one end the mean probability is the share of positives.
        zero(self.mean - high, self.mean - low, |a| {
            let sums = self.residuals(|x| a + b * x);
            sums.fold((0.0, 0.0), |sum, (r, w)| (sum.0 + r, sum.1 + w))
        })
    }

    fn intercept(&self) -> [f64; 2] {
        let a = self.beside(1.0);
        let (residuals, weights): (Vec<f64>, Vec<f64>) = self.residuals(|x| a + x).unzip();
        [a, self.clustered(&residuals) / weights.iter().sum::<f64>()]
    }

    fn slope(&self) -> Result<[f64; 2]> {
        let (of_positives, of_negatives) = (self.ends(true), self.ends(false));
        let lowest = of_positives.0.min(of_negatives.0);
        let spread = of_positives.1.max(of_negatives.1) - lowest;
        if spread <= 0.0 {
            return Err(undefined("all samples have one probability"));
        }
        if of_positives.0 >= of_negatives.1 || of_positives.1 <= of_negatives.0 {
            return Err(undefined(
                "the probability separates the samples of the class from all others",
            ));
        }
        let score = |b: f64| {
            let (terms, fall) = self.scores_of_slope(b);
            (terms.iter().sum::<f64>(), fall)
        };
        let rising = score(0.0).0 >= 0.0;
        let far = |reach: f64| if rising { reach } else { -reach };
        let mut reach = 1.0 / spread;
        let mut doublings = 0;
        while (score(far(reach)).0 > 0.0) == rising {
            reach *= 2.0;
            doublings += 1;
            if doublings > MOST_DOUBLINGS {
                return Err(undefined("the fit does not settle"));
            }
        }
        let b = zero(far(reach).min(0.0), far(reach).max(0.0), score);
        let (terms, fall) = self.scores_of_slope(b);
        Ok([b, self.clustered(&terms) / fall])
    }

    /// (x − x̄) (y − μ) of every sample at slope `b` with the intercept beside it, and Σ w (x − x̄)².
    fn scores_of_slope(&self, b: f64) -> (Vec<f64>, f64) {
        let a = self.beside(b);
        let at = || self.residuals(|x| a + b * x);
        let (sum, weight) = self
            .logits
            .iter()
            .zip(at())
            .fold((0.0, 0.0), |sum, (x, (_, w))| (sum.0 + w * x, sum.1 + w));
        // Without any weight left the sign of the score is all that is asked for: any centre gives it.
        let centre = if weight > 0.0 { sum / weight } else { 0.0 };
        let mut fall = 0.0;
        let terms = self.logits.iter().zip(at());
        let terms = terms.map(|(x, (r, w))| {
            fall += w * (x - centre) * (x - centre);
            (x - centre) * r
        });
        (terms.collect(), fall)
    }

    /// The root of the sum over patients of the squares of their sums.
    fn clustered(&self, terms: &[f64]) -> f64 {
        let mut sums = vec![0.0; self.owners.len()];
        for (term, &owner) in terms.iter().zip(&self.owners) {
            sums[owner] += term;
        }
        sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt()
    }
}

/// Where a function that falls from `low` to `high` is zero; it gives its value and how steeply it falls.
fn zero(mut low: f64, mut high: f64, of: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut at = f64::midpoint(low, high);
    let mut before = high - low;
    for _ in 0..MOST_STEPS {
        let (value, fall) = of(at);
        if value > 0.0 {
            low = at;
        } else {
            high = at;
        }
        let newton = at + value / fall;
        // Not a number compares as false.
        let helps = newton >= low && newton <= high && 2.0 * (newton - at).abs() <= before.abs();
        let next = if helps {
            newton
        } else {
            f64::midpoint(low, high)
        };
        before = next - at;
        at = next;
        if before.abs() <= STILL * at.abs().max(1.0) {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two probabilities, observed shares q: the fit goes through both points, so slope and errors are in closed form.
    #[test]
    fn two_points_closed_form() {
        let (p, q, n) = ([0.2, 0.7], [0.25, 0.5], 400_usize);
        let (mut scores, mut positive) = (Vec::new(), Vec::new());
        for (p, q) in p.into_iter().zip(q) {
            for i in 0..n {
                scores.push(p);
                positive.push((i as f64) < q * n as f64);
            }
        }
        let owners: Vec<usize> = (0..scores.len()).collect();
        let fit = weak_calibration(&scores, &positive, &owners).unwrap();
        let slope = (logit(q[1]) - logit(q[0])) / (logit(p[1]) - logit(p[0]));
        let found = fit.slope.unwrap();
        assert!((found[0] - slope).abs() < 1e-12);
        let variance: f64 = q.iter().map(|q| 1.0 / (n as f64 * q * (1.0 - q))).sum();
        let expected = variance.sqrt() / (logit(p[1]) - logit(p[0]));
        assert!((found[1] - expected).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_slope_says_why_and_keeps_its_intercept() {
        let owners = [0, 1, 2, 3];
        let fit =
            |scores: [f64; 4], positive: [bool; 4]| weak_calibration(&scores, &positive, &owners);
        let mixed = [true, false, true, false];
        for (scores, said, expected) in [
            ([0.3; 4], "one probability", -logit(0.3)),
            ([0.9, 0.1, 0.8, 0.2], "separates", 0.0),
            ([0.1, 0.9, 0.2, 0.8], "separates", 0.0),
            ([0.0, 1.0, 0.0, 1.0], "separates", 0.0),
        ] {
            let fit = fit(scores, mixed).unwrap();
            let reason = fit.slope.unwrap_err().to_string();
            assert!(reason.contains(said), "{reason}");
            // Half of them are positive: one probability has its logit in the way, symmetric ones have nothing but
            // the rounding of 1 − 10⁻⁶, which its odds carry with ten digits.
            assert!((fit.intercept[0] - expected).abs() < 1e-10, "{scores:?}");
            assert!(fit.intercept[1].is_finite());
        }
        let none = fit([0.1, 0.9, 0.2, 0.8], [true; 4]).unwrap_err();
        assert!(none.to_string().contains("one kind"));
    }
}
