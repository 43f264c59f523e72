//! The one picture of a run: patient accuracy of every model of both arms with its intervals, against the largest
//! class.

use raduet_study::report::{Figure as Value, Level, ModelReport};
use raduet_study::uncertainty::Interval;
use raduet_study::{Arm, Report};

use super::kit::axis::{BELOW, Plot};
use super::kit::font;
use super::kit::marks::{Mark, role_of};
use super::kit::scene::{Scene, Stroke, Type, Weight};
use super::kit::style::{HAIR, MARK, NORMAL, Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Figure, Section};
use crate::report_writers::Material;
use crate::report_writers::chosen::{Chosen, by_arm};
use crate::report_writers::judged::Judged;
use crate::report_writers::numbers::{confidence, figure_with_interval, percent};

/// Height of a row and of the name of an arm.
const ROW: f64 = 11.0;
/// Room above the rows for the majority's name.
const TOP: f64 = 16.0;
/// Room for names: what they need, within these.
const NAMES: (f64, f64) = (60.0, 150.0);
/// Room for the figures on the right, and from both to the plot.
const FIGURES: f64 = 76.0;
const GAP: f64 = 8.0;
/// Half the height of the ends of an exact interval.
const CAP: f64 = 2.2;

/// The figure.
pub(super) fn figure(material: &Material<'_>) -> Figure {
    let report = material.report;
    let (chosen, judged) = (Chosen::of(report), Judged::of(material));
    let of = match report.test_slices {
        slices if slices == judged.rows => String::new(),
        slices => format!(" ({slices} {})", judged.noun(Level::Slice)),
    };
    let folds = match report.split.folds {
        1 => String::new(),
        folds => format!(
            " The answers of all {folds} folds are taken together, each patient's by models that had not seen the \
             patient; intervals do not tell how models of other folds would differ."
        ),
    };
    let trials = if judged.patients {
        ""
    } else {
        " of as many trials as there are patients"
    };
    let caption = format!(
        "Accuracy on {}{of}, {} % intervals. Thick: bootstrap over patients, {} resamples (BCa where it has a value, \
         else percentile). Thin: exact interval (Clopper–Pearson){trials}. Dashed line: always answering the largest \
         class of these, {} %.{}{folds} Discs: networks; squares: learners on radiomics features; diamonds: rows \
         without a model.",
        judged.counted(report, Level::Patient),
        confidence(report),
        report.settings.bootstrap.resamples,
        percent(report.majority_share_patients),
        if chosen.are_best {
            " Bold: best of its arm, chosen on the validation part."
        } else {
            ""
        },
    );
    let drawing = (
        scene(report, &chosen, judged),
        table(report, &chosen, judged),
    );
    Figure::new(
        "forest",
        Section::Comparison,
        format!("{} accuracy of every model", judged.capital()),
        caption,
        drawing,
    )
}

/// Value and bootstrap interval.
fn accuracy(model: &ModelReport) -> (Option<f64>, Option<Interval>) {
    let figure = model.patient.figure("accuracy");
    (
        figure.and_then(|figure| figure.value),
        figure.and_then(Value::interval),
    )
}

fn scene(report: &Report, chosen: &Chosen<'_>, judged: Judged) -> Scene {
    let arms: Vec<(Arm, Vec<&ModelReport>)> = by_arm(report).collect();
    let rows: usize = arms.iter().map(|(_, models)| models.len() + 1).sum();
    let widest = report
        .models
        .iter()
        .map(|model| font::width(&model.model, NORMAL, chosen.is_best(model)))
        .fold(0.0, f64::max);
    let names = (widest + 1.0).clamp(NAMES.0, NAMES.1);
    let height = ROW * rows as f64;
    let mut scene = Scene::new(TWO_COLUMNS, TOP + height + BELOW + 2.0);
    let left = names + GAP;
    let plot = Plot::new(
        [left, TOP, TWO_COLUMNS - left - GAP - FIGURES, height],
        (0.0, 100.0),
        (0.0, 1.0),
    );
    ground(&mut scene, &plot, report, judged);
    let mut y = TOP + ROW / 2.0;
    for (arm, models) in arms {
        let name = match arm {
            Arm::Deep => "Networks",
            Arm::Radiomics => "Learners on radiomics features",
            Arm::Reference => "Without a model",
        };
        let quiet = Type::new(SMALL).paint(Role::Quiet);
        scene.text((0.0, y + 0.36 * SMALL), name, quiet);
        y += ROW;
        for model in models {
            line(&mut scene, &plot, model, y, weight(chosen, model));
            y += ROW;
        }
    }
    scene
}

