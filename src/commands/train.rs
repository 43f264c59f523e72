//! `raduet train`: learners on a feature table, ours or another tool's.

use std::collections::BTreeMap;

use raduet_study::leakage::{Copied, copies};
use raduet_study::split::SplitCheck;
use raduet_study::{CaseRecord, Cohort, Label, Part, PatientId, Split};
use serde_json::json;

use super::{Context, Outcome};
use crate::arms::{FoldRows, PlannedModel};
use crate::cli::{PresetName, SplitOptions, TrainArgs};
use crate::conclusion::Conclusion;
use crate::division;
use crate::dry_run::{self, Estimate, ModelEstimate, costs};
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::guards::{Guards, doubles, names};
use crate::io::feature_csv::{self, FeatureFile};
use crate::io::feature_table;
use crate::io::key_columns::Chosen;
use crate::models::{Study, planned};
use crate::provenance::{Clock, Provenance, digest};
use crate::repeats::{self, Repeat, Repeats};
use crate::run_folder::{RunFolder, Start};
use crate::settings::{Settings, preset};

/// More columns than this are counted, not named.
const SHOWN_COLUMNS: usize = 12;

pub(super) fn run(args: &TrainArgs, context: Context) -> Outcome {
    let console = context.console;
    let mut settings = settings(args)?;
    let models = planned(&settings)?;
    let table = Table::read(args)?;
    console.say(&table.taken);
    let Table {
        features,
        cohort,
        mut warnings,
        folds,
        ..
    } = table;
    needs_sites(&settings, &features)?;
    let (split, check, how) = divide(args, &mut settings, &cohort, folds)?;
    if args.repeats > 1 && (how.is_some() || settings.split.file.is_some()) {
        let found = "repeats of a split that is not drawn";
        let remedy = "draw it (--folds K or --test SHARE), or leave out --repeats";
        return Err(ToolError::new(Code::Settings, found).remedy(remedy).into());
    }
    if let Some(how) = how {
        console.say(&how);
        warnings.push(Warning::new(WarningCode::Split, how, "judged by it").note());
    }
    console.say(&division::describe(&split, &check, &cohort));
    let guards = Guards {
        allow_leaks: args.allow_leaks,
        sanity: args.sanity,
    };
    let measured = doubles::MeasuredRows::of(&features);
    let look = |split: &Split| names::check(&cohort, split).and(measured.check(split));
    let draws = repeats::draws(&cohort, &settings.split, usize::from(args.repeats));
    let findings = look(&split).under(guards);
    let findings = findings.and(repeats::guarded(&draws, guards, look));
    let located = findings
        .faults
        .into_iter()
        .map(|fault| fault.file(&args.features));
    Faults::check(located.collect())?;
    warnings.extend(findings.warnings);
    if args.dry_run {
        let estimate = estimate(&settings, &models, &features, &split, draws.len());
        return super::told(&estimate, context);
    }
    let described = json!({
        "study": settings,
        "repeats": args.repeats,
        "exclude": args.exclude,
        "guards": guards,
        "split_id": split.id(),
    });
    let start = if args.resume {
        Start::Resume
    } else {
        Start::Anew
    };
    let hash = digest(&feature_csv::write(&features)?);
    let provenance = Provenance::new("train", described, hash);
    let folder = RunFolder::open(&args.output, &provenance.key(), start)?;
    let mut clock = Clock::new();
    let study = Study {
        settings: &settings,
        features: &features,
        images: Vec::new(),
        split: &split,
        folder: &folder,
        guards,
        console,
    };
    let answers = clock.time("fit", || study.fit(&models))?;
    let repeats = Repeats {
        settings: &settings,
        models: &models,
        features: &features,
        cohort: &cohort,
    };
    let repeated = clock.time("repeats", || {
        repeats.run(&draws, &answers.predictions, console)
    })?;
    let summary = repeated.repeats;
    write_repeats(&folder, &summary, settings.report.confidence)?;
    let conclusion = Conclusion {
        name: &settings.name,
        settings: &settings,
        cohort: &cohort,
        features: &features,
        split: &split,
        extras: Vec::new(),
        provenance: &provenance,
        guards,
        pictures: args.figures.pictures(),
        failures: repeated.failures,
        warnings,
    };
    let exit = conclusion
        .write(&folder, answers, &mut clock, console)?
        .end(folder, console, context.form())?;
    if !summary.is_empty() {
        console.say(&repeats::text(&summary, draws.len()));
    }
    Ok(exit)
}

/// The tables of repeats, where there are any.
fn write_repeats(folder: &RunFolder, repeats: &[Repeat], confidence: f64) -> Result<()> {
    if repeats.is_empty() {
        return Ok(());
    }
    folder.write("repeats.csv", &repeats::csv(repeats)?)?;
    let tests = repeats::tests_csv(repeats, confidence)?;
    folder.write("repeats_tests.csv", &tests)
}

