//! How far answers lie from the truth where classes have an order, such as stages.
//!
//! An answer d classes away from the truth is off by d: classes count as equally far apart. The macro average takes the
//! mean of the classes' own means (Baccianella, Esuli and Sebastiani 2009, doi 10.1109/ISDA.2009.230), so that a frequent
//! class does not hide the others.

use crate::error::Result;
use crate::labels::Label;
use crate::metrics::confusion::Confusion;

impl Confusion {
    /// Mean distance of answer and truth, in classes.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] without samples.
    pub fn stage_error(&self) -> Result<f64> {
        self.some("stage error")?;
        let distances = self.by_distance(|distance| distance);
        Ok(distances.iter().sum::<u64>() as f64 / self.total() as f64)
    }

    /// Mean of the classes' own mean distances, over classes that truly occur.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] without samples.
    pub fn macro_stage_error(&self) -> Result<f64> {
        self.some("macro stage error")?;
        let distances = self.by_distance(|distance| distance);
        let (mut sum, mut occurring) = (0.0, 0.0);
        for (k, &distance) in distances.iter().enumerate() {
            let support = self.support(k);
            if support > 0 {
                sum += distance as f64 / support as f64;
                occurring += 1.0;
            }
        }
        Ok(sum / occurring)
    }

    /// Share of answers at most one class away from the truth.
    ///
    /// # Errors
    /// [`crate::StudyError::Undefined`] without samples.
    pub fn within_one(&self) -> Result<f64> {
        self.some("accuracy within one class")?;
        let near = self.by_distance(|distance| u64::from(distance <= 1));
        Ok(near.iter().sum::<u64>() as f64 / self.total() as f64)
    }

    /// Of every true class, its samples weighted by a function of how far the answer is off.
    fn by_distance(&self, weight: impl Fn(u64) -> u64) -> Vec<u64> {
        let of_class = |i: usize| {
            let answers = (0..self.classes()).map(|j| {
                let distance = i.abs_diff(j) as u64;
                weight(distance) * self.count(Label(i), Label(j))
            });
            answers.sum()
        };
        (0..self.classes()).map(of_class).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_stages_by_hand() {
        let pairs = [(0, 0), (0, 2), (1, 0), (2, 2), (2, 2), (2, 1)];
        let pairs = pairs.map(|(truth, answer)| (Label(truth), Label(answer)));
        let confusion = Confusion::from_labels(4, pairs);
        assert_eq!(confusion.stage_error(), Ok(4.0 / 6.0));
        assert_eq!(confusion.within_one(), Ok(5.0 / 6.0));
        // Means of the three classes that occur: 1, 1 and 1/3.
        assert!((confusion.macro_stage_error().unwrap() - 7.0 / 9.0).abs() < 1e-15);
        assert!(Confusion::empty(3).stage_error().is_err());
    }
}
