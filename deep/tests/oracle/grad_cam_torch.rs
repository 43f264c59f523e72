//! Grad-CAM against PyTorch's gradients, taken with hooks.

use std::fs::read_to_string;
use std::path::Path;

use raduet_deep::Images;
use serde_json::Value;

use crate::fill::{filled, filled_for};
use crate::golden::{rows, size};
use crate::networks_torch::{LOGIT_TOLERANCE, compare, pixels};

/// A map is a sum of products of rounded numbers: as with logits, of its largest value. Twice, for an activation and a
/// gradient are both rounded.
const TOLERANCE: f64 = 2.0 * LOGIT_TOLERANCE;

#[test]
fn grad_cam_torch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/torch/grad_cam.json");
    let table: Value = serde_json::from_str(&read_to_string(path).unwrap()).unwrap();
    let (pixels, count, side) = pixels(&table);
    let images = Images::new(&pixels, count, side).unwrap();
    let mut faults = Vec::new();
    for (network, entry) in table["networks"].as_object().unwrap() {
        let model = filled_for(network, side);
        let maps = entry["maps"].as_array().unwrap();
        let values = |map: &Value| rows(&map["values"]);
        let largest = maps
            .iter()
            .flat_map(|map| values(map).concat())
            .fold(0.0, |m: f64, v| m.max(v));
        assert!(largest > 0.0, "{network}: maps of zeros show nothing");
        for map in maps {
            let class = size(&map["class"]);
            let found = model.grad_cam(images, &vec![class; count]).unwrap();
            let expected = values(map);
            assert_eq!(found.len(), expected.len(), "{network}");
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let shape = [size(&map["rows"]), size(&map["columns"])];
                assert_eq!([found.rows, found.columns], shape, "{network}");
                let found: Vec<f64> = found.values.iter().map(|v| f64::from(*v)).collect();
                let what = format!("{network} class {class} image {at}");
                compare(&mut faults, &what, &found, expected, TOLERANCE * largest);
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_grad_cam_needs_a_class_for_every_image() {
    let model = filled("mobilenet_v3_small");
    let pixels = vec![0.0; 2 * 3 * 32 * 32];
    let images = Images::new(&pixels, 2, 32).unwrap();
    assert!(model.grad_cam(images, &[0]).is_err());
    assert!(model.grad_cam(images, &[0, 3]).is_err());
}
