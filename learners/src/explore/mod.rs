//! What a feature table looks like before any learner sees it: for figures, not for choices.
//!
//! | for | look at |
//! |---|---|
//! | does a column differ between classes | [`kruskal_wallis`] |
//! | quartiles, whiskers and outliers | [`BoxPlot`] |
//! | which columns say the same | [`spearman`], in the order of [`by_likeness`] |

mod box_plot;
mod likeness;
mod rank_test;

pub use box_plot::BoxPlot;
pub use likeness::{by_likeness, spearman};
pub use rank_test::{KruskalWallis, kruskal_wallis};
