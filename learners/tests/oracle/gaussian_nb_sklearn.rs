use crate::reference::{DATA_SETS, Reference, largest_difference};

/// A closed form: only rounding and the eight digits of the file differ.
const TOLERANCE: f64 = 1e-7;

#[test]
fn probabilities_equal_scikit_learn() {
    for name in DATA_SETS {
        let reference = Reference::load(name);
        let ours = reference.probabilities("gaussian_nb", 0);
        let difference = largest_difference(&ours, &reference.rows("gaussian_nb", "probabilities"));
        println!("{name}: {difference:e}");
        assert!(difference < TOLERANCE, "{name}: {difference:e}");
    }
}
