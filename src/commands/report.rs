//! `raduet report`: a finished run rendered again from its folder alone.

use std::path::Path;

use super::{Context, Outcome};
use crate::cli::ReportArgs;
use crate::error::{Exit, Result};
use crate::figures::Pictures;
use crate::finished_run::FinishedRun;
use crate::io::atomic::{prepare_folder, write_file};
use crate::io::read_small;
use crate::report_writers::{self, screen};

pub(super) fn run(args: &ReportArgs, context: Context) -> Outcome {
    let run = FinishedRun::open(&args.run)?;
    let changed = render(&run, &args.run, args.figures.pictures())?;
    let text = if context.json {
        serde_json::to_string_pretty(run.report()).unwrap_or_default()
    } else {
        screen::text(run.report(), &[])
    };
    context.console.print(&text);
    context.console.say(&match changed {
        0 => "nothing has changed: the files are as the run wrote them".to_owned(),
        n => format!("{n} file(s) written anew"),
    });
    let page = args.run.join("report.html");
    context.console.say(&format!("report: {}", page.display()));
    Ok(Exit::Done)
}

/// Writes everything that is made from a run's data; says how many files are other than before.
///
/// # Errors
/// [`crate::error::Code::Output`].
pub(super) fn render(run: &FinishedRun, folder: &Path, pictures: Pictures) -> Result<usize> {
    prepare_folder(folder)?;
    let mut changed = 0;
    for (name, bytes) in report_writers::files(&run.material(), pictures)? {
        let path = folder.join(&name);
        let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        // A file that is there already keeps its time.
        if read_small(&path, limit).is_ok_and(|before| before == bytes) {
            continue;
        }
        if let Some(parent) = path.parent() {
            prepare_folder(parent)?;
        }
        write_file(&path, &bytes)?;
        changed += 1;
    }
    Ok(changed)
}
