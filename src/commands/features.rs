//! `raduet features`: what is computed, by which names, in which unit, by which definition.

use std::fmt::Write;

use raduet_features::family::FeatureFamily;
use raduet_features::registry::families;
use raduet_features::{
    Aggregation, Column, ExtractionOptions, ExtractionSettings, FeatureSpec, Profile,
};
use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::cli::FeaturesArgs;
use crate::error::{Code, Exit, ToolError};
use crate::settings::ProfileName;
use crate::settings::nearest::suggestion;

pub(super) fn run(args: &FeaturesArgs, context: Context) -> Outcome {
    let profile = match args.profile {
        ProfileName::Pyradiomics => Profile::PyRadiomics,
        ProfileName::Ibsi => Profile::Ibsi,
    };
    let all = families(profile);
    let ids: Vec<&str> = all.iter().map(|family| family.id()).collect();
    let wanted = args.family.as_ref().map(|name| name.to_lowercase());
    if let Some(name) = &wanted
        && !ids.contains(&name.as_str())
    {
        let found = format!("unknown family '{name}' in profile {}", profile.name());
        return Err(ToolError::new(Code::Usage, found)
            .remedy(suggestion(name, &ids))
            .into());
    }
    let settings = every_aggregation(profile)?;
    let chosen = all
        .iter()
        .filter(|family| wanted.as_deref().is_none_or(|name| family.id() == name));
    let described: Vec<Described> = chosen
        .flat_map(|family| Described::of(*family, &settings))
        .collect();
    context.console.print(&if context.json {
        let list: Vec<Value> = described.iter().map(Described::json).collect();
        serde_json::to_string_pretty(&list).unwrap_or_default()
    } else {
        table(&described)
    });
    Ok(Exit::Done)
}

/// Settings that ask for each way from matrices to values.
fn every_aggregation(profile: Profile) -> Result<ExtractionSettings, ToolError> {
    let options = ExtractionOptions {
        profile,
        aggregations: match profile {
            Profile::PyRadiomics => Vec::new(),
            Profile::Ibsi => {
                let all = Aggregation::ALL.into_iter();
                all.filter(|way| way.has_directions()).collect()
            }
        },
        ..ExtractionOptions::default()
    };
    options
        .check()
        .map_err(|fault| ToolError::internal(fault.to_string()))
}

/// A feature with all its names.
struct Described {
    family: &'static str,
    spec: &'static FeatureSpec,
    /// Columns on the unfiltered image, one for each aggregation.
    columns: Vec<String>,
    aggregations: Vec<Aggregation>,
}

impl Described {
    /// The features of a family, in its order.
    fn of(family: &'static dyn FeatureFamily, settings: &ExtractionSettings) -> Vec<Self> {
        let mut ways = family.aggregations(settings);
        ways.dedup();
        let specs = family.specs().into_iter();
        let described = specs.map(|spec| Self {
            family: family.id(),
            spec,
            columns: ways
                .iter()
                .map(|aggregation| {
                    let column = Column {
                        spec,
                        aggregation: *aggregation,
                        profile: family.profile(),
                    };
                    column.name_on(raduet_features::set::ORIGINAL)
                })
                .collect(),
            aggregations: ways.iter().copied().flatten().collect(),
        });
        described.collect()
    }

    fn aggregation_names(&self) -> Vec<&'static str> {
        let ways = self.aggregations.iter();
        ways.map(|way| way.ibsi_name()).collect()
    }

    fn json(&self) -> Value {
        let spec = self.spec;
        json!({
            "name": spec.name,
            "family": self.family,
            "column": self.columns.first(),
            "columns": self.columns,
            "ibsi_id": spec.ibsi_id,
            "pyradiomics_name": spec.pyradiomics_name,
            "unit": spec.unit,
            "definition": spec.definition,
            "aggregations": self.aggregation_names(),
            "undefined_when": spec.undefined_when,
        })
    }
}

/// A block for each family: its aggregations, then a line for each feature.
fn table(described: &[Described]) -> String {
    let width = |of: fn(&Described) -> usize| described.iter().map(of).max().unwrap_or(0);
    let name = width(|d| d.spec.name.len());
    let foreign = width(|d| shown(d.spec.pyradiomics_name).len());
    let unit = width(|d| d.spec.unit.len());
    // Writing to a String cannot fail.
    let mut text = format!(
        "{:name$}  IBSI  {:unit$}  {:foreign$}  definition",
        "name", "unit", "PyRadiomics"
    );
    for family in described.chunk_by(|a, b| a.family == b.family) {
        let first = &family[0];
        let _ = write!(text, "\n\n{}", first.family);
        if first.aggregations.is_empty() {
            let _ = write!(text, ", columns such as {}", first.columns.join(", "));
        } else {
            let ways = first.aggregation_names().join(", ");
            let column = first.columns.first().map_or("", String::as_str);
            let _ = write!(text, ", aggregations {ways}, columns such as {column}");
        }
        for feature in family {
            let spec = feature.spec;
            let _ = write!(
                text,
                "\n{:name$}  {:4}  {:unit$}  {:foreign$}  {}",
                spec.name,
                shown(spec.ibsi_id),
                spec.unit,
                shown(spec.pyradiomics_name),
                spec.definition
            );
            if let Some(reason) = spec.undefined_when {
                let _ = write!(text, "; undefined when {reason}");
            }
        }
    }
    let _ = write!(text, "\n\n{} features", described.len());
    text
}

fn shown(name: Option<&'static str>) -> &'static str {
    name.unwrap_or("-")
}
