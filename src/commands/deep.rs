//! `raduet deep`: networks alone, by the published recipe.

#[cfg(feature = "deep")]
use super::networks;
use super::{Context, Outcome};
use crate::cli::{DeepArgs, PresetName};
use crate::compare::{self, Plan};
use crate::error::{Code, Exit, Faults, ToolError};
use crate::run_folder::Start;
use crate::settings::{Settings, preset, print};

pub(super) fn run(args: &DeepArgs, context: Context) -> Outcome {
    let settings = settings(args)?;
    if args.print_config {
        context
            .console
            .print(print::text(&settings, PresetName::Paper).trim_end());
        return Ok(Exit::Done);
    }
    #[cfg(feature = "deep")]
    if args.describe {
        return networks::describe(args, &settings, context);
    }
    let start = if args.resume {
        Start::Resume
    } else {
        Start::Anew
    };
    #[cfg(feature = "deep")]
    if args.tables {
        let (output, console) = (&args.output, context.console);
        let guards = args.guards.guards();
        return crate::paper_tables::run(&settings, guards, output, start, console, context.budget);
    }
    let plan = Plan::new("deep", settings, context.budget)?.guarded(args.guards.guards())?;
    if args.dry_run {
        return super::estimate(&plan, context);
    }
    #[cfg(feature = "deep")]
    if let Some(rehearsal) = networks::rehearsal(args) {
        return networks::rehearse(plan, rehearsal, context);
    }
    compare::run(plan, &args.output, start, context.console, context.form())
}

fn settings(args: &DeepArgs) -> Result<Settings, Faults> {
    let mut settings = preset::settings(PresetName::Paper);
    #[cfg(feature = "deep")]
    if args.smoke {
        crate::paper_tables::make_smoke(&mut settings);
    }
    settings.cohort.path.clone_from(&args.input);
    settings.cohort.apply_single(&args.cohort)?;
    settings.split.apply(&args.split);
    settings.networks.apply(&args.deep);
    let others = settings.networks.take_words(&args.set)?;
    if let Some(word) = others.first() {
        return Err(ToolError::new(Code::Usage, format!("--set {word}"))
            .expected("network.SETTING=VALUE, such as network.optimiser.nesterov=true")
            .into());
    }
    settings.networks.names.clone_from(&args.model);
    settings.learners.enabled = false;
    Ok(settings)
}
