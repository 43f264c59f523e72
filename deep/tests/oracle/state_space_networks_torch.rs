//! Vim, `MedMamba` and `MambaVision` against plain PyTorch: small presets at several sizes and through one
//! training step, the published ones in evaluation mode.

use raduet_deep::{Images, Model, layouts};

use crate::fill::{filled_for, image};
use crate::golden::{full_table, numbers, own_table, size};
use crate::networks_torch::{Noise, compare_forward, compare_step};
use crate::state_dicts_torch::compare_tensors_at;

const TABLE: &str = "state_space_networks.json";

/// Our names and those of the bulk table.
const PUBLISHED: [(&str, &str); 12] = [
    ("vim_small", "vim_small_224"),
    ("vim_small", "vim_small_256"),
    ("medmamba_t", "medmamba_t"),
    ("medmamba_s", "medmamba_s"),
    ("medmamba_b", "medmamba_b"),
    ("mambavision_t", "mambavision_t"),
    ("mambavision_t2", "mambavision_t2"),
    ("mambavision_s", "mambavision_s"),
    ("mambavision_b", "mambavision_b"),
    ("vim_micro", "vim_micro"),
    ("medmamba_micro", "medmamba_micro"),
    ("mambavision_micro", "mambavision_micro"),
];

#[test]
fn state_space_networks_forward_torch() {
    let mut faults = Vec::new();
    let table = own_table(TABLE);
    let models = table["models"].as_array().unwrap();
    assert_eq!(models.len(), 7);
    for entry in models {
        compare_forward(&mut faults, entry["name"].as_str().unwrap(), entry);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn state_space_networks_names_and_shapes_torch() {
    let table = own_table(TABLE);
    let tensors = table["tensors"].as_object().unwrap();
    assert_eq!(tensors.len(), 3);
    for (name, entry) in tensors {
        compare_tensors_at(name, size(&entry["side"]), &entry["tensors"]);
    }
}

#[test]
fn state_space_networks_training_step_torch() {
    let mut faults = Vec::new();
    let table = own_table(TABLE);
    let steps = table["train_one_step"].as_object().unwrap();
    assert_eq!(steps.len(), 3);
    for (name, entry) in steps {
        let noise = &entry["noise"];
        let logits = numbers(&noise["logits"]);
        let noise = Noise {
            logits: [logits[0], logits[1]],
            gradient: noise["gradient"].as_f64().unwrap(),
            running: noise["running"].as_f64().unwrap(),
        };
        compare_step(&mut faults, name, entry, &noise);
        if let Some(full) = full_table("state_space_networks_training_step_torch") {
            compare_step(&mut faults, name, &full["train_one_step"][name], &noise);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn published_state_space_networks_forward_torch() {
    let Some(table) = full_table("published_state_space_networks_forward_torch") else {
        return;
    };
    let mut faults = Vec::new();
    for (ours, theirs) in PUBLISHED {
        compare_forward(&mut faults, ours, &table["models"][theirs]);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Weights of one image size at another: the class token's position and all other tensors stay.
#[test]
fn position_table_of_another_image_size_is_resized() {
    let small = filled_for("vim_micro", 64);
    let bytes = small.export(layouts("vim_micro").next().unwrap()).unwrap();
    let mut large = Model::for_side("vim_micro", 3, 1, 96).unwrap();
    let report = large.load_weights(&bytes).unwrap();
    assert!(
        report
            .sentences()
            .iter()
            .any(|s| s.contains("17 positions to 37"))
    );
    let tensor = |model: &Model, name: &str| model.tensor(name).unwrap();
    let (before, after) = (tensor(&small, "pos_embed"), tensor(&large, "pos_embed"));
    assert_eq!(after.len(), 37 * 32);
    assert_eq!(after[18 * 32..19 * 32], before[8 * 32..9 * 32]);
    let name = "layers.1.mixer.A_log";
    assert_eq!(tensor(&large, name), tensor(&small, name));
    let pixels = image("A", 1, 96, 16);
    let logits = large.logits(Images::new(&pixels, 1, 96).unwrap()).unwrap();
    assert!(logits[0].iter().all(|v| v.is_finite()));
    // Images of another side than the network's are refused, not cut.
    let pixels = image("A", 1, 64, 16);
    assert!(large.logits(Images::new(&pixels, 1, 64).unwrap()).is_err());
}
