//! `leaderboard.csv`: one line per model, every metric at both levels with its interval.

use raduet_study::Report;
use raduet_study::report::LevelReport;

use crate::error::{Code, Result, ToolError};
use crate::io::cell;

/// The table.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(report: &Report) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut head = vec!["model".to_owned(), "arm".to_owned()];
    if let Some(first) = report.models.first() {
        for (level, figures) in levels(&first.slice, &first.patient) {
            for figure in &figures.figures {
                let metric = &figure.metric;
                head.extend([
                    format!("{level}_{metric}"),
                    format!("{level}_{metric}_lower"),
                    format!("{level}_{metric}_upper"),
                ]);
            }
        }
    }
    out.write_record(&head)
        .map_err(|fault| internal(fault.to_string()))?;
    for model in &report.models {
        let mut row = vec![cell::text(&model.model), model.arm.name().to_owned()];
        for (_, figures) in levels(&model.slice, &model.patient) {
            for figure in &figures.figures {
                let interval = figure.interval();
                row.push(figure.value.map(cell::number).unwrap_or_default());
                row.push(interval.map(|i| cell::number(i.lower)).unwrap_or_default());
                row.push(interval.map(|i| cell::number(i.upper)).unwrap_or_default());
            }
        }
        out.write_record(&row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

fn levels<'a>(
    slice: &'a LevelReport,
    patient: &'a LevelReport,
) -> [(&'static str, &'a LevelReport); 2] {
    [("slice", slice), ("patient", patient)]
}
