//! `raduet evaluate`: metrics, intervals and tests from predictions of any origin.

use std::path::Path;

use raduet_study::report::{ReportSettings, Unit, common_samples};
use raduet_study::uncertainty::Bootstrap;
use raduet_study::{Part, Predictions, Report, StudyError};
use serde_json::json;

use super::report::render;
use super::{Context, Outcome};
use crate::cli::{EvaluateArgs, JudgedUnit};
use crate::error::{Code, Exit, Faults, ToolError, Warning, WarningCode};
use crate::finished_run::{FinishedRun, RunRecord};
use crate::interrupt;
use crate::io::atomic::{prepare_folder, write_file};
use crate::io::{answers, predictions_csv, read_small};
use crate::provenance::{Clock, Provenance, digest};
use crate::report_writers::{self, doubts, pairwise, screen};
use crate::run_folder::{is_unfinished, remove_file};

/// What `run.json` names this command.
const COMMAND: &str = "evaluate";

pub(super) fn run(args: &EvaluateArgs, context: Context) -> Outcome {
    let clock = Clock::new();
    if let Some(folder) = &args.output {
        refuse_other_runs(folder)?;
    }
    let mut files = Vec::new();
    for path in &args.predictions {
        let bytes = read_small(path, crate::io::LARGEST_TABLE)?;
        files.push((path.as_path(), bytes));
    }
    let hashes: Vec<String> = files.iter().map(|(_, bytes)| digest(bytes)).collect();
    let answers::Answers { models, warnings } = answers::read(&files, &args.column)?;
    let (models, narrowed) = in_common(&models, args)?;
    let warnings: Vec<Warning> = warnings.into_iter().chain(narrowed).collect();
    context.console.doubts(&[], &warnings, "");
    let settings = ReportSettings {
        bootstrap: Bootstrap {
            resamples: args.bootstrap as usize,
            seed: args.seed,
            ..Bootstrap::default()
        },
        unit: match args.unit {
            JudgedUnit::Patient => Unit::Patient,
            JudgedUnit::Slice => Unit::Slice,
        },
        ..ReportSettings::default()
    };
    let name = args.predictions[0]
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let report =
        Report::from_predictions(&name, &models, &settings).map_err(|fault| refused(&fault))?;
    interrupt::check()?;
    if let Some(folder) = &args.output {
        let described = json!({
            "bootstrap": args.bootstrap,
            "seed": args.seed,
            "unit": settings.unit,
            "columns": args.column,
            "predictions_sha256": hashes,
        });
        let provenance = Provenance::new(COMMAND, described, digest(hashes.join("\n").as_bytes()));
        prepare_folder(folder)?;
        write_file(
            &folder.join("predictions.csv"),
            &predictions_csv::write(&models)?,
        )?;
        write_file(
            &folder.join("metrics.json"),
            &report_writers::metrics_json(&report)?,
        )?;
        // Only these are its own: the folder may hold somebody's other files.
        let mut names = vec!["metrics.json".to_owned(), "predictions.csv".to_owned()];
        if let Some(bytes) = doubts::warnings_csv(&warnings)? {
            write_file(&folder.join("warnings.csv"), &bytes)?;
            names.push("warnings.csv".to_owned());
        } else {
            remove_file(&folder.join("warnings.csv"))?;
        }
        let record = RunRecord::of_files(&provenance, serde_json::Value::Null, folder, names)?;
        let run = FinishedRun::gather(folder, record.clone())?;
        render(&run, folder, args.figures.pictures())?;
        write_file(&folder.join("run.json"), &record.bytes(&clock.measured())?)?;
    }
    let text = if context.json {
        serde_json::to_string_pretty(&report).unwrap_or_default()
    } else {
        // Of one file with both arms the screen says it all.
        let several = args.predictions.len() > 1 || report.comparison.is_none();
        let pairs = if several {
            pairwise::text(&report)
        } else {
            String::new()
        };
        screen::text(&report, &[]) + &pairs
    };
    context.console.print(&text);
    Ok(Exit::Done)
}

/// A run of another command keeps its folder: an evaluation has some of its files' names and none of its others.
fn refuse_other_runs(folder: &Path) -> Result<(), ToolError> {
    let found = match RunRecord::read(folder) {
        _ if is_unfinished(folder) => "a run that was stopped before its end".to_owned(),
        Ok(record) if record.provenance.command == COMMAND => return Ok(()),
        Ok(record) => format!("a run of raduet {}", record.provenance.command),
        Err(_) if folder.join("run.json").exists() => {
            "a run.json that is no record of a run".to_owned()
        }
        Err(_) => return Ok(()),
    };
    Err(ToolError::new(Code::Usage, found)
        .file(folder)
        .expected("a new folder, or that of an earlier evaluation")
        .remedy("choose another folder (-o)"))
}

/// The models on the samples that all of them answer, and what each lost by it.
fn in_common(
    models: &[Predictions],
    args: &EvaluateArgs,
) -> Result<(Vec<Predictions>, Vec<Warning>), Faults> {
    let common = common_samples(models).map_err(|fault| ToolError::internal(fault.to_string()))?;
    let tested = |model: &Predictions| model.rows().iter().any(|row| row.part == Part::Test);
    let untested = models.iter().find(|model| !tested(model));
    if let Some(model) = untested {
        let found = format!("model '{}' has no test row", model.model());
        let remedy = "give answers on the test part, or leave the column of parts empty";
        return Err(located(ToolError::new(Code::Manifest, found).remedy(remedy), args).into());
    }
    if !common.models.iter().all(tested) {
        let found = format!("no sample that all {} models answer", models.len());
        let remedy = "name the same IDs, slices and folds in all files; files that together are one model name it in a column model";
        return Err(located(ToolError::new(Code::Manifest, found).remedy(remedy), args).into());
    }
    let dropped = models.iter().zip(&common.dropped).filter(|(_, n)| **n > 0);
    let told = dropped.map(|(model, n)| {
        let found = format!(
            "model '{}': {n} answer(s) that other models do not give",
            model.model()
        );
        Warning::new(
            WarningCode::Manifest,
            found,
            "left out: models are compared on common samples",
        )
    });
    Ok((common.models, told.collect()))
}

/// A fault of all files together, with the name of the last.
fn located(fault: ToolError, args: &EvaluateArgs) -> ToolError {
    match args.predictions.last() {
        Some(path) => fault.file(path),
        None => fault,
    }
}

fn refused(fault: &StudyError) -> ToolError {
    let (code, remedy) = match fault {
        StudyError::SharedPatients { .. } => (
            Code::Split,
            "a patient may stand in one part of a fold only: mend the split and fit again",
        ),
        _ => (
            Code::Manifest,
            "give every model's answers to the same samples, each patient in one part",
        ),
    };
    ToolError::new(code, fault.to_string()).remedy(remedy)
}
