//! Names, shapes and first weights.

use super::*;

fn moments(initial: Initial) -> (f64, f64, f64) {
    let mut builder = Builder::new(3, &Device::Cpu);
    let var = builder
        .parameter("weight", &[64, 64, 3, 3], initial)
        .unwrap()
        .var;
    let numbers = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let n = numbers.len() as f64;
    let mean = numbers.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let square = numbers.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n;
    let largest = numbers
        .iter()
        .fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
    (mean, square.sqrt(), largest)
}

/// 36 864 draws: the mean's standard error is deviation / 192, the deviation's about deviation / 272.
#[test]
fn initial_weights_have_their_deviation() {
    let he = (2.0_f64 / (64.0 * 9.0)).sqrt();
    let (mean, deviation, _) = moments(Initial::kaiming_fan_out(64, 3));
    assert!(mean.abs() < 5.0 * he / 192.0, "{mean}");
    assert!((deviation - he).abs() < 5.0 * he / 272.0, "{deviation}");
    let (mean, deviation, largest) = moments(Initial::uniform_fan_in(64));
    assert!(mean.abs() < 5.0 * 0.125 / 192.0, "{mean}");
    assert!(
        (deviation - 0.125 / 3.0_f64.sqrt()).abs() < 1e-3,
        "{deviation}"
    );
    assert!(largest <= 0.125 && largest > 0.124, "{largest}");
}

/// 100 001 numbers are drawn in two pieces.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
fn pieces_make_one_stream() {
    let builder = Builder::new(3, &Device::Cpu);
    let mut stream = Stream::new(3, Purpose::Initialise, 0, 0);
    let normal = builder.draw(100_001, Initial::Normal { deviation: 2.0 });
    assert!(
        normal
            .iter()
            .all(|found| found.to_bits() == ((2.0 * stream.normal()) as f32).to_bits())
    );
    let mut stream = Stream::new(3, Purpose::Initialise, 0, 0);
    let uniform = builder.draw(100_001, Initial::Uniform { bound: 1.0 });
    assert!(
        uniform
            .iter()
            .all(|found| found.to_bits() == ((2.0 * stream.uniform() - 1.0) as f32).to_bits())
    );
}

#[test]
fn cut_normal_numbers_closed_form() {
    // Quantiles of a normal variable cut at ±2: Φ(x) = Φ(-2) + u (Φ(2) - Φ(-2)).
    assert!(cut_normal(0.5).abs() < 1e-12);
    assert!((cut_normal(1.0) - 2.0).abs() < 1e-6, "{}", cut_normal(1.0));
    assert!((cut_normal(0.0) + 2.0).abs() < 1e-6);
    // u = erf(1 / sqrt 2) / erf(sqrt 2) / 2 + 1/2 for x = 1.
    let u = 0.5 + 0.682_689_492_137_085_9 / 0.954_499_736_103_641_6 / 2.0;
    assert!((cut_normal(u) - 1.0).abs() < 1e-6, "{}", cut_normal(u));
    let (mean, deviation, largest) = moments(Initial::lecun_fan_in(16));
    assert!(mean.abs() < 5.0 * 0.25 / 192.0, "{mean}");
    assert!((deviation - 0.25).abs() < 5.0 * 0.25 / 272.0, "{deviation}");
    assert!(largest <= 2.0 * 0.25 / 0.879, "{largest}");
}

#[test]
fn state_space_numbers_closed_form() {
    let mut builder = Builder::new(3, &Device::Cpu);
    let mut draw = |shape: &[usize], initial| {
        let var = builder.parameter("x", shape, initial).unwrap().var;
        var.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let rows = draw(&[2, 3], Initial::LogarithmRows(3));
    let ln = |x: f32| x.ln();
    assert_eq!(rows, [0.0, ln(2.0), ln(3.0), 0.0, ln(2.0), ln(3.0)]);
    let range = [1e-3, 0.1];
    let steps: Vec<f64> = draw(&[10_000], Initial::StepSizes { range })
        .into_iter()
        .map(|x| f64::from(x).exp().ln_1p())
        .collect();
    assert!(steps.iter().all(|s| (0.999e-3..0.1001).contains(s)));
    // Uniform in the logarithm: half of them below the geometric mean; five deviations are 250.
    let below = steps.iter().filter(|s| **s < 1e-2).count();
    assert!(below.abs_diff(5000) < 250, "{below}");
}

#[test]
fn tensors_draw_from_their_own_streams() {
    let mut builder = Builder::new(3, &Device::Cpu);
    let initial = Initial::Normal { deviation: 1.0 };
    let mut draw = |leaf: &str| {
        let parameter = builder.parameter(leaf, &[4], initial).unwrap();
        parameter.var.to_vec1::<f32>().unwrap()
    };
    assert_ne!(draw("a"), draw("b"));
}
