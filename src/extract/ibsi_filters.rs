//! Filters of the standard from text: `name:key=value,key=value`.
//!
//! ```text
//! mean:support=5                          log:sigma=1.5,cutoff=4,dimensions=2
//! laws:kernels=L5E5E5,rotation=max,energy=7
//! gabor:sigma=5,wavelength=2,gamma=1.5,step=22.5,planes=orthogonal
//! wavelet:family=db3,band=LLH,level=1,rotation=average
//! simoncelli:level=2                      riesz:order=0-2-0,sigma=3
//! ```
//!
//! Lengths are mm, angles degrees. `boundary` is zero, nearest, periodic or mirror (the default but for
//! Simoncelli, where it is periodic), `dimensions` 2 or 3 (the default); Laws kernels and wavelet bands say theirs by their length.

use raduet_features::filters::Filter;
use raduet_features::filters::ibsi::{
    Dimensions, Energy, Gabor, GaborOptions, LaplacianOfGaussian, LaplacianOfGaussianOptions, Laws,
    LawsOptions, Mean, MeanOptions, Orientations, Planes, Riesz, RieszBase, RieszOptions, Rotation,
    SeparableWavelet, SeparableWaveletOptions, Simoncelli, SimoncelliOptions,
};
use raduet_features::filters::padding::Boundary;
use raduet_features::filters::pooling::Pooling;

use super::plan::wrong;
use crate::error::{Code, Result, ToolError};
use crate::settings::nearest::suggestion;

/// A filter: its name, its keys, and what makes it.
struct Entry {
    name: &'static str,
    keys: &'static [&'static str],
    make: fn(&Given<'_>) -> Result<Box<dyn Filter>>,
}

const FILTERS: &[Entry] = &[
    Entry {
        name: "mean",
        keys: &["support", "dimensions", "boundary"],
        make: |given| {
            made(Mean::new(MeanOptions {
                support: given.number("support", None)?,
                dimensions: given.dimensions()?,
                boundary: given.boundary()?,
            }))
        },
    },
    Entry {
        name: "log",
        keys: &["sigma", "cutoff", "dimensions", "boundary"],
        make: |given| made(LaplacianOfGaussian::new(given.laplacian()?)),
    },
    Entry {
        name: "laws",
        keys: &["kernels", "rotation", "energy", "boundary"],
        make: |given| {
            made(Laws::new(LawsOptions {
                kernels: given.text("kernels")?.to_owned(),
                rotation: given.rotation()?,
                energy: match given.get("energy") {
                    None => Energy::None,
                    Some(_) => Energy::Within(given.number("energy", None)?),
                },
                boundary: given.boundary()?,
            }))
        },
    },
    Entry {
        name: "gabor",
        keys: &[
            "sigma",
            "wavelength",
            "gamma",
            "theta",
            "step",
            "pooling",
            "planes",
            "boundary",
        ],
        make: |given| {
            made(Gabor::new(GaborOptions {
                sigma_mm: given.number("sigma", None)?,
                wavelength_mm: given.number("wavelength", None)?,
                gamma: given.number("gamma", Some(1.0))?,
                theta_degrees: given.number("theta", Some(0.0))?,
                orientations: match given.get("step") {
                    None => Orientations::Single,
                    Some(_) => Orientations::Invariant {
                        step_degrees: given.number("step", None)?,
                        pooling: given.pooling("pooling")?,
                    },
                },
                planes: given.word(
                    "planes",
                    &[("axial", Planes::Axial), ("orthogonal", Planes::Orthogonal)],
                )?,
                boundary: given.boundary()?,
            }))
        },
    },
    Entry {
        name: "wavelet",
        keys: &["family", "band", "level", "rotation", "boundary"],
        make: |given| {
            made(SeparableWavelet::new(SeparableWaveletOptions {
                wavelet: given.text("family")?.to_owned(),
                band: given.text("band")?.to_owned(),
                level: given.number("level", Some(1))?,
                rotation: given.rotation()?,
                boundary: given.boundary()?,
            }))
        },
    },
    Entry {
        name: "simoncelli",
        keys: &["level", "dimensions", "boundary"],
        make: |given| made(Simoncelli::new(given.simoncelli()?)),
    },
    Entry {
        name: "riesz",
        keys: &[
            "order",
            "sigma",
            "cutoff",
            "level",
            "dimensions",
            "boundary",
        ],
        make: |given| {
            let base = if given.get("level").is_some() {
                RieszBase::Simoncelli(given.simoncelli()?)
            } else {
                RieszBase::LaplacianOfGaussian(given.laplacian()?)
            };
            made(Riesz::new(RieszOptions {
                order: given.order()?,
                base,
            }))
        },
    },
];

