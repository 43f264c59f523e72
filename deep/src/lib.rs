//! The deep arm.

pub mod error;
mod layers;
pub mod model;
mod network;
mod networks;
mod ops;
pub mod optimiser;
pub mod registry;
mod rng;
mod state;

pub use error::{DeepError, Result};
pub use model::{Gradients, Images, Model};
pub use optimiser::{AdamW, Decayed};
pub use registry::{NETWORKS, NetworkEntry};
pub use state::{Role, TensorInfo};