fn weight(chosen: &Chosen<'_>, model: &ModelReport) -> Weight {
    if chosen.is_best(model) {
        Weight::Bold
    } else {
        Weight::Plain
    }
}

/// Grid, axis and the line of the largest class.
fn ground(scene: &mut Scene, plot: &Plot, report: &Report, judged: Judged) {
    let [left, top, width, height] = plot.sides();
    let bottom = top + height;
    let ticks = [0.0, 20.0, 40.0, 60.0, 80.0, 100.0];
    for tick in ticks {
        let x = plot.x.at(tick);
        scene.line((x, top), (x, bottom), Stroke::new(Role::Rule, HAIR));
        let set = Type::new(SMALL).middle();
        scene.text((x, bottom + 4.0 + 0.72 * SMALL), format!("{tick:.0}"), set);
    }
    let base = bottom + BELOW - 2.0;
    let middle = left + width / 2.0;
    scene.text(
        (middle, base),
        format!("{} accuracy, %", judged.capital()),
        Type::new(NORMAL).middle(),
    );
    scene.line(
        (left, bottom),
        (left + width, bottom),
        Stroke::new(Role::Ink, HAIR),
    );
    let majority = plot.x.at(100.0 * report.majority_share_patients);
    let stroke = Stroke::new(Role::Ink, 2.0 * HAIR).dashed(&[2.5, 1.8]);
    scene.line((majority, top - 4.0), (majority, bottom), stroke);
    let label = format!(
        "largest class {} %",
        percent(report.majority_share_patients)
    );
    // Within the plot, whatever the share.
    let half = font::width(&label, SMALL, false) / 2.0;
    let x = majority.clamp(left + half, left + width - half);
    scene.text((x, top - 6.5), label, Type::new(SMALL).middle());
    let head = Type::new(SMALL).end().paint(Role::Quiet);
    scene.text((TWO_COLUMNS, top - 6.5), "% [interval]", head);
}

fn line(scene: &mut Scene, plot: &Plot, model: &ModelReport, y: f64, bold: Weight) {
    let role = role_of(model.arm);
    let [left, _, width, _] = plot.sides();
    let base = y + 0.36 * NORMAL;
    let name = font::fitted(&model.model, left - GAP, NORMAL, bold == Weight::Bold);
    scene.text((left - GAP, base), name, Type::new(NORMAL).end().bold(bold));
    let place = |share: f64| plot.x.at(100.0 * share);
    let exact = model.patient_accuracy_exact;
    let (from, to) = (place(exact.lower), place(exact.upper));
    let thin = Stroke::new(role, 1.5 * HAIR);
    scene.line((from, y), (to, y), thin);
    for end in [from, to] {
        scene.line((end, y - CAP), (end, y + CAP), thin);
    }
    let (value, interval) = accuracy(model);
    if let Some(interval) = interval {
        let thick = Stroke::new(role, 2.2);
        scene.line(
            (place(interval.lower), y),
            (place(interval.upper), y),
            thick,
        );
    }
    if let Some(value) = value {
        Mark::of_arm(model.arm).draw(scene, (place(value), y), MARK, role);
    }
    let figures = figure_with_interval(model.patient.figure("accuracy"));
    let set = Type::new(NORMAL).end().bold(bold);
    scene.text((left + width + GAP + FIGURES, base), figures, set);
}

fn table(report: &Report, chosen: &Chosen<'_>, judged: Judged) -> Table {
    let mut table = Table::new(&[
        "model",
        "arm",
        "best_of_arm",
        "accuracy",
        "lower",
        "upper",
        "exact_lower",
        "exact_upper",
        "largest_class_share",
        "counted",
        "rows",
        "patients",
    ]);
    for (arm, models) in by_arm(report) {
        for model in models {
            let (value, interval) = accuracy(model);
            table.put(row![
                &model.model,
                arm.name(),
                if chosen.is_best(model) { "yes" } else { "no" },
                value,
                interval.map(|interval| interval.lower),
                interval.map(|interval| interval.upper),
                model.patient_accuracy_exact.lower,
                model.patient_accuracy_exact.upper,
                report.majority_share_patients,
                judged.noun(Level::Patient),
                judged.rows,
                report.test_patients,
            ]);
        }
    }
    table
}
