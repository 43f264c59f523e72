//! Starting from weights that were learned elsewhere.

use crate::checkpoint::decode_tensors;
use crate::error::{DeepError, Result};
use crate::train::Trainer;

/// Which tensors of a file found a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedWeights {
    /// Tensors of the network that now hold the file's numbers.
    pub loaded: Vec<String>,
    /// Tensors of the network that keep their random start: the file lacks them, or holds another shape
    /// (a classifier of other classes).
    pub kept: Vec<String>,
    /// Tensors of the file that the network has no use for.
    pub unused: Vec<String>,
}

impl Trainer {
    /// Takes over every tensor of safetensors bytes whose name and shape fit, before the first epoch.
    /// Names are PyTorch's, so torchvision's pretrained weights fit as they are.
    ///
    /// # Errors
    /// [`DeepError::Checkpoint`] for other bytes, when no tensor fits, when a number is not finite, or after the
    /// first epoch.
    pub fn load_weights(&mut self, bytes: &[u8]) -> Result<LoadedWeights> {
        let fault = |found: String, expected: &str| {
            Err(DeepError::Checkpoint {
                found,
                expected: expected.into(),
            })
        };
        if !self.history().is_empty() {
            return fault(
                format!(
                    "weights to start from after {} epochs",
                    self.history().len()
                ),
                "weights to start from before the first epoch",
            );
        }
        let mut tensors = decode_tensors(bytes)?;
        let mut report = LoadedWeights {
            loaded: Vec::new(),
            kept: Vec::new(),
            unused: Vec::new(),
        };
        let mut fitting = Vec::new();
        for entry in &self.model.state().entries {
            let name = &entry.info.name;
            match tensors.remove(name) {
                Some((shape, numbers)) if shape == entry.info.shape => {
                    if numbers.iter().any(|v| !v.is_finite()) {
                        return fault(
                            format!("a number in '{name}' that is not finite"),
                            "finite weights",
                        );
                    }
                    fitting.push((entry, numbers));
                    report.loaded.push(name.clone());
                }
                _ => report.kept.push(name.clone()),
            }
        }
        report.unused = tensors.into_keys().collect();
        if fitting.is_empty() {
            return fault(
                "no tensor that fits by name and shape".into(),
                "weights of the same network",
            );
        }
        for (entry, numbers) in fitting {
            entry.replace(&numbers)?;
        }
        Ok(report)
    }
}
