//! Networks against PyTorch's numbers.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod fill;
mod golden;
mod grad_cam_torch;
mod image_networks_torch;
mod layouts_torch;
mod networks_torch;
mod state_dicts_torch;
mod state_space_networks_torch;
