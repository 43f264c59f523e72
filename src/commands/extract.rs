//! `raduet extract`: features of every slice, or every case, with a region of interest.

use std::path::{Path, PathBuf};

use super::{Context, Outcome, batch_exit};
use crate::cases::Cases;
use crate::cli::{ExtractArgs, LabelArg, PresetName, UnitName};
use crate::cohort::MANIFEST_NAME;
use crate::console::Console;
use crate::error::{Code, Exit, ToolError};
use crate::extract::{Extracted, Extraction, Labels, Lesions, Rows, Summary, Unit, Wanted};
use crate::io::atomic::{folder_of, prepare_folder, write_files};
use crate::io::feature_table::TableForm;
use crate::journal::Journal;
use crate::lock::{Afterwards, Lock};
use crate::provenance::{Clock, Provenance};
use crate::report_writers::{doubts, features as dictionary, run_json, undefined};
use crate::run_folder::remove_file;
use crate::settings::preset;

pub(super) fn run(args: &ExtractArgs, context: Context) -> Outcome {
    let console = context.console;
    let form = TableForm::of_name(&args.output)?;
    not_an_input(args)?;
    let mut settings = preset::settings(PresetName::Quick);
    settings.cohort.path = Some(args.input.clone());
    settings.cohort.apply(&args.cohort);
    settings.features.apply(&args.features);
    let mut clock = Clock::new();
    let extraction = Extraction::new(&settings.features, Wanted::Features, rows(args)?)?;
    let mut cases = Cases::open(&settings.cohort, context.budget)?;
    if let Some(label) = extraction.label() {
        cases.choose_by_default(label);
    }
    for note in cases.notes() {
        console.say(note);
    }
    let described = serde_json::json!({
        "cohort": settings.cohort,
        "features": extraction.describe(),
        "families": settings.features.families,
    });
    let provenance = Provenance::new("extract", described, cases.hash().to_owned());
    if args.dry_run {
        console.print(&format!(
            "{} cases, {} features a {}, to {}",
            cases.cohort().cases().len(),
            extraction.width(),
            unit(args),
            args.output.display()
        ));
        return Ok(Exit::Done);
    }
    let beside = Beside {
        table: &args.output,
    };
    prepare_folder(folder_of(&args.output))?;
    let _lock = Lock::take(&beside.lock(), Afterwards::Remove)?;
    let journal = Journal::open(&beside.file("journal"), &provenance.question())?;
    let mut extracted = clock.time("extract", || {
        extraction.run(&cases, Wanted::Features, Some(journal), console)
    })?;
    extracted.failures.extend_from_slice(cases.failed());
    extracted
        .warnings
        .splice(0..0, cases.warnings().iter().cloned());

    let total = cases.cohort().cases().len() + cases.failed().len();
    let stem = args
        .output
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    console.doubts(
        &extracted.failures,
        &extracted.warnings,
        &format!("{stem}."),
    );
    let lists = [
        ("failures.csv", doubts::failures_csv(&extracted.failures)?),
        (
            "undefined.csv",
            undefined::csv(&extracted.features, &extraction.columns())?,
        ),
        ("warnings.csv", doubts::warnings_csv(&extracted.warnings)?),
    ];
    let mut files = Vec::new();
    // Files of an earlier run that go once the new ones are there; the journal last, by which an end that was cut short
    // is made good.
    let mut gone = Vec::new();
    for (what, list) in lists {
        let path = beside.file(what);
        match list {
            Some(bytes) => files.push((path, bytes)),
            None => gone.push(path),
        }
    }
    let journal = beside.file("journal");
    if extracted.features.rows.is_empty() {
        write_files(&files)?;
        gone.push(args.output.clone());
        gone.extend(["dictionary.csv", "run.json"].map(|old| beside.file(old)));
        gone.push(journal);
        gone.iter().try_for_each(|path| remove_file(path))?;
        return Ok(Exit::AllFailed);
    }
    // Sites stand in the table where the manifest names them: harmonisation needs them.
    extracted.features = extracted.features.with_origins(cases.cohort())?;
    let table = form.bytes(&extracted.features, &notes(&provenance)?)?;
    files.push((args.output.clone(), table));
    let columns = extraction.columns();
    files.push((beside.file("dictionary.csv"), dictionary::csv(&columns)?));
    let run = run_json::bytes(&provenance, &clock.measured(), serde_json::Value::Null)?;
    files.push((beside.file("run.json"), run));
    write_files(&files)?;
    gone.push(journal);
    gone.iter().try_for_each(|path| remove_file(path))?;
    tell(args, &extracted, total, extraction.width(), console);
    Ok(batch_exit(extracted.failures.len(), total))
}

