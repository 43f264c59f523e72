//! Intensity-volume histogram (IBSI chapter 3.5, family P88C): how much of the region has at least an
//! intensity.
//!
//! Symbols: `i` discretised intensity, from the range `G` on in steps of `w`; `nu` the fraction of voxels with
//! at least `i`; `gamma = (i - min G) / (max G - min G)`. With `x_min` and `x_max` the bounds of an absolute
//! re-segmentation range, each replaced by the lowest or highest intensity of the region where there is
//! none:
//!
//! | bins | `i` | `G` |
//! |---|---|---|
//! | discrete | the intensities, steps of 1 | `x_min ..= x_max` |
//! | continuous | centres of bins of width `w` from `x_min` | `x_min + w/2 ..= x_max - w/2` |
//! | arbitrary | levels of a fixed bin number `N`, from lowest to highest intensity | `1 ..= N` |
//!
//! The standard's identifiers BC2M and GBPN name the curve; those of its points at 10 and 90 % and of their
//! differences, which the standard's list of names has, tell the six features apart.

use crate::bins::Bins;
use crate::discretise::Discretisation;
use crate::families::distribution::Distribution;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::settings::{IvhBins, ResegmentationRange};
use crate::spec::{Feature, FeatureSpec, specs_of};

/// The family.
pub(crate) struct IntensityVolumeHistogram;

impl FeatureFamily for IntensityVolumeHistogram {
    fn id(&self) -> &'static str {
        "intensity_volume_histogram"
    }

    fn profile(&self) -> Profile {
        Profile::Ibsi
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::Intensities
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let h = Curve::new(region);
        values.extend(TABLE.iter().map(|feature| (feature.value)(&h)));
    }
}

/// What the features are read from: discretised intensities, numbered from 0 at the lowest of `G`.
struct Curve {
    /// Numbers that occur, ascending, each with the fraction of voxels that have it or a higher one.
    at_least: Vec<(f64, f64)>,
    /// Intensity of number 0, and from one number to the next.
    first: f64,
    step: f64,
    /// `(max G - min G) / step`.
    span: f64,
}

impl Curve {
    fn new(region: &Region<'_>) -> Self {
        let x = Distribution::of_intensities(region.roi);
        let (low, high) = range(region, &x);
        match region.settings.ivh {
            IvhBins::Discrete => Self::counted(&x, low, 1.0, high - low, |x| (x - low).floor()),
            IvhBins::Continuous { width } => {
                let (centre, span) = (low + width / 2.0, (high - low) / width - 1.0);
                Self::counted(&x, centre, width, span, |x| ((x - low) / width).floor())
            }
            IvhBins::Arbitrary { count } => {
                let rule = Discretisation::FixedBinNumber { count };
                let (low, high) = (x.minimum(), x.maximum());
                let bins = Bins::new(rule, low, high, count as usize)
                    .expect("a number of bins is never too many of them");
                let last = f64::from(count) - 1.0;
                Self::counted(&x, 1.0, 1.0, last, |x| bins.level(x) as f64 - 1.0)
            }
        }
    }

    fn counted(
        x: &Distribution,
        first: f64,
        step: f64,
        span: f64,
        number: impl Fn(f64) -> f64,
    ) -> Self {
        let mut at_least: Vec<(f64, f64)> = Vec::with_capacity(x.values().len());
        let mut left = x.n();
        for (value, count) in x.values().iter().zip(x.counts()) {
            let number = number(*value);
            if at_least.last().is_none_or(|(last, _)| *last < number) {
                at_least.push((number, left / x.n()));
            }
            left -= f64::from(*count);
        }
        Self {
            at_least,
            first,
            step,
            span,
        }
    }

    /// `nu` of the lowest `i` whose `gamma` is `fraction` or more, which has the largest `nu` of them.
    fn volume_at(&self, fraction: f64) -> f64 {
        if self.span <= 0.0 {
            return f64::NAN;
        }
        // Rounding may put the number one too high; the definition decides.
        let mut number = (fraction * self.span).ceil();
        if (number - 1.0) / self.span >= fraction {
            number -= 1.0;
        }
        let at = self.at_least.partition_point(|(n, _)| *n < number);
        self.at_least.get(at).map_or(0.0, |(_, volume)| *volume)
    }

    /// The lowest `i` whose `nu` is `fraction < 1` or less: one step above the highest one that more
    /// voxels reach, perhaps beyond `G`.
    fn intensity_at(&self, fraction: f64) -> f64 {
        let at = self.at_least.partition_point(|(_, nu)| *nu > fraction);
        self.first + (self.at_least[at - 1].0 + 1.0) * self.step
    }
}

/// `x_min` and `x_max`.
fn range(region: &Region<'_>, x: &Distribution) -> (f64, f64) {
    let rule = region.settings.resegmentation.and_then(|rule| rule.range);
    let (low, high) = match rule {
        Some(ResegmentationRange::Absolute { low, high }) => (low, high),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let finite = |bound: f64, instead| if bound.is_finite() { bound } else { instead };
    (finite(low, x.minimum()), finite(high, x.maximum()))
}

/// The six features in the standard's order.
const TABLE: &[Feature<Curve>] = &[
    Feature::new(
        "intensity_volume_histogram_v10",
        None,
        Some("NK6P"),
        "1",
        "nu of the lowest i with gamma >= 0.1 (volume at intensity fraction, BC2M)",
        |h: &Curve| h.volume_at(0.1),
    )
    .undefined_when("the range G is a single intensity"),
    Feature::new(
        "intensity_volume_histogram_v90",
        None,
        Some("4279"),
        "1",
        "nu of the lowest i with gamma >= 0.9 (volume at intensity fraction, BC2M)",
        |h: &Curve| h.volume_at(0.9),
    )
    .undefined_when("the range G is a single intensity"),
    Feature::new(
        "intensity_volume_histogram_i10",
        None,
        Some("PWN1"),
        "intensity",
        "lowest i with nu <= 0.1 (intensity at volume fraction, GBPN)",
        |h| h.intensity_at(0.1),
    ),
    Feature::new(
        "intensity_volume_histogram_i90",
        None,
        Some("BOHI"),
        "intensity",
        "lowest i with nu <= 0.9 (intensity at volume fraction, GBPN)",
        |h| h.intensity_at(0.9),
    ),
    Feature::new(
        "intensity_volume_histogram_v10_minus_v90",
        None,
        Some("WITY"),
        "1",
        "V10 - V90 (volume fraction difference between intensity fractions, DDTU)",
        |h: &Curve| h.volume_at(0.1) - h.volume_at(0.9),
    )
    .undefined_when("the range G is a single intensity"),
    Feature::new(
        "intensity_volume_histogram_i10_minus_i90",
        None,
        Some("JXJA"),
        "intensity",
        "I10 - I90 (intensity fraction difference between volume fractions, CNV2)",
        |h| h.intensity_at(0.1) - h.intensity_at(0.9),
    ),
];
