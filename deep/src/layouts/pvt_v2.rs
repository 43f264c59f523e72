//! PVTv2: the own names are timm's, which count stages from 0; the authors count them from 1, without a common prefix.

use super::Place;
use crate::state::TensorInfo;

/// timm's names to those of the authors' checkpoints.
pub(super) fn authors(info: &TensorInfo) -> Option<Place> {
    let name = match info.name.split_once('.')? {
        ("head", _) => info.name.clone(),
        ("patch_embed", rest) => format!("patch_embed1.{rest}"),
        ("stages", rest) => {
            let (stage, rest) = rest.split_once('.')?;
            let stage = stage.parse::<usize>().ok()? + 1;
            let (part, rest) = rest.split_once('.')?;
            match part {
                "downsample" => format!("patch_embed{stage}.{rest}"),
                // The depthwise convolution stands in a module of its own.
                "blocks" => format!(
                    "block{stage}.{}",
                    rest.replace(".dwconv.", ".dwconv.dwconv.")
                ),
                "norm" => format!("norm{stage}.{rest}"),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Place::named(name, info))
}
