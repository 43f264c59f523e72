//! MobileNetV3: torchvision counts the layers of a block, timm names them.

use super::{Place, levels};
use crate::state::TensorInfo;

/// timm's stage and block of torchvision's `features.1` to `features.11`, and whether it squeezes.
const BLOCKS: [(usize, usize, bool); 11] = [
    (0, 0, true),
    (1, 0, false),
    (1, 1, false),
    (2, 0, true),
    (2, 1, true),
    (2, 2, true),
    (3, 0, true),
    (3, 1, true),
    (4, 0, true),
    (4, 1, true),
    (4, 2, true),
];
/// ε of batch normalisation, which is added to the variance: a file of the other program gives the same answers
/// with its running variances moved by the difference.
const EPSILON_TORCHVISION: f32 = 1e-3;
const EPSILON_TIMM: f32 = 1e-5;

/// torchvision's names to timm's.
pub(super) fn timm(info: &TensorInfo) -> Option<Place> {
    let (module, leaf) = levels(&info.name);
    let parts: Vec<&str> = module.split('.').collect();
    let module = match parts.as_slice() {
        ["features", "0", "0"] => "conv_stem".into(),
        ["features", "0", "1"] => "bn1".into(),
        ["features", "12", "0"] => "blocks.5.0.conv".into(),
        ["features", "12", "1"] => "blocks.5.0.bn1".into(),
        ["features", block, "block", layer, part] => {
            let block: usize = block.parse().ok()?;
            let (stage, inner, squeezes) = *BLOCKS.get(block.checked_sub(1)?)?;
            let layer = self::layer(block, layer.parse().ok()?, squeezes, part)?;
            format!("blocks.{stage}.{inner}.{layer}")
        }
        ["classifier", "0"] => "conv_head".into(),
        ["classifier", "3"] => "classifier".into(),
        _ => return None,
    };
    let mut place = Place::named(format!("{module}.{leaf}"), info);
    if module == "conv_head" && leaf == "weight" {
        place.shape.extend([1, 1]);
    }
    if leaf == "running_var" {
        place.shift = EPSILON_TORCHVISION - EPSILON_TIMM;
    }
    Some(place)
}

/// The name of a layer inside a block. The first block does not expand: it begins with the depthwise convolution.
fn layer(block: usize, layer: usize, squeezes: bool, part: &str) -> Option<&'static str> {
    let expands = usize::from(block > 1);
    let kind = match layer + 1 - expands {
        0 => "expand",
        1 => "depthwise",
        2 if squeezes => "squeeze",
        2 | 3 => "project",
        _ => return None,
    };
    Some(match (kind, part) {
        ("expand", "0") => "conv_pw",
        ("expand", "1") => "bn1",
        ("depthwise", "0") => "conv_dw",
        ("depthwise", "1") => {
            if expands == 1 {
                "bn2"
            } else {
                "bn1"
            }
        }
        ("squeeze", "fc1") => "se.conv_reduce",
        ("squeeze", "fc2") => "se.conv_expand",
        ("project", "0") => {
            if expands == 1 {
                "conv_pwl"
            } else {
                "conv_pw"
            }
        }
        ("project", "1") => {
            if expands == 1 {
                "bn3"
            } else {
                "bn2"
            }
        }
        _ => return None,
    })
}
