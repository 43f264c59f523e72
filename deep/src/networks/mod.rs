//! The networks, one paper a file.

pub(crate) mod mobilenet_v3;
pub(crate) mod mobilenet_v3_small_167;
pub(crate) mod resnet;
