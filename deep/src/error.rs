//! Errors of this room: what was found, what was expected, and where.

use raduet_study::SampleId;

/// Result of this room.
pub type Result<T> = std::result::Result<T, DeepError>;

/// Why a network cannot be built, trained, stored or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeepError {
    /// No network has this name.
    #[error("network '{found}' is not known: choose one of {}", known.join(", "))]
    UnknownNetwork {
        /// The name asked for.
        found: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// One or more settings are unusable; all of them are listed.
    #[error("training settings: {}", faults.join("; "))]
    Settings {
        /// Each fault with its field, what was found and what is expected.
        faults: Vec<String>,
    },
    /// A sample that cannot become an image.
    #[error("sample {sample}: found {found}, expected {expected}")]
    Sample {
        /// Which sample.
        sample: SampleId,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Too few or repeated samples.
    #[error("{part} samples: found {found}, expected {expected}")]
    Samples {
        /// `training`, `validation` or `prediction`.
        part: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// An array does not have the shape that a tensor needs.
    #[error("{place}: found shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which tensor or argument.
        place: String,
        /// Shape or length found.
        found: Vec<usize>,
        /// Shape or length expected.
        expected: Vec<usize>,
    },
    /// A tensor name that the network does not have, or lacks.
    #[error("tensor '{name}': {found}")]
    TensorName {
        /// The name.
        name: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// Training has left the finite numbers.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: loss {loss}; lower the learning rate"
    )]
    Diverged {
        /// 1-based epoch.
        epoch: usize,
        /// 1-based batch.
        batch: usize,
        /// The loss found.
        loss: f64,
    },
    /// An epoch was asked for after the last.
    #[error(
        "training is over after {epochs} epochs: take the model, or raise `epochs` or `patience`"
    )]
    Over {
        /// Epochs done.
        epochs: usize,
    },
    /// The weights of the best epoch were asked for before any epoch was done.
    #[error("no epoch is finished: train for one before taking the model")]
    Untrained,
    /// Bytes that are no checkpoint of this room, or one of other settings or data.
    #[error("checkpoint: found {found}, expected {expected}")]
    Checkpoint {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A place to compute that is not there, or a word for none.
    #[error("device: found {found}, expected {expected}")]
    Device {
        /// What was asked for.
        found: String,
        /// What can be asked for.
        expected: String,
    },
    /// A file of weights that cannot be read, or that belongs to another network.
    #[error("weights: found {found}, expected {expected}")]
    Weights {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The tensor library refused an operation: a bug of this room or a device out of memory.
    #[error("tensor operation failed: {message}")]
    Tensor {
        /// The library's own words.
        message: String,
    },
}

impl DeepError {
    /// The tensor library's error in its own words. No `From`: the library's types stay inside this room.
    pub(crate) fn refused(error: &candle_core::Error) -> Self {
        Self::Tensor {
            message: error.to_string(),
        }
    }
}
