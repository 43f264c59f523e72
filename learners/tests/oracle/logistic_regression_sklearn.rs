use raduet_learners::Parameters;

use crate::reference::{DATA_SETS, Reference, at_the_minimum, largest_difference};

/// Both solvers stop close to the one minimum; what is left is scikit-learn's tolerance.
const TOLERANCE: f64 = 1e-5;

#[test]
fn probabilities_equal_scikit_learn_at_the_minimum() {
    for name in DATA_SETS {
        let reference = Reference::load(name);
        let theirs = reference.rows("logistic_regression", "probabilities");
        for settings in [at_the_minimum(), Parameters::new()] {
            let ours = reference
                .fit_with("logistic_regression", &settings, 0)
                .predict_proba(&reference.table, &reference.test)
                .unwrap();
            let difference = largest_difference(&ours, &theirs);
            println!("{name} {settings:?}: {difference:e}");
            assert!(difference < TOLERANCE, "{name}: {difference:e}");
        }
    }
}
