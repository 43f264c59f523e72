//! Optimisers against PyTorch, and who decays.

use candle_core::Var;
use serde_json::Value as Json;

use super::*;
use crate::model::Images;
use crate::ops::gradient_check::device;

/// The same gradients with and without decay of one-dimensional parameters: only those differ.
#[test]
fn matrices_only_leaves_biases_and_normalisations_free() {
    let pixels: Vec<f32> = (0..2 * 3 * 32 * 32)
        .map(|i| (i as f32 * 0.37).sin())
        .collect();
    let images = Images::new(&pixels, 2, 32).unwrap();
    let stepped = |decay: f64, decayed: Decayed| {
        let mut model = Model::new("mobilenet_v3_small", 3, 1).unwrap();
        let mut optimiser = AdamW::new(&model, decay, decayed);
        let gradients = model.gradients(images, &[0, 1]).unwrap();
        optimiser.step(&mut model, &gradients, 1e-2).unwrap();
        assert_eq!(optimiser.steps(), 1);
        model
    };
    let free = stepped(0.0, Decayed::All);
    let matrices = stepped(0.5, Decayed::Matrices);
    let all = stepped(0.5, Decayed::All);
    for entry in free.state().parameters() {
        let of = |model: &Model| model.tensor(&entry.info.name).unwrap();
        let is_matrix = entry.info.shape.len() > 1;
        assert_eq!(of(&free) == of(&matrices), !is_matrix, "{:?}", entry.info);
        assert_eq!(
            of(&matrices) == of(&all),
            is_matrix || of(&free) == of(&all)
        );
    }
    let weight = "features.0.1.weight";
    assert_ne!(free.tensor(weight).unwrap(), all.tensor(weight).unwrap());
}

fn floats(json: &Json) -> Vec<f64> {
    json.as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

/// Six steps of PyTorch's optimisers in f64 on two parameters of their own decay and rate, with and without a
/// bound on the norm, see `tests/reference/torch/README.md`.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
fn optimisers_torch() {
    let text = include_str!("../../../tests/reference/torch/training.json");
    let golden = &serde_json::from_str::<Json>(text).unwrap()["optimisers"];
    let decay = golden["decay"].as_f64().unwrap();
    let tensor = |json: &Json| {
        let numbers: Vec<f32> = floats(json).iter().map(|v| *v as f32).collect();
        Tensor::new(numbers, &device()).unwrap()
    };
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let kind = if case["kind"] == "adamw" {
            Kind::Adamw(adamw::Constants {
                betas: [0.9, 0.999],
                epsilon: 1e-8,
            })
        } else {
            Kind::Sgd(sgd::Constants {
                momentum: case["momentum"].as_f64().unwrap(),
                nesterov: case["nesterov"].as_bool().unwrap(),
            })
        };
        let numbers = kind.rule(1, 0.0, 0.0, 1.0).state_numbers();
        let parameters: Vec<Var> = golden["start"]
            .as_array()
            .unwrap()
            .iter()
            .map(|json| Var::from_tensor(&tensor(json)).unwrap())
            .collect();
        let states: Vec<Tensor> = parameters
            .iter()
            .map(|p| Tensor::zeros((numbers, p.elem_count()), DType::F32, &device()).unwrap())
            .collect();
        for (step, rate) in floats(&golden["rates"]).into_iter().enumerate() {
            let gradients = [0, 1].map(|at| tensor(&golden["gradients"][step][at]));
            let squares: f64 = gradients.iter().map(|g| sum_squares(g).unwrap()).sum();
            let norm = case["norms"][step].as_f64().unwrap();
            assert!((squares.sqrt() - norm).abs() < 1e-12 * norm);
            let scale = case["clip"].as_f64().map_or(1.0, |bound| {
                (bound / (squares.sqrt() + NORM_EPSILON)).min(1.0)
            });
            for at in 0..2 {
                let t = step as u64 + 1;
                let (rate, decay) = [(rate, decay), (3.0 * rate, 0.0)][at];
                let rule = kind.rule(t, rate, decay, scale);
                update(&*rule, &parameters[at], &states[at], &gradients[at]).unwrap();
                let found = parameters[at].to_vec1::<f32>().unwrap();
                for (f, e) in found.iter().zip(floats(&case["after"][step][at])) {
                    // A few roundings of numbers up to three.
                    assert!((f64::from(*f) - e).abs() < 2e-6, "{case} {step}: {f} {e}");
                }
            }
        }
    }
}

fn picture() -> Vec<f32> {
    (0..2 * 3 * 32 * 32)
        .map(|i| (i as f32 * 0.37).sin())
        .collect()
}

/// With a bound far below the norm, the step of SGD is as long as the bound.
#[test]
fn a_bound_on_the_norm_shortens_the_step() {
    let settings = TrainSettings {
        weight_decay: 0.0,
        clip_norm: Some(0.01),
        optimiser: crate::settings::OptimiserSettings {
            kind: OptimiserKind::Sgd,
            momentum: 0.0,
            ..Default::default()
        },
        ..TrainSettings::default()
    };
    let pixels = picture();
    let images = Images::new(&pixels, 2, 32).unwrap();
    let mut model = Model::new("resnet18", 3, 1).unwrap();
    let gradients = model.gradients(images, &[0, 1]).unwrap();
    let before = model.state().snapshot().unwrap();
    let mut optimiser = Optimiser::of(&model, &settings).unwrap();
    let norm = optimiser
        .apply(&model, gradients.parameters(), 1.0, 1.0, Moving::All)
        .unwrap()
        .unwrap();
    let squares: f64 = model
        .gradient_norms(&gradients)
        .unwrap()
        .iter()
        .map(|(_, n)| n * n)
        .sum();
    assert!(
        (norm - squares.sqrt()).abs() < 1e-9 * norm && norm > 0.1,
        "{norm}"
    );
    let after = model.state().snapshot().unwrap();
    let moved = before.iter().flatten().zip(after.iter().flatten());
    let length: f64 = moved.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    // Weights near one hold six digits of such a step.
    assert!((length.sqrt() - 0.01).abs() < 1e-5, "{}", length.sqrt());
}

/// Frozen steps move the classifier only and leave the others' state and count of steps alone.
#[test]
fn frozen_steps_move_the_classifier_only() {
    let pixels = picture();
    let images = Images::new(&pixels, 2, 32).unwrap();
    let settings = TrainSettings::default();
    let mut model = Model::new("resnet18", 3, 1).unwrap();
    let gradients = model.gradients(images, &[0, 1]).unwrap();
    let mut optimiser = Optimiser::of(&model, &settings).unwrap();
    let name = "conv1.weight";
    let start = [
        model.tensor(name).unwrap(),
        model.tensor("fc.weight").unwrap(),
    ];
    for _ in 0..2 {
        optimiser
            .apply(&model, gradients.parameters(), 1.0, 1e-3, Moving::Head)
            .unwrap();
    }
    assert_eq!(model.tensor(name).unwrap(), start[0]);
    assert_ne!(model.tensor("fc.weight").unwrap(), start[1]);
    optimiser
        .apply(&model, gradients.parameters(), 1.0, 1e-3, Moving::All)
        .unwrap();
    // The first step of AdamW is as long as the learning rate, whatever the gradient.
    let moved = model.tensor(name).unwrap();
    let longest = moved
        .iter()
        .zip(&start[0])
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!((longest - 1e-3).abs() < 1e-5, "{longest}");
}
