//! How much each column lowers the Gini impurity in the trees of a forest.
//!
//! Breiman 2001, doi 10.1023/A:1010933404324; scikit-learn's `feature_importances_`: in each tree the
//! weighted decreases of a column's splits, divided by their sum over columns; the mean over trees that
//! split at all, again with sum 1. Shares of inner nodes follow from the leaves and the weights that
//! reached them.

use crate::random_forest::ForestModel;
use crate::tree::node::{Tree, View};

/// One importance a column, with sum 1, or zeros where no tree splits.
pub(crate) fn gini_importance(forest: &ForestModel) -> Vec<f64> {
    let mut sums = vec![0.0; forest.width];
    for tree in &forest.trees {
        let of_tree = decreases(tree, forest.width);
        let total: f64 = of_tree.iter().sum();
        if total > 0.0 {
            for (sum, decrease) in sums.iter_mut().zip(of_tree) {
                *sum += decrease / total;
            }
        }
    }
    let total: f64 = sums.iter().sum();
    if total > 0.0 {
        for sum in &mut sums {
            *sum /= total;
        }
    }
    sums
}

/// Weighted decrease of impurity of each column's splits in one tree.
fn decreases(tree: &Tree, width: usize) -> Vec<f64> {
    let k = tree.outputs();
    // Weight of each class at each node, and the weighted impurity.
    let mut weights = vec![0.0; tree.extent() * k];
    let mut impurity = vec![0.0; tree.extent()];
    let mut decreases = vec![0.0; width];
    // Children come after their parent.
    let (covers, places) = (tree.covers(), tree.places().collect::<Vec<_>>());
    for at in places.into_iter().rev() {
        let cover = covers[at];
        match tree.view(at) {
            View::Leaf(shares) => {
                let own = &mut weights[at * k..(at + 1) * k];
                own.iter_mut().zip(shares).for_each(|(w, s)| *w = s * cover);
            }
            View::Split { left, right, .. } => {
                for class in 0..k {
                    weights[at * k + class] =
                        weights[left * k + class] + weights[right * k + class];
                }
            }
        }
        let own = &weights[at * k..(at + 1) * k];
        let total: f64 = own.iter().sum();
        if total > 0.0 {
            impurity[at] = total - own.iter().map(|w| w * w).sum::<f64>() / total;
        }
        if let View::Split {
            column,
            left,
            right,
            ..
        } = tree.view(at)
        {
            decreases[column] += f64::max(0.0, impurity[at] - impurity[left] - impurity[right]);
        }
    }
    decreases
}
