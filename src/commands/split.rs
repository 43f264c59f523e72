//! `raduet split`: divides the patients and writes who is where.

use std::path::Path;

use super::{Context, Outcome};
use crate::cases::Cases;
use crate::cli::{PresetName, SplitArgs};
use crate::division;
use crate::error::Exit;
use crate::io::atomic::write_file;
use crate::io::split_file;
use crate::settings::preset;

pub(super) fn run(args: &SplitArgs, context: Context) -> Outcome {
    let mut settings = preset::settings(PresetName::Quick);
    settings.cohort.path = Some(args.input.clone());
    settings.cohort.apply_single(&args.cohort)?;
    settings.split.apply(&args.split);
    let cases = Cases::open(&settings.cohort, context.budget)?;
    let (split, check) = division::divide(cases.cohort(), &settings.split)?;
    for note in cases.notes() {
        context.console.say(note);
    }
    write_file(Path::new(&args.output), &split_file::write(&split)?)?;
    let text = if context.json {
        serde_json::to_string_pretty(&check).unwrap_or_default()
    } else {
        division::describe(&split, &check, cases.cohort())
    };
    context.console.print(&text);
    Ok(Exit::Done)
}
