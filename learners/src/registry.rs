//! Every learner, one line each. The order is that of reports.

use crate::adapters::linfa::{LinfaGaussianNb, LinfaLogisticRegression};
use crate::adapters::smartcore::SmartcoreForest;
use crate::decision_tree::DecisionTree;
use crate::error::{LearnError, Result};
use crate::gaussian_nb::GaussianNb;
use crate::gradient_boosting::GradientBoosting;
use crate::knn::KNeighbors;
use crate::learner::Learner;
use crate::logistic_regression::LogisticRegression;
use crate::random_forest::RandomForest;
use crate::svc::Svc;

/// Our own implementation.
const OWN: &str = "raduet";

/// A learner that can be asked for by name.
pub struct LearnerEntry {
    /// Name in settings and results (`random_forest`).
    pub name: &'static str,
    /// Name in reports (`Random Forest`).
    pub title: &'static str,
    /// Whose code fits it.
    pub backend: &'static str,
    /// Whether the bare name means this back end.
    pub default: bool,
    /// Makes it with its default settings.
    pub make: fn() -> Box<dyn Learner>,
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
}

fn make<L: Learner + Default + 'static>() -> Box<dyn Learner> {
    Box::new(L::default())
}

const fn own(
    name: &'static str,
    title: &'static str,
    make: fn() -> Box<dyn Learner>,
) -> LearnerEntry {
    LearnerEntry {
        name,
        title,
        backend: OWN,
        default: true,
        make,
    }
}

const fn other(
    name: &'static str,
    title: &'static str,
    backend: &'static str,
    default: bool,
    make: fn() -> Box<dyn Learner>,
) -> LearnerEntry {
    LearnerEntry {
        name,
        title,
        backend,
        default,
        make,
    }
}

/// All learners: each default first, then other back ends under the same common checks.
pub const LEARNERS: &[LearnerEntry] = &[
    own("decision_tree", "Decision Tree", make::<DecisionTree>),
    own("random_forest", "Random Forest", make::<RandomForest>),
    own("k_neighbors", "KNeighbors", make::<KNeighbors>),
    own("gaussian_nb", "GaussianNB", make::<GaussianNb>),
    other("svc", "SVC", "libsvm", true, || Box::new(Svc::libsvm())),
    own(
        "logistic_regression",
        "Logistic Regression",
        make::<LogisticRegression>,
    ),
    own(
        "gradient_boosting",
        "Gradient Boosting",
        make::<GradientBoosting>,
    ),
    other(
        "random_forest",
        "Random Forest",
        "smartcore",
        false,
        make::<SmartcoreForest>,
    ),
    other("svc", "SVC", "linfa", false, || Box::new(Svc::linfa())),
    other(
        "gaussian_nb",
        "GaussianNB",
        "linfa",
        false,
        make::<LinfaGaussianNb>,
    ),
    other(
        "logistic_regression",
        "Logistic Regression",
        "linfa",
        false,
        make::<LinfaLogisticRegression>,
    ),
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
            assert_eq!((entry.make)().name(), entry.name);
            assert_eq!(find(&entry.id()).unwrap().id(), entry.id());
        }
        assert!(find("random_forest:raduet").is_ok());
        assert!(find("oracle").is_err());
    }
}
