//! What a fitted model goes by.
//!
//! | for | look at |
//! |---|---|
//! | what each column adds to a tree model's answer | [`tree_shap`] |

mod paths;
pub mod tree_shap;

pub use tree_shap::{TreeEnsemble, TreeShap};
