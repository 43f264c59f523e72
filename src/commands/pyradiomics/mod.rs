//! `raduet pyradiomics`: PyRadiomics' command line (version 3.0.1), its columns in its order.
//!
//! ```text
//! batch ─ read_case ─ vector (measure, steps) ─ diagnostics ─ output ─► csv, json, txt
//!                   └ maps (voxel mode)
//! ```
//!
//! Different on purpose: maps are NIfTI, not NRRD; undefined values are null in JSON; a setting that is not known
//! is refused, not passed over; `-j` counts threads and changes no value; the exit status is 1 when some cases
//! failed and 3 when all did. A case that failed has its columns of the input and no others, as there.

mod batch;
mod datum;
mod diagnostics;
mod log;
mod output;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rayon::prelude::*;

use self::batch::Case;
use self::datum::Datum;
use self::log::Log;
use self::output::Vector;
use super::{Context, Outcome, batch_exit};
use crate::cli::{LogLevel, ModeName, PresetName, PyradiomicsArgs};
use crate::error::{Code, Exit, Faults, Result, ToolError, Warning};
use crate::extract::maps::MapPlan;
use crate::extract::vector::{Steps, VectorPlan};
use crate::interrupt;
use crate::io::atomic::{output_error, prepare_folder, write_file};
use crate::io::write::{Precision, write_map};
use crate::io::{GeometryRule, LabelChoice, ReadCase, ReadOptions, read_case};
use crate::params::Parameters;
use crate::settings::{FeatureSettings, preset};

/// What is made of every case.
enum Plan {
    Segment(Box<VectorPlan>),
    Voxel(Box<MapPlan>),
}

/// What all cases have in common.
struct Work<'a> {
    args: &'a PyradiomicsArgs,
    context: Context,
    parameters: Parameters,
    plan: Plan,
    log: Log,
}

pub(super) fn run(args: &PyradiomicsArgs, context: Context) -> Outcome {
    let log = Log::open(args, context.console)?;
    let settings = settings(args);
    let (parameters, doubts) = match &settings.parameters {
        Some(path) => Parameters::read(path, &settings.set)?,
        None => Parameters::from_overrides(&settings.set)?,
    };
    let plan = plan(args, &settings, &parameters)?;
    let batch = batch::read(args)?;
    for text in &batch.passed {
        log.say(LogLevel::Warning, text);
    }
    for doubt in &doubts {
        log.say(LogLevel::Warning, &doubt.to_string());
    }
    if args.validate {
        return Ok(validate(&batch.cases, &log));
    }
    if let Some(folder) = &args.out_dir {
        prepare_folder(folder)?;
    }
    let mut out = args.out.as_deref().map(log::append).transpose()?;
    let work = Work {
        args,
        context,
        parameters,
        plan,
        log,
    };
    let vectors: Vec<(Vector, bool)> = batch
        .cases
        .par_iter()
        .map(|case| {
            interrupt::check()?;
            work.case(case)
        })
        .collect::<Result<_>>()?;
    let failed = vectors.iter().filter(|(_, good)| !good).count();
    let total = vectors.len();
    let vectors = vectors.into_iter().map(|(vector, _)| vector).collect();
    let text = output::text(args, &batch.start, vectors)?;
    match (&mut out, &args.out) {
        (Some(file), Some(path)) => file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|fault| output_error(path, &fault))?,
        _ => context.console.print(text.trim_end_matches('\n')),
    }
    work.log.say(
        LogLevel::Info,
        &format!("{} of {total} cases", total - failed),
    );
    Ok(batch_exit(failed, total))
}

fn settings(args: &PyradiomicsArgs) -> FeatureSettings {
    let mut set = args.setting.clone();
    set.extend(args.label.map(|label| format!("label:{label}")));
    FeatureSettings {
        parameters: args.param.clone(),
        set,
        ..preset::settings(PresetName::Quick).features
    }
}

fn plan(
    args: &PyradiomicsArgs,
    settings: &FeatureSettings,
    parameters: &Parameters,
) -> Result<Plan, Faults> {
    Ok(match args.mode {
        ModeName::Segment => Plan::Segment(Box::new(VectorPlan::new(settings, parameters)?)),
        ModeName::Voxel => Plan::Voxel(Box::new(MapPlan::new(settings, &[])?)),
    })
}

/// Settings were checked before; here the files are looked for.
fn validate(cases: &[Case], log: &Log) -> Exit {
    let mut failed = 0;
    for case in cases {
        let mut missing = false;
        for (what, path) in [("image", &case.image), ("mask", &case.mask)] {
            if !path.is_file() {
                missing = true;
                let text = format!("case {}: no {what} at {}", case.number, path.display());
                log.say(LogLevel::Error, &text);
            }
        }
        failed += usize::from(missing);
    }
    log.say(
        LogLevel::Info,
        &format!("{failed} of {} cases lack a file", cases.len()),
    );
    batch_exit(failed, cases.len())
}

