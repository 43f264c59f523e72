//! The features; symbols stand in the head of [`super`].

use super::correlations::{
    correlation, information_correlation_1, information_correlation_2, maximal_correlation,
};
use super::marginals::CoOccurrence;
use crate::spec::Feature;

/// A feature that is read from a co-occurrence matrix.
pub(super) type Row = Feature<CoOccurrence>;

/// When every feature is undefined.
const NO_PAIR: &str = "no two voxels of the region are neighbours";

/// When two features are undefined that PyRadiomics has a convention for.
const NO_PAIR_OR_ONE_LEVEL: &str =
    "no two voxels of the region are neighbours, or (ibsi) only one level has neighbours";

/// `Σ_k power(k - mu_x - mu_y) p_x+y(k)`
fn cluster(c: &CoOccurrence, power: impl Fn(f64) -> f64) -> f64 {
    c.over_sums(|k| power(k - c.rows.mean - c.columns.mean))
}

/// `Σ i j p = (Σ k² p_x+y(k) - Σ k² p_x-y(k)) / 4`
fn autocorrelation(c: &CoOccurrence) -> f64 {
    (c.over_sums(|k| k * k) - c.over_differences(|k| k * k)) / 4.0
}

fn difference_variance(c: &CoOccurrence) -> f64 {
    let mean = c.over_differences(|k| k);
    c.over_differences(|k| (k - mean) * (k - mean))
}

/// The feature that has a value for a region of one grey level even where no two voxels are neighbours.
pub(super) const MAXIMAL_CORRELATION: &str = "glcm_maximal_correlation_coefficient";

/// The features in PyRadiomics' order, then those that only the standard has.
pub(super) const TABLE: &[Row] = &[
    Row::new(
        "glcm_autocorrelation",
        Some("glcm_Autocorrelation"),
        Some("QWB0"),
        "level^2",
        "sum of i j p",
        autocorrelation,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_cluster_prominence",
        Some("glcm_ClusterProminence"),
        Some("AE86"),
        "level^4",
        "sum of (i + j - mu_x - mu_y)^4 p",
        |c| cluster(c, |d| d * d * (d * d)),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_cluster_shade",
        Some("glcm_ClusterShade"),
        Some("7NFM"),
        "level^3",
        "sum of (i + j - mu_x - mu_y)^3 p",
        |c| cluster(c, |d| d * (d * d)),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_cluster_tendency",
        Some("glcm_ClusterTendency"),
        Some("DG8W"),
        "level^2",
        "sum of (i + j - mu_x - mu_y)^2 p",
        |c| cluster(c, |d| d * d),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_contrast",
        Some("glcm_Contrast"),
        Some("ACUI"),
        "level^2",
        "sum of (i - j)^2 p",
        |c| c.over_differences(|k| k * k),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_correlation",
        Some("glcm_Correlation"),
        Some("NI2N"),
        "1",
        "sum of (i - mu_x)(j - mu_y) p, over sigma_x sigma_y + ε; PyRadiomics: 1 where a sigma is 0",
        correlation,
    )
    .undefined_when(NO_PAIR_OR_ONE_LEVEL),
    Row::new(
        "glcm_difference_average",
        Some("glcm_DifferenceAverage"),
        Some("TF7R"),
        "level",
        "sum of k p_x-y(k)",
        |c| c.over_differences(|k| k),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_difference_entropy",
        Some("glcm_DifferenceEntropy"),
        Some("NTRS"),
        "bit",
        "-sum of p_x-y log2(p_x-y + ε)",
        |c| c.difference_entropy,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_difference_variance",
        Some("glcm_DifferenceVariance"),
        Some("D3YU"),
        "level^2",
        "variance of k under p_x-y",
        difference_variance,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_inverse_difference",
        Some("glcm_Id"),
        Some("IB1Z"),
        "1",
        "sum of p_x-y(k) / (1 + k)",
        |c| c.over_differences(|k| 1.0 / (1.0 + k)),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_inverse_difference_moment",
        Some("glcm_Idm"),
        Some("WF0Z"),
        "1",
        "sum of p_x-y(k) / (1 + k^2)",
        |c| c.over_differences(|k| 1.0 / (1.0 + k * k)),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_inverse_difference_moment_normalised",
        Some("glcm_Idmn"),
        Some("1QCO"),
        "1",
        "sum of p_x-y(k) / (1 + (k / N_g)^2)",
        |c| c.over_differences(|k| 1.0 / (1.0 + (k / c.frame.highest_level).powi(2))),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_inverse_difference_normalised",
        Some("glcm_Idn"),
        Some("NDRX"),
        "1",
        "sum of p_x-y(k) / (1 + k / N_g)",
        |c| c.over_differences(|k| 1.0 / (1.0 + k / c.frame.highest_level)),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_information_correlation_1",
        Some("glcm_Imc1"),
        Some("R8DG"),
        "1",
        "(HXY - HXY1) / max(HX, HY); PyRadiomics: 0 where both are 0",
        information_correlation_1,
    )
    .undefined_when(NO_PAIR_OR_ONE_LEVEL),
    Row::new(
        "glcm_information_correlation_2",
        Some("glcm_Imc2"),
        Some("JN9H"),
        "1",
        "sqrt(1 - exp(-2 (HXY2 - HXY)))",
        information_correlation_2,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_inverse_variance",
        Some("glcm_InverseVariance"),
        Some("E8JP"),
        "level^-2",
        "sum of p_x-y(k) / k^2 over k > 0",
        |c| c.over_differences(|k| if k > 0.0 { 1.0 / (k * k) } else { 0.0 }),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_joint_average",
        Some("glcm_JointAverage"),
        Some("60VM"),
        "level",
        "mu_x, sum of i p",
        |c| c.rows.mean,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_angular_second_moment",
        Some("glcm_JointEnergy"),
        Some("8ZQL"),
        "1",
        "sum of p^2",
        |c| c.energy,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_joint_entropy",
        Some("glcm_JointEntropy"),
        Some("TU9B"),
        "bit",
        "HXY, -sum of p log2(p + ε)",
        |c| c.joint_entropy,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        MAXIMAL_CORRELATION,
        Some("glcm_MCC"),
        None,
        "1",
        "square root of the second largest eigenvalue of Q; 1 when the region has one grey level",
        maximal_correlation,
    )
    .undefined_when("no two voxels of the region are neighbours and it has several levels"),
    Row::new(
        "glcm_joint_maximum",
        Some("glcm_MaximumProbability"),
        Some("GYBY"),
        "1",
        "highest p",
        |c| c.maximum,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_sum_average",
        Some("glcm_SumAverage"),
        Some("ZGXS"),
        "level",
        "sum of k p_x+y(k)",
        |c| c.over_sums(|k| k),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_sum_entropy",
        Some("glcm_SumEntropy"),
        Some("P6QZ"),
        "bit",
        "-sum of p_x+y log2(p_x+y + ε)",
        |c| c.sum_entropy,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_joint_variance",
        Some("glcm_SumSquares"),
        Some("UR99"),
        "level^2",
        "sigma_x^2, sum of (i - mu_x)^2 p",
        |c| c.rows.variance,
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_sum_variance",
        None,
        Some("OEEB"),
        "level^2",
        "variance of k under p_x+y",
        |c| cluster(c, |d| d * d),
    )
    .undefined_when(NO_PAIR),
    Row::new(
        "glcm_dissimilarity",
        None,
        Some("8S9J"),
        "level",
        "sum of |i - j| p",
        |c| c.over_differences(|k| k),
    )
    .undefined_when(NO_PAIR),
];
