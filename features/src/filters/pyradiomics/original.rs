//! `Original`: the image as it is.

use ndarray::Array3;

use crate::error::Result;
use crate::filters::Filter;
use crate::geometry::Spacing;

/// Hands the image on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Original;

impl Filter for Original {
    fn names(&self) -> Vec<String> {
        vec!["original".into()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        each(0, image.clone())
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        Some([0; 3])
    }
}
