//! The deep arm: networks on the pixels of grey-level slices, trained on the patients that the radiomics arm
//! trains on, and judged by the same code.
//!
//! Tensors are f32 in the order (N, C, H, W): samples, channels, rows, columns. A network sees three equal
//! channels with values in -1..1 and answers with one logit per class, in the order of the study's
//! [`ClassNames`](raduet_study::ClassNames). The room reads and writes no files: checkpoints go in and out as
//! bytes. The same samples, settings and seed give the same bytes on any number of threads.
//!
//! The way of the data: [`ImageSample`] → `tensors` (part, range, size) → `augment` (training only) →
//! `batches` → network → loss → [`Optimiser`] → [`FittedNetwork`] → probabilities.
//!
//! | for | look at |
//! |---|---|
//! | what to hand over | [`sample`] |
//! | how to train | [`settings`] |
//! | training, epoch by epoch | [`train`], [`progress`], [`resume`] |
//! | starting from weights learned elsewhere | [`pretrained`], [`Layout`] |
//! | asking and storing a network | [`predict`] |
//! | where a network looks | [`FittedNetwork::attention`] |
//! | which networks there are, and what they cost | [`registry`], [`Description`] |
//! | a network by itself, in plain slices | [`model`], [`optimiser`] |
//! | where it runs | [`device`] |

mod augment;
mod batches;
mod checkpoint;
mod description;
pub mod device;
mod ema;
pub mod error;
mod export;
mod grad_cam;
mod graph;
mod groups;
mod layers;
mod layouts;
pub mod model;
mod network;
mod networks;
mod ops;
pub mod optimiser;
pub mod predict;
mod prepared;
pub mod pretrained;
pub mod progress;
pub mod registry;
pub mod resume;
mod rng;
pub mod sample;
mod schedule;
pub mod settings;
mod state;
mod tally;
mod tensors;
pub mod train;
mod weights;

pub use description::{DescribedTensor, Description};
pub use error::{DeepError, Result};
pub use grad_cam::{Attention, ClassMap};
pub use layouts::{Layout, layouts};
pub use model::{Gradients, ImageShape, Images, Model};
pub use network::RunningStatistics;
pub use optimiser::{AdamW, Optimiser};
pub use predict::FittedNetwork;
pub use pretrained::{KeyOutcome, KeyReport, LoadedWeights};
pub use progress::EpochRecord;
pub use registry::{NETWORKS, NetworkEntry};
pub use sample::ImageSample;
pub use settings::{
    AugmentSettings, ClassWeight, Decayed, InputMode, LossSettings, Monitor, OptimiserKind,
    OptimiserSettings, PlateauSettings, Sampler, ScheduleKind, ScheduleSettings, TestFlips,
    TrainSettings,
};
pub use state::{Role, TensorInfo};
pub use train::{BatchProgress, DryRun, EpochOutcome, Phase, Trainer};
