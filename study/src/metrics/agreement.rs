//! Agreement beyond chance, from the counts of a confusion matrix.

use crate::error::Result;
use crate::labels::Label;
use crate::metrics::confusion::Confusion;

impl Confusion {
    /// Matthews' correlation coefficient for K classes (Gorodkin 2004,
    /// doi 10.1016/j.compbiolchem.2004.09.006):
    ///
    /// `(s c − Σ t_k p_k) / √((s² − Σ t_k²)(s² − Σ p_k²))`
    ///
    /// with s samples, c right ones, `t_k` true and `p_k` answered counts. It is 0 when every sample has
    /// the same answer, as in scikit-learn.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] while fewer than two classes occur among the truths.
    pub fn matthews(&self) -> Result<f64> {
        self.two_classes("Matthews' correlation")?;
        let (s, c) = (self.total() as f64, self.correct() as f64);
        let (mut both, mut true_squares, mut answer_squares) = (0.0, 0.0, 0.0);
        for class in self.per_class() {
            let (t, p) = (class.support as f64, class.answered as f64);
            both += t * p;
            true_squares += t * t;
            answer_squares += p * p;
        }
        let spread = (s * s - true_squares) * (s * s - answer_squares);
        if spread == 0.0 {
            return Ok(0.0);
        }
        Ok((s * c - both) / spread.sqrt())
    }

    /// Cohen's κ (1960, doi 10.1177/001316446002000104): every wrong answer counts the same.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] while fewer than two classes occur among the truths.
    pub fn kappa(&self) -> Result<f64> {
        self.weighted_kappa("Cohen's kappa", |i, j| f64::from(u8::from(i != j)))
    }

    /// Cohen's κ with quadratic weights (1968, doi 10.1037/h0026256): an answer d classes away counts
    /// d². For classes in a natural order, such as stages.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] while fewer than two classes occur among the truths.
    pub fn quadratic_kappa(&self) -> Result<f64> {
        self.weighted_kappa("quadratic weighted kappa", |i, j| {
            let distance = i.abs_diff(j) as f64;
            distance * distance
        })
    }

    /// 1 − (observed disagreement) / (disagreement expected of independent answers).
    fn weighted_kappa(
        &self,
        figure: &'static str,
        weight: impl Fn(usize, usize) -> f64,
    ) -> Result<f64> {
        self.two_classes(figure)?;
        let classes = self.per_class();
        let n = self.total() as f64;
        let (mut observed, mut expected) = (0.0, 0.0);
        for (i, truth) in classes.iter().enumerate() {
            for (j, answer) in classes.iter().enumerate() {
                let w = weight(i, j);
                observed += w * self.count(Label(i), Label(j)) as f64;
                expected += w * truth.support as f64 * answer.answered as f64 / n;
            }
        }
        // Two true classes cannot both equal every answer, so some disagreement is expected.
        Ok(1.0 - observed / expected)
    }
}
