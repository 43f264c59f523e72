//! What columns are worth to the best learner: importance by shuffling, and SHAP values.

use std::collections::BTreeMap;

use raduet_study::{Arm, Report};

use super::bars::{self, Bar};
use super::kit::legend::{self, Entry, Sample};
use super::kit::marks::role_of;
use super::kit::scene::{Paint, Scene};
use super::kit::style::{ONE_COLUMN, Role, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section, beeswarm};
use crate::finished_run::{Exhibits, Worth};
use crate::report_writers::Material;
use crate::report_writers::chosen::Chosen;

/// Most columns shown.
const MOST: usize = 20;

/// Adds the figures.
pub(super) fn draw(material: &Material<'_>, exhibits: &Exhibits, drawn: &mut Drawn) {
    if exhibits.importances.is_empty() {
        drawn
            .left_out
            .push("permutation importance: not asked for (--importance)".to_owned());
    } else {
        let model = shown(material.report, &exhibits.importances);
        drawn
            .figures
            .push(importance(&model, &exhibits.importances));
    }
    if exhibits.contributions.is_empty() {
        drawn
            .left_out
            .push("SHAP values: not asked for (--shap), or of no learner that has them".to_owned());
        return;
    }
    let model = shown(material.report, &exhibits.contributions);
    let swarm = beeswarm::figure(material, exhibits, &model);
    drawn
        .figures
        .push(swarm.unwrap_or_else(|| contributions(&model, &exhibits.contributions)));
}

/// The best learner where there is something of it, else the first there is something of.
fn shown(report: &Report, worths: &[Worth]) -> String {
    let chosen = Chosen::of(report);
    let mut best = chosen
        .models
        .iter()
        .filter(|model| model.arm == Arm::Radiomics);
    let there = |name: &str| worths.iter().any(|worth| worth.model == name);
    best.find(|model| there(&model.model))
        .map(|model| model.model.clone())
        .or_else(|| worths.first().map(|worth| worth.model.clone()))
        .unwrap_or_default()
}

/// The columns that weigh most by `weight`, and how many folds there are.
fn largest<'a>(
    of: impl Iterator<Item = &'a Worth>,
    weight: impl Fn(&[&Worth]) -> f64,
) -> (Vec<(&'a str, Vec<&'a Worth>)>, usize) {
    let mut columns: BTreeMap<&str, Vec<&Worth>> = BTreeMap::new();
    for worth in of {
        columns.entry(&worth.column).or_default().push(worth);
    }
    let mut folds: Vec<usize> = columns.values().flatten().map(|worth| worth.fold).collect();
    folds.sort_unstable();
    folds.dedup();
    let mut columns: Vec<(&str, Vec<&Worth>)> = columns.into_iter().collect();
    columns.sort_by(|a, b| weight(&b.1).total_cmp(&weight(&a.1)).then(a.0.cmp(b.0)));
    columns.truncate(MOST);
    (columns, folds.len())
}

fn sum(worths: &[&Worth]) -> f64 {
    worths.iter().map(|worth| worth.value).sum()
}

fn mean(worths: &[&Worth]) -> f64 {
    sum(worths) / worths.len() as f64
}

fn importance(model: &str, worths: &[Worth]) -> Figure {
    let (columns, folds) = largest(worths.iter().filter(|worth| worth.model == model), mean);
    let mut table = Table::new(&["model", "column", "log_loss_rise", "sd"]);
    let bars: Vec<Bar> = columns
        .iter()
        .map(|(column, worths)| {
            let mean = mean(worths);
            // Between shuffles; folds are other test rows, whose spread is no error of a mean.
            let spread = if folds == 1 { worths[0].sd } else { None };
            table.put(row![model, *column, mean, spread]);
            Bar {
                name: (*column).to_owned(),
                parts: vec![mean],
                spread,
            }
        })
        .collect();
    let mut scene = Scene::new(TWO_COLUMNS, 0.0);
    let paint = Paint::from(role_of(Arm::Radiomics));
    scene.height = 4.0 + bars::draw(&mut scene, 4.0, &bars, &[paint], "Rise of the log loss");
    let spread = if folds == 1 {
        "Lines: standard deviation over shuffles."
    } else {
        "Means over the folds in which it could be told."
    };
    let caption = format!(
        "What is lost when a column's values are shuffled among the test rows of {model}: the rise of the log loss in \
         nats. The {} largest. {spread} Columns that say the same share their worth.",
        bars.len(),
    );
    let title = format!("Permutation importance of {model}");
    Figure::new(
        "permutation_importance",
        Section::Explanation,
        title,
        caption,
        (scene, table),
    )
}

/// Mean absolute values, where those of single rows are not there.
fn contributions(model: &str, worths: &[Worth]) -> Figure {
    let of_model: Vec<&Worth> = worths.iter().filter(|worth| worth.model == model).collect();
    let mut classes: Vec<&str> = Vec::new();
    for class in of_model.iter().filter_map(|worth| worth.class.as_deref()) {
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let (columns, folds) = largest(of_model.iter().copied(), sum);
    let mut table = Table::new(&["model", "class", "column", "mean_absolute_shap"]);
    let mut bars = Vec::new();
    for (column, worths) in &columns {
        let mut parts = Vec::new();
        for class in &classes {
            let of_class = worths
                .iter()
                .filter(|worth| worth.class.as_deref() == Some(class));
            let mean = of_class.map(|worth| worth.value).sum::<f64>() / folds as f64;
            table.put(row![model, *class, *column, mean]);
            parts.push(mean);
        }
        bars.push(Bar {
            name: (*column).to_owned(),
            parts,
            spread: None,
        });
    }
    let paints: Vec<Paint> = (0..classes.len())
        .map(|at| Role::Class(at).into())
        .collect();
    let entries: Vec<Entry> = classes
        .iter()
        .zip(&paints)
        .map(|(class, paint)| Entry {
            sample: Sample::Area(*paint),
            name: (*class).to_owned(),
        })
        .collect();
    let mut scene = Scene::new(TWO_COLUMNS, 0.0);
    let head = legend::height(&entries, ONE_COLUMN) + 4.0;
    legend::draw(
        &mut scene,
        (TWO_COLUMNS - ONE_COLUMN, 0.0),
        ONE_COLUMN,
        &entries,
    );
    scene.height = head
        + bars::draw(
            &mut scene,
            head,
            &bars,
            &paints,
            "Mean |SHAP value|, summed over classes",
        );
    let caption = format!(
        "What each column adds to the answers of {model} on the test rows: the mean absolute SHAP value of each class{}, one \
         colour a class, one behind the other; a bar's whole length is their sum. The {} largest sums.",
        if folds > 1 {
            ", in the mean over folds (0 in a fold that does without the column)"
        } else {
            ""
        },
        bars.len(),
    );
    let title = format!("SHAP values of {model}");
    Figure::new(
        "contributions",
        Section::Explanation,
        title,
        caption,
        (scene, table),
    )
}