/// What would be fitted on all draws, and about how long it would take by the learners' cost rule.
fn estimate(
    settings: &Settings,
    models: &[PlannedModel],
    features: &FeatureFile,
    split: &Split,
    draws: usize,
) -> Estimate {
    let folds: Vec<FoldRows> = split
        .folds
        .iter()
        .map(|parts| FoldRows::new(0, parts, &features.rows))
        .collect();
    let rows = folds.first().map_or(0, |fold| fold.train.len());
    let columns = features.table.columns().len();
    // Further draws are fitted without explanations.
    let again = settings.learners.unexplained();
    let fits = |name: &str| {
        let repeated = draws.saturating_sub(1) * costs::fits_of(name, &again);
        folds.len() * (costs::fits_of(name, &settings.learners) + repeated)
    };
    let drawn = match draws {
        0 => String::new(),
        draws => format!(", {draws} draws of the split"),
    };
    let tested = folds.iter().map(FoldRows::tested).sum();
    Estimate {
        plan: format!("{columns} columns, {rows} training rows in the first fold{drawn}"),
        slices: features.rows.len(),
        features: None,
        models: models
            .iter()
            .map(|model| ModelEstimate {
                name: model.name.clone(),
                arm: model.arm,
                fits: fits(&model.name),
                work: costs::of(&model.name, fits(&model.name), rows, columns),
                #[cfg(feature = "deep")]
                tried: None,
            })
            .collect(),
        report: dry_run::report(models.len() + 1, tested, settings.report.bootstrap),
        threads: rayon::current_num_threads(),
        notes: Vec::new(),
    }
}

fn settings(args: &TrainArgs) -> Result<Settings> {
    let mut settings = preset::settings(PresetName::Quick);
    settings.split.apply(&args.split);
    settings.networks.enabled = false;
    settings.learners.apply(&args.learners)?;
    settings.report.check()?;
    settings.name = args
        .features
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(settings)
}

/// The table and who stands in it.
struct Table {
    taken: String,
    features: FeatureFile,
    cohort: Cohort,
    /// The fold of each patient's rows, where the table names one.
    folds: Option<Vec<(PatientId, usize)>>,
    warnings: Vec<Warning>,
}

impl Table {
    fn read(args: &TrainArgs) -> Result<Self, Faults> {
        let chosen = Chosen::from_words(&args.column)?;
        let raw = feature_table::read_raw(&args.features, &chosen)?;
        let raw = raw.without(&args.exclude)?;
        let (taken, sites) = (raw.taken.clone(), raw.sites.clone());
        let folds = raw.folds.as_ref().map(|folds| {
            let rows = raw.rows.iter().zip(folds);
            rows.filter_map(|(row, fold)| Some((row.patient.clone(), (*fold)?)))
                .collect()
        });
        let (features, mut warnings) =
            raw.labelled().map_err(|fault| fault.file(&args.features))?;
        let leaks = leaks(&features)?;
        if args.allow_leaks {
            warnings.extend(leaks.iter().map(|fault| {
                let done = "learned from, as asked for";
                Warning::new(WarningCode::Leak, fault.found.clone(), done)
            }));
        } else {
            let located = leaks.into_iter().map(|fault| fault.file(&args.features));
            Faults::check(located.collect())?;
        }
        let cohort = cohort(&features, sites.as_deref())?;
        warnings.extend(of_lesions(&cohort));
        Ok(Self {
            taken,
            features: features.with_origins(&cohort)?,
            cohort,
            folds,
            warnings,
        })
    }
}

/// Columns that are no measurements.
fn leaks(features: &FeatureFile) -> Result<Vec<ToolError>> {
    let labels: Vec<Label> = features.rows.iter().map(|row| row.label).collect();
    let patients: Vec<PatientId> = features
        .rows
        .iter()
        .map(|row| row.patient.clone())
        .collect();
    let found = copies(&features.table, &labels, &patients)
        .map_err(|fault| ToolError::internal(fault.to_string()))?;
    let mut faults = Vec::new();
    for what in [Copied::Target, Copied::Patient, Copied::RowNumber] {
        let of_kind = found.iter().filter(|(_, copied)| *copied == what);
        let names: Vec<&str> = of_kind.map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            continue;
        }
        let shown = names[..names.len().min(SHOWN_COLUMNS)].join(",");
        let found = match names[..] {
            [name] => format!("column '{name}' says {} again", what.words()),
            _ => format!(
                "{} columns say {} again: {shown}",
                names.len(),
                what.words()
            ),
        };
        faults.push(ToolError::new(Code::Split, found).remedy(format!(
            "leave it out (--exclude {shown}), or learn from it all the same (--allow-leaks)"
        )));
    }
    Ok(faults)
}