/// Makes a filter.
///
/// # Errors
/// [`Code::Settings`] for an unknown filter or key, with the nearest name, and for a value that does not fit.
pub(super) fn filter(text: &str) -> Result<Box<dyn Filter>> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let Some(entry) = FILTERS.iter().find(|entry| entry.name == name) else {
        let known: Vec<&str> = FILTERS.iter().map(|entry| entry.name).collect();
        let found = format!("unknown filter '{name}'");
        return Err(ToolError::new(Code::Settings, found).remedy(suggestion(name, &known)));
    };
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for part in rest.split(',').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (key.trim(), value.trim());
        if !entry.keys.contains(&key) {
            let found = format!("filter {name}: unknown key '{key}'");
            return Err(ToolError::new(Code::Settings, found).remedy(suggestion(key, entry.keys)));
        }
        if pairs.iter().any(|(known, _)| *known == key) {
            let found = format!("filter {name}: '{key}' twice");
            return Err(ToolError::new(Code::Settings, found).remedy("give every key once"));
        }
        pairs.push((key, value));
    }
    (entry.make)(&Given { name, pairs })
}

fn made<F: Filter + 'static>(
    filter: std::result::Result<F, raduet_features::FeatureError>,
) -> Result<Box<dyn Filter>> {
    match filter {
        Ok(filter) => Ok(Box::new(filter)),
        Err(fault) => Err(wrong(&fault)),
    }
}

/// The keys of one filter.
struct Given<'a> {
    name: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl Given<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| *value)
    }

    fn refused(&self, key: &str, expected: &str) -> ToolError {
        let found = match self.get(key) {
            Some(value) => format!("filter {}: {key}={value}", self.name),
            None => format!("filter {}: no {key}", self.name),
        };
        ToolError::new(Code::Settings, found)
            .expected(expected)
            .remedy("correct --filter")
    }

    fn text(&self, key: &str) -> Result<&str> {
        self.get(key).ok_or_else(|| self.refused(key, "a name"))
    }

    fn number<T: std::str::FromStr>(&self, key: &str, default: Option<T>) -> Result<T> {
        match (self.get(key), default) {
            (None, Some(default)) => Ok(default),
            (found, _) => found
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| self.refused(key, "a number")),
        }
    }

    /// One of several words, the first where the key is not given.
    fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<T> {
        let Some(text) = self.get(key) else {
            return Ok(words[0].1);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refused(key, &known.join(", "))
        })
    }

    fn boundary(&self) -> Result<Boundary> {
        self.word(
            "boundary",
            &[
                ("mirror", Boundary::Mirror),
                ("zero", Boundary::Zero),
                ("nearest", Boundary::Nearest),
                ("periodic", Boundary::Periodic),
            ],
        )
    }

    fn dimensions(&self) -> Result<Dimensions> {
        self.word(
            "dimensions",
            &[("3", Dimensions::Three), ("2", Dimensions::Two)],
        )
    }

    fn pooling(&self, key: &str) -> Result<Pooling> {
        self.word(
            key,
            &[
                ("average", Pooling::Average),
                ("max", Pooling::Max),
                ("min", Pooling::Min),
            ],
        )
    }

    fn rotation(&self) -> Result<Rotation> {
        match self.get("rotation") {
            None | Some("none") => Ok(Rotation::None),
            Some(_) => Ok(Rotation::Invariant(self.pooling("rotation")?)),
        }
    }

    fn laplacian(&self) -> Result<LaplacianOfGaussianOptions> {
        Ok(LaplacianOfGaussianOptions {
            sigma_mm: self.number("sigma", None)?,
            cutoff: self.number("cutoff", Some(4.0))?,
            dimensions: self.dimensions()?,
            boundary: self.boundary()?,
        })
    }

    fn simoncelli(&self) -> Result<SimoncelliOptions> {
        Ok(SimoncelliOptions {
            level: self.number("level", Some(1))?,
            dimensions: self.dimensions()?,
            // The standard's own: the transform takes the image as periodic.
            boundary: match self.get("boundary") {
                None => Boundary::Periodic,
                Some(_) => self.boundary()?,
            },
        })
    }

    /// `0-2-0`: orders along x, y, z.
    fn order(&self) -> Result<[u32; 3]> {
        let refused = || self.refused("order", "three whole numbers along x, y, z such as 0-2-0");
        let text = self.get("order").ok_or_else(refused)?;
        let numbers: Vec<u32> = text
            .split('-')
            .filter_map(|part| part.parse().ok())
            .collect();
        numbers.try_into().map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_of_the_help_is_made() {
        for text in [
            "mean:support=5",
            "log:sigma=1.5,cutoff=4,dimensions=2",
            "laws:kernels=L5E5E5,rotation=max,energy=7",
            "gabor:sigma=5,wavelength=2,gamma=1.5,step=22.5,planes=orthogonal",
            "wavelet:family=db3,band=LLH,level=1,rotation=average",
            "simoncelli:level=2",
            "riesz:order=0-2-0,sigma=3",
        ] {
            let names = filter(text).unwrap().names();
            assert_eq!(names.len(), 1, "{text}: {names:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, told) in [
            ("lag:sigma=1", "did you mean 'log'"),
            ("log:sigmas=1", "did you mean 'sigma'"),
            ("log", "no sigma"),
            ("log:sigma=-1", "sigma"),
            ("mean:support=5,boundary=wrap", "mirror, zero"),
            ("riesz:order=1-2,sigma=1", "three whole numbers"),
        ] {
            let fault = filter(text).unwrap_err().to_string();
            assert!(fault.contains(told), "{text}: {fault}");
        }
    }
}
