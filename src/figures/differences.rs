//! Best network minus best learner: differences with intervals on the same resamples of the same patients.

use raduet_study::report::{Comparison, Figure as Value, Level};
use raduet_study::uncertainty::Interval;
use raduet_study::{Arm, Report};

use super::kit::axis::{BELOW, Plot};
use super::kit::font;
use super::kit::marks::{Mark, role_of};
use super::kit::scene::{Scene, Stroke, Type};
use super::kit::style::{HAIR, MARK, NORMAL, Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::report_writers::Material;
use crate::report_writers::judged::Judged;
use crate::report_writers::numbers::{UNDEFINED, confidence, points, points_with_interval};

/// What is compared at each level: metric, name.
pub(crate) const COMPARED: [(&str, &str); 3] = [
    ("accuracy", "accuracy"),
    ("balanced_accuracy", "bal. acc"),
    ("auc_ovr", "AUC"),
];

/// Height of a row, room above them, for the figures on the right, and from both to the plot.
const ROW: f64 = 11.0;
const TOP: f64 = 16.0;
const FIGURES: f64 = 84.0;
const GAP: f64 = 8.0;
/// The least the axis reaches to both sides, and the step of its ends, in points.
const STEP: f64 = 10.0;

/// A difference, in points; areas count a hundred.
struct Line {
    level: Level,
    metric: &'static str,
    name: String,
    value: Option<f64>,
    interval: Option<Interval>,
}

/// Adds the figure.
pub(super) fn draw(material: &Material<'_>, drawn: &mut Drawn) {
    let report = material.report;
    let Some(comparison) = &report.comparison else {
        let why = "differences of the arms: only one arm took part, or the best of each could not be chosen";
        drawn.left_out.push(why.to_owned());
        return;
    };
    let judged = Judged::of(material);
    let lines = lines(report, comparison, judged);
    let over_folds = comparison.over_folds.as_ref().map_or("", |_| {
        " Over folds: mean of the folds' differences, its interval with the variance corrected for shared training \
         patients (Nadeau and Bengio 2003)."
    });
    let caption = format!(
        "{} minus {}, the best network and the best learner by the validation part, on {}: to the right of zero the \
         network is ahead. Lines: {} % bootstrap intervals, {} resamples of patients with all their rows, the same for \
         both models (BCa where it has a value, else percentile).{over_folds} Areas are multiplied by 100.",
        comparison.deep,
        comparison.radiomics,
        judged.counted(report, Level::Patient),
        confidence(report),
        report.settings.bootstrap.resamples,
    );
    drawn.figures.push(Figure::new(
        "differences",
        Section::Comparison,
        "Best network minus best learner",
        caption,
        (scene(&lines), table(comparison, judged, &lines)),
    ));
}

fn lines(report: &Report, comparison: &Comparison, judged: Judged) -> Vec<Line> {
    let mut lines = Vec::new();
    for level in judged.levels(report) {
        for (metric, name) in COMPARED {
            let figure = comparison.difference(level, metric);
            lines.push(Line {
                level,
                metric,
                name: format!("{}: {name}", judged.noun(level)),
                value: figure.and_then(|figure| figure.value),
                interval: figure.and_then(Value::interval),
            });
        }
        if level == Level::Patient
            && let Some(test) = &comparison.over_folds
        {
            let at = lines.len() - COMPARED.len() + 1;
            let line = Line {
                level,
                metric: "accuracy_over_folds",
                name: format!("{}: accuracy, over folds", judged.noun(level)),
                value: Some(test.mean),
                interval: Some(test.interval),
            };
            lines.insert(at, line);
        }
    }
    lines
}

/// Half the width of the axis in points: the farthest end, up to a whole ten.
fn reach(lines: &[Line]) -> f64 {
    let ends = lines.iter().flat_map(|line| {
        let interval = line
            .interval
            .map(|interval| [interval.lower, interval.upper]);
        line.value.into_iter().chain(interval.into_iter().flatten())
    });
    let farthest = ends.fold(0.0, |far: f64, end| far.max(100.0 * end.abs()));
    ((farthest / STEP).ceil() * STEP).max(STEP)
}

fn scene(lines: &[Line]) -> Scene {
    let widest = lines
        .iter()
        .map(|line| font::width(&line.name, NORMAL, false))
        .fold(0.0, f64::max);
    let left = widest + 1.0 + GAP;
    let height = ROW * lines.len() as f64;
    let mut scene = Scene::new(TWO_COLUMNS, TOP + height + BELOW + 2.0);
    let width = TWO_COLUMNS - left - GAP - FIGURES;
    let reach = reach(lines);
    let plot = Plot::new([left, TOP, width, height], (-reach, reach), (0.0, 1.0));
    let bottom = TOP + height;
    for share in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        let x = plot.x.at(share * reach);
        scene.line((x, TOP), (x, bottom), Stroke::new(Role::Rule, HAIR));
        // Half of a whole ten of points has no decimal.
        let label = points(share * reach / 100.0);
        let label = label.trim_end_matches(".0");
        let label = if share == 0.0 { "0" } else { label };
        let set = Type::new(SMALL).middle();
        scene.text((x, bottom + 4.0 + 0.72 * SMALL), label, set);
    }
    let ink = Stroke::new(Role::Ink, HAIR);
    scene.line((left, bottom), (left + width, bottom), ink);
    let zero = plot.x.at(0.0);
    let stroke = Stroke::new(Role::Ink, 2.0 * HAIR).dashed(&[2.5, 1.8]);
    scene.line((zero, TOP - 4.0), (zero, bottom), stroke);
    let over = [
        (zero, "no difference", Type::new(SMALL).middle()),
        (
            left,
            "learner ahead",
            Type::new(SMALL).paint(Role::Radiomics),
        ),
        (
            left + width,
            "network ahead",
            Type::new(SMALL).end().paint(Role::Deep),
        ),
    ];
    for (x, words, set) in over {
        scene.text((x, TOP - 6.5), words, set);
    }
    let middle = left + width / 2.0;
    let across = "Network − learner, points";
    scene.text(
        (middle, bottom + BELOW - 2.0),
        across,
        Type::new(NORMAL).middle(),
    );
    for (at, line) in lines.iter().enumerate() {
        one(&mut scene, &plot, line, TOP + ROW * (at as f64 + 0.5));
    }
    scene
}

