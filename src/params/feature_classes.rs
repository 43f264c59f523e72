//! Feature classes and features of PyRadiomics 3.0.1 by name, and which of them a file asks for.
//!
//! `featureClass` maps a class to a list of features; no list or an empty one is the whole class. Features
//! that PyRadiomics has deprecated are known by name: they are not computed, and it is said what takes
//! their place.

use raduet_features::Profile;
use raduet_features::registry::families;

use super::faults::Collected;
use super::yaml::{Node, Value};
use crate::settings::nearest::suggestion;

/// A class with the features that belong to it whole, in PyRadiomics' order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureClass {
    /// As in files and column names.
    pub name: &'static str,
    /// As in files and column names, without the class.
    pub features: &'static [&'static str],
}

/// The classes, as PyRadiomics lists them.
pub static CLASSES: [FeatureClass; 8] = [
    FeatureClass {
        name: "firstorder",
        features: &[
            "Energy",
            "TotalEnergy",
            "Entropy",
            "Minimum",
            "10Percentile",
            "90Percentile",
            "Maximum",
            "Mean",
            "Median",
            "InterquartileRange",
            "Range",
            "MeanAbsoluteDeviation",
            "RobustMeanAbsoluteDeviation",
            "RootMeanSquared",
            "Skewness",
            "Kurtosis",
            "Variance",
            "Uniformity",
        ],
    },
    FeatureClass {
        name: "glcm",
        features: &[
            "Autocorrelation",
            "JointAverage",
            "ClusterProminence",
            "ClusterShade",
            "ClusterTendency",
            "Contrast",
            "Correlation",
            "DifferenceAverage",
            "DifferenceEntropy",
            "DifferenceVariance",
            "JointEnergy",
            "JointEntropy",
            "Imc1",
            "Imc2",
            "Idm",
            "MCC",
            "Idmn",
            "Id",
            "Idn",
            "InverseVariance",
            "MaximumProbability",
            "SumAverage",
            "SumEntropy",
            "SumSquares",
        ],
    },
    FeatureClass {
        name: "gldm",
        features: &[
            "SmallDependenceEmphasis",
            "LargeDependenceEmphasis",
            "GrayLevelNonUniformity",
            "DependenceNonUniformity",
            "DependenceNonUniformityNormalized",
            "GrayLevelVariance",
            "DependenceVariance",
            "DependenceEntropy",
            "LowGrayLevelEmphasis",
            "HighGrayLevelEmphasis",
            "SmallDependenceLowGrayLevelEmphasis",
            "SmallDependenceHighGrayLevelEmphasis",
            "LargeDependenceLowGrayLevelEmphasis",
            "LargeDependenceHighGrayLevelEmphasis",
        ],
    },
    FeatureClass {
        name: "glrlm",
        features: &[
            "ShortRunEmphasis",
            "LongRunEmphasis",
            "GrayLevelNonUniformity",
            "GrayLevelNonUniformityNormalized",
            "RunLengthNonUniformity",
            "RunLengthNonUniformityNormalized",
            "RunPercentage",
            "GrayLevelVariance",
            "RunVariance",
            "RunEntropy",
            "LowGrayLevelRunEmphasis",
            "HighGrayLevelRunEmphasis",
            "ShortRunLowGrayLevelEmphasis",
            "ShortRunHighGrayLevelEmphasis",
            "LongRunLowGrayLevelEmphasis",
            "LongRunHighGrayLevelEmphasis",
        ],
    },
    FeatureClass {
        name: "glszm",
        features: &[
            "SmallAreaEmphasis",
            "LargeAreaEmphasis",
            "GrayLevelNonUniformity",
            "GrayLevelNonUniformityNormalized",
            "SizeZoneNonUniformity",
            "SizeZoneNonUniformityNormalized",
            "ZonePercentage",
            "GrayLevelVariance",
            "ZoneVariance",
            "ZoneEntropy",
            "LowGrayLevelZoneEmphasis",
            "HighGrayLevelZoneEmphasis",
            "SmallAreaLowGrayLevelEmphasis",
            "SmallAreaHighGrayLevelEmphasis",
            "LargeAreaLowGrayLevelEmphasis",
            "LargeAreaHighGrayLevelEmphasis",
        ],
    },
    FeatureClass {
        name: "ngtdm",
        features: &[
            "Coarseness",
            "Contrast",
            "Busyness",
            "Complexity",
            "Strength",
        ],
    },
    FeatureClass {
        name: "shape",
        features: &[
            "MeshVolume",
            "VoxelVolume",
            "SurfaceArea",
            "SurfaceVolumeRatio",
            "Sphericity",
            "Maximum3DDiameter",
            "Maximum2DDiameterSlice",
            "Maximum2DDiameterColumn",
            "Maximum2DDiameterRow",
            "MajorAxisLength",
            "MinorAxisLength",
            "LeastAxisLength",
            "Elongation",
            "Flatness",
        ],
    },
    FeatureClass {
        name: "shape2D",
        features: &[
            "MeshSurface",
            "PixelSurface",
            "Perimeter",
            "PerimeterSurfaceRatio",
            "Sphericity",
            "MaximumDiameter",
            "MajorAxisLength",
            "MinorAxisLength",
            "Elongation",
        ],
    },
];

