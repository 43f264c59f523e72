//! Which parameters decay, which learn slower, and which belong to the classifier: read from their names and
//! shapes, which are PyTorch's.

use crate::settings::{Decayed, TrainSettings};
use crate::state::{StateDict, TensorInfo};

/// How one parameter is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Group {
    /// Its weight decay.
    pub(crate) decay: f64,
    /// What the learning rate is multiplied by.
    pub(crate) rate: f64,
    /// Whether it belongs to the classifier, which learns while everything else is frozen.
    pub(crate) is_head: bool,
}

/// First parts of the names of classifiers in torchvision, timm and the networks' own code.
const HEADS: [&str; 3] = ["fc", "classifier", "head"];

/// Last parts of names that are tables, scales or rates of state spaces, whatever their shape.
const TABLES: [&str; 12] = [
    "pos_embed",
    "cls_token",
    "class_token",
    "relative_position_bias_table",
    "layer_scale",
    "gamma",
    "A_log",
    "A_b_log",
    "A_logs",
    "D",
    "D_b",
    "Ds",
];

/// The groups of all parameters, in order.
pub(crate) fn groups(state: &StateDict, settings: &TrainSettings) -> Vec<Group> {
    let infos: Vec<&TensorInfo> = state.parameters().map(|entry| &entry.info).collect();
    let depths = depths(&infos);
    let deepest = depths.iter().copied().max().unwrap_or(0);
    infos
        .iter()
        .zip(depths)
        .map(|(info, depth)| {
            let is_head = is_head(&info.name);
            let below = f64::from(deepest - depth);
            let head = if is_head { settings.head_rate } else { 1.0 };
            let decay = if decays(info, settings.decayed) {
                settings.weight_decay
            } else {
                0.0
            };
            Group {
                decay,
                rate: head * settings.layer_decay.powf(below),
                is_head,
            }
        })
        .collect()
}

fn is_head(name: &str) -> bool {
    name.split('.')
        .next()
        .is_some_and(|first| HEADS.contains(&first))
}

fn decays(info: &TensorInfo, decayed: Decayed) -> bool {
    let is_matrix = info.shape.len() > 1;
    match decayed {
        Decayed::All => true,
        Decayed::Matrices => is_matrix,
        Decayed::Weights => {
            let leaf = info.name.rsplit('.').next().unwrap_or_default();
            is_matrix && !leaf.ends_with("bias") && !TABLES.contains(&leaf)
        }
    }
}

/// Depth of every parameter, 0 for what comes before the first block. A block is known by the first number in
/// its name (`layer1.0`, `features.3`, `layers.7`), and by a second one behind `blocks` (`stages.2.blocks.5`).
/// What comes after the blocks, and the classifier, share the depth above them.
fn depths(infos: &[&TensorInfo]) -> Vec<u32> {
    let mut blocks: Vec<String> = Vec::new();
    let found: Vec<Option<usize>> = infos
        .iter()
        .map(|info| {
            if is_head(&info.name) {
                return Some(usize::MAX);
            }
            let Some(block) = block(&info.name) else {
                // Before the first block, or behind the last.
                return (!blocks.is_empty()).then_some(usize::MAX);
            };
            let known = blocks.iter().position(|known| *known == block);
            Some(known.unwrap_or_else(|| {
                blocks.push(block);
                blocks.len() - 1
            }))
        })
        .collect();
    let depth = |at: Option<usize>| match at {
        None => 0,
        Some(at) => u32::try_from(at.min(blocks.len()) + 1).unwrap_or(u32::MAX),
    };
    found.into_iter().map(depth).collect()
}

/// The part of a name that tells its block.
fn block(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let first = parts.iter().position(|part| is_number(part))?;
    let inner = parts.get(first + 1) == Some(&"blocks")
        && parts.get(first + 2).is_some_and(|part| is_number(part));
    let last = if inner { first + 2 } else { first };
    Some(parts[..=last].join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::state::Role;

    fn info(name: &str, shape: &[usize]) -> TensorInfo {
        TensorInfo {
            name: name.into(),
            shape: shape.to_vec(),
            role: Role::Parameter,
        }
    }

    #[test]
    fn blocks_are_counted_from_the_stem_to_the_classifier() {
        let names = [
            "cls_token",
            "pos_embed",
            "patch_embed.proj.weight",
            "head.weight",
            "layers.0.mixer.A_log",
            "layers.0.norm.weight",
            "layers.1.mixer.A_log",
            "norm_f.weight",
        ];
        let infos: Vec<TensorInfo> = names.iter().map(|name| info(name, &[4, 4])).collect();
        let found = depths(&infos.iter().collect::<Vec<_>>());
        assert_eq!(found, [0, 0, 0, 3, 1, 1, 2, 3]);
        assert_eq!(
            block("stages.2.blocks.5.mlp.weight").unwrap(),
            "stages.2.blocks.5"
        );
        assert_eq!(block("layer1.0.conv1.weight").unwrap(), "layer1.0");
        assert_eq!(block("levels.1.downsample.weight").unwrap(), "levels.1");
        assert_eq!(block("conv1.weight"), None);
    }

    #[test]
    fn what_decays_under_each_rule() {
        let cases = [
            ("conv.weight", vec![8, 3, 3, 3], [true, true, true]),
            ("conv.bias", vec![8], [false, false, true]),
            ("pos_embed", vec![1, 197, 8], [true, false, true]),
            ("layers.0.mixer.A_log", vec![8, 16], [true, false, true]),
            ("layers.0.mixer.D", vec![8], [false, false, true]),
            ("layers.0.op.dt_projs_bias", vec![4, 8], [true, false, true]),
        ];
        for (name, shape, expected) in cases {
            let rules = [Decayed::Matrices, Decayed::Weights, Decayed::All];
            let found = rules.map(|rule| decays(&info(name, &shape), rule));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn rates_fall_towards_the_stem() {
        let model = Model::new("resnet18", 3, 1).unwrap();
        let settings = TrainSettings {
            layer_decay: 0.5,
            head_rate: 10.0,
            ..TrainSettings::default()
        };
        let groups = groups(model.state(), &settings);
        let rate = |name: &str| {
            let at = model.state().parameters().position(|e| e.info.name == name);
            groups[at.unwrap()]
        };
        // Stem, eight blocks, classifier.
        assert!((rate("fc.weight").rate - 10.0).abs() < 1e-15);
        assert!(rate("fc.bias").is_head && !rate("conv1.weight").is_head);
        assert!((rate("layer4.1.conv2.weight").rate - 0.5).abs() < 1e-15);
        assert!((rate("layer1.0.bn1.weight").rate - 0.5_f64.powi(8)).abs() < 1e-15);
        assert!((rate("conv1.weight").rate - 0.5_f64.powi(9)).abs() < 1e-15);
        let all_but = model.state().parameters().zip(&groups);
        for (entry, group) in all_but {
            assert_eq!(group.decay > 0.0, entry.info.shape.len() > 1);
        }
    }
}
