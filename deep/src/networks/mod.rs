//! The networks, one paper a file.

pub(crate) mod convnext;
pub(crate) mod mambavision;
mod mambavision_blocks;
pub(crate) mod medmamba;
mod medmamba_blocks;
pub(crate) mod mobilenet_v3;
pub(crate) mod mobilenet_v3_small_167;
pub(crate) mod position_table;
pub(crate) mod pvt_v2;
mod pvt_v2_blocks;
pub(crate) mod resnet;
mod resnet_blocks;
pub(crate) mod vgg;
pub(crate) mod vim;
mod vim_mixer;
