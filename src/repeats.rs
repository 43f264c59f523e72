//! The same learners on other draws of the split: how much of a figure is the draw.
//!
//! Repeat 0 is the run itself; repeat r is drawn with seed + r. Models of the other repeats are fitted, judged
//! on the same figures of patients, and not kept. A standard deviation over repeats is no interval: the
//! repeats share their patients.

use std::fmt::Write;

use raduet_study::metrics::{Judged, by_id};
use raduet_study::reference::{majority, training_patients};
use raduet_study::{Cohort, Part, Pooling, Predictions, StudyError};
#[cfg(feature = "learners")]
use rayon::prelude::*;

#[cfg(feature = "learners")]
use crate::arms::FoldRows;
use crate::arms::PlannedModel;
use crate::console::Console;
use crate::division;
use crate::error::{Code, Result, ToolError};
use crate::io::cell;
use crate::io::feature_csv::FeatureFile;
use crate::settings::Settings;

/// Figures of patients that are followed.
const FIGURES: [&str; 5] = [
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "auc_ovr",
    "log_loss",
];

/// One model on one draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// Its name.
    pub model: String,
    /// Which draw.
    pub repeat: usize,
    /// Its seed.
    pub seed: u64,
    /// One value for each of the figures; none where it is undefined.
    pub figures: Vec<Option<f64>>,
}

/// What is drawn again.
pub struct Repeats<'a> {
    /// All settings.
    pub settings: &'a Settings,
    /// The learners.
    pub models: &'a [PlannedModel],
    /// Rows and features.
    pub features: &'a FeatureFile,
    /// Who takes part.
    pub cohort: &'a Cohort,
}

impl Repeats<'_> {
    /// Fits and judges all models on `count` draws, the run's own `answers` being the first; nothing for one.
    ///
    /// # Errors
    /// [`Code::Settings`] for a split that is not drawn, and those of the split and of the learners.
    pub fn run(
        &self,
        count: usize,
        answers: &[Predictions],
        console: Console,
    ) -> Result<Vec<Repeat>> {
        if count < 2 || answers.is_empty() {
            return Ok(Vec::new());
        }
        let split = &self.settings.split;
        if split.published || split.file.is_some() {
            return Err(
                ToolError::new(Code::Settings, "repeats of a split that is not drawn")
                    .remedy("draw it (--folds K or --test SHARE), or leave out --repeats"),
            );
        }
        let mut repeats = Vec::new();
        let job = console.job("repeating", count - 1);
        for repeat in 0..count {
            let mut settings = self.settings.clone();
            settings.split.seed = settings.split.seed.wrapping_add(repeat as u64);
            let (split, _) = division::divide(self.cohort, &settings.split)?;
            let mut models = if repeat == 0 {
                answers.to_vec()
            } else {
                self.answers(&settings, &split)?
            };
            let training = training_patients(self.cohort, &split);
            models.push(majority(&models[0], &training).map_err(|fault| internal(&fault))?);
            for model in &models {
                repeats.push(Repeat {
                    model: model.model().to_owned(),
                    repeat,
                    seed: settings.split.seed,
                    figures: figures(model)?,
                });
            }
            if repeat > 0 {
                job.advance();
            }
        }
        Ok(repeats)
    }

    #[cfg(feature = "learners")]
    fn answers(
        &self,
        settings: &Settings,
        split: &raduet_study::Split,
    ) -> Result<Vec<Predictions>> {
        use crate::arms::radiomics::{TrainingRows, fit};

        let learners = settings.learners.unexplained();
        let mut rows = vec![Vec::new(); self.models.len()];
        for (index, parts) in split.folds.iter().enumerate() {
            let fold = FoldRows::new(index, parts, &self.features.rows);
            let training = TrainingRows::of(self.features, &fold)?;
            let fitted = self.models.par_iter().map(|model| {
                crate::interrupt::check()?;
                let seed = settings.split.seed;
                let name = &model.name;
                fit(name, &learners, self.features, &fold, &training, seed)
            });
            let fitted: Vec<_> = fitted.collect::<Result<_>>()?;
            for (rows, fitted) in rows.iter_mut().zip(fitted) {
                let probabilities = &fitted.model.probabilities;
                rows.extend(fold.answers(&self.features.rows, probabilities));
            }
        }
        let models = self.models.iter().zip(rows);
        models
            .map(|(model, rows)| {
                let classes = self.features.classes.clone();
                Predictions::new(&model.name, model.arm, classes, rows)
                    .map_err(|fault| internal(&fault))
            })
            .collect()
    }

    #[cfg(not(feature = "learners"))]
    fn answers(&self, _: &Settings, _: &raduet_study::Split) -> Result<Vec<Predictions>> {
        Err(crate::models::missing("learners"))
    }
}

