//! What it computes, beside plain loops and finite differences.

use super::*;
use crate::ops::gradient_check::{beside, check, device, noise};

const EPSILON: f64 = 1e-5;

#[test]
fn batch_norm_closed_form() {
    // Channel 0 holds 1, 3, 5, 7 (mean 4, biased variance 5); channel 1 is constant.
    let x = Tensor::new(
        &[
            [[[1.0_f32, 3.0]], [[2.0, 2.0]]],
            [[[5.0, 7.0]], [[2.0, 2.0]]],
        ],
        &device(),
    )
    .unwrap();
    let weight = Tensor::new(&[2.0_f32, 3.0], &device()).unwrap();
    let bias = Tensor::new(&[0.5_f32, -1.0], &device()).unwrap();
    let [x, weight, bias] = [x, weight, bias].map(Value::constant);
    let (y, found) = train(&x, &weight, &bias, EPSILON, Activation::Relu).unwrap();
    assert_eq!(found.mean, [4.0, 2.0]);
    assert_eq!(found.unbiased_variance, [20.0_f32 / 3.0, 0.0]);
    let y = y.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let z = |x: f64| (2.0 * (x - 4.0) / (5.0 + EPSILON).sqrt() + 0.5).max(0.0);
    let expected = [z(1.0), z(3.0), 0.0, 0.0, z(5.0), z(7.0), 0.0, 0.0];
    for (f, e) in y.iter().zip(expected) {
        assert!((f64::from(*f) - e).abs() < 1e-6, "{f} {e}");
    }
}

/// The normalised values, wherever they lie.
fn trained(a: &[Value], activation: Activation) -> Result<Value> {
    on_gpu!(a[0].tensor(), {
        let running = [&a[1], &a[2]].map(|like| super::super::cuda::filled(like.tensor(), 0.0));
        let [mean, variance] = running;
        let running = [&mean?, &variance?];
        train_on_gpu(&a[0], [&a[1], &a[2]], running, [EPSILON, 0.1], activation)
    });
    Ok(train(&a[0], &a[1], &a[2], EPSILON, activation)?.0)
}

#[test]
fn batch_norm_gradient_finite_differences() {
    for (shape, tag) in [
        (vec![3, 2, 4, 5], 1),
        (vec![6, 3], 2),
        (vec![2, 4, 1, 1], 3),
    ] {
        let channels = shape[1];
        // Away from the kink of the rectifier: a shift of the same sign for all of a channel.
        let bias = Tensor::from_vec(
            (0..channels)
                .map(|c| if c % 2 == 0 { 4.0 } else { -4.0_f32 })
                .collect(),
            channels,
            &device(),
        )
        .unwrap();
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::Hardswish,
        ] {
            // Two values per channel normalise to ±1 whatever they are: spread them, so that the
            // difference's step is small against their distance.
            let x = noise(tag, &shape).affine(4.0, 0.3).unwrap();
            let bias = if activation == Activation::Hardswish {
                bias.affine(0.05, 0.0).unwrap()
            } else {
                bias.clone()
            };
            let weight = noise(tag + 10, &[channels]).affine(0.5, 1.0).unwrap();
            check(&[x, weight, bias], move |a| trained(a, activation));
        }
    }
}

#[test]
fn one_value_per_channel_is_refused() {
    let x = Value::constant(noise(1, &[1, 3, 1, 1]));
    let p = Value::constant(noise(2, &[3]));
    assert!(train(&x, &p, &p, EPSILON, Activation::Identity).is_err());
}

#[test]
fn fixed_statistics_gradient_finite_differences() {
    let [weight, bias, mean] = [4, 5, 6].map(|tag| noise(tag, &[3]));
    let variance = noise(7, &[3]).affine(0.5, 1.0).unwrap();
    check(&[noise(3, &[2, 3, 4, 5])], |a| {
        let beside = |tensor: &Tensor| beside(tensor, &a[0]);
        evaluate(
            &a[0],
            [&beside(&weight), &beside(&bias)],
            [&beside(&mean), &beside(&variance)],
            EPSILON,
            Activation::Hardswish,
        )
    });
}
