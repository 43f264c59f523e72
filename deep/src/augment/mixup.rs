//! Mixup: each sample of a batch becomes a weighted mean of itself and another one, and so does its class:
//! H. Zhang et al., *mixup: beyond empirical risk minimization*, arXiv 1710.09412.

use crate::rng::{Stream, shuffled};

/// How a batch is mixed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixing {
    /// Weight λ of each sample itself.
    pub(crate) own: f64,
    /// Position of each sample's partner in the batch.
    pub(crate) partners: Vec<usize>,
}

impl Mixing {
    /// λ from Beta(α, α), partners by a random permutation.
    pub(crate) fn draw(batch: usize, alpha: f64, stream: &mut Stream) -> Self {
        let (first, second) = (gamma(alpha, stream), gamma(alpha, stream));
        let sum = first + second;
        Self {
            // Both may underflow for tiny α: then nothing is mixed.
            own: if sum > 0.0 { first / sum } else { 1.0 },
            partners: shuffled(u32::try_from(batch).unwrap_or(u32::MAX), stream),
        }
    }

    /// λ a + (1 - λ) b for every image of `images`.
    #[expect(clippy::cast_possible_truncation, reason = "images are f32")]
    pub(crate) fn images(&self, images: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let (own, other) = (self.own as f32, (1.0 - self.own) as f32);
        let mixed = |(image, partner): (&Vec<f32>, &usize)| {
            let pairs = image.iter().zip(&images[*partner]);
            pairs.map(|(a, b)| own * a + other * b).collect()
        };
        images.iter().zip(&self.partners).map(mixed).collect()
    }
}

/// A gamma variable of this shape and scale 1: G. Marsaglia and W. W. Tsang, *A simple method for generating
/// gamma variables*, ACM TOMS 26 (2000), doi 10.1145/358407.358414; below shape 1 by their power of a uniform.
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        let boosted = gamma(shape + 1.0, stream);
        return boosted * (1.0 - stream.uniform()).powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 {
            let u = 1.0 - stream.uniform();
            if u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    /// Beta(α, α) has mean 1/2 and variance 1 / (4 (2α + 1)).
    #[test]
    fn weights_have_the_moments_of_their_distribution() {
        for alpha in [0.2, 1.0, 4.0] {
            let n = 20_000;
            let draws: Vec<f64> = (0..n)
                .map(|i| {
                    let mut stream = Stream::new(5, Purpose::Mixup, 0, i);
                    Mixing::draw(2, alpha, &mut stream).own
                })
                .collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / f64::from(n);
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            // Five standard errors of the mean; the variance's are below 1 % here.
            assert!(
                (mean - 0.5).abs() < 5.0 * (expected / f64::from(n)).sqrt(),
                "{mean}"
            );
            assert!(
                (variance / expected - 1.0).abs() < 0.05,
                "{alpha}: {variance}"
            );
        }
    }

    #[test]
    fn images_are_weighted_means() {
        let mixing = Mixing {
            own: 0.75,
            partners: vec![1, 0],
        };
        let mixed = mixing.images(&[vec![0.0, 1.0], vec![1.0, 0.0]]);
        assert_eq!(mixed, [vec![0.25, 0.75], vec![0.75, 0.25]]);
    }
}
