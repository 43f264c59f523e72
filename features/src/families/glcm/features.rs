//! The 24 features; symbols stand in the head of [`super`].

use super::eigenvalues::second_largest_absolute;
use super::marginals::CoOccurrence;
use crate::families::entropy::{self, EPSILON};
use crate::spec::Feature;

/// `Σ_k (k - 2 mu)^power p_x+y(k)`
fn cluster(c: &CoOccurrence, power: i32) -> f64 {
    c.over_sums(|k| (k - 2.0 * c.mean).powi(power))
}

/// `Σ (i - mu)(j - mu) p(i, j) / (sigma² + ε)`; 1 where `sigma` is 0.
fn correlation(c: &CoOccurrence) -> f64 {
    let variance = c.variance();
    if variance == 0.0 {
        return 1.0;
    }
    c.sum_over_elements(|i, j, p| (i - c.mean) * (j - c.mean) * p) / (variance + EPSILON)
}

fn difference_variance(c: &CoOccurrence) -> f64 {
    let mean = c.over_differences(|k| k);
    c.over_differences(|k| (k - mean) * (k - mean))
}

/// `(HXY - HXY1) / HX`; 0 where one level has neighbours.
fn information_correlation_1(c: &CoOccurrence) -> f64 {
    if c.has_one_level() {
        return 0.0;
    }
    (c.joint_entropy - c.cross_entropy_1()) / c.marginal_entropy()
}

/// `sqrt(1 - exp(-2 (HXY2 - HXY)))`; 0 where one level has neighbours.
///
/// The difference is a mutual information and never negative, but may round below zero where the two
/// sides are independent: 0 then.
fn information_correlation_2(c: &CoOccurrence) -> f64 {
    if c.has_one_level() {
        return 0.0;
    }
    let information = (c.cross_entropy_2() - c.joint_entropy).max(0.0);
    (-(-2.0 * information).exp_m1()).sqrt()
}

/// The feature that has a value for a region of one grey level even where no two pixels are neighbours.
pub(super) const MAXIMAL_CORRELATION: &str = "glcm_maximal_correlation_coefficient";

/// The square root of the second largest eigenvalue of
/// `Q(i, j) = Σ_k p(i, k) p(j, k) / (p_x(i) p_x(k) + ε)`; set to 1 elsewhere when the
/// region has one grey level.
///
/// `Q` is similar to the square of the symmetric matrix `A(i, k) = p(i, k) / sqrt(p_x(i) p_x(k) + ε)`,
/// exactly so for `ε = 0` and to first order in `ε` otherwise: `D^(1/2) Q D^(-1/2)`, `D = diag(p_x)`,
/// differs from `A²` by an antisymmetric matrix of the size of `ε`, which moves eigenvalues by its
/// square only. `ε` matters: levels that occur in a single pair have `p_x(i) p_x(k)` near `1e-8`. So
/// the feature is the second largest absolute eigenvalue of `A`, found without squaring.
fn maximal_correlation(c: &CoOccurrence) -> f64 {
    // Levels without neighbours in this direction add eigenvalues 0.
    let mut position = vec![usize::MAX; c.levels.len()];
    let mut n = 0;
    for (level, p) in c.p_x.iter().enumerate() {
        if *p > 0.0 {
            position[level] = n;
            n += 1;
        }
    }
    let mut a = vec![0.0; n * n];
    for cell in &c.cells {
        let (i, j) = (usize::from(cell.i), usize::from(cell.j));
        let scale = (c.p_x[i] * c.p_x[j] + EPSILON).sqrt() * c.total;
        let pairs = f64::from(cell.count) * if i == j { 2.0 } else { 1.0 };
        let (row, column) = (position[i], position[j]);
        a[row * n + column] = pairs / scale;
        a[column * n + row] = pairs / scale;
    }
    second_largest_absolute(&mut a, n)
}

fn maximum_probability(c: &CoOccurrence) -> f64 {
    let counts = c.cells.iter().map(|cell| {
        if cell.i == cell.j {
            2 * cell.count
        } else {
            cell.count
        }
    });
    f64::from(counts.max().unwrap_or(0)) / c.total
}

