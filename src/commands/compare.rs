//! `raduet compare`: the main job.

use std::path::Path;

use super::{Context, Outcome};
use crate::cli::{CompareArgs, OnlyArm, PresetName};
use crate::compare::{self, Plan};
use crate::error::{Exit, Faults};
use crate::run_folder::Start;
use crate::settings::{Settings, file, preset, print};

/// Grey levels for the phantom cohort: its sites have no common intensity scale, so no bin width suits
/// them all.
const PHANTOM_BINS: usize = 32;

pub(super) fn run(args: &CompareArgs, context: Context) -> Outcome {
    let settings = settings(args)?;
    if args.print_config {
        let preset = args
            .preset
            .or_else(|| file::preset_of(args.study.as_deref()?));
        let preset = preset.unwrap_or(PresetName::Quick);
        let study = args.study.as_deref().filter(|path| is_study_file(path));
        let folder = study.and_then(Path::parent).unwrap_or(Path::new(""));
        let settings = file::seen_from(folder, settings);
        context
            .console
            .print(print::text(&settings, preset).trim_end());
        return Ok(Exit::Done);
    }
    let plan = Plan::new("compare", settings, context.budget)?
        .guarded(args.guards.guards())?
        .showing(args.figures.pictures());
    if args.dry_run {
        return super::estimate(&plan, context);
    }
    let start = if args.resume {
        Start::Resume
    } else {
        Start::Anew
    };
    compare::run(plan, &args.output, start, context.console, context.form())
}

/// Preset, then study file, then command line.
fn settings(args: &CompareArgs) -> Result<Settings, Faults> {
    let mut settings = match args.study.as_deref() {
        Some(path) if is_study_file(path) => file::read(path, args.preset)?,
        other => {
            let mut settings = preset::settings(args.preset.unwrap_or(PresetName::Quick));
            settings.cohort.path = other.map(Path::to_owned);
            if other.is_none() {
                settings.features.bin_count = Some(PHANTOM_BINS);
            }
            settings
        }
    };
    settings.cohort.apply_single(&args.cohort)?;
    settings.split.apply(&args.split);
    settings.features.apply(&args.features);
    settings.networks.apply(&args.deep);
    let mut learners = args.learners.clone();
    learners.set = settings.networks.take_words(&learners.set)?;
    settings.learners.apply(&learners)?;
    if !args.networks.is_empty() {
        settings.networks.names.clone_from(&args.networks);
    }
    match args.only {
        Some(OnlyArm::Radiomics) => settings.networks.enabled = false,
        Some(OnlyArm::Deep) => settings.learners.enabled = false,
        None => {}
    }
    Ok(settings)
}

fn is_study_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}
