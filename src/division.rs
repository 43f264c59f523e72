//! The split of a run: drawn, published or read from a file, and always checked against the cohort.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use raduet_study::split::{SharedPatients, SplitCheck};
use raduet_study::{Cohort, Fold, Part, PatientId, Split, StudyError};

use crate::error::{Code, Result, ToolError};
use crate::io::split_file;
use crate::settings::{SharedPatientsName, SplitSettings};

/// Makes or reads the split that the settings ask for.
///
/// # Errors
/// [`Code::Split`] for a split that cannot be made, or that puts a patient on two sides; the readers'
/// errors for a file.
pub fn divide(cohort: &Cohort, settings: &SplitSettings) -> Result<(Split, SplitCheck)> {
    settings.check()?;
    let split = if let Some(path) = &settings.file {
        split_file::read(path)?
    } else if settings.published {
        let rule = match settings.shared_patients {
            SharedPatientsName::Refuse => SharedPatients::Refuse,
            SharedPatientsName::Drop => SharedPatients::Drop,
            SharedPatientsName::Strictest => SharedPatients::KeepStrictest,
        };
        Split::published(cohort, rule).map_err(|fault| refused(&fault))?
    } else if let Some(folds) = settings.folds {
        Split::folds(cohort, folds, settings.valid, settings.seed)
            .map_err(|fault| refused(&fault))?
    } else {
        Split::holdout(cohort, settings.test, settings.valid, settings.seed)
            .map_err(|fault| refused(&fault))?
    };
    let check = split.check(cohort).map_err(|fault| {
        let fault = refused(&fault);
        match &settings.file {
            Some(path) => fault.file(path),
            None => fault,
        }
    })?;
    Ok((split, check))
}

/// Cross-validation by the folds that a table names: each patient is tested in its own.
///
/// # Errors
/// [`Code::Split`] for a patient in two folds, fewer than two folds, or a fold without a class to train on.
pub fn by_folds(
    cohort: &Cohort,
    folds: impl IntoIterator<Item = (PatientId, usize)>,
) -> Result<(Split, SplitCheck)> {
    let mut of_patient: BTreeMap<PatientId, usize> = BTreeMap::new();
    for (patient, fold) in folds {
        let first = *of_patient.entry(patient.clone()).or_insert(fold);
        if first != fold {
            let found = format!("patient '{patient}' in the folds {first} and {fold}");
            return Err(ToolError::new(Code::Split, found)
                .remedy("give every patient one fold, or draw folds (--folds K)"));
        }
    }
    let numbers: BTreeSet<usize> = of_patient.values().copied().collect();
    if numbers.len() < 2 {
        return Err(ToolError::new(
            Code::Split,
            format!("{} fold(s) in the table", numbers.len()),
        )
        .remedy("number two folds at least, or draw folds (--folds K)"));
    }
    let assigned = |number: usize| {
        let parts = of_patient.iter().map(|(patient, &fold)| {
            let part = if fold == number {
                Part::Test
            } else {
                Part::Train
            };
            (patient.clone(), part)
        });
        Fold::new(parts).map_err(|fault| refused(&fault))
    };
    let split = Split {
        rule: "folds of the table".into(),
        seed: 0,
        folds: numbers
            .iter()
            .map(|&n| assigned(n))
            .collect::<Result<_>>()?,
    };
    let check = split.check(cohort).map_err(|fault| refused(&fault))?;
    Ok((split, check))
}

fn refused(fault: &StudyError) -> ToolError {
    let remedy = match fault {
        StudyError::SharedPatients { .. } => {
            "choose what becomes of them (--shared-patients drop or strictest), or draw a split"
        }
        _ => "change the shares, the folds or the cohort",
    };
    ToolError::new(Code::Split, fault.to_string()).remedy(remedy)
}

/// The split in a few lines: patients per part and class.
pub fn describe(split: &Split, check: &SplitCheck, cohort: &Cohort) -> String {
    let names = cohort.classes().names();
    let mut text = format!("split {} ({}, seed {})", split.id(), split.rule, split.seed);
    for (index, counts) in check.folds.iter().enumerate() {
        if check.folds.len() > 1 {
            let _ = write!(text, "\nfold {index}");
        }
        for part in Part::ALL {
            let of_part = counts.of(part);
            let classes: Vec<String> = names
                .iter()
                .zip(of_part)
                .map(|(name, count)| format!("{name} {count}"))
                .collect();
            let total: usize = of_part.iter().sum();
            let _ = write!(
                text,
                "\n{:6} {total:4} patients  {}",
                part.name(),
                classes.join(", ")
            );
        }
    }
    for warning in &check.warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    text.push_str("\n0 patients shared between parts");
    text
}
