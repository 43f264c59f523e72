//! Weights in other programs' layouts: timm's numbers through our maps, and our exports in PyTorch's hands.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, read_to_string, write};
use std::io::Read;
use std::path::Path;

use flate2::Crc;
use flate2::read::GzDecoder;
use raduet_deep::{ImageShape, Images, KeyReport, Layout, Model, layouts};
use raduet_testkit::data;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::Value;

use crate::fill::{filled, image, value};
use crate::golden::{rows, size};
use crate::networks_torch::{LOGIT_TOLERANCE, compare_rows, pixels};

/// A golden of timm, the network here, and whether it is too large for everyday tests.
const TIMM: [(&str, &str, bool); 4] = [
    ("timm_mobilenetv3_small_100", "mobilenet_v3_small", false),
    ("timm_pvt_v2_b2", "pvt_v2_b2", true),
    ("timm_convnext_base", "convnext_base", true),
    ("timm_vgg19", "vgg19", true),
];

/// Networks and layouts to export, and whether they are too large for everyday tests.
const EXPORTS: [(&str, Layout, bool); 15] = [
    ("resnet18", Layout::Torchvision, false),
    ("resnet18", Layout::Timm, false),
    ("resnet_micro", Layout::Torchvision, false),
    ("mobilenet_v3_small", Layout::Torchvision, false),
    ("mobilenet_v3_small", Layout::Timm, false),
    ("vgg_micro", Layout::Torchvision, false),
    ("convnext_micro", Layout::Torchvision, false),
    ("convnext_micro", Layout::Timm, false),
    ("pvt_v2_micro", Layout::Timm, false),
    ("resnet50", Layout::Torchvision, true),
    ("resnet50", Layout::Timm, true),
    ("convnext_tiny", Layout::Timm, true),
    ("pvt_v2_b0", Layout::Timm, true),
    ("vgg19", Layout::Torchvision, true),
    ("vgg19", Layout::Timm, true),
];

fn is_full() -> bool {
    std::env::var_os("RADUET_FULL_TESTS").is_some()
}

/// Names and shapes of a golden's state dict.
fn names(test: &str, golden: &str) -> Option<BTreeMap<String, Vec<usize>>> {
    let path = data::path(test, &format!("deep_golden/state_dicts/{golden}.json.gz"))?;
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let table: Value = serde_json::from_str(&text).unwrap();
    let tensors = table["tensors"].as_array().unwrap().iter();
    let tensors = tensors.map(|tensor| {
        let shape = tensor[1].as_array().unwrap().iter().map(size).collect();
        (tensor[0].as_str().unwrap().to_owned(), shape)
    });
    Some(tensors.collect())
}

