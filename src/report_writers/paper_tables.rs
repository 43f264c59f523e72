//! The paper's Tables I to V, as CSV and as one Markdown page: its columns, and beside them what it does not say,
//! intervals over patients and the majority row.

use std::fmt::Write;

use raduet_study::Report;
use raduet_study::reference::MAJORITY;
use raduet_study::report::{Figure, ModelReport};
use raduet_study::uncertainty::{Interval, clopper_pearson};

use super::escape::markdown as escaped;
use super::numbers::{UNDEFINED, interval_percent, percent};
use super::screen::SLICE_COLUMNS;
use crate::arms::deep::Start;
use crate::error::{Code, Result, ToolError};
use crate::io::cell;

/// One network of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The network's name in its registry.
    pub network: &'static str,
    /// Its name in tables.
    pub title: &'static str,
    /// Learned numbers.
    pub parameters: Option<usize>,
    /// How the paper begins it.
    pub wanted: Start,
    /// How this run begins it, and the model's name; none where it cannot.
    pub run: Option<(Start, String)>,
}

/// Everything the tables are made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The comparison on T1W slices.
    pub t1w: Option<&'a Report>,
    /// The comparison on T2W slices.
    pub t2w: Option<&'a Report>,
    /// The networks of Tables I, II (and III), IV and V.
    pub tables: [&'a [Row]; 4],
}

/// Which columns a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// I, II.
    Overall,
    /// III.
    Stages,
    /// IV, V.
    Variants,
}

struct Table {
    number: &'static str,
    title: &'static str,
    kind: Kind,
    lines: Vec<Line>,
}

/// One line of a table.
struct Line {
    /// In Table III.
    stage: Option<String>,
    title: String,
    /// `None` for the majority row and for what could not be run.
    pretrained: Option<bool>,
    parameters: Option<usize>,
    /// Accuracy, precision, sensitivity, specificity, F1 of slices; no accuracy of a stage.
    slices: [Option<f64>; 5],
    /// Of the accuracy of slices over patients.
    interval: Option<Interval>,
    /// Accuracy of patients, or the sensitivity of a stage's, with an interval.
    patients: Option<(f64, Option<Interval>)>,
    /// Begun from scratch where the paper has pretrained weights.
    is_substitute: bool,
}

fn tables(material: &Material<'_>) -> Vec<Table> {
    let [first, second, fourth, fifth] = material.tables;
    let table = |number, title, kind, rows: &[Row], report| Table {
        number,
        title,
        kind,
        lines: lines(kind, rows, report),
    };
    let (t1w, t2w) = (material.t1w, material.t2w);
    vec![
        table("I", "Networks, T1W", Kind::Overall, first, t1w),
        table("II", "Networks, T2W", Kind::Overall, second, t2w),
        table("III", "Networks by stage, T2W", Kind::Stages, second, t2w),
        table("IV", "Variants of ResNet, T2W", Kind::Variants, fourth, t2w),
        table(
            "V",
            "Variants of MambaVision, T2W",
            Kind::Variants,
            fifth,
            t2w,
        ),
    ]
}

fn lines(kind: Kind, rows: &[Row], report: Option<&Report>) -> Vec<Line> {
    let stages = match (kind, report) {
        (Kind::Stages, Some(report)) => report.classes.labels().map(|l| Some(l.0)).collect(),
        _ => vec![None],
    };
    let mut lines = Vec::new();
    for stage in stages {
        for row in rows {
            let model = row.run.as_ref().and_then(|(_, name)| report?.model(name));
            let mut line = line(report, model, stage);
            row.title.clone_into(&mut line.title);
            line.parameters = row.parameters;
            line.pretrained = match &row.run {
                Some((start, _)) => Some(*start == Start::Pretrained),
                None => Some(true),
            };
            line.is_substitute = match &row.run {
                Some((start, _)) => *start != row.wanted,
                None => false,
            };
            lines.push(line);
        }
        let majority = report.and_then(|report| report.model(MAJORITY));
        let mut line = line(report, majority, stage);
        MAJORITY.clone_into(&mut line.title);
        lines.push(line);
    }
    lines
}

