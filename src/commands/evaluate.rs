//! `raduet evaluate`: metrics, intervals and tests from predictions of any origin.

use raduet_study::report::ReportSettings;
use raduet_study::uncertainty::Bootstrap;
use raduet_study::{Predictions, Report};
use serde_json::json;

use super::report::render;
use super::{Context, Outcome};
use crate::cli::EvaluateArgs;
use crate::error::{Code, Exit, ToolError};
use crate::finished_run::{FinishedRun, RunRecord};
use crate::interrupt;
use crate::io::atomic::{prepare_folder, write_file};
use crate::io::{predictions_csv, read_small};
use crate::provenance::{Clock, Provenance, digest};
use crate::report_writers::{self, screen};

pub(super) fn run(args: &EvaluateArgs, context: Context) -> Outcome {
    let clock = Clock::new();
    let mut models: Vec<Predictions> = Vec::new();
    let mut hashes = Vec::new();
    for path in &args.predictions {
        let bytes = read_small(path, crate::io::LARGEST_TABLE)?;
        hashes.push(digest(&bytes));
        models.extend(predictions_csv::parse(&bytes).map_err(|fault| fault.file(path))?);
    }
    let settings = ReportSettings {
        bootstrap: Bootstrap {
            resamples: args.bootstrap as usize,
            seed: args.seed,
            ..Bootstrap::default()
        },
        ..ReportSettings::default()
    };
    let name = args.predictions[0]
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let report = Report::from_predictions(&name, &models, &settings).map_err(|fault| {
        ToolError::new(Code::Manifest, fault.to_string())
            .remedy("give every model's answers to the same samples, each patient in one part")
    })?;
    interrupt::check()?;
    if let Some(folder) = &args.output {
        let described = json!({
            "bootstrap": args.bootstrap,
            "seed": args.seed,
            "predictions_sha256": hashes,
        });
        let provenance =
            Provenance::new("evaluate", described, digest(hashes.join("\n").as_bytes()));
        prepare_folder(folder)?;
        write_file(
            &folder.join("predictions.csv"),
            &predictions_csv::write(&models)?,
        )?;
        write_file(
            &folder.join("metrics.json"),
            &report_writers::metrics_json(&report)?,
        )?;
        let record = RunRecord::of(&provenance, serde_json::Value::Null, folder)?;
        let run = FinishedRun::gather(folder, record.clone())?;
        render(&run, folder)?;
        write_file(&folder.join("run.json"), &record.bytes(&clock.measured())?)?;
    }
    let text = if context.json {
        serde_json::to_string_pretty(&report).unwrap_or_default()
    } else {
        screen::text(&report, &[])
    };
    context.console.print(&text);
    Ok(Exit::Done)
}
