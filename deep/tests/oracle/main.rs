//! Networks against PyTorch's numbers.

mod fill;
mod golden;
mod networks_torch;
mod state_dicts_torch;
