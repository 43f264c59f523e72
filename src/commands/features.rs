//! `raduet features`: what is computed, by which name, in which unit, by which definition.

use std::fmt::Write;

use raduet_features::FeatureSpec;
use raduet_features::registry::PYRADIOMICS;
use serde_json::json;

use super::{Context, Outcome};
use crate::cli::FeaturesArgs;
use crate::error::{Code, Exit, ToolError};
use crate::settings::nearest::suggestion;

pub(super) fn run(args: &FeaturesArgs, context: Context) -> Outcome {
    let ids: Vec<&str> = PYRADIOMICS.iter().map(|family| family.id()).collect();
    if let Some(name) = &args.family
        && !ids.contains(&name.as_str())
    {
        return Err(
            ToolError::new(Code::Usage, format!("unknown family '{name}'"))
                .remedy(suggestion(name, &ids))
                .into(),
        );
    }
    let chosen: Vec<&'static FeatureSpec> = PYRADIOMICS
        .iter()
        .filter(|family| {
            args.family
                .as_deref()
                .is_none_or(|name| family.id() == name)
        })
        .flat_map(|family| family.specs())
        .collect();
    context.console.print(&if context.json {
        as_json(&chosen)
    } else {
        as_table(&chosen)
    });
    Ok(Exit::Done)
}

/// Name of the feature's column on the unfiltered image.
fn column(spec: &FeatureSpec) -> String {
    spec.pyradiomics_name
        .map_or_else(|| spec.name.into(), |name| format!("original_{name}"))
}

fn as_json(specs: &[&FeatureSpec]) -> String {
    let list: Vec<_> = specs
        .iter()
        .map(|spec| {
            json!({
                "name": spec.name,
                "column": column(spec),
                "ibsi_id": spec.ibsi_id,
                "unit": spec.unit,
                "definition": spec.definition,
            })
        })
        .collect();
    serde_json::to_string_pretty(&list).unwrap_or_default()
}

fn as_table(specs: &[&FeatureSpec]) -> String {
    let width = specs
        .iter()
        .map(|spec| column(spec).len())
        .max()
        .unwrap_or(0);
    let mut text = format!("{:width$}  IBSI  unit        definition", "column");
    for spec in specs {
        let (column, unit) = (column(spec), spec.unit);
        let ibsi = spec.ibsi_id.unwrap_or("-");
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n{column:width$}  {ibsi:4}  {unit:10}  {}",
            spec.definition
        );
    }
    let _ = write!(text, "\n{} features", specs.len());
    text
}
