//! `raduet deep`: networks alone, by the published recipe.

use super::{Context, Outcome};
use crate::cli::{DeepArgs, PresetName};
use crate::compare::{self, Plan};
use crate::run_folder::Start;
use crate::settings::preset;

pub(super) fn run(args: &DeepArgs, context: Context) -> Outcome {
    let mut settings = preset::settings(PresetName::Paper);
    #[cfg(feature = "deep")]
    if args.smoke {
        crate::paper_tables::make_smoke(&mut settings);
    }
    settings.cohort.path = Some(args.input.clone());
    settings.cohort.apply_single(&args.cohort)?;
    settings.split.apply(&args.split);
    settings.networks.apply(&args.deep);
    settings.networks.names.clone_from(&args.model);
    settings.learners.enabled = false;
    let start = if args.resume {
        Start::Resume
    } else {
        Start::Anew
    };
    #[cfg(feature = "deep")]
    if args.tables {
        let (output, console) = (&args.output, context.console);
        return crate::paper_tables::run(&settings, output, start, console, context.budget);
    }
    let plan = Plan::new("deep", settings, context.budget)?;
    compare::run(plan, &args.output, start, context.console, context.form())
}
