//! What `check` found, as lines for the screen, as CSV and as JSON.

use serde_json::{Value, json};

use crate::check::{CaseFacts, Checked, Region};
use crate::error::{Code, Result, ToolError, shown};
use crate::io::cell;

/// Columns of the table.
const HEAD: [&str; 16] = [
    "ID",
    "PatientID",
    "Size_xyz",
    "Spacing_xyz_mm",
    "Orientation",
    "Numbers",
    "Label",
    "Labels",
    "ROIVoxels",
    "ROISlices",
    "ROIParts",
    "Minimum",
    "Maximum",
    "Bins",
    "Findings",
    "Tile",
];

/// A row for each region of each case, and one for a case without a region that was looked at.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(checked: &Checked) -> Result<Vec<u8>> {
    let internal = |fault: csv::Error| ToolError::new(Code::Internal, fault.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEAD).map_err(internal)?;
    for (at, case) in checked.cases.iter().enumerate() {
        let regions = case.regions.iter().map(Some);
        let none = case.regions.is_empty().then_some(None);
        for region in regions.chain(none) {
            out.write_record(row(case, region, at)).map_err(internal)?;
        }
    }
    out.into_inner()
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))
}

fn row(case: &CaseFacts, region: Option<&Region>, at: usize) -> [String; 16] {
    let of_region = |text: fn(&Region) -> String| region.map(text).unwrap_or_default();
    [
        cell::text(&case.id),
        cell::text(&case.patient),
        case.size.map(by_x).unwrap_or_default(),
        case.spacing
            .map(|spacing| by_x(spacing.map(short)))
            .unwrap_or_default(),
        case.orientation.clone().unwrap_or_default(),
        case.numbers.unwrap_or_default().to_owned(),
        of_region(|region| region.label.to_string()),
        of_region(|region| {
            let labels = region.labels.iter();
            let labels: Vec<String> = labels.map(|(label, n)| format!("{label}:{n}")).collect();
            labels.join(" ")
        }),
        of_region(|region| region.voxels.to_string()),
        of_region(|region| region.slices.to_string()),
        of_region(|region| region.parts.to_string()),
        of_region(|region| cell::number(region.minimum)),
        of_region(|region| cell::number(region.maximum)),
        of_region(|region| region.bins.map(|bins| bins.to_string()).unwrap_or_default()),
        case.findings.join(" "),
        case.tile
            .as_ref()
            .map(|_| (at + 1).to_string())
            .unwrap_or_default(),
    ]
}

/// `256x256x40`.
fn by_x<T: ToString>(values: [T; 3]) -> String {
    values.map(|value| value.to_string()).join("x")
}

/// At most four digits behind the point.
fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Everything, for machines.
pub fn json(checked: &Checked, note: &[String]) -> Value {
    json!({
        "cases": checked.cases,
        "errors": checked.errors,
        "warnings": checked.warnings,
        "notes": note,
        "summary": {
            "cases": checked.total,
            "failed": checked.failed,
            "errors": checked.errors.len(),
            "warnings": checked.doubts(),
        },
    })
}

/// The table of the screen: all cases where they are few or were asked for, else those with findings, and how
/// the cohort looks as a whole.
pub fn screen(checked: &Checked, all: bool) -> Vec<String> {
    /// More cases than this are shown only where something was found.
    const FEW: usize = 25;
    let few = all || checked.cases.len() <= FEW;
    let rows: Vec<[String; 7]> = checked
        .cases
        .iter()
        .filter(|case| few || !case.findings.is_empty())
        .map(|case| {
            let of_regions = |text: fn(&Region) -> Option<String>| {
                let texts: Vec<String> = case.regions.iter().filter_map(text).collect();
                texts.join(" ")
            };
            [
                shown(&case.id),
                case.size.map(by_x).unwrap_or_default(),
                case.spacing
                    .map(|spacing| by_x(spacing.map(short)))
                    .unwrap_or_default(),
                case.orientation.clone().unwrap_or_default(),
                of_regions(|region| Some(region.voxels.to_string())),
                of_regions(|region| region.bins.map(|bins| bins.to_string())),
                if case.findings.is_empty() {
                    "ok".to_owned()
                } else {
                    case.findings.join(" ")
                },
            ]
        })
        .collect();
    let head = [
        "case",
        "size x,y,z",
        "spacing mm",
        "axes",
        "voxels",
        "bins",
        "findings",
    ];
    let mut lines = Vec::new();
    if !rows.is_empty() {
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([head[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        lines.push(line(&head.map(str::to_owned), &widths));
        lines.extend(rows.iter().map(|row| line(row, &widths)));
    }
    lines.extend(spread(checked));
    lines.push(format!(
        "{} of {} cases can be measured; {} errors, {} warnings",
        checked.total - checked.failed,
        checked.total,
        checked.errors.len(),
        checked.doubts()
    ));
    lines
}

fn line(cells: &[String; 7], widths: &[usize]) -> String {
    let cells = cells.iter().zip(widths);
    let padded: Vec<String> = cells
        .map(|(cell, width)| format!("{cell:<width$}"))
        .collect();
    padded.join("  ").trim_end().to_owned()
}

/// Which sizes, spacings and orientations there are, the commonest first.
fn spread(checked: &Checked) -> Vec<String> {
    /// Kinds named.
    const NAMED: usize = 4;
    let kinds = |what: &str, of: fn(&CaseFacts) -> Option<String>| {
        let mut counts: std::collections::BTreeMap<String, usize> =
            std::collections::BTreeMap::new();
        for kind in checked.cases.iter().filter_map(of) {
            *counts.entry(kind).or_default() += 1;
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let named: Vec<String> = counts
            .iter()
            .take(NAMED)
            .map(|(kind, n)| format!("{kind} ({n})"))
            .collect();
        let more = counts.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        (!counts.is_empty()).then(|| format!("{what}: {}{more}", named.join(", ")))
    };
    [
        kinds("sizes", |case| case.size.map(by_x)),
        kinds("spacings", |case| {
            case.spacing.map(|spacing| by_x(spacing.map(short)))
        }),
        kinds("axes", |case| case.orientation.clone()),
        kinds("numbers", |case| case.numbers.map(str::to_owned)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
