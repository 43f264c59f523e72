//! Whose definitions, defaults and names are used.

/// Two profiles of one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// PyRadiomics 3.0.1: same names, same values.
    #[default]
    PyRadiomics,
    /// The reference manual of the Image Biomarker Standardisation Initiative.
    Ibsi,
}

impl Profile {
    /// Name in settings and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::PyRadiomics => "pyradiomics",
            Self::Ibsi => "ibsi",
        }
    }

    /// The number added inside every logarithm: PyRadiomics adds the distance from 1.0 to the next
    /// `f64`, which shows where a probability is 1; the standard adds nothing.
    pub(crate) fn epsilon(self) -> f64 {
        match self {
            Self::PyRadiomics => f64::EPSILON,
            Self::Ibsi => 0.0,
        }
    }
}
