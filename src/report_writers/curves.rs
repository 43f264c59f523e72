//! The data behind figures, as CSV under `figures/`: what any plotting program draws from.
//!
//! | file | a line is |
//! |---|---|
//! | `roc.csv` | a threshold of a class's probability: rates of those called positive from it on |
//! | `pr.csv` | the same with precision and recall |
//! | `calibration.csv` | a bin of the largest probability: its mean, and the share answered rightly |
//! | `confusion.csv` | a true class and an answer, with their count |
//!
//! All of them speak of the test part, of samples (`slice`) and of patients. Samples of one and the same
//! probability pass a threshold together. The area under the straight lines of `roc.csv` is the AUC.

use raduet_study::report::{Level, LevelReport};
use raduet_study::{Label, Part, Pooling, PredictionRow, Predictions, Report};

use crate::error::{Code, Result, ToolError};
use crate::io::cell;
use crate::report_writers::lines::Lines;

/// Every file with its name.
///
/// # Errors
/// [`Code::Internal`] when a writer fails, which it does not in memory.
pub fn files(report: &Report, predictions: &[Predictions]) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let (roc, pr) = thresholds(predictions)?;
    Ok(vec![
        ("figures/roc.csv", roc),
        ("figures/pr.csv", pr),
        ("figures/calibration.csv", calibration(report)?),
        ("figures/confusion.csv", confusion(report)?),
    ])
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Slice => "slice",
        Level::Patient => "patient",
    }
}

/// The points of both curves of every model, level and class.
fn thresholds(predictions: &[Predictions]) -> Result<(Vec<u8>, Vec<u8>)> {
    let head = ["model", "level", "class", "threshold"];
    let mut roc =
        Lines::new(&[&head[..], &["false_positive_rate", "true_positive_rate"]].concat())?;
    let mut pr = Lines::new(&[&head[..], &["recall", "precision"]].concat())?;
    for model in predictions {
        let slices = model.on(Part::Test);
        let patients = model
            .patients_of(Part::Test, &Pooling::MeanProbability)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
        for (of, rows) in [
            (Level::Slice, slices.rows()),
            (Level::Patient, patients.rows()),
        ] {
            for class in model.classes().labels() {
                let keys = || {
                    [
                        cell::text(model.model()),
                        level(of).to_owned(),
                        cell::text(model.classes().name(class)),
                    ]
                };
                for point in points(rows, class) {
                    let threshold = point.threshold.map(cell::number).unwrap_or_default();
                    let line = |x: Option<f64>, y: Option<f64>| {
                        let rates = [x, y].map(|v| v.map(cell::number).unwrap_or_default());
                        keys().into_iter().chain([threshold.clone()]).chain(rates)
                    };
                    roc.put(line(point.false_positive_rate, point.recall))?;
                    pr.put(line(point.recall, point.precision))?;
                }
            }
        }
    }
    Ok((roc.bytes()?, pr.bytes()?))
}

/// What follows from calling samples positive from a probability on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    /// None where nobody is called positive.
    threshold: Option<f64>,
    false_positive_rate: Option<f64>,
    recall: Option<f64>,
    precision: Option<f64>,
}

/// From nobody to everybody; rates without a denominator are none.
fn points(rows: &[PredictionRow], class: Label) -> Vec<Point> {
    let mut scored: Vec<(f64, bool)> = rows
        .iter()
        .map(|row| (row.probabilities[class.0], row.truth == class))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = scored.iter().filter(|(_, positive)| *positive).count();
    let negatives = scored.len() - positives;
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let (mut right, mut wrong) = (0, 0);
    let mut points = vec![Point {
        threshold: None,
        false_positive_rate: share(0, negatives),
        recall: share(0, positives),
        precision: None,
    }];
    for group in scored.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()) {
        let here = group.iter().filter(|(_, positive)| *positive).count();
        right += here;
        wrong += group.len() - here;
        points.push(Point {
            threshold: Some(group[0].0),
            false_positive_rate: share(wrong, negatives),
            recall: share(right, positives),
            precision: share(right, right + wrong),
        });
    }
    points
}

/// Model, level and figures of each level of each model.
fn levels(report: &Report) -> impl Iterator<Item = (&str, &LevelReport)> {
    let models = report.models.iter();
    models.flat_map(|model| {
        let levels = [&model.slice, &model.patient].into_iter();
        levels.map(|level| (model.model.as_str(), level))
    })
}

fn calibration(report: &Report) -> Result<Vec<u8>> {
    let mut out = Lines::new(&[
        "model",
        "level",
        "lower",
        "upper",
        "samples",
        "mean_confidence",
        "accuracy",
    ])?;
    for (model, figures) in levels(report) {
        for bin in figures.reliability.iter().filter(|bin| bin.samples > 0) {
            let samples = bin.samples as f64;
            out.put([
                cell::text(model),
                level(figures.level).to_owned(),
                cell::number(bin.lower),
                cell::number(bin.upper),
                bin.samples.to_string(),
                cell::number(bin.confidence_sum / samples),
                cell::number(bin.correct as f64 / samples),
            ])?;
        }
    }
    out.bytes()
}

fn confusion(report: &Report) -> Result<Vec<u8>> {
    let mut out = Lines::new(&["model", "level", "true_class", "answer", "count"])?;
    let names = report.classes.names();
    for (model, figures) in levels(report) {
        for (truth, row) in names.iter().zip(&figures.confusion) {
            for (answer, count) in names.iter().zip(row) {
                out.put([
                    cell::text(model),
                    level(figures.level).to_owned(),
                    cell::text(truth),
                    cell::text(answer),
                    count.to_string(),
                ])?;
            }
        }
    }
    out.bytes()
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseId, PatientId, SampleId};

    use super::*;

    #[test]
    fn points_of_four_samples_by_hand() {
        let row = |number: usize, p: f64, truth: usize| PredictionRow {
            sample: SampleId::whole(CaseId::new(number.to_string())),
            patient: PatientId::new(number.to_string()),
            part: Part::Test,
            fold: 0,
            truth: Label(truth),
            probabilities: vec![1.0 - p, p],
        };
        let rows = [
            row(0, 0.9, 1),
            row(1, 0.6, 0),
            row(2, 0.6, 1),
            row(3, 0.2, 0),
        ];
        let found: Vec<[Option<f64>; 4]> = points(&rows, Label(1))
            .iter()
            .map(|p| [p.threshold, p.false_positive_rate, p.recall, p.precision])
            .collect();
        let expected = [
            [None, Some(0.0), Some(0.0), None],
            [Some(0.9), Some(0.0), Some(0.5), Some(1.0)],
            [Some(0.6), Some(0.5), Some(1.0), Some(2.0 / 3.0)],
            [Some(0.2), Some(1.0), Some(1.0), Some(0.5)],
        ];
        assert_eq!(found, expected);
        // One class only: rates of the other have no denominator.
        assert_eq!(points(&rows[..1], Label(1))[1].false_positive_rate, None);
    }
}
