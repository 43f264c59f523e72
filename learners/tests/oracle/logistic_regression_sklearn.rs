use crate::reference::{DATA_SETS, Reference, largest_difference};

/// Both solvers stop close to the one minimum; what is left is scikit-learn's tolerance.
const TOLERANCE: f64 = 1e-5;

#[test]
fn probabilities_equal_scikit_learn_at_the_minimum() {
    for name in DATA_SETS {
        let reference = Reference::load(name);
        let ours = reference.probabilities("logistic_regression", 0);
        let theirs = reference.rows("logistic_regression", "probabilities");
        let difference = largest_difference(&ours, &theirs);
        println!("{name}: {difference:e}");
        assert!(difference < TOLERANCE, "{name}: {difference:e}");
    }
}