/// Deprecated features of PyRadiomics and what to use: class, feature, what takes its place.
const DEPRECATED: [(&str, &str, &str); 12] = [
    (
        "firstorder",
        "StandardDeviation",
        "Variance is its square and is computed",
    ),
    ("glcm", "Dissimilarity", "DifferenceAverage is the same"),
    ("glcm", "Homogeneity1", "Id is the same"),
    ("glcm", "Homogeneity2", "Idm is the same"),
    ("glcm", "SumVariance", "ClusterTendency is the same"),
    (
        "gldm",
        "GrayLevelNonUniformityNormalized",
        "firstorder Uniformity is the same",
    ),
    ("gldm", "DependencePercentage", "it is always 1"),
    ("shape", "Compactness1", "Sphericity says the same"),
    ("shape", "Compactness2", "Sphericity is its cube root"),
    (
        "shape",
        "SphericalDisproportion",
        "Sphericity is its inverse",
    ),
    (
        "shape2D",
        "SphericalDisproportion",
        "Sphericity is its inverse",
    ),
    // Named in PyRadiomics' documentation of parameter files, gone since its version 2.
    (
        "shape",
        "Volume",
        "MeshVolume and VoxelVolume took its place",
    ),
];

/// Which features of a class are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassChoice {
    /// The class.
    pub class: &'static FeatureClass,
    /// The features, in the file's order; none where only deprecated ones were asked for.
    pub features: Vec<&'static str>,
}

impl ClassChoice {
    /// Everything that the class has.
    pub fn whole(class: &'static FeatureClass) -> Self {
        Self {
            class,
            features: class.features.to_vec(),
        }
    }
}

/// Reads `featureClass`. An empty table means all classes, like no table.
pub(super) fn read(node: &Node, collected: &mut Collected) -> Vec<ClassChoice> {
    let mut choices = Vec::new();
    for (name, key, list) in collected.table(node, "featureClass") {
        let Some(class) = CLASSES.iter().find(|class| class.name == name) else {
            let known: Vec<&str> = CLASSES.iter().map(|class| class.name).collect();
            collected.fault(
                key,
                format!("featureClass: unknown class '{name}'"),
                "",
                suggestion(&name, &known),
            );
            continue;
        };
        match &list.value {
            Value::Null => choices.push(ClassChoice::whole(class)),
            Value::List(items) if items.is_empty() => choices.push(ClassChoice::whole(class)),
            Value::List(items) => choices.push(ClassChoice {
                class,
                features: named(class, items, collected),
            }),
            _ => collected.fault(
                list,
                format!("featureClass: {name}: {}", list.shown()),
                "a list of features, or no value for all",
                "correct the value",
            ),
        }
    }
    choices
}

/// The features of a list, each once.
fn named(class: &FeatureClass, items: &[Node], collected: &mut Collected) -> Vec<&'static str> {
    let mut features = Vec::with_capacity(items.len());
    for item in items {
        let Value::Text(name) = &item.value else {
            collected.fault(
                item,
                format!("featureClass: {}: {}", class.name, item.shown()),
                "the name of a feature",
                "correct the value",
            );
            continue;
        };
        let known = class.features.iter().find(|feature| *feature == name);
        let deprecated = DEPRECATED
            .iter()
            .find(|(of, feature, _)| *of == class.name && feature == name);
        match (known, deprecated) {
            (Some(feature), _) if features.contains(feature) => {}
            (Some(feature), _) => features.push(feature),
            (None, Some((_, _, instead))) => collected.doubt(
                item,
                format!("{} {name} is deprecated", class.name),
                format!("not computed: {instead}"),
            ),
            (None, None) => collected.fault(
                item,
                format!(
                    "featureClass: {}: unknown feature {}",
                    class.name,
                    item.shown()
                ),
                "",
                suggestion(name, class.features),
            ),
        }
    }
    features
}

/// Names `class_Feature` that a choice has and the engine does not compute, in the choice's order.
pub fn not_computed(choices: &[ClassChoice]) -> Vec<String> {
    let specs = families(Profile::PyRadiomics)
        .iter()
        .flat_map(|family| family.specs());
    let computed: Vec<&str> = specs.filter_map(|spec| spec.pyradiomics_name).collect();
    choices
        .iter()
        .flat_map(|choice| {
            let name = |feature: &&str| format!("{}_{feature}", choice.class.name);
            choice.features.iter().map(name)
        })
        .filter(|name| !computed.contains(&name.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The engine and this table name the same features, class by class.
    #[test]
    fn the_table_is_that_of_the_engine() {
        for family in families(Profile::PyRadiomics) {
            let computed: BTreeSet<&str> = family
                .specs()
                .iter()
                .filter_map(|spec| spec.pyradiomics_name)
                .collect();
            let class = computed
                .first()
                .and_then(|name| name.split_once('_'))
                .map(|(class, _)| class);
            let known = CLASSES
                .iter()
                .find(|known| Some(known.name) == class)
                .unwrap_or_else(|| panic!("no class {class:?}"));
            let listed: BTreeSet<String> = known
                .features
                .iter()
                .map(|feature| format!("{}_{feature}", known.name))
                .collect();
            let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
            assert_eq!(computed, listed, "{}", known.name);
        }
    }

    #[test]
    fn classes_have_as_many_features_as_pyradiomics() {
        let counts: Vec<(&str, usize)> = CLASSES
            .iter()
            .map(|class| (class.name, class.features.len()))
            .collect();
        let expected = [
            ("firstorder", 18),
            ("glcm", 24),
            ("gldm", 14),
            ("glrlm", 16),
            ("glszm", 16),
            ("ngtdm", 5),
            ("shape", 14),
            ("shape2D", 9),
        ];
        assert_eq!(counts, expected);
    }
}
