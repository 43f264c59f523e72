//! Logits in evaluation mode and one training step.

use raduet_deep::{AdamW, Decayed, Images, Model, Role};
use serde_json::Value;

use crate::fill::{filled_for, fnv1a, image, units, value};
use crate::golden::{numbers, rows, size, tables};

const NETWORKS: [&str; 3] = ["resnet18", "mobilenet_v3_small", "mobilenet_v3_small_167"];

/// Of the largest |logit| in evaluation mode: the published tolerance of the reference.
pub(crate) const LOGIT_TOLERANCE: f64 = 2e-5;
/// Absolute, on the loss after a step, published as well: AdamW's first step is lr · sign(gradient), so
/// gradients near zero may move a weight either way.
const LOSS_AFTER_TOLERANCE: f64 = 1e-3;
/// A bias in front of a batch normalisation has gradient zero: below this fraction of the largest norm
/// only rounding is left.
const GRADIENT_FLOOR: f64 = 1e-7;

/// How far PyTorch's own f32 run lies from its f64 run in the training step: what f32 can hold here.
pub(crate) struct Noise {
    /// Of the largest |logit|, before and after the step.
    pub(crate) logits: [f64; 2],
    /// Of a gradient's norm, at worst.
    pub(crate) gradient: f64,
    /// Of a running statistic, or absolutely below one.
    pub(crate) running: f64,
}

/// Sums in another order round differently; eight times PyTorch's own deviation leaves room for that.
const ROOM: f64 = 8.0;

fn noise(network: &str) -> Noise {
    match network {
        "resnet18" => Noise {
            logits: [1.8e-6, 1.9e-5],
            gradient: 2.1e-6,
            running: 2.9e-7,
        },
        "mobilenet_v3_small" => Noise {
            logits: [2.6e-6, 4.8e-5],
            gradient: 2.6e-6,
            running: 1.1e-7,
        },
        // Its squeeze layers normalise four values per channel, which magnifies rounding.
        "mobilenet_v3_small_167" => Noise {
            logits: [3.2e-5, 2.1e-4],
            gradient: 3.8e-5,
            running: 4.4e-6,
        },
        other => panic!("no measured noise for {other}"),
    }
}

/// Bit patterns of the numbers of a JSON list.
fn bits(numbers: &Value) -> Vec<u32> {
    let list = numbers.as_array().expect("a list");
    list.iter()
        .map(|v| u32::try_from(v.as_u64().unwrap()).unwrap())
        .collect()
}

#[test]
fn fill_formula_numpy_bit_for_bit() {
    for table in tables("fill_formula_numpy_bit_for_bit") {
        let check = &table["check_values"];
        let same = |name: &str, found: &[f32]| {
            let found: Vec<u32> = found.iter().map(|v| v.to_bits()).collect();
            assert_eq!(found, bits(&check[name]), "{name}");
        };
        assert_eq!(
            u64::from(fnv1a("conv1.weight")),
            check["fnv1a32('conv1.weight')"].as_u64().unwrap()
        );
        same("bits unit('conv1.weight')[0:4]", &units("conv1.weight", 4));
        same(
            "bits value('conv1.weight',(64,3,7,7))[0:4]",
            &value("conv1.weight", &[64, 3, 7, 7])[..4],
        );
        same(
            "bits value('bn1.running_var',(64,))[0:4]",
            &value("bn1.running_var", &[64])[..4],
        );
        let picture = image("A", 2, 224, 32);
        same("bits image('A',2,224)[0,0,0,0:4]", &picture[..4]);
        let at = ((3 + 2) * 224 + 100) * 224 + 200;
        same(
            "bits image('A',2,224)[1,2,100,200:204]",
            &picture[at..at + 4],
        );
    }
}

/// The pixels of a table's `input`, `input_tag` and `cell`, with count and side.
pub(crate) fn pixels(entry: &Value) -> (Vec<f32>, usize, usize) {
    let (count, side) = (size(&entry["input"][0]), size(&entry["input"][2]));
    let tag = entry["input_tag"].as_str().expect("a tag");
    (image(tag, count, side, size(&entry["cell"])), count, side)
}

fn largest(rows: &[Vec<f64>]) -> f64 {
    rows.iter().flatten().fold(0.0, |m, v| v.abs().max(m))
}

/// Complains about every number further than `tolerance` from its expectation.
pub(crate) fn compare(
    faults: &mut Vec<String>,
    what: &str,
    found: &[f64],
    expected: &[f64],
    tolerance: f64,
) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (k, (f, e)) in found.iter().zip(expected).enumerate() {
        if (f - e).abs() > tolerance || f.is_nan() {
            faults.push(format!(
                "{what}[{k}]: found {f}, expected {e} ± {tolerance:e}"
            ));
        }
    }
}

