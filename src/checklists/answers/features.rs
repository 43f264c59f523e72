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
    ("grid_position", |facts| measured(facts, grid_position)),
    ("grid_size", |facts| measured(facts, grid_size)),
    ("beyond_the_image", |facts| {
        measured(facts, beyond_the_image)
    }),
    ("mask_interpolation", |facts| {
        measured(facts, mask_interpolation)
    }),
    ("rounding", |facts| {
        measured(facts, |facts| {
            let round = facts.study.as_ref().is_some_and(|s| s.features.ibsi.round);
            let says = match (spacing(facts), is_ibsi(facts)) {
                (None, _) => "nothing was interpolated",
                (_, true) if round => "rounded to whole numbers after resampling",
                (_, true) => "not rounded",
                (_, false) => "truncated to the image's number type (PyRadiomics)",
            };
            answered(says, &[SETTINGS])
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
                "none by this run; image and mask had to lie on one grid, within the tolerance in run.json",
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
            if !facts.families().contains(&"glszm") {
                return without("no size zones were measured");
            }
            let neighbours = if facts.in_the_plane() {
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
                answered(facts.engine("coarseness").unwrap_or("0"), &[SETTINGS])
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
            "every step of this run with its settings; what was done before is the author's",
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

fn is_ibsi(facts: &Facts<'_>) -> bool {
    facts.profile() == Some("ibsi")
}

/// A question about the new grid; there is none where voxels are kept.
fn resampled(facts: &Facts<'_>, says: impl FnOnce(&str) -> String) -> Answer {
    match spacing(facts) {
        Some(spacing) => answered(says(&spacing), &[SETTINGS]),
        None => answered("none: voxels as stored", &[SETTINGS]),
    }
}

/// Sentences by the table at the head of the engine's `processing::resample`.
fn resampling(facts: &Facts<'_>) -> Answer {
    let interpolator = facts.parameter("interpolator").as_str().unwrap_or_default();
    resampled(facts, |spacing| {
        format!("{interpolator} to {spacing} mm (0 keeps the image's)")
    })
}

fn grid_position(facts: &Facts<'_>) -> Answer {
    let says = if is_ibsi(facts) {
        "centre of the new grid on that of the old one"
    } else {
        "corner of the new grid on that of the old one (PyRadiomics)"
    };
    resampled(facts, |_| says.to_owned())
}

fn grid_size(facts: &Facts<'_>) -> Answer {
    let says = if is_ibsi(facts) {
        "so many voxels that the old extent is covered: ceil(old count × old spacing / new spacing)"
    } else {
        "the region's box with a padding, in voxels of the new spacing (PyRadiomics)"
    };
    resampled(facts, |_| says.to_owned())
}

fn beyond_the_image(facts: &Facts<'_>) -> Answer {
    let says = if is_ibsi(facts) {
        "the nearest voxel on the edge"
    } else {
        "half a voxel of the edge, then 0 (PyRadiomics)"
    };
    resampled(facts, |_| says.to_owned())
}

fn mask_interpolation(facts: &Facts<'_>) -> Answer {
    let says = if is_ibsi(facts) {
        "linear; voxels at least half inside belong to the region"
    } else {
        "nearest neighbour: a voxel is inside or not"
    };
    resampled(facts, |_| says.to_owned())
}

fn normalisation(facts: &Facts<'_>) -> Answer {
    match facts.parameter("normalize") {
        Value::Bool(true) => {
            let outliers = number(facts.parameter("removeOutliers"));
            let outliers = outliers
                .map(|sd| format!(", what lies beyond {sd} standard deviations set to these"));
            let scale = number(facts.parameter("normalizeScale"));
            answered(
                format!(
                    "whole image to mean 0 and standard deviation {}{}",
                    scale.unwrap_or_else(|| "1".into()),
                    outliers.unwrap_or_default()
                ),
                &[SETTINGS],
            )
        }
        _ => answered("none by this run", &[SETTINGS]),
    }
}

fn resegmentation(facts: &Facts<'_>) -> Answer {
    answered(
        facts.engine("resegmentation").unwrap_or("none"),
        &[SETTINGS],
    )
}

/// Bins in words, as the engine was set to them.
pub(crate) fn bins(facts: &Facts<'_>) -> String {
    if let Some(count) = facts.engine("bin_count") {
        return format!("fixed bin number, {count} bins over the range of the region");
    }
    if facts.engine("discretisation") == Some("as_stored") {
        return "as stored, without bins".to_owned();
    }
    let width = facts.engine("bin_width").unwrap_or_default();
    format!("fixed bin width, {width} image units")
}

fn first_bin(facts: &Facts<'_>) -> Answer {
    if facts.engine("bin_width").is_none() {
        return without("bins have no fixed width");
    }
    let says = match (is_ibsi(facts), facts.engine("first_bin_begins_at")) {
        (false, _) => "the multiple of the width at or below the region's minimum (PyRadiomics)",
        (true, Some(lower)) if lower != "lowest intensity" => {
            return answered(format!("{lower}, the range's lower bound"), &[SETTINGS]);
        }
        (true, _) => "the region's minimum",
    };
    answered(says, &[SETTINGS])
}

fn image_types(facts: &Facts<'_>) -> Answer {
    let types = facts.image_types();
    let says = match &types[..] {
        [only] if only.eq_ignore_ascii_case("original") => "the image itself, no filter".to_owned(),
        types => format!("{}, with their settings", types.join(", ")),
    };
    answered(says, &[SETTINGS, FEATURES])
}

fn aggregation(facts: &Facts<'_>) -> Answer {
    let says = facts.engine("aggregations").map_or_else(
        || {
            "matrices with directions: one for each, features averaged over them; others: one (PyRadiomics)"
                .to_owned()
        },
        |ways| ways.replace(' ', ", "),
    );
    answered(says, &[SETTINGS])
}

fn distances(facts: &Facts<'_>) -> String {
    let list = facts.engine("distances").unwrap_or("1");
    list.trim_matches(['[', ']']).to_owned()
}

/// A number as it is printed: without the decimals that a whole one does not need.
pub(crate) fn number(value: &Value) -> Option<String> {
    value.as_f64().map(|number| format!("{number}"))
}