/// The features in PyRadiomics' order.
pub(super) const TABLE: &[Feature<CoOccurrence>] = &[
    Feature::new(
        "glcm_autocorrelation",
        Some("glcm_Autocorrelation"),
        Some("QWB0"),
        "level^2",
        "sum of i j p",
        |c| c.sum_over_elements(|i, j, p| i * j * p),
    ),
    Feature::new(
        "glcm_cluster_prominence",
        Some("glcm_ClusterProminence"),
        Some("AE86"),
        "level^4",
        "sum of (i + j - 2 mu)^4 p",
        |c| cluster(c, 4),
    ),
    Feature::new(
        "glcm_cluster_shade",
        Some("glcm_ClusterShade"),
        Some("7NFM"),
        "level^3",
        "sum of (i + j - 2 mu)^3 p",
        |c| cluster(c, 3),
    ),
    Feature::new(
        "glcm_cluster_tendency",
        Some("glcm_ClusterTendency"),
        Some("DG8W"),
        "level^2",
        "sum of (i + j - 2 mu)^2 p",
        |c| cluster(c, 2),
    ),
    Feature::new(
        "glcm_contrast",
        Some("glcm_Contrast"),
        Some("ACUI"),
        "level^2",
        "sum of (i - j)^2 p",
        |c| c.over_differences(|k| k * k),
    ),
    Feature::new(
        "glcm_correlation",
        Some("glcm_Correlation"),
        Some("NI2N"),
        "1",
        "sum of (i - mu)(j - mu) p, over sigma^2 + ε; 1 where sigma is 0",
        correlation,
    ),
    Feature::new(
        "glcm_difference_average",
        Some("glcm_DifferenceAverage"),
        Some("TF7R"),
        "level",
        "sum of k p_x-y(k)",
        |c| c.over_differences(|k| k),
    ),
    Feature::new(
        "glcm_difference_entropy",
        Some("glcm_DifferenceEntropy"),
        Some("NTRS"),
        "bit",
        "-sum of p_x-y log2(p_x-y + ε)",
        |c| entropy::of(c.differences.iter().map(|(_, p)| *p)),
    ),
    Feature::new(
        "glcm_difference_variance",
        Some("glcm_DifferenceVariance"),
        Some("D3YU"),
        "level^2",
        "variance of k under p_x-y",
        difference_variance,
    ),
    Feature::new(
        "glcm_inverse_difference",
        Some("glcm_Id"),
        Some("IB1Z"),
        "1",
        "sum of p_x-y(k) / (1 + k)",
        |c| c.over_differences(|k| 1.0 / (1.0 + k)),
    ),
    Feature::new(
        "glcm_inverse_difference_moment",
        Some("glcm_Idm"),
        Some("WF0Z"),
        "1",
        "sum of p_x-y(k) / (1 + k^2)",
        |c| c.over_differences(|k| 1.0 / (1.0 + k * k)),
    ),
    Feature::new(
        "glcm_inverse_difference_moment_normalised",
        Some("glcm_Idmn"),
        Some("1QCO"),
        "1",
        "sum of p_x-y(k) / (1 + (k / N_g)^2)",
        |c| c.over_differences(|k| 1.0 / (1.0 + (k / c.highest_level).powi(2))),
    ),
    Feature::new(
        "glcm_inverse_difference_normalised",
        Some("glcm_Idn"),
        Some("NDRX"),
        "1",
        "sum of p_x-y(k) / (1 + k / N_g)",
        |c| c.over_differences(|k| 1.0 / (1.0 + k / c.highest_level)),
    ),
    Feature::new(
        "glcm_information_correlation_1",
        Some("glcm_Imc1"),
        Some("R8DG"),
        "1",
        "(HXY - HXY1) / HX; 0 where one level has neighbours",
        information_correlation_1,
    ),
    Feature::new(
        "glcm_information_correlation_2",
        Some("glcm_Imc2"),
        Some("JN9H"),
        "1",
        "sqrt(1 - exp(-2 (HXY2 - HXY))); 0 where one level has neighbours",
        information_correlation_2,
    ),
    Feature::new(
        "glcm_inverse_variance",
        Some("glcm_InverseVariance"),
        Some("E8JP"),
        "level^-2",
        "sum of p_x-y(k) / k^2 over k > 0",
        |c| c.over_differences(|k| if k > 0.0 { 1.0 / (k * k) } else { 0.0 }),
    ),
    Feature::new(
        "glcm_joint_average",
        Some("glcm_JointAverage"),
        Some("60VM"),
        "level",
        "mu, sum of i p",
        |c| c.mean,
    ),
    Feature::new(
        "glcm_joint_energy",
        Some("glcm_JointEnergy"),
        Some("8ZQL"),
        "1",
        "sum of p^2",
        |c| c.sum_over_elements(|_, _, p| p * p),
    ),
    Feature::new(
        "glcm_joint_entropy",
        Some("glcm_JointEntropy"),
        Some("TU9B"),
        "bit",
        "HXY, -sum of p log2(p + ε)",
        |c| c.joint_entropy,
    ),
    Feature::new(
        MAXIMAL_CORRELATION,
        Some("glcm_MCC"),
        None,
        "1",
        "square root of the second largest eigenvalue of Q; 1 when the region has one grey level",
        maximal_correlation,
    ),
    Feature::new(
        "glcm_maximum_probability",
        Some("glcm_MaximumProbability"),
        Some("GYBY"),
        "1",
        "highest p",
        maximum_probability,
    ),
    Feature::new(
        "glcm_sum_average",
        Some("glcm_SumAverage"),
        Some("ZGXS"),
        "level",
        "sum of k p_x+y(k)",
        |c| c.over_sums(|k| k),
    ),
    Feature::new(
        "glcm_sum_entropy",
        Some("glcm_SumEntropy"),
        Some("P6QZ"),
        "bit",
        "-sum of p_x+y log2(p_x+y + ε)",
        |c| entropy::of(c.sums.iter().map(|(_, p)| *p)),
    ),
    Feature::new(
        "glcm_sum_squares",
        Some("glcm_SumSquares"),
        Some("UR99"),
        "level^2",
        "sum of (i - mu)^2 p",
        CoOccurrence::variance,
    ),
];
