//! Every learner, one line each. The order is that of reports.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::linfa::{LinfaGaussianNb, LinfaLogisticRegression};
use crate::adapters::smartcore::SmartcoreForest;
use crate::decision_tree::DecisionTree;
use crate::discriminant::{LinearDiscriminant, QuadraticDiscriminant};
use crate::error::{LearnError, Result};
use crate::extra_trees::ExtraTrees;
use crate::gaussian_nb::GaussianNb;
use crate::gradient_boosting::GradientBoosting;
use crate::hist_boosting::HistGradientBoosting;
use crate::knn::KNeighbors;
use crate::learner::{Learner, Parameters};
use crate::logistic_regression::LogisticRegression;
use crate::random_forest::RandomForest;
use crate::svc::Svc;

/// Our own implementation.
const OWN: &str = "raduet";

/// A learner that can be asked for by name.
#[derive(Debug, Clone, Copy)]
pub struct LearnerEntry {
    /// Name in settings and results (`random_forest`).
    pub name: &'static str,
    /// Name in reports (`Random Forest`).
    pub title: &'static str,
    /// Whose code fits it.
    pub backend: &'static str,
    /// Whether the bare name means this back end.
    pub default: bool,
    /// Trained only where it is named: it refuses tables that others take.
    pub on_request: bool,
    /// Makes it with the given settings, after [`Learner::check`].
    with: fn(&'static str, &Parameters) -> Result<Box<dyn Learner>>,
}

impl LearnerEntry {
    /// The name to ask for: bare for the default back end, else `name:backend`.
    pub fn id(&self) -> String {
        if self.default {
            self.name.to_owned()
        } else {
            format!("{}:{}", self.name, self.backend)
        }
    }

    /// The learner with its default settings.
    ///
    /// # Panics
    /// Never: a test makes every entry.
    pub fn make(&self) -> Box<dyn Learner> {
        self.with(&Parameters::new()).expect("defaults make sense")
    }

    /// The learner with some settings changed.
    ///
    /// # Errors
    /// [`LearnError::Settings`] for a name it does not have or a value that makes no sense.
    pub fn with(&self, parameters: &Parameters) -> Result<Box<dyn Learner>> {
        (self.with)(self.name, parameters)
    }
}

fn with<L: Learner + Default + DeserializeOwned + 'static>(
    name: &'static str,
    parameters: &Parameters,
) -> Result<Box<dyn Learner>> {
    read::<L>(name, parameters).and_then(checked)
}

fn read<L: DeserializeOwned>(name: &'static str, parameters: &Parameters) -> Result<L> {
    serde_json::from_value(Value::Object(parameters.clone()))
        .map_err(|fault| LearnError::settings(name, fault.to_string()))
}

fn checked<L: Learner + 'static>(learner: L) -> Result<Box<dyn Learner>> {
    learner.check()?;
    Ok(Box::new(learner))
}

const fn own<L: Learner + Default + DeserializeOwned + 'static>(
    name: &'static str,
    title: &'static str,
) -> LearnerEntry {
    LearnerEntry {
        name,
        title,
        backend: OWN,
        default: true,
        on_request: false,
        with: with::<L>,
    }
}

const fn other<L: Learner + Default + DeserializeOwned + 'static>(
    name: &'static str,
    title: &'static str,
    backend: &'static str,
) -> LearnerEntry {
    LearnerEntry {
        name,
        title,
        backend,
        default: false,
        on_request: false,
        with: with::<L>,
    }
}

/// All learners: each default first, then other back ends under the same common checks.
pub const LEARNERS: &[LearnerEntry] = &[
    own::<DecisionTree>("decision_tree", "Decision Tree"),
    own::<RandomForest>("random_forest", "Random Forest"),
    own::<ExtraTrees>("extra_trees", "Extra Trees"),
    own::<KNeighbors>("k_neighbors", "KNeighbors"),
    own::<GaussianNb>("gaussian_nb", "GaussianNB"),
    own::<Svc>("svc", "SVC"),
    own::<LogisticRegression>("logistic_regression", "Logistic Regression"),
    own::<LinearDiscriminant>("linear_discriminant", "LDA"),
    LearnerEntry {
        // Columns of form and texture depend on each other, which it refuses unless regularised.
        on_request: true,
        ..own::<QuadraticDiscriminant>("quadratic_discriminant", "QDA")
    },
    own::<GradientBoosting>("gradient_boosting", "Gradient Boosting"),
    own::<HistGradientBoosting>("hist_gradient_boosting", "Hist Gradient Boosting"),
    other::<SmartcoreForest>("random_forest", "Random Forest", "smartcore"),
    LearnerEntry {
        with: |name, parameters| checked(read::<Svc>(name, parameters)?.by_libsvm()),
        ..other::<Svc>("svc", "SVC", "libsvm")
    },
    LearnerEntry {
        with: |name, parameters| checked(read::<Svc>(name, parameters)?.by_linfa()),
        ..other::<Svc>("svc", "SVC", "linfa")
    },
    other::<LinfaGaussianNb>("gaussian_nb", "GaussianNB", "linfa"),
    other::<LinfaLogisticRegression>("logistic_regression", "Logistic Regression", "linfa"),
];

/// The entry of `name` or `name:backend`.
///
/// # Errors
/// [`LearnError::UnknownLearner`] with the names that exist.
pub fn find(id: &str) -> Result<&'static LearnerEntry> {
    LEARNERS
        .iter()
        .find(|entry| entry.id() == id || format!("{}:{}", entry.name, entry.backend) == id)
        .ok_or_else(|| LearnError::UnknownLearner {
            found: id.to_owned(),
            known: LEARNERS.iter().map(LearnerEntry::id).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_each_has_one_default() {
        let mut ids: Vec<String> = LEARNERS.iter().map(LearnerEntry::id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), LEARNERS.len());
        for entry in LEARNERS {
            let defaults = LEARNERS
                .iter()
                .filter(|e| e.name == entry.name && e.default);
            assert_eq!(defaults.count(), 1, "{}", entry.name);
            assert_eq!(entry.make().name(), entry.name);
            assert_eq!(find(&entry.id()).unwrap().id(), entry.id());
        }
        assert!(find("random_forest:raduet").is_ok());
        assert!(find("oracle").is_err());
    }

    #[test]
    fn settings_are_taken_by_name_and_unknown_ones_refused() {
        for entry in LEARNERS {
            let unknown = Parameters::from_iter([("colour".to_owned(), Value::from(1))]);
            let fault = entry.with(&unknown).err();
            assert!(
                matches!(fault, Some(LearnError::Settings { learner, .. }) if learner == entry.name),
                "{}",
                entry.id()
            );
        }
        let more = Parameters::from_iter([("n_estimators".to_owned(), Value::from(7))]);
        let forest = find("random_forest").unwrap().with(&more).unwrap();
        assert_eq!(forest.settings()["n_estimators"], 7);
    }
}
