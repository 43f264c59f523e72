//! `pairwise.csv`: every pair of models on the same test patients, and the same in a few lines for the screen.

use std::fmt::Write;

use raduet_study::Report;
use raduet_study::report::{Level, PAIRED, PairDifference, PairedFigure};
use raduet_study::uncertainty::DeLongTest;

use super::lines::Lines;
use super::numbers::{p_value, signed};
use super::screen::in_points;
use crate::error::{Result, shown};
use crate::io::cell;

/// Pairs shown on the screen; all of them are in the file.
const SHOWN: usize = 10;

/// The table: first minus second.
///
/// # Errors
/// [`crate::error::Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(report: &Report) -> Result<Vec<u8>> {
    let mut head: Vec<String> = ["first", "second"].map(str::to_owned).to_vec();
    for (level, _) in LEVELS {
        for metric in PAIRED {
            let name = format!("{level}_{metric}");
            head.extend([
                name.clone(),
                format!("{name}_lower"),
                format!("{name}_upper"),
            ]);
        }
    }
    head.extend(
        [
            "only_first_right",
            "only_second_right",
            "mcnemar_p",
            "mcnemar_p_holm",
            "delong_difference",
            "delong_lower",
            "delong_upper",
            "delong_p",
            "delong_p_holm",
            "folds_p",
            "patients_needed",
        ]
        .map(str::to_owned),
    );
    let columns: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut out = Lines::new(&columns)?;
    for pair in &report.pairwise {
        out.put(line(pair))?;
    }
    out.bytes()
}

const LEVELS: [(&str, Level); 2] = [("slice", Level::Slice), ("patient", Level::Patient)];

fn line(pair: &PairDifference) -> Vec<String> {
    let number = |value: Option<f64>| value.map(cell::number).unwrap_or_default();
    let mut cells = vec![cell::text(&pair.first), cell::text(&pair.second)];
    for (_, level) in LEVELS {
        for metric in PAIRED {
            let figure = pair.difference(level, metric);
            let interval = figure.and_then(|figure| figure.interval);
            cells.push(number(figure.and_then(|figure| figure.value)));
            cells.push(number(interval.map(|i| i.lower)));
            cells.push(number(interval.map(|i| i.upper)));
        }
    }
    let delong = pair.delong.as_ref();
    let test = delong.map(|delong| delong.test);
    let of_delong = test.and_then(|test| test.interval);
    cells.extend([
        pair.mcnemar.only_first.to_string(),
        pair.mcnemar.only_second.to_string(),
        cell::number(pair.mcnemar.p),
        cell::number(pair.p_holm),
        number(test.map(|test| test.difference)),
        number(of_delong.map(|interval| interval.lower)),
        number(of_delong.map(|interval| interval.upper)),
        number(test.map(|test| test.p)),
        number(delong.map(|delong| delong.p_holm)),
        number(pair.over_folds.map(|test| test.p)),
        pair.patients_needed
            .map(|n| n.to_string())
            .unwrap_or_default(),
    ]);
    cells
}

/// A difference of areas with its interval, where it has one.
pub(super) fn delong_difference(test: &DeLongTest) -> String {
    let interval = test
        .interval
        .map(|i| format!(" [{}, {}]", signed(i.lower, 3), signed(i.upper, 3)));
    format!(
        "{}{}",
        signed(test.difference, 3),
        interval.unwrap_or_default()
    )
}

/// The pairs in a few lines, behind an empty one; nothing for a single model.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    if report.pairwise.is_empty() {
        return text;
    }
    text.push_str("\n\npairs: difference of accuracies, exact McNemar p (Holm), areas by DeLong where there are two classes");
    for pair in report.pairwise.iter().take(SHOWN) {
        let _ = write!(text, "\n{} − {}: ", shown(&pair.first), shown(&pair.second));
        if let Some(PairedFigure {
            value: Some(value),
            interval,
            ..
        }) = pair.difference(Level::Patient, "accuracy")
        {
            text.push_str(&in_points(*value, *interval));
        }
        let _ = write!(
            text,
            ", p {} (Holm {})",
            p_value(pair.mcnemar.p),
            p_value(pair.p_holm)
        );
        if let Some(delong) = &pair.delong {
            let test = delong.test;
            let _ = write!(
                text,
                ", AUC {}, p {} ({})",
                delong_difference(&test),
                p_value(test.p),
                p_value(delong.p_holm)
            );
        }
    }
    let more = report.pairwise.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = write!(text, "\n… and {more} more, all in pairwise.csv (-o DIR)");
    }
    text
}
