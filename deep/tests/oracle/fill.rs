//! Weights and images by formula, so that two programs can be compared without weight files.
//!
//! All integer arithmetic wraps at 32 bits; all float arithmetic is f32 with one rounding per operation.
//! h = FNV-1a(name); x = mix(h + i · 0x9E3779B9); r = (x >> 8) 2^-23 - 1; value = centre + r · width, where
//! centre and width depend on the tensor's name and rank.

use raduet_deep::device::{Numbers, Place};
use raduet_deep::{Model, TensorInfo};

pub(crate) fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |h, byte| {
        (h ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The i-th number in [-1, 1) of a name's hash.
fn unit(hash: u32, i: u32) -> f32 {
    let mut x = hash.wrapping_add(i.wrapping_mul(0x9E37_79B9));
    x ^= x >> 16;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    x = x.wrapping_mul(0xC2B2_AE35);
    x ^= x >> 16;
    (x >> 8) as f32 * 2.0_f32.powi(-23) - 1.0
}

/// `n` numbers in [-1, 1).
pub(crate) fn units(name: &str, n: usize) -> Vec<f32> {
    let hash = fnv1a(name);
    (0..u32::try_from(n).unwrap())
        .map(|i| unit(hash, i))
        .collect()
}

/// Centre and half-width, by the first rule that fits; `None` for a counter.
fn rule(name: &str, shape: &[usize]) -> Option<(f32, f32)> {
    let leaf = name.rsplit('.').next().unwrap();
    let fan_in: usize = shape.iter().skip(1).product();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the formula rounds the root to f32"
    )]
    let root = |numerator: f64, denominator: usize| (numerator / denominator as f64).sqrt() as f32;
    let is_step_bias = ["dt_proj.bias", "dt_proj_b.bias", "dt_projs_bias"]
        .iter()
        .any(|end| name.ends_with(end));
    match (leaf, shape.len()) {
        ("num_batches_tracked", _) => None,
        ("running_mean", _) => Some((0.0, 0.1)),
        ("running_var", _) => Some((1.0, 0.5)),
        ("A_log" | "A_b_log" | "A_logs", _) => Some((1.0, 1.0)),
        ("D" | "D_b" | "Ds", _) => Some((1.0, 0.1)),
        _ if is_step_bias => Some((-2.0, 1.0)),
        ("gamma" | "gamma_1" | "gamma_2" | "layer_scale", _) => Some((0.5, 0.1)),
        ("cls_token" | "pos_embed", _) => Some((0.0, 0.2)),
        ("weight", 1) => Some((1.0, 0.1)),
        (_, 1) => Some((0.0, 0.05)),
        ("x_proj_weight" | "dt_projs_weight", _) => Some((0.0, root(3.0, shape[shape.len() - 1]))),
        (_, 4) => Some((0.0, root(6.0, fan_in))),
        _ => Some((0.0, root(3.0, fan_in))),
    }
}

/// The numbers of one tensor.
pub(crate) fn value(name: &str, shape: &[usize]) -> Vec<f32> {
    let n = shape.iter().product();
    let Some((centre, width)) = rule(name, shape) else {
        return vec![0.0; n];
    };
    let mut numbers = units(name, n);
    for number in &mut numbers {
        *number *= width;
        if centre != 0.0 {
            *number += centre;
        }
    }
    numbers
}

/// A network of three classes with every tensor filled.
pub(crate) fn filled(name: &str) -> Model {
    filled_for(name, 256)
}

/// A network of three classes for images of a side, with every tensor filled.
pub(crate) fn filled_for(name: &str, side: usize) -> Model {
    let mut model = Model::on(&place(), name, 3, 0, side).unwrap();
    let infos: Vec<TensorInfo> = model.tensors().cloned().collect();
    for info in infos {
        model
            .set_tensor(&info.name, &value(&info.name, &info.shape))
            .unwrap();
    }
    model
}

/// (b, 3, s, s): fine noise plus one and a half times a mosaic of q x q squares.
pub(crate) fn image(tag: &str, batch: usize, side: usize, cell: usize) -> Vec<f32> {
    let fine = units(&format!("input.{tag}"), batch * 3 * side * side);
    let coarse_side = side / cell;
    let coarse = units(
        &format!("input.{tag}.coarse"),
        batch * 3 * coarse_side * coarse_side,
    );
    fine.iter()
        .enumerate()
        .map(|(i, fine)| {
            let (plane, row, column) = (i / (side * side), i / side % side, i % side);
            let square = (plane * coarse_side + row / cell) * coarse_side + column / cell;
            fine + coarse[square] * 1.5
        })
        .collect()
}

/// Where these tests compute: on the processor, or with `RADUET_TEST_DEVICE=cuda` on the first GPU in f32.
fn place() -> Place {
    match std::env::var("RADUET_TEST_DEVICE").as_deref() {
        Ok("cuda") => Place::cuda(0, Numbers::F32).unwrap(),
        _ => Place::cpu(),
    }
}