fn internal(fault: &StudyError) -> ToolError {
    ToolError::new(Code::Internal, fault.to_string())
}

/// The figures of a model's test patients.
fn figures(model: &Predictions) -> Result<Vec<Option<f64>>> {
    let patients = model
        .patients_of(Part::Test, &Pooling::MeanProbability)
        .map_err(|fault| internal(&fault))?;
    let judged = Judged::new(model.classes().len(), patients.rows());
    let figure = |id: &&str| by_id(id).and_then(|metric| judged.once().figure(metric).ok());
    Ok(FIGURES.iter().map(figure).collect())
}

/// One line a model and draw, then mean and standard deviation (n − 1) of each model.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(repeats: &[Repeat]) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    let head = ["model", "repeat", "seed"].into_iter();
    let figures = FIGURES.map(|id| format!("patient_{id}"));
    let head: Vec<String> = head.map(str::to_owned).chain(figures).collect();
    out.write_record(&head)
        .map_err(|fault| internal(fault.to_string()))?;
    let number = |value: Option<f64>| value.map(cell::number).unwrap_or_default();
    for repeat in repeats {
        let mut row = vec![
            cell::text(&repeat.model),
            repeat.repeat.to_string(),
            repeat.seed.to_string(),
        ];
        row.extend(repeat.figures.iter().map(|&value| number(value)));
        out.write_record(&row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    for model in models(repeats) {
        let spreads: Vec<_> = (0..FIGURES.len())
            .map(|at| spread(repeats, model, at))
            .collect();
        for (word, pick) in [("mean", 0), ("sd", 1)] {
            let mut row = vec![cell::text(model), word.to_owned(), String::new()];
            row.extend(spreads.iter().map(|s| number(s.map(|pair| pair[pick]))));
            out.write_record(&row)
                .map_err(|fault| internal(fault.to_string()))?;
        }
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

/// Models in the order of the first draw.
fn models(repeats: &[Repeat]) -> impl Iterator<Item = &str> {
    let first = repeats.iter().filter(|repeat| repeat.repeat == 0);
    first.map(|repeat| repeat.model.as_str())
}

/// Mean and standard deviation (n − 1) of a figure over the draws that define it.
fn spread(repeats: &[Repeat], model: &str, figure: usize) -> Option<[f64; 2]> {
    let of_model = repeats.iter().filter(|repeat| repeat.model == model);
    let values: Vec<f64> = of_model
        .filter_map(|repeat| repeat.figures[figure])
        .collect();
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some([mean, (squares / (n - 1.0)).sqrt()])
}

/// The table for the screen.
pub fn text(repeats: &[Repeat]) -> String {
    let draws = repeats.iter().map(|repeat| repeat.repeat + 1).max();
    let mut text = format!(
        "{} draws of the split, patients: mean ± sd (repeats.csv)",
        draws.unwrap_or_default()
    );
    for model in models(repeats) {
        let _ = write!(text, "\n{model:<22}");
        for (at, id) in FIGURES.iter().enumerate().take(2) {
            if let Some([mean, sd]) = spread(repeats, model, at) {
                let (mean, sd) = (100.0 * mean, 100.0 * sd);
                let _ = write!(text, "  {id} {mean:.1} ± {sd:.1}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_by_hand() {
        let repeat = |repeat, accuracy| Repeat {
            model: "svc".into(),
            repeat,
            seed: 42 + repeat as u64,
            figures: vec![Some(accuracy), None, None, None, None],
        };
        let repeats = [repeat(0, 0.5), repeat(1, 0.7), repeat(2, 0.6)];
        let [mean, sd] = spread(&repeats, "svc", 0).unwrap();
        assert!((mean - 0.6).abs() < 1e-15 && (sd - 0.1).abs() < 1e-15);
        assert_eq!(spread(&repeats, "svc", 1), None);
        let csv = String::from_utf8(csv(&repeats).unwrap()).unwrap();
        assert_eq!(csv.lines().count(), 1 + 3 + 2, "{csv}");
        assert!(text(&repeats).contains("accuracy 60.0 ± 10.0"));
    }
}
