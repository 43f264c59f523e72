//! Tables of repeats: figures over draws, and pairs of models.

use std::fmt::Write;

use raduet_study::uncertainty::{CorrectedTest, corrected_test, holm};

use super::{FIGURES, Repeat};
use crate::error::{Code, Result, ToolError};
use crate::io::cell;

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

/// First minus second over all folds of the draws that both answered.
fn test(repeats: &[Repeat], first: &str, second: &str, confidence: f64) -> Option<CorrectedTest> {
    let of = |model: &str| -> Vec<&Repeat> {
        let repeats = repeats.iter();
        repeats.filter(|repeat| repeat.model == model).collect()
    };
    let others = of(second);
    // A draw in which either failed says nothing of both.
    let pairs = of(first).into_iter().filter_map(|a| {
        let b = others.iter().find(|b| b.repeat == a.repeat)?;
        Some((a, *b))
    });
    let differences: Vec<f64> = pairs
        .flat_map(|(a, b)| a.folds.iter().zip(&b.folds))
        .map(|(a, b)| a - b)
        .collect();
    let ratio = repeats.first()?.test_to_train;
    corrected_test(&differences, ratio, confidence).ok()
}

/// One line a model and draw, then of each model mean, standard deviation (n − 1) and the number of draws behind them: those
/// in which the model answered and the figure is defined.
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
        let mut row = vec![cell::text(model), "draws".to_owned(), String::new()];
        row.extend((0..FIGURES.len()).map(|at| values(repeats, model, at).len().to_string()));
        out.write_record(&row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

/// Models in the order in which they first answered.
fn models(repeats: &[Repeat]) -> impl Iterator<Item = &str> {
    let names = repeats.iter().enumerate();
    let first =
        names.filter(|(at, repeat)| !repeats[..*at].iter().any(|r| r.model == repeat.model));
    first.map(|(_, repeat)| repeat.model.as_str())
}

/// A figure over the draws that define it.
fn values(repeats: &[Repeat], model: &str, figure: usize) -> Vec<f64> {
    let of_model = repeats.iter().filter(|repeat| repeat.model == model);
    of_model
        .filter_map(|repeat| repeat.figures[figure])
        .collect()
}

/// Mean and standard deviation (n − 1) of a figure over the draws that define it.
fn spread(repeats: &[Repeat], model: &str, figure: usize) -> Option<[f64; 2]> {
    let values = values(repeats, model, figure);
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some([mean, (squares / (n - 1.0)).sqrt()])
}

/// The table for the screen, of `draws` draws.
pub fn text(repeats: &[Repeat], draws: usize) -> String {
    let mut text = format!("{draws} draws of the split, patients: mean ± sd (repeats.csv)");
    for model in models(repeats) {
        let _ = write!(text, "\n{model:<22}");
        for (at, id) in FIGURES.iter().enumerate().take(2) {
            if let Some([mean, sd]) = spread(repeats, model, at) {
                let (mean, sd) = (100.0 * mean, 100.0 * sd);
                let _ = write!(text, "  {id} {mean:.1} ± {sd:.1}");
            }
        }
        let answered = repeats.iter().filter(|r| r.model == model).count();
        if answered < draws {
            let _ = write!(text, "  ({answered} of {draws} draws)");
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
        assert_eq!(csv.lines().count(), 1 + 3 + 3, "{csv}");
        assert!(csv.contains("svc,draws,,3,0,0,0,0"), "{csv}");
        let shown = text(&repeats, 4);
        assert!(shown.contains("accuracy 60.0 ± 10.0") && shown.contains("(3 of 4 draws)"));
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

    /// Held against the same draw of the other, not against the next one that is there.
    #[test]
    fn a_draw_that_failed_is_left_out_of_both() {
        let repeat = |model: &str, repeat, accuracy| Repeat {
            model: model.into(),
            repeat,
            seed: 42 + repeat as u64,
            figures: vec![Some(accuracy); 5],
            folds: vec![accuracy],
            test_to_train: 0.25,
        };
        let repeats = [
            repeat("svc", 0, 0.9),
            repeat("knn", 0, 0.8),
            repeat("svc", 1, 0.5),
            repeat("svc", 2, 0.7),
            repeat("knn", 2, 0.5),
            repeat("late", 2, 0.5),
        ];
        let test = test(&repeats, "svc", "knn", 0.95).unwrap();
        assert_eq!(test.differences, 2);
        assert!((test.mean - 0.15).abs() < 1e-15);
        assert_eq!(models(&repeats).collect::<Vec<_>>(), ["svc", "knn", "late"]);
    }
}