/// Harmonisation needs to know the site of every row.
fn needs_sites(settings: &Settings, features: &FeatureFile) -> Result<()> {
    let wanted = settings.learners.preprocess.contains_key("combat");
    if wanted && features.table.sites().is_none() {
        return Err(ToolError::new(Code::Settings, "harmonisation of unknown sites").remedy(
            "give every row a site (a column Site, Scanner or Institution, or --column site=NAME)",
        ));
    }
    Ok(())
}

/// The split asked for; without a word about it the table's own parts, then its own folds, then one that is
/// drawn. The third says in words where it comes from, if it is the table's.
fn divide(
    args: &TrainArgs,
    settings: &mut Settings,
    cohort: &Cohort,
    folds: Option<Vec<(PatientId, usize)>>,
) -> Result<(Split, SplitCheck, Option<String>)> {
    let drawn = |settings: &Settings| {
        let (split, check) = division::divide(cohort, &settings.split)?;
        Ok((split, check, None))
    };
    let parts = Parts::of(cohort);
    if args.split.published || (parts.usable() && !asked(&args.split)) {
        settings.split.published = true;
        let (split, check) = division::divide(&parts.judged(cohort)?, &settings.split)?;
        return Ok((split, check, Some(parts.describe())));
    }
    match folds {
        Some(folds) if !asked(&args.split) => {
            let (split, check) = division::by_folds(cohort, folds)?;
            let how = "the table's own folds; --test or --folds draws others";
            Ok((split, check, Some(how.to_owned())))
        }
        _ => drawn(settings),
    }
}

/// Whether the command line says how to divide.
fn asked(args: &SplitOptions) -> bool {
    args.test.is_some() || args.val.is_some() || args.folds.is_some() || args.file.is_some()
}

/// Cases by the part that the table gives them.
struct Parts {
    counts: BTreeMap<Part, usize>,
}

impl Parts {
    fn of(cohort: &Cohort) -> Self {
        let mut counts = BTreeMap::new();
        for part in cohort.cases().iter().filter_map(|case| case.published_part) {
            *counts.entry(part).or_insert(0) += 1;
        }
        Self { counts }
    }

    fn has(&self, part: Part) -> bool {
        self.counts.contains_key(&part)
    }

    fn usable(&self) -> bool {
        self.has(Part::Train) && (self.has(Part::Test) || self.has(Part::Valid))
    }

    /// The cohort with the validation part as the one that judges, where there is no test part.
    fn judged(&self, cohort: &Cohort) -> Result<Cohort> {
        let mut cases = cohort.cases().to_vec();
        if !self.has(Part::Test) {
            for case in &mut cases {
                if case.published_part == Some(Part::Valid) {
                    case.published_part = Some(Part::Test);
                }
            }
        }
        Cohort::of_lesions(cohort.classes().clone(), cases)
            .map_err(|fault| ToolError::internal(fault.to_string()))
    }

    fn describe(&self) -> String {
        let counts = self.counts.iter();
        let counts: Vec<String> = counts
            .map(|(part, count)| format!("{} {count}", part.name()))
            .collect();
        let judged = if self.has(Part::Test) {
            ""
        } else {
            "; there is no test part, so the valid part judges"
        };
        format!(
            "the table's own parts ({}){judged}; --test or --folds draws others",
            counts.join(", ")
        )
    }
}

/// The cases that the rows speak of, in the order of their first row.
fn cohort(features: &FeatureFile, sites: Option<&[String]>) -> Result<Cohort> {
    let mut cases: Vec<CaseRecord> = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, row) in features.rows.iter().enumerate() {
        let first = *seen.entry(&row.sample.case).or_insert(row);
        if first.patient != row.patient || first.label != row.label {
            let found = format!(
                "rows of case '{}' differ in patient or class",
                row.sample.case
            );
            return Err(ToolError::new(Code::Manifest, found)
                .remedy("give a case one patient and one class"));
        }
        if std::ptr::eq(first, row) {
            cases.push(CaseRecord {
                id: row.sample.case.clone(),
                patient: row.patient.clone(),
                sequence: row.sequence.clone(),
                site: sites.map(|sites| sites[index].clone()),
                label: row.label,
                published_part: row.part,
            });
        }
    }
    // A table's rows may be lesions, and a patient may have lesions of several classes.
    Cohort::of_lesions(features.classes.clone(), cases).map_err(|fault| {
        ToolError::new(Code::Manifest, fault.to_string()).remedy("give every case one row or class")
    })
}

/// What has to be said of patients with rows of several classes.
fn of_lesions(cohort: &Cohort) -> Option<Warning> {
    let mixed = cohort.mixed_patients();
    let found = format!(
        "{mixed} of {} patients have rows of several classes",
        cohort.patients().len()
    );
    let done = "all rows of a patient stay on one side of the split, which goes by the rarest of the patient's \
                classes; figures are of rows, their intervals over patients";
    (mixed > 0).then(|| Warning::new(WarningCode::Split, found, done))
}
