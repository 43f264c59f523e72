use crate::reference::{DATA_SETS, Reference};

#[test]
fn shares_of_neighbours_equal_scikit_learn() {
    for name in DATA_SETS {
        let reference = Reference::load(name);
        let ours = reference.probabilities("k_neighbors", 0);
        let theirs = reference.rows("k_neighbors", "probabilities");
        let differing: Vec<usize> = (0..ours.len())
            .filter(|&i| {
                ours[i]
                    .iter()
                    .zip(&theirs[i])
                    .any(|(a, b)| (a - b).abs() > 1e-9)
            })
            .collect();
        println!("{name}: {} rows differ", differing.len());
        assert!(differing.is_empty(), "{name}: test rows {differing:?}");
    }
}
