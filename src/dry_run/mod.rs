//! `--dry-run`: what a run will do, and about how long it will take.
//!
//! | part | estimated from |
//! |---|---|
//! | features | a few cases measured on this machine |
//! | networks | one batch of each forward and back on this machine, times batches and epochs |
//! | learners | [`costs`]: measured times of each learner, scaled by rows and columns, times fits |
//! | report | its measured time, scaled by models, rows and resamples |

pub mod costs;

use std::fmt::Write;

use raduet_study::Arm;
use serde::Serialize;

#[cfg(feature = "deep")]
use crate::arms::deep::rehearsal::Tried;

/// What a run will do.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Estimate {
    /// Cohort, split, features and models in words.
    pub plan: String,
    /// Slices, or rows, that will take part; from the cases tried where they are not known.
    pub slices: usize,
    /// Measuring, where it is not done already.
    pub features: Option<Step>,
    /// Each model.
    pub models: Vec<ModelEstimate>,
    /// Statistics and writing.
    pub report: Step,
    /// Threads that were counted on.
    pub threads: usize,
    /// What could not be tried, and why.
    pub notes: Vec<String>,
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Step {
    /// About so many seconds.
    pub seconds: f64,
    /// How that is known.
    pub how: String,
}

/// A model to be fitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelEstimate {
    /// Its name.
    pub name: String,
    /// Its arm.
    pub arm: Arm,
    /// Fits of it, those of a search and of explanations among them.
    pub fits: usize,
    /// About how long they take, at most.
    pub work: Step,
    /// What one batch showed.
    #[cfg(feature = "deep")]
    pub tried: Option<Tried>,
}

impl Estimate {
    /// About so many seconds in all.
    pub fn seconds(&self) -> f64 {
        let features = self.features.as_ref().map_or(0.0, |step| step.seconds);
        let models: f64 = self.models.iter().map(|model| model.work.seconds).sum();
        features + models + self.report.seconds
    }

    /// The estimate in words.
    pub fn describe(&self) -> String {
        let names = self.models.iter().map(|model| model.name.chars().count());
        let width = names.max().unwrap_or(0).max("features".len());
        let mut text = format!(
            "{}\nabout {} slices\n\n{:width$}  {:>5}  {:>10}  how it is estimated\n",
            self.plan, self.slices, "work", "fits", "about"
        );
        let mut line = |name: &str, fits: &str, step: &Step| {
            let about = duration(step.seconds);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name:width$}  {fits:>5}  {about:>10}  {}", step.how);
        };
        if let Some(features) = &self.features {
            line("features", "", features);
        }
        for model in &self.models {
            line(&model.name, &model.fits.to_string(), &model.work);
        }
        line("report", "", &self.report);
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        let _ = write!(
            text,
            "about {} in all, at most, with {} threads and nothing else at work; nothing was written",
            duration(self.seconds()),
            self.threads
        );
        text
    }
}

/// Seconds as one looks at a clock.
pub fn duration(seconds: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;
    match seconds {
        s if s < 1.0 => "< 1 s".to_owned(),
        s if s < 2.0 * MINUTE => format!("{s:.0} s"),
        s if s < 2.0 * HOUR => format!("{:.0} min", s / MINUTE),
        s => format!("{:.1} h", s / HOUR),
    }
}

/// The report's time for so many models, test rows and resamples, from one that was measured.
pub fn report(models: usize, rows: usize, resamples: usize) -> Step {
    /// Seconds of 16 models on 10 000 rows with 2000 resamples on two threads, at most.
    const MEASURED: (f64, f64) = (20.0, 16.0 * 10_000.0 * 2000.0);
    let work = models as f64 * rows as f64 * resamples as f64;
    Step {
        seconds: MEASURED.0 * work / MEASURED.1,
        how: format!("{models} models on {rows} test rows, {resamples} resamples"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_on_a_clock() {
        assert_eq!(duration(0.2), "< 1 s");
        assert_eq!(duration(119.0), "119 s");
        assert_eq!(duration(150.0), "2 min");
        assert_eq!(duration(9000.0), "2.5 h");
    }

    #[test]
    fn parts_sum_up_to_the_whole() {
        let step = |seconds| Step {
            seconds,
            how: "measured".into(),
        };
        let estimate = Estimate {
            plan: "plan".into(),
            features: Some(step(30.0)),
            models: vec![ModelEstimate {
                name: "svc".into(),
                arm: Arm::Radiomics,
                fits: 3,
                work: step(60.0),
                #[cfg(feature = "deep")]
                tried: None,
            }],
            report: step(60.0),
            threads: 2,
            ..Estimate::default()
        };
        let text = estimate.describe();
        assert!(text.contains("about 2 min in all"), "{text}");
        assert!(
            text.contains("svc           3        60 s  measured"),
            "{text}"
        );
    }
}
