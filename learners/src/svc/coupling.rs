//! From probabilities of pairs to one distribution: the p that minimises `Σ_{i≠j} (r_ji p_i − r_ij p_j)²`;
//! Wu, Lin, Weng 2004, JMLR 5, 975, second approach, solved directly rather than by iteration to a loose
//! tolerance.

/// Pairwise probabilities stay this far from 0 and 1, as in LIBSVM.
const MARGIN: f64 = 1e-7;

/// Share of the trace that keeps the system of the coupling definite.
const COUPLING_RIDGE: f64 = 1e-12;

/// One distribution over k classes from the probabilities of the first of each pair, pairs in the
/// order (0, 1), (0, 2), …
///
/// The minimum solves Q p = λ 1 with `Q_ii` = Σ_{j≠i} `r_ji²`, `Q_ij` = −`r_ji` `r_ij`: a positive definite
/// system, solved and scaled to sum one.
pub(crate) fn couple(k: usize, pairwise: &[f64]) -> Vec<f64> {
    // A pair without an answer counts as undecided.
    let clamped = |r: f64| {
        let r = if r.is_nan() { 0.5 } else { r };
        r.clamp(MARGIN, 1.0 - MARGIN)
    };
    if let [r] = pairwise {
        let r = clamped(*r);
        return vec![r, 1.0 - r];
    }
    let mut r = vec![0.0; k * k];
    let mut given = pairwise.iter();
    for i in 0..k {
        for j in i + 1..k {
            let value = clamped(given.next().copied().unwrap_or(0.5));
            r[i * k + j] = value;
            r[j * k + i] = 1.0 - value;
        }
    }
    let mut q = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..k {
            if i != j {
                q[i * k + i] += r[j * k + i] * r[j * k + i];
                q[i * k + j] = -r[j * k + i] * r[i * k + j];
            }
        }
    }
    // Pairs that agree perfectly make Q singular along their own distribution. The ridge lets the
    // solver find that direction instead of dividing by zero.
    let trace: f64 = (0..k).map(|i| q[i * k + i]).sum();
    for i in 0..k {
        q[i * k + i] += COUPLING_RIDGE * trace;
    }
    let mut p = solve_definite(k, &mut q);
    for v in &mut p {
        *v = v.max(0.0);
    }
    let sum: f64 = p.iter().sum();
    for v in &mut p {
        *v /= sum;
    }
    p
}

/// Solves Q p = 1 for a positive definite Q by elimination without pivots.
fn solve_definite(k: usize, q: &mut [f64]) -> Vec<f64> {
    let mut p = vec![1.0; k];
    for i in 0..k {
        for j in i + 1..k {
            let factor = q[j * k + i] / q[i * k + i];
            for c in i..k {
                q[j * k + c] -= factor * q[i * k + c];
            }
            p[j] -= factor * p[i];
        }
    }
    for i in (0..k).rev() {
        for j in i + 1..k {
            p[i] -= q[i * k + j] * p[j];
        }
        p[i] /= q[i * k + i];
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consistent_pairs_are_reproduced() {
        let truth = [0.5, 0.3, 0.15, 0.05];
        let mut pairwise = Vec::new();
        for i in 0..4 {
            for j in i + 1..4 {
                pairwise.push(truth[i] / (truth[i] + truth[j]));
            }
        }
        for (found, expected) in couple(4, &pairwise).iter().zip(truth) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn certain_pairs_give_a_certain_class() {
        let p = couple(3, &[1.0, 1.0, 0.5]);
        assert!(
            p[0] > 0.999 && (p.iter().sum::<f64>() - 1.0).abs() < 1e-12,
            "{p:?}"
        );
        let cycle = couple(3, &[1.0, 0.0, 1.0]);
        for v in cycle {
            assert!((v - 1.0 / 3.0).abs() < 1e-6);
        }
    }
}
