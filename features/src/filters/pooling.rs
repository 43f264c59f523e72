//! Pooling: one response from the responses of a filter in several orientations.

/// How the responses at a voxel become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Their largest.
    Max,
    /// Their mean.
    Average,
    /// Their smallest.
    Min,
}

impl Pooling {
    /// The word in the names of responses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Average => "average",
            Self::Min => "min",
        }
    }
}

/// In how many orientations a response was found as it is, and in how many with the opposite sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Occurrences {
    /// As it is.
    pub(crate) positive: u32,
    /// Negated.
    pub(crate) negative: u32,
}

impl Occurrences {
    /// Whether such a response changes what is pooled: one that occurs as often as its negative adds
    /// nothing to a mean.
    pub(crate) fn matter(self, pooling: Pooling) -> bool {
        pooling != Pooling::Average || self.positive != self.negative
    }
}

impl Pooling {
    /// What is pooled before the first response.
    pub(crate) fn start(self) -> f64 {
        match self {
            Self::Max => f64::NEG_INFINITY,
            Self::Average => 0.0,
            Self::Min => f64::INFINITY,
        }
    }

    /// Takes in responses for all orientations in which they, or their negatives, occur. Averages are sums
    /// as yet.
    pub(crate) fn add(self, pooled: &mut [f64], responses: &[f64], occurrences: Occurrences) {
        let Occurrences { positive, negative } = occurrences;
        let pairs = pooled.iter_mut().zip(responses);
        match (self, positive > 0, negative > 0) {
            (Self::Average, ..) => {
                let weight = f64::from(positive) - f64::from(negative);
                pairs.for_each(|(sum, value)| *sum += weight * value);
            }
            (Self::Max, true, true) => {
                pairs.for_each(|(most, value)| *most = most.max(value.abs()));
            }
            (Self::Max, false, _) => pairs.for_each(|(most, value)| *most = most.max(-value)),
            (Self::Max, true, false) => pairs.for_each(|(most, value)| *most = most.max(*value)),
            (Self::Min, true, true) => {
                pairs.for_each(|(least, value)| *least = least.min(-value.abs()));
            }
            (Self::Min, false, _) => pairs.for_each(|(least, value)| *least = least.min(-value)),
            (Self::Min, true, false) => pairs.for_each(|(least, value)| *least = least.min(*value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(pooling: Pooling) -> Vec<f64> {
        let mut pooled = vec![pooling.start(); 3];
        let both = Occurrences {
            positive: 1,
            negative: 1,
        };
        let opposite = Occurrences {
            positive: 0,
            negative: 2,
        };
        let same = Occurrences {
            positive: 1,
            negative: 0,
        };
        pooling.add(&mut pooled, &[1.0, -6.0, 3.0], both);
        pooling.add(&mut pooled, &[-2.0, 8.0, 0.0], opposite);
        pooling.add(&mut pooled, &[0.5, 7.0, 4.0], same);
        pooled
    }

    #[test]
    fn negated_responses_are_pooled_like_others() {
        // At the three voxels: 1, -1, 2, 2, 0.5; -6, 6, -8, -8, 7; 3, -3, 0, 0, 4.
        assert_eq!(pooled(Pooling::Max), [2.0, 7.0, 4.0]);
        assert_eq!(pooled(Pooling::Min), [-1.0, -8.0, -3.0]);
        assert_eq!(pooled(Pooling::Average), [4.5, -9.0, 4.0]);
    }

    #[test]
    fn what_cancels_in_a_mean_matters_elsewhere() {
        let both = Occurrences {
            positive: 2,
            negative: 2,
        };
        assert!(!both.matter(Pooling::Average));
        assert!(both.matter(Pooling::Max));
    }
}
