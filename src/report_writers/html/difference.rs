//! Best network minus best learner, on the same resamples of the same patients.

use raduet_study::Report;
use raduet_study::report::{Comparison, Figure, Level};

use super::Page;
use super::markup::{self, Column, text};
use crate::figures::COMPARED;
use crate::report_writers::judged::{self, Judged};
use crate::report_writers::numbers::{
    UNDEFINED, confidence, figure_percent, figure_plain, p_value, points_with_interval, signed,
};
use crate::report_writers::screen::AUC;

/// The part of the page, or nothing where the arms were not compared: the head says why.
pub(super) fn part(page: &Page<'_>) -> String {
    let report = page.material.report;
    let Some(comparison) = &report.comparison else {
        return String::new();
    };
    let body = [
        table(report, comparison, page.judged),
        mcnemar(comparison, page.judged),
        super::pairs::delong(comparison),
    ];
    markup::part("Best deep − best radiomics", &body.concat())
}

fn table(report: &Report, comparison: &Comparison, judged: Judged) -> String {
    let models = [&comparison.deep, &comparison.radiomics].map(|name| report.model(name));
    let row = |(level, metric, name): (Level, &str, &str)| {
        let own = models.map(|model| {
            let figure = model.and_then(|model| judged::at(model, level).figure(metric));
            match metric {
                AUC => figure_plain(figure),
                _ => figure_percent(figure),
            }
        });
        let mut row = vec![format!("{}: {name}", judged.noun(level))];
        row.extend(own);
        row.push(difference(comparison.difference(level, metric), metric));
        row
    };
    let levels = judged.levels(report).into_iter();
    let rows = levels.flat_map(|level| COMPARED.map(|(metric, name)| (level, metric, name)));
    let rows: Vec<Vec<String>> = rows.map(row).collect();
    let head = format!("difference [{} % CI]", confidence(report));
    markup::table(
        "The two compared; accuracies in percent, their differences in points",
        &[
            ("figure", Column::Words),
            (&text(&comparison.deep), Column::Number),
            (&text(&comparison.radiomics), Column::Number),
            (&head, Column::Number),
        ],
        &rows,
    )
}

/// Areas as fractions, shares in points.
fn difference(figure: Option<&Figure>, metric: &str) -> String {
    let Some((figure, value)) = figure.and_then(|figure| Some((figure, figure.value?))) else {
        return UNDEFINED.to_owned();
    };
    let interval = figure.interval();
    if metric != AUC {
        return points_with_interval(value, interval);
    }
    let interval = interval.map(|i| format!(" [{}, {}]", signed(i.lower, 3), signed(i.upper, 3)));
    format!("{}{}", signed(value, 3), interval.unwrap_or_default())
}

fn mcnemar(comparison: &Comparison, judged: Judged) -> String {
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
            "Test patients by who answered rightly{}; exact McNemar p {}",
            if judged.patients {
                ""
            } else {
                " (alone: on more of the patient's rows than the other)"
            },
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
