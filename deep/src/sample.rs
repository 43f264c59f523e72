//! What the tool hands over for one image.

use raduet_study::{ClassNames, Label, PatientId, SampleId};

use crate::error::{DeepError, Result};

/// One grey-level slice with the class of its patient.
#[derive(Debug, Clone)]
pub struct ImageSample {
    /// Which slice of which case.
    pub id: SampleId,
    /// Whose image it is.
    pub patient: PatientId,
    /// Intensities, row by row: `rows * cols` numbers in any unit.
    pub pixels: Vec<f32>,
    /// Rows of the slice.
    pub rows: usize,
    /// Columns of the slice.
    pub cols: usize,
    /// The region of interest, pixel by pixel; needed for [`crate::InputMode::Crop`] and
    /// [`crate::InputMode::Masked`].
    pub mask: Option<Vec<bool>>,
    /// The true class.
    pub label: Label,
}

impl ImageSample {
    /// Checks sizes, numbers and label.
    pub(crate) fn check(&self, classes: &ClassNames) -> Result<()> {
        let fault = |found: String, expected: String| {
            Err(DeepError::Sample {
                sample: self.id.clone(),
                found,
                expected,
            })
        };
        let count = self.rows * self.cols;
        if count == 0 || self.pixels.len() != count {
            return fault(
                format!("{} pixels", self.pixels.len()),
                format!(
                    "{} rows of {} columns, at least one pixel",
                    self.rows, self.cols
                ),
            );
        }
        if let Some(at) = self.pixels.iter().position(|p| !p.is_finite()) {
            return fault(
                format!(
                    "the value {} at row {}, column {}",
                    self.pixels[at],
                    at / self.cols,
                    at % self.cols
                ),
                "finite intensities".into(),
            );
        }
        if let Some(mask) = &self.mask
            && mask.len() != count
        {
            return fault(
                format!("a mask of {} pixels", mask.len()),
                format!("{count}, as the image has"),
            );
        }
        if self.label.0 >= classes.len() {
            return fault(
                format!("class {}", self.label),
                format!("a class below {}", classes.len()),
            );
        }
        Ok(())
    }
}