fn one(scene: &mut Scene, plot: &Plot, line: &Line, y: f64) {
    let [left, _, width, _] = plot.sides();
    let base = y + 0.36 * NORMAL;
    let set = Type::new(NORMAL).end();
    scene.text((left - GAP, base), line.name.as_str(), set);
    let ahead = match line.value {
        Some(value) if value > 0.0 => Arm::Deep,
        Some(value) if value < 0.0 => Arm::Radiomics,
        _ => Arm::Reference,
    };
    let role = role_of(ahead);
    let place = |share: f64| plot.x.at(100.0 * share);
    if let Some(interval) = line.interval {
        let (from, to) = (place(interval.lower), place(interval.upper));
        scene.line((from, y), (to, y), Stroke::new(role, 2.2));
    }
    if let Some(value) = line.value {
        Mark::of_arm(ahead).draw(scene, (place(value), y), MARK, role);
    }
    let figures = line.value.map_or_else(
        || UNDEFINED.to_owned(),
        |value| points_with_interval(value, line.interval),
    );
    scene.text((left + width + GAP + FIGURES, base), figures, set);
}

fn table(comparison: &Comparison, judged: Judged, lines: &[Line]) -> Table {
    let mut table = Table::new(&[
        "deep",
        "radiomics",
        "level",
        "counted",
        "metric",
        "difference",
        "lower",
        "upper",
    ]);
    for line in lines {
        table.put(row![
            &comparison.deep,
            &comparison.radiomics,
            match line.level {
                Level::Slice => "slice",
                Level::Patient => "patient",
            },
            judged.noun(line.level),
            line.metric,
            line.value,
            line.interval.map(|interval| interval.lower),
            line.interval.map(|interval| interval.upper),
        ]);
    }
    table
}
