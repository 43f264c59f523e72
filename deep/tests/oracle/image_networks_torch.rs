//! VGG, `ResNet`, `ConvNeXt` and PVTv2 against torchvision's and timm's: small presets at several sizes and
//! through one training step, the published ones in evaluation mode.

use serde_json::Value;

use crate::golden::{full_table, numbers, own_table};
use crate::networks_torch::{Noise, compare_forward, compare_step};
use crate::state_dicts_torch::compare_tensors;

const TABLE: &str = "image_networks.json";

/// Our names and those of the bulk table.
const PUBLISHED: [(&str, &str); 6] = [
    ("vgg19", "vgg19"),
    ("resnet34", "resnet34"),
    ("resnet50", "resnet50"),
    ("resnet152", "resnet152"),
    ("convnext_base", "convnext_base"),
    ("pvt_v2_b2", "timm_pvt_v2_b2"),
];

#[test]
fn image_networks_forward_torch() {
    let mut faults = Vec::new();
    let table = own_table(TABLE);
    let models = table["models"].as_array().unwrap();
    assert_eq!(models.len(), 10);
    for entry in models {
        compare_forward(&mut faults, entry["name"].as_str().unwrap(), entry);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn image_networks_names_and_shapes_torch() {
    let table = own_table(TABLE);
    let tensors = table["tensors"].as_object().unwrap();
    assert_eq!(tensors.len(), 6);
    for (name, tensors) in tensors {
        compare_tensors(name, tensors);
    }
}

#[test]
fn image_networks_training_step_torch() {
    let mut faults = Vec::new();
    let table = own_table(TABLE);
    let steps = table["train_one_step"].as_object().unwrap();
    assert_eq!(steps.len(), 4);
    for (name, entry) in steps {
        compare_step(&mut faults, name, entry, &noise(&entry["noise"]));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// PyTorch's f32 run beside its f64 run, as the table has it.
fn noise(table: &Value) -> Noise {
    let logits = numbers(&table["logits"]);
    Noise {
        logits: [logits[0], logits[1]],
        gradient: table["gradient"].as_f64().unwrap(),
        running: table["running"].as_f64().unwrap(),
    }
}

#[test]
fn published_image_networks_forward_torch() {
    let Some(table) = full_table("published_image_networks_forward_torch") else {
        return;
    };
    let mut faults = Vec::new();
    for (ours, theirs) in PUBLISHED {
        compare_forward(&mut faults, ours, &table["models"][theirs]);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