/// A file of weights with every tensor filled under its name there.
fn file(names: &BTreeMap<String, Vec<usize>>) -> Vec<u8> {
    let contents: Vec<(&String, &Vec<usize>, Vec<u8>)> = names
        .iter()
        .map(|(name, shape)| {
            let numbers = value(name, shape);
            let bytes = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = contents.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, (*shape).clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    serialize(views, None::<HashMap<String, String>>).unwrap()
}

#[test]
fn timm_weights_give_timms_logits() {
    let test = "timm_weights_give_timms_logits";
    let Some(path) = data::path(test, "deep_golden/golden.json") else {
        return;
    };
    let table: Value = serde_json::from_str(&read_to_string(path).unwrap()).unwrap();
    let mut faults = Vec::new();
    for (golden, network, is_large) in TIMM {
        let Some(names) = names(test, golden) else {
            return;
        };
        if is_large && !is_full() {
            continue;
        }
        let mut model = Model::new(network, 3, 1).unwrap();
        let exported = exported_names(&model.export(Layout::Timm).unwrap());
        assert_eq!(exported, names, "{golden}");
        let report = model.load_weights(&file(&names)).unwrap();
        assert_eq!(report.layout, Layout::Timm, "{golden}");
        let missed: Vec<&KeyReport> = report
            .keys
            .iter()
            .filter(|key| key.outcome.name() != "loaded")
            .collect();
        assert!(missed.is_empty(), "{golden}: {missed:?}");
        let entry = &table["models"][golden];
        let (pixels, count, side) = pixels(entry);
        let found = model
            .logits(Images::new(&pixels, count, side).unwrap())
            .unwrap();
        let expected = rows(&entry["logits_f64"]);
        compare_rows(&mut faults, golden, &found, &expected, LOGIT_TOLERANCE);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn exported_names(bytes: &[u8]) -> BTreeMap<String, Vec<usize>> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    file.iter()
        .map(|(name, view)| (name.to_owned(), view.shape().to_vec()))
        .collect()
}

/// PyTorch has loaded exactly these bytes, strictly, into its own network, and given these logits.
///
/// With `RADUET_WRITE_EXPORTS` the files are written there, for `exports_make.py`.
#[test]
fn exports_load_in_torch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/torch/exports.json");
    let table: Value = serde_json::from_str(&read_to_string(path).unwrap()).unwrap();
    let entries = table["exports"].as_array().unwrap();
    let mut faults = Vec::new();
    for (network, layout, is_large) in EXPORTS {
        if is_large && !is_full() {
            continue;
        }
        let layout_name = layout.name();
        let bytes = filled(network).export(layout).unwrap();
        let what = format!("{network} as {layout_name}");
        if let Some(folder) = std::env::var_os("RADUET_WRITE_EXPORTS") {
            let name = format!("{network}.{layout_name}.safetensors");
            write(Path::new(&folder).join(name), &bytes).unwrap();
            continue;
        }
        let is_this =
            |entry: &&Value| entry["network"] == network && entry["layout"] == layout_name;
        let entry = entries
            .iter()
            .find(is_this)
            .unwrap_or_else(|| panic!("{what}: PyTorch has not loaded it"));
        let mut sum = Crc::new();
        sum.update(&bytes);
        assert_eq!(
            [bytes.len() as u64, u64::from(sum.sum())],
            ["length", "crc32"].map(|key| entry[key].as_u64().unwrap()),
            "{what}: not the bytes that PyTorch has loaded"
        );
        // And back again.
        let mut model = Model::new(network, 3, 1).unwrap();
        let report = model.load_weights(&bytes).unwrap();
        assert_eq!(report.of("loaded").count(), report.keys.len(), "{what}");
        let (pixels, count, side) = pixels(&table);
        let found = model
            .logits(Images::new(&pixels, count, side).unwrap())
            .unwrap();
        let expected = rows(&entry["logits_f64"]);
        compare_rows(&mut faults, &what, &found, &expected, LOGIT_TOLERANCE);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A file of one or four input channels in place of three: for equal channels the answers are those of the file's own
/// network, where its kernels are summed.
#[test]
fn other_input_channels_are_adapted() {
    let donor = filled("mobilenet_v3_small");
    let name = "features.0.0.weight";
    let whole = donor.tensor(name).unwrap();
    let grey: Vec<f32> = whole
        .chunks_exact(3 * 9)
        .flat_map(|filter| (0..9).map(|k| filter[k] + filter[9 + k] + filter[18 + k]))
        .collect();
    let bytes = donor.export(Layout::Torchvision).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let content: Vec<u8> = grey.iter().flat_map(|v| v.to_le_bytes()).collect();
    let views = file.iter().map(|(other, view)| {
        let grey = TensorView::new(Dtype::F32, vec![16, 1, 3, 3], &content).unwrap();
        (other, if other == name { grey } else { view })
    });
    let bytes = serialize(views, None::<HashMap<String, String>>).unwrap();
    let mut model = Model::new("mobilenet_v3_small", 3, 1).unwrap();
    let report = model.load_weights(&bytes).unwrap();
    let fitted: Vec<&str> = report.of("fitted").map(|k| k.outcome.reason()).collect();
    assert_eq!(fitted, ["input channels 1 to 3"]);
    let one = image("A", 1, 64, 16)[..64 * 64].to_vec();
    let equal = one.repeat(3);
    let images = Images::new(&equal, 1, 64).unwrap();
    let expected: Vec<Vec<f64>> = donor
        .logits(images)
        .unwrap()
        .iter()
        .map(|row| row.iter().map(|v| f64::from(*v)).collect())
        .collect();
    let mut faults = Vec::new();
    let found = model.logits(images).unwrap();
    compare_rows(&mut faults, "grey", &found, &expected, LOGIT_TOLERANCE);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A network of one channel takes the sum of three channels' weights: to three equal channels, and to one of them,
/// the answers are the same. Of every family.
#[test]
fn one_channel_answers_as_three_equal_ones() {
    let families = [
        "resnet18",
        "vgg_micro",
        "mobilenet_v3_small",
        "mobilenet_v3_small_167",
    ];
    let micro = [
        "convnext_micro",
        "pvt_v2_micro",
        "vim_micro",
        "medmamba_micro",
        "mambavision_micro",
    ];
    let shape = ImageShape {
        channels: 1,
        side: 64,
    };
    let one = image("A", 1, 64, 16)[..64 * 64].to_vec();
    let equal = one.repeat(3);
    let mut faults = Vec::new();
    for name in families.into_iter().chain(micro) {
        let donor = Model::for_side(name, 3, 1, 64).unwrap();
        let own = layouts(name).next().unwrap();
        let mut grey = Model::for_images(name, 3, 2, shape).unwrap();
        let report = grey.load_weights(&donor.export(own).unwrap()).unwrap();
        let fitted: Vec<&str> = report.of("fitted").map(|k| k.outcome.reason()).collect();
        assert_eq!(fitted, ["input channels 3 to 1"], "{name}");
        let expected: Vec<Vec<f64>> = donor
            .logits(Images::new(&equal, 1, 64).unwrap())
            .unwrap()
            .iter()
            .map(|row| row.iter().map(|v| f64::from(*v)).collect())
            .collect();
        let found = grey.logits(Images::of(&one, 1, shape).unwrap()).unwrap();
        compare_rows(&mut faults, name, &found, &expected, LOGIT_TOLERANCE);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A file of another network is refused, and nothing of it is taken.
#[test]
fn files_of_other_networks_are_refused() {
    let mut model = filled("resnet18");
    let before = model.tensor("conv1.weight").unwrap();
    for other in ["mobilenet_v3_small", "mobilenet_v3_small_167"] {
        let bytes = filled(other).export(raduet_deep::layouts(other).next().unwrap());
        let fault = model.load_weights(&bytes.unwrap()).unwrap_err();
        assert!(fault.to_string().starts_with("weights: found"), "{fault}");
        assert_eq!(model.tensor("conv1.weight").unwrap(), before);
    }
    assert!(model.export(Layout::Authors).is_err());
}
