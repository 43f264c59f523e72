//! Every test patient as a strip of slices: the probability that the best of each arm gives to the patient's class.

use std::collections::BTreeMap;

use raduet_study::pooling::PoolingName;
use raduet_study::report::{Level, Unit};
use raduet_study::{Label, Part, PatientId, PredictionRow, Predictions, Report};

use super::kit::font;
use super::kit::key;
use super::kit::scene::{Paint, Scene, Shape, Stroke, Type, Weight};
use super::kit::style::{HAIR, NORMAL, Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::io::png::{Picture, viridis};
use crate::report_writers::Material;
use crate::report_writers::chosen::Chosen;
use crate::report_writers::judged;

/// Most patients shown, evenly chosen.
const MOST: usize = 60;
/// Height of a patient's strip, of the ground around it, and of a class's name.
const ROW: f64 = 7.0;
const STRIP: f64 = 5.4;
const CLASS: f64 = 9.0;
/// Room for patients' ids and for the dot of the pooled answer.
const NAMES: f64 = 48.0;
const DOT: f64 = 9.0;
const SMALLEST: f64 = 5.0;

/// Adds the figure.
pub(super) fn draw(material: &Material<'_>, drawn: &mut Drawn) {
    let report = material.report;
    if report.test_slices == report.test_patients {
        drawn
            .left_out
            .push("strips of slices: every patient has one sample".to_owned());
        return;
    }
    if report.settings.unit == Unit::Slice {
        drawn
            .left_out
            .push("strips of slices: slices were judged one by one and not pooled".to_owned());
        return;
    }
    let chosen = Chosen::of(report);
    let answers = chosen.answers(material.predictions);
    if answers.is_empty() {
        drawn
            .left_out
            .push(format!("strips of slices: {}", Chosen::NOBODY));
        return;
    }
    let told = answers
        .iter()
        .filter(|(_, answers)| answers.has_classes_of_patients());
    let models: Vec<Strips<'_>> = told
        .clone()
        .filter_map(|(_, answers)| Strips::new(report, answers))
        .collect();
    let Some(first) = models.first() else {
        let why = if told.count() == 0 {
            "patients have rows of several classes"
        } else {
            "the report does not tell by which weights slices were pooled"
        };
        drawn.left_out.push(format!("strips of slices: {why}"));
        return;
    };
    let all: Vec<(Label, &PatientId)> = first.order();
    let kept = all.len().min(MOST);
    let patients: Vec<(Label, &PatientId)> = (0..kept).map(|k| all[k * all.len() / kept]).collect();
    let caption = format!(
        "Probability of the true class on every slice, in the order of the stack from left to right, for {} of {} test \
         patients{}. Dots: filled where the pooled answer ({}) on the patient is right, empty where it is wrong.",
        patients.len(),
        all.len(),
        if patients.len() < all.len() {
            ", evenly chosen"
        } else {
            ""
        },
        pooled(report),
    );
    let drawing = (
        scene(material, &models, &patients),
        table(material, &models, &patients),
    );
    drawn.figures.push(Figure::new(
        "slice_probabilities",
        Section::Comparison,
        "Slices of every patient",
        caption,
        drawing,
    ));
}

/// How a patient's answer came about.
fn pooled(report: &Report) -> &'static str {
    match report.settings.pooling {
        PoolingName::MeanProbability => "mean probability",
        PoolingName::MajorityVote => "that of most slices",
        PoolingName::Weighted => "weighted mean probability",
    }
}

/// One model's answers by patient.
struct Strips<'a> {
    model: &'a str,
    arm: raduet_study::Arm,
    /// Slices in the order of case and slice.
    slices: BTreeMap<&'a PatientId, Vec<&'a PredictionRow>>,
    right: BTreeMap<PatientId, bool>,
}

impl<'a> Strips<'a> {
    fn new(report: &Report, answers: &'a Predictions) -> Option<Self> {
        let mut slices: BTreeMap<&PatientId, Vec<&PredictionRow>> = BTreeMap::new();
        for row in answers.rows().iter().filter(|row| row.part == Part::Test) {
            slices.entry(&row.patient).or_default().push(row);
        }
        for rows in slices.values_mut() {
            rows.sort_by(|a, b| (a.fold, &a.sample).cmp(&(b.fold, &b.sample)));
        }
        let pooled = judged::rows(report, answers, Level::Patient)?;
        let right = pooled
            .rows()
            .iter()
            .map(|row| (row.patient.clone(), row.answer() == row.truth));
        Some(Self {
            model: answers.model(),
            arm: answers.arm(),
            right: right.collect(),
            slices,
        })
    }

