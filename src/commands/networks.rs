//! `raduet deep --describe`, `--overfit-batch`: networks looked at before they are trained.

use raduet_deep::{Description, NETWORKS};

use super::{Context, Outcome};
use crate::arms::deep::rehearsal::Rehearsal;
use crate::cli::DeepArgs;
use crate::compare::Plan;
use crate::error::{Code, Exit, ToolError};
use crate::settings::Settings;
use crate::settings::nearest::suggestion;

/// What is to be tried in place of a run.
pub(super) fn rehearsal(args: &DeepArgs) -> Option<Rehearsal> {
    args.overfit_batch
        .map(|steps| Rehearsal::OverfitBatch(steps as usize))
}

/// The plan, and what a batch of each network shows.
pub(super) fn rehearse(plan: Plan, rehearsal: Rehearsal, context: Context) -> Outcome {
    let described = plan.describe();
    let tried = plan.rehearse(rehearsal, context.console)?;
    if context.json {
        let text = serde_json::to_string_pretty(&tried)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
        context.console.print(&text);
    } else {
        context.console.print(&described);
        for network in &tried {
            context.console.print(&network.describe());
        }
    }
    Ok(Exit::Done)
}

/// Classes of the paper's cohort, for the size of the classifier.
const CLASSES: usize = 3;

/// The networks with what they hold and cost at the image size.
pub(super) fn describe(args: &DeepArgs, settings: &Settings, context: Context) -> Outcome {
    let known: Vec<&str> = NETWORKS.iter().map(|entry| entry.name).collect();
    let all = args.model.iter().any(|name| name == "all");
    let names: &[String] = &args.model;
    let side = settings.networks.image_size;
    let mut described = Vec::new();
    if let Some(name) = names
        .iter()
        .find(|name| !all && !known.contains(&name.as_str()))
    {
        return Err(
            ToolError::new(Code::Settings, format!("unknown network '{name}'"))
                .remedy(suggestion(name, &known))
                .into(),
        );
    }
    for entry in NETWORKS {
        if !all && !names.iter().any(|name| name == entry.name) {
            continue;
        }
        let description = entry
            .describe(CLASSES, side)
            .map_err(|fault| ToolError::new(Code::Settings, format!("{}: {fault}", entry.name)))?;
        described.push(description);
    }
    if context.json {
        let text = serde_json::to_string_pretty(&described)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
        context.console.print(&text);
        return Ok(Exit::Done);
    }
    context.console.print(&format!(
        "{:26} {:>12} {:>10} {:>8}  paper, at {side} x {side} and {CLASSES} classes",
        "network", "parameters", "GMACs", "tensors"
    ));
    for network in &described {
        context.console.print(&line(network));
        for tensor in &network.tensors {
            context.console.detail(&format!(
                "    {:60} {:>10}  {:?}",
                tensor.name, tensor.numbers, tensor.shape
            ));
        }
    }
    Ok(Exit::Done)
}

fn line(network: &Description) -> String {
    format!(
        "{:26} {:>12} {:>10.3} {:>8}  {}",
        network.name,
        network.parameters,
        network.multiply_adds as f64 / 1e9,
        network.tensors.len(),
        network.paper
    )
}
