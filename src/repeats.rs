//! The same learners on other draws of the split: how much of a figure is the draw.
//!
//! Pairs of models are held against each other by the corrected resampled t test over all draws and folds.
//! Repeat 0 is the run itself; repeat r is drawn with seed + r. Models of the other repeats are fitted, judged
//! on the same figures of patients, and not kept. A standard deviation over repeats is no interval: the
//! repeats share their patients.

use std::fmt::Write;

use raduet_study::metrics::{Judged, by_id};
use raduet_study::reference::{majority, training_patients};
use raduet_study::uncertainty::{CorrectedTest, corrected_test, holm};
use raduet_study::{Cohort, Part, Pooling, Predictions, Split, StudyError};
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
    /// Share of patients answered rightly in each fold.
    pub folds: Vec<f64>,
    /// Patients tested for each one trained on.
    pub test_to_train: f64,
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
            let test_to_train = patients(&split, Part::Test) / patients(&split, Part::Train);
            models.push(majority(&models[0], &training).map_err(|fault| internal(&fault))?);
            for model in &models {
                repeats.push(Repeat {
                    model: model.model().to_owned(),
                    repeat,
                    seed: settings.split.seed,
                    figures: figures(model)?,
                    folds: accuracies(model, split.folds.len())?,
                    test_to_train,
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

/// Patients of a part over all folds.
fn patients(split: &Split, part: Part) -> f64 {
    let folds = split.folds.iter();
    folds
        .map(|fold| fold.patients_in(part).count())
        .sum::<usize>() as f64
}

/// The share of test patients answered rightly, fold by fold.
fn accuracies(model: &Predictions, folds: usize) -> Result<Vec<f64>> {
    let patients = model
        .patients_of(Part::Test, &Pooling::MeanProbability)
        .map_err(|fault| internal(&fault))?;
    let of_fold = |fold: usize| {
        let rows = || patients.rows().iter().filter(move |row| row.fold == fold);
        let right = rows().filter(|row| row.answer() == row.truth).count();
        right as f64 / rows().count() as f64
    };
    Ok((0..folds).map(of_fold).collect())
}

/// `repeats_tests.csv`: every pair of models by the corrected resampled t test over all draws and folds, with Holm's
/// correction over the pairs; pairs whose test is undefined have empty cells.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn tests_csv(repeats: &[Repeat], confidence: f64) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let names: Vec<&str> = models(repeats).collect();
    let mut tests = Vec::new();
    for (at, first) in names.iter().enumerate() {
        for second in &names[at + 1..] {
            tests.push((*first, *second, test(repeats, first, second, confidence)));
        }
    }
    let p: Vec<f64> = tests
        .iter()
        .filter_map(|(.., test)| Some(test.as_ref()?.p))
        .collect();
    let mut adjusted = holm(&p).into_iter();
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "first",
        "second",
        "differences",
        "patient_accuracy",
        "lower",
        "upper",
        "p",
        "p_holm",
    ])
    .map_err(|fault| internal(fault.to_string()))?;
    for (first, second, test) in &tests {
        let mut row = vec![cell::text(first), cell::text(second)];
        match test {
            Some(test) => {
                row.push(test.differences.to_string());
                let numbers = [test.mean, test.interval.lower, test.interval.upper, test.p];
                row.extend(numbers.map(cell::number));
                row.push(adjusted.next().map(cell::number).unwrap_or_default());
            }
            None => row.extend(vec![String::new(); 6]),
        }
        out.write_record(&row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

/// First minus second over all draws and folds.
fn test(repeats: &[Repeat], first: &str, second: &str, confidence: f64) -> Option<CorrectedTest> {
    let of = |model: &str| -> Vec<f64> {
        let of_model = repeats.iter().filter(|repeat| repeat.model == model);
        of_model.flat_map(|repeat| repeat.folds.clone()).collect()
    };
    let (a, b) = (of(first), of(second));
    let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    let ratio = repeats.first()?.test_to_train;
    corrected_test(&differences, ratio, confidence).ok()
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
            folds: vec![accuracy],
            test_to_train: 0.25,
        };
        let repeats = [repeat(0, 0.5), repeat(1, 0.7), repeat(2, 0.6)];
        let [mean, sd] = spread(&repeats, "svc", 0).unwrap();
        assert!((mean - 0.6).abs() < 1e-15 && (sd - 0.1).abs() < 1e-15);
        assert_eq!(spread(&repeats, "svc", 1), None);
        let csv = String::from_utf8(csv(&repeats).unwrap()).unwrap();
        assert_eq!(csv.lines().count(), 1 + 3 + 2, "{csv}");
        assert!(text(&repeats).contains("accuracy 60.0 ± 10.0"));
        // Against a model that is always at 0.5: differences 0, 0.2, 0.1, and t = 0.1 / √((1/3 + 1/4) · 0.01).
        let other = repeats.iter().map(|repeat| Repeat {
            model: "knn".into(),
            folds: vec![0.5],
            ..repeat.clone()
        });
        let both: Vec<Repeat> = repeats.iter().cloned().chain(other).collect();
        let test = test(&both, "svc", "knn", 0.95).unwrap();
        assert!((test.mean - 0.1).abs() < 1e-15);
        assert!((test.standard_error - (0.01_f64 * (1.0 / 3.0 + 0.25)).sqrt()).abs() < 1e-15);
        let csv = String::from_utf8(tests_csv(&both, 0.95).unwrap()).unwrap();
        assert!(
            csv.lines().nth(1).unwrap().starts_with("svc,knn,3,"),
            "{csv}"
        );
    }
}
