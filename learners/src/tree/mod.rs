//! The one tree core behind the decision tree, the forests and boosting.
//!
//! Exact binary splits `x[column] <= threshold` with thresholds half-way between neighbouring
//! values, as CART grows them: Breiman, Friedman, Olshen, Stone, Classification and Regression
//! Trees (1984).
//!
//! | for | look at |
//! |---|---|
//! | values as ranks: which are equal, which is next | [`columns`], [`rank`] |
//! | settings that bound the growth | [`limits`] |
//! | what makes a split good | [`criterion`], [`squared_error`] |
//! | the best cut of a column | [`cut`] |
//! | which columns a node looks at | [`draws`] |
//! | looking for splits: all columns kept in order, columns sorted when drawn, random thresholds | [`presorted`], [`drawn`], [`random`] |
//! | growing | [`grow`] |
//! | pruning, writing down | [`draft`], [`writer`] |
//! | the grown tree, and its form in files | [`node`], `file` |
//!
//! The exact searches see ranks only, so scaling a column changes nothing but the thresholds, and two
//! values are tied only if they are equal. Of equally good splits the first column visited wins (the
//! lowest, where all are visited in order), then undefined values to the right, then the lowest threshold.
//!
//! Undefined values (NaN) are learned as scikit-learn does: every cut of a column is tried with a node's
//! undefined values on either side, and the cut between the defined and the undefined ones as well (its
//! threshold is the greatest finite number). Where a node of the training had none, undefined values
//! go to the child with more rows, to the right of equals.

pub(crate) mod columns;
pub(crate) mod criterion;
mod cut;
pub(crate) mod draft;
pub(crate) mod drawn;
pub(crate) mod draws;
mod file;
pub(crate) mod grow;
pub(crate) mod limits;
pub(crate) mod node;
pub(crate) mod presorted;
pub(crate) mod random;
pub(crate) mod rank;
pub(crate) mod squared_error;
#[cfg(test)]
mod twin;
pub(crate) mod writer;
