//! What was done to images, and what was measured.

use serde_json::Value;

use super::{Answer, METHODS, Place, Rule, SETTINGS, answered, author, partly, untold, without};
use crate::checklists::Facts;

const FEATURES: Place = Place::Section("features");

pub(super) const RULES: &[(&str, Rule)] = &[
    ("preprocessing", preprocessing),
    ("suitable_preprocessing", |facts| {
        measured(facts, |_| {
            author(
                "every step stands in run.json and methods.md; whether they suit the images is a judgement",
            )
        })
    }),
    ("resampling", |facts| measured(facts, resampling)),
    ("rounding", |facts| {
        measured(facts, |facts| {
            if facts.study.as_ref().is_some_and(|s| s.features.ibsi.round) {
                answered("rounded to whole numbers after resampling", &[SETTINGS])
            } else {
                answered("not rounded", &[SETTINGS])
            }
        })
    }),
    ("normalisation", |facts| measured(facts, normalisation)),
    ("anti_aliasing", |facts| {
        measured(facts, |_| answered("none", &[SETTINGS]))
    }),
    ("no_other_processing", |facts| {
        measured(facts, |_| {
            partly(
                "none by this run; what was done before is the author's",
                &[METHODS],
            )
        })
    }),
    ("no_registration", |facts| {
        measured(facts, |_| {
            partly(
                "none by this run; image and mask had to lie on one grid",
                &[METHODS],
            )
        })
    }),
    ("resegmentation", |facts| measured(facts, resegmentation)),
    ("discretisation", |facts| {
        measured(facts, |facts| answered(bins(facts), &[SETTINGS, METHODS]))
    }),
    ("first_bin", |facts| measured(facts, first_bin)),
    ("image_types", |facts| measured(facts, image_types)),
    ("software", |facts| {
        measured(facts, |facts| {
            answered(
                format!(
                    "{}, profile {}: checked against IBSI 1 and 2 and PyRadiomics 3.0.1",
                    facts.program,
                    facts.profile().unwrap_or_default()
                ),
                &[SETTINGS],
            )
        })
    }),
    ("agreement", |facts| {
        measured(facts, |facts| match facts.profile() {
            Some("ibsi") => answered(
                "profile ibsi: every value of IBSI 1's benchmarks within its published tolerance",
                &[SETTINGS],
            ),
            _ => answered(
                "profile pyradiomics: PyRadiomics 3.0.1's values, which deviate from IBSI where its documentation says so; the engine itself agrees with IBSI 1 in its profile ibsi",
                &[SETTINGS],
            ),
        })
    }),
    ("feature_classes", |facts| {
        measured(facts, |facts| {
            answered(
                format!(
                    "{}; every column is defined in the dictionary",
                    facts.families().join(", ")
                ),
                &[FEATURES],
            )
            .and(facts.file("features.dictionary.csv"))
        })
    }),
    ("feature_definitions", |facts| {
        measured(facts, |facts| {
            partly("every feature by name, identifier and definition; when images were made is the author's", &[FEATURES])
                .and(facts.file("features.dictionary.csv"))
        })
    }),
    ("feature_count", |facts| {
        measured(facts, |facts| {
            let unit = if facts.by_slice() { "slice" } else { "case" };
            answered(format!("{} a {unit}", facts.columns().len()), &[FEATURES])
        })
    }),
    ("defaults", |facts| {
        measured(facts, |_| {
            answered("run.json holds every setting, defaults too", &[SETTINGS])
        })
    }),
    ("robustness", |facts| {
        measured(facts, |_| author("this run assessed none"))
    }),
    ("robust_features", |facts| {
        measured(facts, |_| {
            author("this run removed none for want of robustness").unmet()
        })
    }),
    ("aggregation", |facts| measured(facts, aggregation)),
    ("distance_weighting", |facts| {
        measured(facts, |facts| match facts.parameter("weightingNorm") {
            Value::String(norm) => answered(format!("by the {norm} norm"), &[SETTINGS]),
            _ => answered("none", &[SETTINGS]),
        })
    }),
    ("symmetry", |facts| {
        measured(facts, |facts| match facts.parameter("symmetricalGLCM") {
            Value::Bool(false) => answered("asymmetric", &[SETTINGS]),
            _ => answered("symmetric", &[SETTINGS]),
        })
    }),
    ("texture_distance", |facts| {
        measured(facts, |facts| {
            answered(
                format!("Chebyshev distance {}", distances(facts)),
                &[SETTINGS],
            )
        })
    }),
    ("zone_linkage", |facts| {
        measured(facts, |facts| {
            let neighbours = if facts.by_slice() {
                "8 neighbours in the plane"
            } else {
                "26 neighbours"
            };
            answered(format!("Chebyshev distance 1 ({neighbours})"), &[SETTINGS])
        })
    }),
    ("distance_zones", |facts| {
        measured(facts, |facts| {
            if facts.families().contains(&"gldzm") {
                answered(
                    "linkage by Chebyshev distance 1; distance to the border by the Manhattan norm, as IBSI has it",
                    &[SETTINGS],
                )
            } else {
                without("no distance zones were measured")
            }
        })
    }),
    ("texture_neighbourhood", |facts| {
        measured(facts, |facts| {
            let any = ["ngtdm", "ngldm", "gldm"]
                .iter()
                .any(|id| facts.families().contains(id));
            if any {
                answered(
                    format!("Chebyshev distance {}", distances(facts)),
                    &[SETTINGS],
                )
            } else {
                without("none of these was measured")
            }
        })
    }),
    ("coarseness", |facts| {
        measured(facts, |facts| {
            let any = ["ngldm", "gldm"]
                .iter()
                .any(|id| facts.families().contains(id));
            if any {
                answered(
                    number(facts.parameter("gldm_a")).unwrap_or_else(|| "0".into()),
                    &[SETTINGS],
                )
            } else {
                without("no dependence was measured")
            }
        })
    }),
    ("feature_statistics", |facts| {
        measured(facts, |facts| {
            partly("values of every feature, figures where they were drawn; statistics of chosen features are the author's", &[FEATURES])
                .and(facts.file("features.csv"))
        })
    }),
];