/// The figures of a model, overall or of one stage; empty without one.
fn line(report: Option<&Report>, model: Option<&ModelReport>, stage: Option<usize>) -> Line {
    let mut line = Line {
        stage: stage.and_then(|at| Some(report?.classes.names().get(at)?.clone())),
        title: String::new(),
        pretrained: None,
        parameters: None,
        slices: [None; 5],
        interval: None,
        patients: None,
        is_substitute: false,
    };
    let (Some(report), Some(model)) = (report, model) else {
        return line;
    };
    if let Some(at) = stage {
        if let Some(row) = model.slice.per_class.get(at) {
            let f = &row.figures;
            let figures = [f64::NAN, f.precision, f.sensitivity, f.specificity, f.f1];
            line.slices = figures.map(|value| value.is_finite().then_some(value));
        }
        let answers = model.patient.confusion.get(at);
        line.patients = answers.and_then(|answers| {
            let (right, all) = (*answers.get(at)?, answers.iter().sum::<u64>());
            let confidence = report.settings.bootstrap.confidence;
            (all > 0).then(|| {
                let interval = clopper_pearson(right, all, confidence);
                (right as f64 / all as f64, Some(interval))
            })
        });
        return line;
    }
    let value = |figure: Option<&Figure>| figure.and_then(|figure| figure.value);
    line.slices = SLICE_COLUMNS.map(|(_, metric)| value(model.slice.figure(metric)));
    let accuracy = |level: Option<&Figure>| level.and_then(Figure::interval);
    line.interval = accuracy(model.slice.figure("accuracy"));
    let patients = model.patient.figure("accuracy");
    line.patients = value(patients).map(|v| (v, accuracy(patients)));
    line
}

/// Each table as CSV, and all as one page.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn files(material: &Material<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = vec![("tables_1_to_5.md".into(), markdown(material).into_bytes())];
    for (number, table) in (1..).zip(tables(material)) {
        files.push((format!("table_{number}.csv"), csv(&table)?));
    }
    Ok(files)
}

