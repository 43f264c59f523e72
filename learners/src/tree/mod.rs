//! The one tree core behind the decision tree, the forest and boosting.
//!
//! Exact binary splits `x[feature] <= threshold` with thresholds half-way between neighbouring
//! values, as CART grows them: Breiman, Friedman, Olshen, Stone, Classification and Regression
//! Trees (1984).
//!
//! | for | look at |
//! |---|---|
//! | values as ranks: which are equal, which is next | [`columns`] |
//! | members of a node in the order of a column | [`order`] |
//! | what makes a split good, what a leaf holds | [`criterion`] |
//! | growing | [`grow`] |
//! | the grown tree | [`node`] |
//!
//! The search sees ranks only, so scaling a column changes nothing but the thresholds, and two values
//! are tied only if they are equal. Of equally good splits the first column visited wins (the lowest,
//! where all are visited in order), then the lowest threshold.

pub(crate) mod columns;
pub(crate) mod criterion;
pub(crate) mod grow;
pub(crate) mod node;
pub(crate) mod order;
