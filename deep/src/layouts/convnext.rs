//! ConvNeXt: torchvision alternates stages (odd `features`) and downsampling (even ones); timm and the authors name them.

use super::{Place, levels};
use crate::state::TensorInfo;

/// What torchvision's module is.
enum Module<'a> {
    /// Convolution (0) and norm (1).
    Stem(&'a str),
    /// Norm (0) and convolution (1) before a stage.
    Downsample(usize, &'a str),
    /// Layer of a block of a stage; `None` for the layer scale.
    Block(usize, &'a str, Option<&'a str>),
    /// The last norm.
    Norm,
    Head,
}

fn module(name: &str) -> Option<(Module<'_>, &str)> {
    let (module, leaf) = levels(name);
    let parts: Vec<&str> = module.split('.').collect();
    let stage = |features: &str| features.parse::<usize>().ok();
    let module = match parts.as_slice() {
        ["features", "0", layer] => Module::Stem(layer),
        ["features", at, block, "block", layer] => {
            Module::Block(stage(at)?.checked_sub(1)? / 2, block, Some(layer))
        }
        ["features", at, block] if leaf == "layer_scale" => {
            Module::Block(stage(at)?.checked_sub(1)? / 2, block, None)
        }
        ["features", at, layer] => Module::Downsample(stage(at)? / 2, layer),
        ["classifier", "0"] => Module::Norm,
        ["classifier", "2"] => Module::Head,
        _ => return None,
    };
    Some((module, leaf))
}

/// A place whose layer scale is (C) in place of (C, 1, 1).
fn place(name: String, info: &TensorInfo) -> Place {
    let mut place = Place::named(name, info);
    if info.name.ends_with(".layer_scale") {
        place.shape.truncate(1);
    }
    place
}

/// torchvision's names to timm's.
pub(super) fn timm(info: &TensorInfo) -> Option<Place> {
    let (module, leaf) = module(&info.name)?;
    let name = match module {
        Module::Stem(layer) => format!("stem.{layer}.{leaf}"),
        Module::Downsample(stage, layer) => format!("stages.{stage}.downsample.{layer}.{leaf}"),
        Module::Block(stage, block, None) => format!("stages.{stage}.blocks.{block}.gamma"),
        Module::Block(stage, block, Some(layer)) => {
            let layer = match layer {
                "0" => "conv_dw",
                "2" => "norm",
                "3" => "mlp.fc1",
                "5" => "mlp.fc2",
                _ => return None,
            };
            format!("stages.{stage}.blocks.{block}.{layer}.{leaf}")
        }
        Module::Norm => format!("head.norm.{leaf}"),
        Module::Head => format!("head.fc.{leaf}"),
    };
    Some(place(name, info))
}

/// torchvision's names to those of the authors' checkpoints.
pub(super) fn authors(info: &TensorInfo) -> Option<Place> {
    let (module, leaf) = module(&info.name)?;
    let name = match module {
        Module::Stem(layer) => format!("downsample_layers.0.{layer}.{leaf}"),
        Module::Downsample(stage, layer) => format!("downsample_layers.{stage}.{layer}.{leaf}"),
        Module::Block(stage, block, None) => format!("stages.{stage}.{block}.gamma"),
        Module::Block(stage, block, Some(layer)) => {
            let layer = match layer {
                "0" => "dwconv",
                "2" => "norm",
                "3" => "pwconv1",
                "5" => "pwconv2",
                _ => return None,
            };
            format!("stages.{stage}.{block}.{layer}.{leaf}")
        }
        Module::Norm => format!("norm.{leaf}"),
        Module::Head => format!("head.{leaf}"),
    };
    Some(place(name, info))
}