impl Work<'_> {
    /// A case's columns, and whether it was measured.
    fn case(&self, case: &Case) -> Result<(Vector, bool)> {
        let columns = case.columns.iter();
        let mut vector: Vector = columns
            .map(|(name, cell)| (name.clone(), Datum::Text(cell.clone())))
            .collect();
        let kept = match (&self.plan, &self.args.out_dir) {
            (Plan::Segment(_), Some(folder)) => {
                Some(folder.join(format!("features_{}.csv", case.number)))
            }
            _ => None,
        };
        if let Some(path) = kept.as_deref().filter(|path| path.is_file()) {
            let text = format!("case {}: read from {}", case.number, path.display());
            self.log.say(LogLevel::Info, &text);
            return Ok((read_back(path)?, true));
        }
        let work = AssertUnwindSafe(|| self.measured(case));
        let found = catch_unwind(work)
            .unwrap_or_else(|_| Err(ToolError::internal("the tool failed on this case")));
        match found {
            Ok(more) => vector.extend(more),
            Err(fault) if matches!(fault.code, Code::Interrupted | Code::Output) => {
                return Err(fault);
            }
            Err(fault) => {
                let text = format!("case {}: {fault}", case.number);
                self.log.say(LogLevel::Error, &text);
                return Ok((vector, false));
            }
        }
        if let Some(path) = kept {
            let head: Vec<String> = vector.iter().map(|(name, _)| name.clone()).collect();
            let table = output::table(&head, std::slice::from_ref(&vector))?;
            write_file(&path, table.as_bytes())?;
        }
        Ok((vector, true))
    }

    fn measured(&self, case: &Case) -> Result<Vector> {
        self.log
            .say(LogLevel::Info, &format!("processing case {}", case.number));
        let label = case.label.unwrap_or(self.parameters.settings.label.into());
        let options = ReadOptions {
            budget: self.context.budget,
            volume: None,
            ..ReadOptions::default()
        };
        let read = read_case(
            &case.image,
            &case.mask,
            &LabelChoice::Value(label),
            GeometryRule::default(),
            &options,
        )?;
        self.tell(case, &read.warnings);
        match &self.plan {
            Plan::Segment(plan) => self.segment(plan, case, &read),
            Plan::Voxel(plan) => self.voxel(plan, case, &read),
        }
    }

    fn tell(&self, case: &Case, doubts: &[Warning]) {
        for doubt in doubts {
            let text = format!("case {}: {doubt}", case.number);
            self.log.say(LogLevel::Warning, &text);
        }
    }

    fn segment(&self, plan: &VectorPlan, case: &Case, read: &ReadCase) -> Result<Vector> {
        let steps = plan.steps(&read.image, &read.mask)?;
        let (values, measured) = plan.measure(&read.image, &read.mask)?;
        for doubt in &measured.doubts {
            let text = format!("case {}: {doubt:?}", case.number);
            self.log.say(LogLevel::Warning, &text);
        }
        let mut vector = self.diagnostics(case, read, &steps)?;
        let names = plan.names().iter().cloned();
        vector.extend(names.zip(values.into_iter().map(Datum::Number)));
        Ok(vector)
    }

    fn diagnostics(&self, case: &Case, read: &ReadCase, steps: &Steps) -> Result<Vector> {
        if !self.parameters.settings.additional_info {
            return Ok(Vector::new());
        }
        let subject = diagnostics::Subject {
            volume: &read.image,
            mask: &read.mask,
            mask_file: &case.mask,
            label: read.label,
            steps,
        };
        diagnostics::of(&self.parameters, &subject)
    }

    fn voxel(&self, plan: &MapPlan, case: &Case, read: &ReadCase) -> Result<Vector> {
        let here = Path::new(".");
        let folder = self.args.out_dir.as_deref().unwrap_or(here);
        let steps = Steps {
            interpolated: None,
            resegmented: plan.resegmented(&read.image, &read.mask)?,
        };
        let mut vector = self.diagnostics(case, read, &steps)?;
        let doubts = plan.make(&read.image, &read.mask, &mut |map| {
            interrupt::check()?;
            let name = format!("Case-{}_{}.nii.gz", case.number, map.name);
            let path = folder.join(name);
            write_map(&path, &map.values, read.image.grid(), Precision::Double)?;
            vector.push((map.name, Datum::Text(path.to_string_lossy().into_owned())));
            Ok(())
        })?;
        self.tell(case, &doubts);
        Ok(vector)
    }
}

/// The vector that an earlier run wrote for a case.
fn read_back(path: &Path) -> Result<Vector> {
    let wrong = |found: String| {
        ToolError::new(Code::Manifest, found)
            .file(path)
            .remedy("remove the file: the case is then measured again")
    };
    let bytes = crate::io::read_small(path, crate::io::LARGEST_TABLE)?;
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let head = reader.headers().map_err(|fault| wrong(fault.to_string()))?;
    let head = head.clone();
    let row = reader.records().next();
    let row = row.ok_or_else(|| wrong("a header without a row".to_owned()))?;
    let row = row.map_err(|fault| wrong(fault.to_string()))?;
    let cells = head.iter().zip(row.iter());
    Ok(cells
        .map(|(name, cell)| (name.to_owned(), Datum::text(cell)))
        .collect())
}