    /// Patients by class, then id.
    fn order(&self) -> Vec<(Label, &'a PatientId)> {
        let rows = self.slices.iter();
        let mut order: Vec<(Label, &PatientId)> = rows
            .map(|(patient, rows)| (rows[0].truth, *patient))
            .collect();
        order.sort();
        order
    }
}

fn scene(
    material: &Material<'_>,
    models: &[Strips<'_>],
    patients: &[(Label, &PatientId)],
) -> Scene {
    let classes = &material.report.classes;
    let groups: Vec<&[(Label, &PatientId)]> = patients.chunk_by(|a, b| a.0 == b.0).collect();
    let height = ROW * patients.len() as f64 + CLASS * groups.len() as f64;
    let head = 24.0;
    let mut scene = Scene::new(TWO_COLUMNS, head + height + 4.0);
    let panel = (TWO_COLUMNS - NAMES) / models.len() as f64;
    let longest = models
        .iter()
        .flat_map(|strips| patients.iter().filter_map(|(_, p)| strips.slices.get(p)))
        .map(Vec::len)
        .max()
        .unwrap_or(1);
    let cell = (panel - DOT - 10.0) / longest as f64;
    let ends = ["probability of the true class 0", "1"];
    let wide = key::width(50.0, ends);
    let bar = [
        TWO_COLUMNS - wide + font::width(ends[0], SMALL, false) + 3.0,
        2.0,
        50.0,
        5.0,
    ];
    key::bar(&mut scene, bar, ends);
    for (at, strips) in models.iter().enumerate() {
        let left = NAMES + panel * at as f64;
        let name = font::fitted(strips.model, panel - 10.0, NORMAL, true);
        scene.text(
            (left, head - 4.0),
            name,
            Type::new(NORMAL).bold(Weight::Bold),
        );
        let role = super::kit::marks::role_of(strips.arm);
        let mut y = head;
        for group in &groups {
            if at == 0 {
                let name = font::fitted(classes.name(group[0].0), TWO_COLUMNS, SMALL, false);
                let set = Type::new(SMALL).paint(Role::Quiet);
                scene.text((0.0, y + CLASS - 2.5), name, set);
            }
            y += CLASS;
            for (class, patient) in *group {
                if at == 0 {
                    let id = font::fitted(patient.as_str(), NAMES - 5.0, SMALLEST, false);
                    let set = Type::new(SMALLEST).end();
                    scene.text((NAMES - 4.0, y + ROW / 2.0 + 0.36 * SMALLEST), id, set);
                }
                let rows = strips.slices.get(patient).map_or(&[][..], Vec::as_slice);
                let colour = |_, at: usize| viridis(rows[at].probabilities[class.0]);
                let top = y + (ROW - STRIP) / 2.0;
                if let Some(picture) = Picture::of_cells(1, rows.len(), colour) {
                    let wide = cell * rows.len() as f64;
                    scene.pixels([left + DOT, top, wide, STRIP], picture);
                }
                let right = strips.right.get(*patient).copied().unwrap_or(false);
                scene.shapes.push(Shape::Disc {
                    centre: (left + 3.5, y + ROW / 2.0),
                    radius: 2.0,
                    fill: right.then(|| Paint::from(role)),
                    stroke: Some(Stroke::new(role, 1.5 * HAIR)),
                });
                y += ROW;
            }
        }
    }
    scene
}

fn table(
    material: &Material<'_>,
    models: &[Strips<'_>],
    patients: &[(Label, &PatientId)],
) -> Table {
    let mut table = Table::new(&[
        "model",
        "arm",
        "PatientID",
        "ID",
        "Slice",
        "y_true",
        "p_true",
        "patient_right",
    ]);
    for strips in models {
        for (class, patient) in patients {
            let right = strips.right.get(*patient).copied().unwrap_or(false);
            for row in strips.slices.get(patient).into_iter().flatten() {
                table.put(row![
                    strips.model,
                    strips.arm.name(),
                    patient.as_str(),
                    row.sample.case.as_str(),
                    row.sample.slice.map(f64::from),
                    material.report.classes.name(*class),
                    row.probabilities[class.0],
                    if right { "yes" } else { "no" },
                ]);
            }
        }
    }
    table
}