/// A question about features that this run measured.
fn measured(facts: &Facts<'_>, rule: Rule) -> Answer {
    if facts.measured() {
        return rule(facts);
    }
    if facts.from_a_table() {
        return author("the features were measured elsewhere");
    }
    match &facts.study {
        Some(_) => without("this run measured no features"),
        None => untold(),
    }
}

fn preprocessing(facts: &Facts<'_>) -> Answer {
    match &facts.study {
        None => untold(),
        Some(_) if facts.from_a_table() => author("the features were measured elsewhere"),
        Some(_) => answered(
            "every step with its settings; what was done before is the author's",
            &[SETTINGS, METHODS],
        ),
    }
}

/// The size of voxels after resampling; none where they were left as they are.
pub(crate) fn spacing(facts: &Facts<'_>) -> Option<String> {
    let spacing = facts.parameter("resampledPixelSpacing").as_array()?;
    facts.parameter("interpolator").as_str()?;
    let sides: Vec<String> = spacing.iter().filter_map(number).collect();
    Some(sides.join(" × "))
}

fn resampling(facts: &Facts<'_>) -> Answer {
    match spacing(facts) {
        Some(spacing) => answered(
            format!(
                "{} to {spacing} mm (0 keeps the image's), mask by nearest neighbour in profile pyradiomics",
                facts.parameter("interpolator").as_str().unwrap_or_default()
            ),
            &[SETTINGS],
        ),
        None => answered("none: voxels as stored", &[SETTINGS]),
    }
}

fn normalisation(facts: &Facts<'_>) -> Answer {
    match facts.parameter("normalize") {
        Value::Bool(true) => answered(
            format!(
                "whole image to mean 0 and standard deviation {}",
                number(facts.parameter("normalizeScale")).unwrap_or_else(|| "1".into())
            ),
            &[SETTINGS],
        ),
        _ => answered("none by this run", &[SETTINGS]),
    }
}

fn resegmentation(facts: &Facts<'_>) -> Answer {
    match facts.parameter("resegmentRange") {
        Value::Null => answered("none", &[SETTINGS]),
        range => answered(format!("range {range}"), &[SETTINGS]),
    }
}

/// Bins in words.
pub(crate) fn bins(facts: &Facts<'_>) -> String {
    if let Some(count) = number(facts.parameter("binCount")) {
        return format!("fixed bin number, {count} bins over the range of the region");
    }
    let width = number(facts.parameter("binWidth")).unwrap_or_default();
    format!("fixed bin width, {width} image units")
}

fn first_bin(facts: &Facts<'_>) -> Answer {
    if facts.parameter("binCount").is_null() {
        return answered(
            "the multiple of the width at or below the region's minimum in profile pyradiomics; the range's lower bound or the minimum in profile ibsi",
            &[SETTINGS],
        );
    }
    without("bins have no fixed width")
}

fn image_types(facts: &Facts<'_>) -> Answer {
    answered(facts.image_types().join(", "), &[SETTINGS, FEATURES])
}

fn aggregation(facts: &Facts<'_>) -> Answer {
    let ways = facts
        .study
        .as_ref()
        .map(|study| study.features.ibsi.aggregations.join(", "))
        .unwrap_or_default();
    let says = match (facts.profile(), ways.is_empty()) {
        (Some("ibsi"), false) => ways,
        (Some("ibsi"), true) if facts.by_slice() => "2D:avg".to_owned(),
        (Some("ibsi"), true) => "3D:mrg".to_owned(),
        _ => "a matrix for each direction, features averaged over directions (PyRadiomics)"
            .to_owned(),
    };
    answered(says, &[SETTINGS])
}

fn distances(facts: &Facts<'_>) -> String {
    let list = facts.parameter("distances").as_array();
    let list: Vec<String> = list.into_iter().flatten().filter_map(number).collect();
    if list.is_empty() {
        "1".to_owned()
    } else {
        list.join(", ")
    }
}

/// A number as it is printed: without the decimals that a whole one does not need.
pub(crate) fn number(value: &Value) -> Option<String> {
    value.as_f64().map(|number| format!("{number}"))
}