fn csv(table: &Table) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    let head = [
        "table",
        "stage",
        "model",
        "pretrained",
        "begun_from_scratch_for_want_of_weights",
        "parameters",
        "accuracy",
        "precision",
        "sensitivity",
        "specificity",
        "f1",
        "accuracy_lower",
        "accuracy_upper",
        "patients",
        "patients_lower",
        "patients_upper",
    ];
    out.write_record(head)
        .map_err(|fault| internal(fault.to_string()))?;
    let number = |value: Option<f64>| value.map(cell::number).unwrap_or_default();
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    for line in &table.lines {
        let patients = line.patients.map(|(value, _)| value);
        let of_patients = line.patients.and_then(|(_, interval)| interval);
        let mut row = vec![
            table.number.to_owned(),
            cell::text(line.stage.as_deref().unwrap_or_default()),
            line.title.clone(),
            line.pretrained.map(yes).unwrap_or_default(),
            yes(line.is_substitute),
            line.parameters.map(|n| n.to_string()).unwrap_or_default(),
        ];
        row.extend(line.slices.map(number));
        for value in [
            line.interval.map(|i| i.lower),
            line.interval.map(|i| i.upper),
            patients,
            of_patients.map(|i| i.lower),
            of_patients.map(|i| i.upper),
        ] {
            row.push(number(value));
        }
        out.write_record(&row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

/// All tables as one page.
pub fn markdown(material: &Material<'_>) -> String {
    let mut text = String::from(
        "# Tables I to V\n\nSlices of the test part, macro averages, percentages. In brackets intervals over patients, not over slices; patients by the mean probability of their slices.\n",
    );
    for report in [material.t1w, material.t2w].into_iter().flatten() {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{}: {} test slices of {} patients, {} % of them of the largest class.\n",
            escaped(&report.cohort),
            report.test_slices,
            report.test_patients,
            percent(report.majority_share_patients)
        );
    }
    for table in tables(material) {
        let _ = write!(text, "\n## Table {}. {}\n\n", table.number, table.title);
        page_of(&table, &mut text);
        if table.lines.iter().any(|line| line.is_substitute) {
            text.push_str(
                "\n\\* from scratch: the paper begins with pretrained weights, and none were given for it (--pretrained DIR)\n",
            );
        }
    }
    text
}

fn page_of(table: &Table, text: &mut String) {
    let head: &[&str] = match table.kind {
        Kind::Overall => &[
            "Model",
            "Pretrained",
            "Param (M)",
            "Acc",
            "Prec",
            "Sens",
            "Spec",
            "F1",
            "Acc, interval",
            "Patients' acc",
        ],
        Kind::Stages => &[
            "Stage",
            "Model",
            "Pretrained",
            "Prec",
            "Sens",
            "Spec",
            "F1",
            "Patients' sens",
        ],
        Kind::Variants => &[
            "Model",
            "Pretrained",
            "Acc",
            "Acc, interval",
            "Patients' acc",
        ],
    };
    let _ = writeln!(
        text,
        "| {} |\n|{}",
        head.join(" | "),
        "---|".repeat(head.len())
    );
    for line in &table.lines {
        let percents = line
            .slices
            .map(|value| value.map_or_else(|| UNDEFINED.to_owned(), percent));
        let [accuracy, rest @ ..] = percents;
        let mark = if line.is_substitute { " \\*" } else { "" };
        let title = format!("{}{mark}", escaped(&line.title));
        let pretrained = match line.pretrained {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "",
        };
        let parameters = line
            .parameters
            .map(|n| format!("{:.2}", n as f64 / 1e6))
            .unwrap_or_default();
        let interval = line
            .interval
            .map_or_else(|| UNDEFINED.to_owned(), interval_percent);
        let patients = line.patients.map_or_else(
            || UNDEFINED.to_owned(),
            |(value, interval)| {
                let interval = interval.map(interval_percent).unwrap_or_default();
                format!("{} {interval}", percent(value))
            },
        );
        let mut cells: Vec<String> = Vec::new();
        match table.kind {
            Kind::Overall => {
                cells.extend([title, pretrained.into(), parameters, accuracy]);
                cells.extend(rest);
                cells.extend([interval, patients]);
            }
            Kind::Stages => {
                let stage = line.stage.as_deref().map(escaped).unwrap_or_default();
                cells.extend([stage, title, pretrained.into()]);
                cells.extend(rest);
                cells.push(patients);
            }
            Kind::Variants => {
                cells.extend([title, pretrained.into(), accuracy, interval, patients]);
            }
        }
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::report::ReportSettings;
    use raduet_study::uncertainty::Bootstrap;
    use raduet_study::{
        Arm, CaseId, ClassNames, Label, Part, PatientId, PredictionRow, Predictions, SampleId,
    };

    use super::*;

    /// Twelve patients of three stages, two slices each; `wrong` of the patients are answered with the next stage.
    fn predictions(model: &str, arm: Arm, wrong: usize) -> Predictions {
        let classes = ClassNames::new(["mild", "moderate", "severe"]).unwrap();
        let rows = (0..24).map(|k| {
            let (patient, slice) = (k / 2, u32::try_from(k % 2).unwrap());
            let truth = patient % 3;
            let answer = if patient < wrong {
                (truth + 1) % 3
            } else {
                truth
            };
            let mut probabilities = vec![0.1; 3];
            probabilities[answer] = 0.8;
            PredictionRow {
                sample: SampleId::slice(CaseId::new(format!("c{patient}")), slice),
                patient: PatientId::new(format!("p{patient}")),
                part: Part::Test,
                fold: 0,
                truth: Label(truth),
                probabilities,
            }
        });
        Predictions::new(model, arm, classes, rows.collect()).unwrap()
    }

    fn row(wanted: Start, run: Option<(Start, &str)>) -> Row {
        Row {
            network: "vgg19",
            title: "VGG-19",
            parameters: Some(139_582_531),
            wanted,
            run: run.map(|(start, name)| (start, name.to_owned())),
        }
    }

    #[test]
    fn tables_have_the_papers_columns_and_say_what_is_missing() {
        let models = [
            predictions("vgg19", Arm::Deep, 3),
            predictions(MAJORITY, Arm::Reference, 8),
        ];
        let settings = ReportSettings {
            bootstrap: Bootstrap {
                resamples: 50,
                ..Bootstrap::default()
            },
            ..ReportSettings::default()
        };
        let report = Report::from_predictions("cohort", &models, &settings).unwrap();
        let here = [row(Start::Pretrained, Some((Start::Scratch, "vgg19")))];
        let absent = [row(Start::Pretrained, None)];
        let material = Material {
            t1w: None,
            t2w: Some(&report),
            tables: [&here, &here, &here, &absent],
        };
        let page = markdown(&material);
        // Nine of twelve right: macro averages of three stages, each 3 of 4 right, one of 4 answered wrongly.
        let line = "| VGG-19 \\* | ✗ | 139.58 | 75.0 | 75.0 | 75.0 | 87.5 | 75.0 | [";
        assert!(page.contains(line), "{page}");
        assert!(
            page.contains("| VGG-19 \\* | ✗ | 139.58 | – | – |"),
            "{page}"
        );
        assert!(page.contains("| VGG-19 | ✓ | – | – | – |"), "{page}");
        assert!(page.contains("| majority class |  |  | 33.3 |"), "{page}");
        assert!(page.contains("| mild | VGG-19 \\* | ✗ | 75.0 | 75.0 | 87.5 | 75.0 | 75.0 ["));
        let files = files(&material).unwrap();
        assert_eq!(files.len(), 6);
        for (name, bytes) in &files[1..] {
            let mut table = csv::Reader::from_reader(&bytes[..]);
            let rows = table.records().map(std::result::Result::unwrap).count();
            let expected = if name == "table_3.csv" { 6 } else { 2 };
            assert_eq!(rows, expected, "{name}");
        }
    }
}
