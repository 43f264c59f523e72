//! Best network minus best learner, on the same resamples of the same patients.

use raduet_study::report::{Comparison, Figure, Level};
use raduet_study::{Arm, Report};

use super::charts::intervals::{Axis, Row, chart};
use super::leaderboard::confidence;
use super::markup::{self, Column, text};
use crate::report_writers::numbers::{UNDEFINED, figure_percent, figure_plain, p_value};
use crate::report_writers::screen::AUC;

/// How a difference is printed.
#[derive(Debug, Clone, Copy)]
enum Scale {
    /// Percentage points.
    Points,
    /// A fraction with three decimals.
    Fraction,
}

/// What is compared, patients first: they are the unit.
const COMPARED: [(Level, &str, &str, Scale); 6] = [
    (
        Level::Patient,
        "accuracy",
        "patient accuracy",
        Scale::Points,
    ),
    (
        Level::Patient,
        "balanced_accuracy",
        "patient bal. acc",
        Scale::Points,
    ),
    (Level::Patient, AUC, "patient AUC", Scale::Fraction),
    (Level::Slice, "accuracy", "slice accuracy", Scale::Points),
    (
        Level::Slice,
        "balanced_accuracy",
        "slice bal. acc",
        Scale::Points,
    ),
    (Level::Slice, AUC, "slice AUC", Scale::Fraction),
];

/// The part of the page, or nothing where the arms were not compared: the head says why.
pub(super) fn part(report: &Report) -> String {
    let Some(comparison) = &report.comparison else {
        return String::new();
    };
    let body = format!(
        "<figure>\n<b>Differences of the best of each arm</b>\n{}<figcaption>Right of zero the network is ahead. Intervals of {} % over patients, for slices too.</figcaption>\n</figure>\n{}{}",
        drawing(comparison),
        confidence(report),
        table(report, comparison),
        [mcnemar(comparison), super::pairs::delong(comparison)].concat()
    );
    markup::part("Best deep − best radiomics", &body)
}

fn drawing(comparison: &Comparison) -> String {
    let figures = COMPARED
        .map(|(level, metric, name, scale)| (name, scale, comparison.difference(level, metric)));
    let rows: Vec<Row> = figures
        .iter()
        .map(|&(name, scale, figure)| {
            let value = figure.and_then(|figure| figure.value);
            Row {
                arm: match value {
                    Some(value) if value > 0.0 => Arm::Deep,
                    Some(value) if value < 0.0 => Arm::Radiomics,
                    _ => Arm::Reference,
                },
                strong: false,
                name: name.to_owned(),
                value,
                interval: figure.and_then(Figure::interval),
                outer: None,
                figures: with_interval(figure, scale),
            }
        })
        .collect();
    let reach = reach(figures.iter().filter_map(|&(_, _, figure)| figure));
    let axis = Axis {
        range: (-reach, reach),
        ticks: [-1.0, -0.5, 0.0, 0.5, 1.0]
            .map(|share| {
                // Half of a whole ten of points has no decimal.
                let label = signed(share * reach, Scale::Points);
                (share * reach, label.trim_end_matches(".0").to_owned())
            })
            .to_vec(),
        name: "deep − radiomics, points (areas × 100)".to_owned(),
        guide: (0.0, "no difference".to_owned()),
    };
    let title = format!(
        "Differences {} minus {} with intervals; the figures stand in the table below",
        text(&comparison.deep),
        text(&comparison.radiomics)
    );
    markup::scrolling("differences", &chart(&title, &axis, &rows))
}

/// Half the width of the axis: the farthest end, up to a whole ten of points.
fn reach<'a>(figures: impl Iterator<Item = &'a Figure>) -> f64 {
    let farthest = figures
        .flat_map(|figure| {
            let ends = figure.interval().map(|i| [i.lower, i.upper]);
            figure.value.into_iter().chain(ends.into_iter().flatten())
        })
        .fold(0.0, |far: f64, value| far.max(value.abs()));
    ((10.0 * farthest).ceil() / 10.0).max(0.1)
}

fn table(report: &Report, comparison: &Comparison) -> String {
    let (deep, radiomics) = (
        report.model(&comparison.deep),
        report.model(&comparison.radiomics),
    );
    let rows: Vec<Vec<String>> = COMPARED
        .iter()
        .map(|&(level, metric, name, scale)| {
            let own = |model: Option<&raduet_study::report::ModelReport>| {
                let figure = model.and_then(|model| match level {
                    Level::Slice => model.slice.figure(metric),
                    Level::Patient => model.patient.figure(metric),
                });
                match scale {
                    Scale::Points => figure_percent(figure),
                    Scale::Fraction => figure_plain(figure),
                }
            };
            vec![
                name.to_owned(),
                own(deep),
                own(radiomics),
                text(&with_interval(comparison.difference(level, metric), scale)),
            ]
        })
        .collect();
    let difference = format!("difference [{} % CI]", confidence(report));
    markup::table(
        "The two compared; accuracies in percent, their differences in points",
        &[
            ("figure", Column::Words),
            (&text(&comparison.deep), Column::Number),
            (&text(&comparison.radiomics), Column::Number),
            (&difference, Column::Number),
        ],
        &rows,
    )
}

fn mcnemar(comparison: &Comparison) -> String {
    let test = &comparison.mcnemar;
    let (deep, radiomics) = (text(&comparison.deep), text(&comparison.radiomics));
    let rows = vec![
        vec![
            format!("{deep} right"),
            test.both.to_string(),
            test.only_first.to_string(),
        ],
        vec![
            format!("{deep} wrong"),
            test.only_second.to_string(),
            test.neither.to_string(),
        ],
    ];
    let table = markup::table(
        &format!(
            "Test patients by who answered rightly; exact McNemar p {}",
            text(&p_value(test.p))
        ),
        &[
            ("patients", Column::Words),
            (&format!("{radiomics} right"), Column::Number),
            (&format!("{radiomics} wrong"), Column::Number),
        ],
        &rows,
    );
    format!(
        "{table}<p class=\"note\">{}.</p>\n",
        text(&comparison.verdict)
    )
}

fn with_interval(figure: Option<&Figure>, scale: Scale) -> String {
    let Some((figure, value)) = figure.and_then(|figure| Some((figure, figure.value?))) else {
        return UNDEFINED.to_owned();
    };
    let value = signed(value, scale);
    match figure.interval() {
        Some(interval) => format!(
            "{value} [{}, {}]",
            signed(interval.lower, scale),
            signed(interval.upper, scale)
        ),
        None => value,
    }
}

/// With its sign; zero has none, whatever rounding left of it.
fn signed(value: f64, scale: Scale) -> String {
    let text = match scale {
        Scale::Points => format!("{:+.1}", 100.0 * value),
        Scale::Fraction => format!("{value:+.3}"),
    };
    if text.trim_start_matches(['+', '-', '0', '.']).is_empty() {
        text[1..].to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_its_sign_and_nothing_has_none() {
        assert_eq!(signed(0.0417, Scale::Points), "+4.2");
        assert_eq!(signed(-0.25, Scale::Points), "-25.0");
        assert_eq!(signed(-0.0001, Scale::Points), "0.0");
        assert_eq!(signed(-0.0004, Scale::Fraction), "0.000");
        assert_eq!(signed(0.03, Scale::Fraction), "+0.030");
    }
}
