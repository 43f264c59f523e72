//! Dense products over rows: the loops that logistic regression, neighbours and kernels spend
//! their time in.

pub(crate) mod gram;
pub(crate) mod thin;
pub(crate) mod triangle;

/// Independent partial sums, so that the loop can be vectorised without changing its order.
const LANES: usize = 8;

/// Sum of products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let mut lanes = [0.0; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_blocks
        .remainder()
        .iter()
        .zip(b_blocks.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Squared Euclidean distance, by differences: exact for equal rows, where the expansion
/// |a|² + |b|² − 2ab leaves rounding that would decide ties.
pub(crate) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let mut lanes = [0.0; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_blocks
        .remainder()
        .iter()
        .zip(b_blocks.remainder())
        .map(|(x, y)| (x - y) * (x - y))
        .sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            let d = x[lane] - y[lane];
            lanes[lane] += d * d;
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// `Σ_j (x_j − m_j)² / v_j`.
pub(crate) fn weighted_square(x: &[f64], m: &[f64], v: &[f64]) -> f64 {
    debug_assert!(x.len() == m.len() && x.len() == v.len());
    let mut lanes = [0.0; LANES];
    let blocks = x
        .chunks_exact(LANES)
        .zip(m.chunks_exact(LANES))
        .zip(v.chunks_exact(LANES));
    for ((x, m), v) in blocks {
        for lane in 0..LANES {
            let d = x[lane] - m[lane];
            lanes[lane] += d * d / v[lane];
        }
    }
    let from = x.len() - x.len() % LANES;
    let rest = x[from..].iter().zip(&m[from..]).zip(&v[from..]);
    let rest: f64 = rest.map(|((x, m), v)| (x - m) * (x - m) / v).sum();
    lanes.iter().sum::<f64>() + rest
}

/// Adds `factor * x` to `sum`.
pub(crate) fn add_scaled(sum: &mut [f64], factor: f64, x: &[f64]) {
    for (s, v) in sum.iter_mut().zip(x) {
        *s += factor * v;
    }
}

/// Turns log weights into probabilities in place, by the largest: no overflow, sum one.
pub(crate) fn softmax(log_weights: &mut [f64]) {
    let largest = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for w in log_weights.iter_mut() {
        *w = (*w - largest).exp();
        sum += *w;
    }
    for w in log_weights.iter_mut() {
        *w /= sum;
    }
}

/// 1 / (1 + exp(−x)) without overflow.
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// ln(1 + exp(x)) without overflow.
pub(crate) fn log1p_exp(x: f64) -> f64 {
    if x > 0.0 {
        x + (-x).exp().ln_1p()
    } else {
        x.exp().ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_match_plain_sums() {
        let a: Vec<f64> = (0..19).map(f64::from).collect();
        let b: Vec<f64> = (0..19).map(|i| f64::from(i % 5)).collect();
        let plain: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
        assert!((dot(&a, &b) - plain).abs() < 1e-12);
        let plain: f64 = a.iter().zip(&b).map(|(x, y)| (x - y) * (x - y)).sum();
        assert!((squared_distance(&a, &b) - plain).abs() < 1e-12);
    }

    #[test]
    fn softmax_survives_large_numbers() {
        let mut w = [-1e5, -1e5 + 1.0, f64::NEG_INFINITY];
        softmax(&mut w);
        assert!((w[0] + w[1] - 1.0).abs() < 1e-15);
        assert!((w[1] - sigmoid(1.0)).abs() < 1e-12);
        assert_eq!(w[2].to_bits(), 0.0_f64.to_bits());
    }
}
