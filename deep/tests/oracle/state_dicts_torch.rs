//! Names, shapes, roles and order of all tensors.

use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;
use raduet_deep::{Model, NETWORKS, Role};
use raduet_testkit::data;
use serde_json::Value;

/// The list of a network in the bulk data; `None` for those whose lists are in the repository.
fn list_of(network: &str) -> Option<&str> {
    match network {
        "vgg_micro" | "resnet_micro" | "convnext_micro" | "convnext_tiny" | "pvt_v2_micro"
        | "pvt_v2_b0" | "vim_micro" | "vim_tiny" => None,
        "pvt_v2_b2" => Some("timm_pvt_v2_b2"),
        "vim_small" => Some("vim_small_256"),
        same => Some(same),
    }
}

/// Compares with a list of names, shapes and roles.
pub(crate) fn compare_tensors(network: &str, tensors: &Value) {
    compare_tensors_at(network, 256, tensors);
}

/// The same of a network for images of a side.
pub(crate) fn compare_tensors_at(network: &str, side: usize, tensors: &Value) {
    let expected: Vec<(String, Vec<usize>, Role)> = tensors
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let shape = row[1].as_array().unwrap().iter().map(crate::golden::size);
            let role = match row[2].as_str().unwrap() {
                "param" => Role::Parameter,
                "buffer" => Role::Buffer,
                other => panic!("role {other}"),
            };
            (row[0].as_str().unwrap().to_owned(), shape.collect(), role)
        })
        .collect();
    let model = Model::for_side(network, 3, 0, side).unwrap();
    let found: Vec<(String, Vec<usize>, Role)> = model
        .tensors()
        .map(|info| (info.name.clone(), info.shape.clone(), info.role))
        .collect();
    assert_eq!(found, expected, "{network}");
}

#[test]
fn state_dicts_torch() {
    for network in NETWORKS {
        let Some(list) = list_of(network.name) else {
            continue;
        };
        let inside = format!("deep_golden/state_dicts/{list}.json.gz");
        let Some(path) = data::path("state_dicts_torch", &inside) else {
            return;
        };
        let mut text = String::new();
        GzDecoder::new(File::open(path).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let table: Value = serde_json::from_str(&text).unwrap();
        compare_tensors(network.name, &table["tensors"]);
    }
}