/// What came out, on the screen.
fn tell(args: &ExtractArgs, extracted: &Extracted, total: usize, width: usize, console: Console) {
    console.print(&format!(
        "{} {} of {} cases, {} features: {}",
        extracted.features.rows.len(),
        if unit(args) == "slice" {
            "slices"
        } else {
            "rows"
        },
        total - extracted.failures.len(),
        width,
        args.output.display()
    ));
    if extracted.too_small > 0 {
        console.say(&format!(
            "{} {}s left out: too few pixels, or a single line of them",
            extracted.too_small,
            if args.by == UnitName::Slice {
                "slice"
            } else {
                "region"
            }
        ));
    }
}

/// What a Parquet table says about its origin.
fn notes(provenance: &Provenance) -> Result<Vec<(String, String)>, ToolError> {
    let origin = serde_json::to_string(provenance)
        .map_err(|fault| ToolError::internal(fault.to_string()))?;
    Ok(vec![("raduet.provenance".to_owned(), origin)])
}

/// Refuses to write the table over what it is made from.
fn not_an_input(args: &ExtractArgs) -> Result<(), ToolError> {
    let manifest = args.input.join(MANIFEST_NAME);
    let inputs = [
        Some(&args.input),
        Some(&manifest),
        args.features.params.as_ref(),
    ];
    let real = |path: &Path| path.canonicalize().ok();
    let Some(output) = real(&args.output) else {
        return Ok(());
    };
    let same = |path: &&PathBuf| real(path).is_some_and(|path| path == output);
    match inputs.into_iter().flatten().find(same) {
        None => Ok(()),
        Some(input) => Err(
            ToolError::new(Code::Usage, "the table would replace its own input")
                .file(input)
                .remedy("choose another output (-o)"),
        ),
    }
}

/// What becomes rows.
fn rows(args: &ExtractArgs) -> Result<Rows, ToolError> {
    if args.summarise && args.by == UnitName::Case {
        return Err(
            ToolError::new(Code::Usage, "--summarise together with --by case")
                .remedy("leave one of them out: a summary is made from slices"),
        );
    }
    Ok(Rows {
        unit: match args.by {
            UnitName::Slice => Unit::Slice,
            UnitName::Case => Unit::Case,
        },
        labels: match &args.cohort.label {
            Some(LabelArg::All) => Labels::All,
            _ => Labels::One,
        },
        lesions: if args.lesions {
            Lesions::Apart
        } else {
            Lesions::Together
        },
        summary: if args.summarise {
            Summary::OfSlices
        } else {
            Summary::None
        },
    })
}

/// What a row is called on the screen.
fn unit(args: &ExtractArgs) -> &'static str {
    if args.by == UnitName::Case || args.summarise {
        "case"
    } else {
        "slice"
    }
}

/// Files beside the table, named after it.
struct Beside<'a> {
    table: &'a Path,
}

impl Beside<'_> {
    fn file(&self, what: &str) -> PathBuf {
        self.table.with_extension(what)
    }

    /// `.features.csv.lock`, which nobody else calls a file.
    fn lock(&self) -> PathBuf {
        let name = self.table.file_name().unwrap_or_default().to_string_lossy();
        folder_of(self.table).join(format!(".{name}.lock"))
    }
}