pub(crate) fn compare_rows(
    faults: &mut Vec<String>,
    what: &str,
    found: &[Vec<f32>],
    expected: &[Vec<f64>],
    relative: f64,
) {
    let flat: Vec<f64> = found.iter().flatten().map(|v| f64::from(*v)).collect();
    let tolerance = relative * largest(expected);
    compare(faults, what, &flat, &expected.concat(), tolerance);
}

/// Logits in evaluation mode and the number of parameters.
pub(crate) fn compare_forward(faults: &mut Vec<String>, name: &str, entry: &Value) {
    let (pixels, count, side) = pixels(entry);
    let model = filled_for(name, side);
    let images = Images::new(&pixels, count, side).unwrap();
    let found = model.logits(images).unwrap();
    let expected = rows(&entry["logits_f64"]);
    let what = format!("{name} at {side}");
    compare_rows(faults, &what, &found, &expected, LOGIT_TOLERANCE);
    let parameters: usize = model
        .tensors()
        .filter(|info| info.role == Role::Parameter)
        .map(|info| info.shape.iter().product::<usize>())
        .sum();
    if parameters != size(&entry["params"]) {
        faults.push(format!("{name}: {parameters} parameters"));
    }
}

#[test]
fn forward_logits_torch() {
    let mut faults = Vec::new();
    for table in tables("forward_logits_torch") {
        for name in NETWORKS {
            let entry = &table["models"][name];
            compare_forward(&mut faults, name, entry);
            let parameters = raduet_deep::registry::find(name).unwrap().parameters(3);
            assert_eq!(parameters.unwrap(), size(&entry["params"]), "{name}");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn compare_gradients(
    faults: &mut Vec<String>,
    name: &str,
    found: &[(String, f64)],
    table: &Value,
    noise: &Noise,
) {
    let floor = GRADIENT_FLOOR * found.iter().fold(0.0, |m: f64, (_, norm)| m.max(*norm));
    for (parameter, norm) in table.as_object().expect("a table") {
        let expected = norm.as_f64().unwrap();
        let (_, norm) = found
            .iter()
            .find(|(n, _)| n == parameter)
            .expect("a gradient");
        compare(
            faults,
            &format!("{name} gradient {parameter}"),
            &[*norm],
            &[expected],
            ROOM * noise.gradient * expected + floor,
        );
    }
}

fn compare_running(
    faults: &mut Vec<String>,
    name: &str,
    model: &Model,
    table: &Value,
    noise: &Noise,
) {
    for (tensor, first) in table.as_object().expect("a table") {
        let expected = numbers(first);
        let found: Vec<f64> = model.tensor(tensor).unwrap()[..expected.len()]
            .iter()
            .map(|v| f64::from(*v))
            .collect();
        let scale = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        compare(
            faults,
            &format!("{name} {tensor}"),
            &found,
            &expected,
            ROOM * noise.running * scale,
        );
    }
}

/// One step of training, and the logits and loss after it.
pub(crate) fn compare_step(faults: &mut Vec<String>, name: &str, entry: &Value, noise: &Noise) {
    let expected = &entry["f64"];
    let (pixels, count, side) = pixels(entry);
    let images = Images::new(&pixels, count, side).unwrap();
    let labels: Vec<usize> = expected["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(size)
        .collect();
    let mut model = filled_for(name, side);
    let mut optimiser = AdamW::new(&model, 0.01, Decayed::All);

    let first = model.gradients(images, &labels).unwrap();
    let before = rows(&expected["logits_train_before"]);
    let what = format!("{name} logits before");
    let tolerance = ROOM * noise.logits[0];
    compare_rows(faults, &what, &first.logits().unwrap(), &before, tolerance);
    let loss = expected["loss_before"].as_f64().unwrap();
    let what = format!("{name} loss before");
    compare(faults, &what, &[first.loss().unwrap()], &[loss], tolerance);
    let norms = model.gradient_norms(&first).unwrap();
    compare_gradients(faults, name, &norms, &expected["grad_l2"], noise);
    optimiser.step(&mut model, &first, 1e-4).unwrap();
    let running = &expected["running_first3_after_1_forward"];
    compare_running(faults, name, &model, running, noise);

    let second = model.gradients(images, &labels).unwrap();
    let loss = expected["loss_after"].as_f64().unwrap();
    let what = format!("{name} loss after");
    compare(
        faults,
        &what,
        &[second.loss().unwrap()],
        &[loss],
        LOSS_AFTER_TOLERANCE,
    );
    let after = rows(&expected["logits_eval_after"]);
    let what = format!("{name} logits after");
    let found = model.logits(images).unwrap();
    compare_rows(faults, &what, &found, &after, ROOM * noise.logits[1]);
}

#[test]
fn training_step_torch() {
    let mut faults = Vec::new();
    for table in tables("training_step_torch") {
        for name in NETWORKS {
            let entry = &table["train_one_step"][name];
            compare_step(&mut faults, name, entry, &noise(name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
