//! `Square`, `SquareRoot`, `Logarithm`, `Exponential`: each intensity by itself, scaled by the largest.
//!
//! With `m = max |x|` over the whole image:
//!
//! | image type | `f(x)` |
//! |---|---|
//! | Square | `(x / √m)²` |
//! | `SquareRoot` | `sign(x) √(m |x|)` |
//! | Logarithm | `sign(x) ln(|x| + 1) · m / ln(m + 1)` |
//! | Exponential | `exp(x ln(m) / m)` |
//!
//! Because of `m` the responses change when the image is cut down. An image that is zero throughout has none
//! of Square, Logarithm and Exponential: PyRadiomics divides zero by zero there.

use ndarray::Array3;

use crate::error::{FeatureError, Result};
use crate::filters::Filter;
use crate::geometry::Spacing;

/// A curve that maps intensities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntensityCurve {
    /// Negative intensities become positive.
    Square,
    /// Keeps signs.
    SquareRoot,
    /// Keeps signs.
    Logarithm,
    /// Always positive.
    Exponential,
}

impl IntensityCurve {
    fn name(self) -> &'static str {
        match self {
            Self::Square => "square",
            Self::SquareRoot => "squareroot",
            Self::Logarithm => "logarithm",
            Self::Exponential => "exponential",
        }
    }

    /// Maps an image whose largest absolute intensity is `largest`, above zero.
    fn map(self, image: &Array3<f64>, largest: f64) -> Array3<f64> {
        match self {
            Self::Square => {
                let scale = 1.0 / largest.sqrt();
                image.mapv(|x| (scale * x) * (scale * x))
            }
            Self::SquareRoot => image.mapv(|x| keep_sign(x, |x| (x * largest).sqrt())),
            Self::Logarithm => {
                let curve = |x| keep_sign(x, |x: f64| (x + 1.0).ln());
                let scale = largest / (largest + 1.0).ln();
                image.mapv(|x| curve(x) * scale)
            }
            Self::Exponential => {
                let scale = largest.ln() / largest;
                image.mapv(|x| (scale * x).exp())
            }
        }
    }
}

/// A function of the absolute value with the sign of the value; zero stays zero.
fn keep_sign(x: f64, of_absolute: impl Fn(f64) -> f64) -> f64 {
    if x > 0.0 {
        of_absolute(x)
    } else if x < 0.0 {
        -of_absolute(-x)
    } else {
        x
    }
}

impl Filter for IntensityCurve {
    fn names(&self) -> Vec<String> {
        vec![self.name().into()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let largest = image.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        if largest == 0.0 && *self != Self::SquareRoot {
            return Err(FeatureError::Filter {
                filter: self.name().into(),
                found: "the image is zero throughout".into(),
                expected: "an intensity other than zero".into(),
            });
        }
        each(0, self.map(image, largest))
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn response(curve: IntensityCurve, image: &Array3<f64>) -> Result<Array3<f64>> {
        let mut found = None;
        curve.respond(
            image,
            Spacing::new([1.0; 3]).unwrap(),
            &mut |_, response| {
                found = Some(response);
                Ok(())
            },
        )?;
        Ok(found.expect("one response"))
    }

    #[test]
    fn the_largest_intensity_keeps_its_size() {
        let image = array![[[-9.0, 0.0, 4.0]]];
        for (curve, first) in [
            (IntensityCurve::Square, 9.0),
            (IntensityCurve::SquareRoot, -9.0),
            (IntensityCurve::Logarithm, -9.0),
            (IntensityCurve::Exponential, 1.0 / 9.0),
        ] {
            let found = response(curve, &image).unwrap()[[0, 0, 0]];
            assert!((found - first).abs() < 1e-14, "{curve:?}: {found}");
        }
    }

    #[test]
    fn a_zero_image_has_a_square_root_only() {
        let image = Array3::zeros((2, 2, 2));
        assert_eq!(
            response(IntensityCurve::SquareRoot, &image),
            Ok(image.clone())
        );
        assert!(response(IntensityCurve::Square, &image).is_err());
        assert!(response(IntensityCurve::Logarithm, &image).is_err());
        assert!(response(IntensityCurve::Exponential, &image).is_err());
    }
}
