//! What fits of learners cost: seconds measured on two cores, scaled by rows and columns.
//!
//! A rule, not a measurement of this machine: a probe of fifteen learners would take longer than most of their runs.

#[cfg(feature = "learners")]
use raduet_learners::LearnerEntry;
#[cfg(feature = "learners")]
use raduet_learners::tuning::{Effort, Tuning, number_of_points};

use super::Step;
use crate::settings::LearnerSettings;
#[cfg(feature = "learners")]
use crate::settings::TuneName;

/// Rows and columns of the table that was measured.
const MEASURED_ROWS: f64 = 16_000.0;
const MEASURED_COLUMNS: f64 = 107.0;

/// How a cost grows with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// In proportion.
    Rows,
    /// With every pair of rows.
    Pairs,
}

/// Learners with the seconds of a fit and its answers, and how they grow.
const COSTS: [(&str, f64, Growth); 11] = [
    ("decision_tree", 0.13, Growth::Rows),
    ("random_forest", 1.1, Growth::Rows),
    ("extra_trees", 1.1, Growth::Rows),
    ("k_neighbors", 0.16, Growth::Pairs),
    ("gaussian_nb", 0.01, Growth::Rows),
    ("svc", 12.9, Growth::Pairs),
    ("logistic_regression", 0.24, Growth::Rows),
    ("linear_discriminant", 0.05, Growth::Rows),
    ("quadratic_discriminant", 0.1, Growth::Rows),
    ("gradient_boosting", 2.8, Growth::Rows),
    ("hist_gradient_boosting", 0.9, Growth::Rows),
];

/// What other back ends may take beside ours.
const FOREIGN: f64 = 5.0;
/// A learner that nobody has measured.
const UNKNOWN: f64 = 3.0;
/// Folds of a learning curve times its sizes.
#[cfg(feature = "learners")]
const CURVE: usize = 25;
/// Reading, scaling and writing of a fit.
const LEAST: f64 = 0.005;

/// About how long fits of a learner on so many rows and columns take.
pub fn of(id: &str, fits: usize, rows: usize, columns: usize) -> Step {
    let (name, backend) = id.split_once(':').unwrap_or((id, ""));
    let known = COSTS.iter().find(|(known, ..)| *known == name);
    let (seconds, growth) = known.map_or((UNKNOWN, Growth::Rows), |(_, s, growth)| (*s, *growth));
    let share = rows as f64 / MEASURED_ROWS;
    let share = match growth {
        Growth::Rows => share,
        Growth::Pairs => share * share,
    };
    let columns = columns as f64 / MEASURED_COLUMNS;
    let foreign = if backend.is_empty() { 1.0 } else { FOREIGN };
    let one = LEAST + seconds * share * columns * foreign;
    Step {
        seconds: fits as f64 * one,
        how: format!("rule: {seconds} s a fit of 16 000 x 107 on two cores, scaled to {rows} rows"),
    }
}

/// Fits of a learner in one fold, by its name.
#[cfg(feature = "learners")]
pub fn fits_of(name: &str, settings: &LearnerSettings) -> usize {
    let entry = raduet_learners::registry::find(name);
    entry.map_or(1, |entry| fits(entry, settings))
}

/// Without learners in this build there are no fits.
#[cfg(not(feature = "learners"))]
pub fn fits_of(_: &str, _: &LearnerSettings) -> usize {
    0
}

/// Fits of a learner in one fold: itself, and those in folds of its rows for a search, a calibration and a curve.
#[cfg(feature = "learners")]
fn fits(entry: &LearnerEntry, settings: &LearnerSettings) -> usize {
    let tuning = Tuning::default();
    let folds = tuning.folds * tuning.repeats;
    let effort = match settings.tune {
        TuneName::None => Effort::None,
        TuneName::Light => Effort::Light,
        TuneName::Full => Effort::Full,
    };
    let given = settings.set.get(&entry.id()).cloned().unwrap_or_default();
    let searched = match effort {
        Effort::None => 0,
        effort => folds * number_of_points(entry, &given, effort),
    };
    let calibrated = if settings.calibrate.is_some() {
        folds
    } else {
        0
    };
    let curve = if settings.learning_curve { CURVE } else { 0 };
    1 + searched + calibrated + curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_grow_with_rows_or_their_pairs() {
        let seconds = |id, rows| of(id, 1, rows, 107).seconds - LEAST;
        assert!((seconds("svc", 8000) - 12.9 / 4.0).abs() < 1e-9);
        assert!((seconds("random_forest", 8000) - 1.1 / 2.0).abs() < 1e-9);
        assert!((of("decision_tree", 10, 16_000, 107).seconds - 1.35).abs() < 1e-9);
        assert!(seconds("random_forest:smartcore", 8000) > seconds("random_forest", 8000));
    }

    #[cfg(feature = "learners")]
    #[test]
    fn every_learner_has_a_cost_and_a_search_has_fits() {
        for entry in raduet_learners::LEARNERS {
            assert!(
                COSTS.iter().any(|(name, ..)| *name == entry.name),
                "{}",
                entry.name
            );
        }
        let mut settings = LearnerSettings::default();
        let forest = raduet_learners::registry::find("random_forest").unwrap();
        assert_eq!(fits(forest, &settings), 1);
        settings.tune = TuneName::Light;
        let light = fits(forest, &settings);
        settings.learning_curve = true;
        assert!(light > 5 && fits(forest, &settings) == light + 25);
    }
}
