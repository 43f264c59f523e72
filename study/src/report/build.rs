//! From predictions to a report.

use std::collections::BTreeMap;

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::labels::Label;
use crate::metrics::{Judged, by_id};
use crate::predictions::{Arm, Predictions};
use crate::reference::{self, training_patients, training_rows};
use crate::report::checks::{fit_cohort, same_questions, split_of};
use crate::report::comparison::{Contender, best, compare, leaderboard};
use crate::report::level::Stamp;
use crate::report::majority;
use crate::report::summary::{SplitSummary, summarise};
use crate::report::{Level, ModelReport, Report, ReportSettings, UsedSettings, ValidationFigures};
use crate::split::{Part, Split};
use crate::uncertainty::{NoInformation, clopper_pearson, holm};

impl Report {
    /// Compares models that answered the same test samples of one split of one cohort.
    ///
    /// `models` hold their validation and test rows (training rows are allowed and not judged). Unless
    /// a reference is among them, the majority class of the training rows is added; where no model
    /// wrote training rows, that of the training patients.
    ///
    /// # Errors
    /// Those of [`Split::check`] and [`Predictions::by_patient`]; [`StudyError::Predictions`] for a model
    /// that answered other samples than the first, a sample twice, or rows that cohort and split do not
    /// agree with; [`StudyError::Undefined`] without models or with unusable bootstrap settings.
    pub fn new(
        cohort_name: &str,
        cohort: &Cohort,
        split: &Split,
        models: &[Predictions],
        settings: &ReportSettings,
    ) -> Result<Self> {
        let check = split.check(cohort)?;
        same_questions(models)?;
        fit_cohort(models, cohort, split)?;
        let mut warnings: Vec<String> = check.warnings.iter().map(ToString::to_string).collect();
        warnings.extend(unanswered(split, &models[0]));
        let from_rows = training_rows(&models[0]);
        let training = if from_rows.len() == split.folds.len() {
            from_rows
        } else {
            training_patients(cohort, split)
        };
        let models = with_reference(models, &training)?;
        warnings.extend(of_lesions(&models[0]));
        let summary = summarise(
            split,
            cohort.classes(),
            &cohort.patients(),
            check.excluded,
            &models,
        );
        assemble(cohort_name, summary, &models, settings, warnings)
    }

    /// Compares models from their rows alone, for predictions of other tools. The split is what the
    /// rows tell; the majority row is added only where the first model wrote training rows.
    ///
    /// # Errors
    /// As for [`Report::new`], and [`StudyError::SharedPatients`] naming every patient that stands in two
    /// parts of a fold.
    pub fn from_predictions(
        cohort_name: &str,
        models: &[Predictions],
        settings: &ReportSettings,
    ) -> Result<Self> {
        same_questions(models)?;
        let split = split_of(models)?;
        let training = training_rows(&models[0]);
        let mut warnings: Vec<String> = of_lesions(&models[0]).into_iter().collect();
        let models = if training.is_empty() {
            if models.iter().all(|model| model.arm() != Arm::Reference) {
                warnings.push(
                    "no training rows: the majority class of the training part is not known"
                        .to_owned(),
                );
            }
            models.to_vec()
        } else {
            with_reference(models, &training)?
        };
        let labels: BTreeMap<PatientId, Label> = models
            .iter()
            .flat_map(Predictions::rows)
            .map(|row| (row.patient.clone(), row.truth))
            .collect();
        let summary = summarise(&split, models[0].classes(), &labels, Vec::new(), &models);
        assemble(cohort_name, summary, &models, settings, warnings)
    }
}

/// The models with references last, the majority row among them.
fn with_reference(models: &[Predictions], training: &[Vec<Label>]) -> Result<Vec<Predictions>> {
    let mut models = models.to_vec();
    if models.iter().all(|model| model.arm() != Arm::Reference) {
        models.push(reference::majority(&models[0], training)?);
        same_questions(&models)?;
    }
    Ok(models)
}

/// Test patients of the split without any answer.
fn unanswered(split: &Split, model: &Predictions) -> Option<String> {
    let mut missing = 0;
    for (index, fold) in split.folds.iter().enumerate() {
        let answered: std::collections::BTreeSet<&PatientId> = model
            .rows()
            .iter()
            .filter(|row| row.fold == index && row.part == Part::Test)
            .map(|row| &row.patient)
            .collect();
        missing += fold
            .patients_in(Part::Test)
            .filter(|patient| !answered.contains(patient))
            .count();
    }
    (missing > 0).then(|| format!("{missing} test patient(s) of the split have no answer"))
}

/// What has to be said where patients have rows of several classes.
fn of_lesions(model: &Predictions) -> Option<String> {
    let told = "patients have rows of several classes: figures of patients are figures of rows, with intervals and \
                tests over patients";
    (!model.has_classes_of_patients()).then(|| told.to_owned())
}

/// One model laid out for every question of the report.
fn contender<'a>(predictions: &'a Predictions, settings: &ReportSettings) -> Result<Contender<'a>> {
    let classes = predictions.classes().len();
    let slices = predictions.on(Part::Test);
    let patients = predictions.patients_of(Part::Test, &settings.pooling)?;
    Ok(Contender {
        predictions,
        validation: validation(predictions, settings)?,
        judged_slices: Judged::new(classes, slices.rows()),
        judged_patients: Judged::new(classes, patients.rows()),
        patients,
    })
}

fn validation(
    predictions: &Predictions,
    settings: &ReportSettings,
) -> Result<Option<ValidationFigures>> {
    let slices = predictions.on(Part::Valid);
    if slices.rows().is_empty() {
        return Ok(None);
    }
    let classes = predictions.classes().len();
    let patients = predictions.patients_of(Part::Valid, &settings.pooling)?;
    let figure = |rows: &Predictions, id: &str| {
        let metric = by_id(id).ok_or_else(|| StudyError::Undefined {
            figure: "validation figure",
            reason: format!("no metric '{id}'"),
        })?;
        Judged::new(classes, rows.rows()).once().figure(metric)
    };
    Ok(Some(ValidationFigures {
        balanced_accuracy: figure(&patients, "balanced_accuracy")?,
        log_loss: figure(&slices, "log_loss")?,
        patients: patients.rows().len(),
        slices: slices.rows().len(),
    }))
}

fn assemble(
    cohort_name: &str,
    split: SplitSummary,
    models: &[Predictions],
    settings: &ReportSettings,
    mut warnings: Vec<String>,
) -> Result<Report> {
    let mut contenders = models
        .iter()
        .map(|model| contender(model, settings))
        .collect::<Result<Vec<_>>>()?;
    // Stable: models keep their order, references follow.
    contenders.sort_by_key(|contender| contender.predictions.arm() == Arm::Reference);
    let stamp = Stamp {
        split: &split.id,
        bootstrap: settings.bootstrap.checked()?,
    };
    for arm in [Arm::Deep, Arm::Radiomics] {
        let of_arm = || {
            contenders
                .iter()
                .filter(move |c| c.predictions.arm() == arm)
        };
        if of_arm().next().is_some() && best(of_arm()).is_none() {
            warnings.push(format!(
                "{} models without validation rows: the best of them cannot be chosen without touching the test part",
                arm.name()
            ));
        }
    }
    let mut reports = contenders
        .iter()
        .map(|contender| model_report(contender, &stamp))
        .collect::<Result<Vec<_>>>()?;
    correct(&mut reports);
    let comparison = compare(&contenders, &stamp)?;
    let leaderboard = leaderboard(&contenders)?;
    let majority = majority::verdict(&contenders, &stamp)?;
    // Every model answered the same questions, so the first speaks for all.
    let (slices, patients) = (&contenders[0].judged_slices, &contenders[0].judged_patients);
    let share = |judged: &Judged| {
        let largest = judged.once().largest_class().map_or(0, |(_, n)| n);
        largest as f64 / judged.samples() as f64
    };
    Ok(Report {
        cohort: cohort_name.to_owned(),
        classes: models[0].classes().clone(),
        settings: UsedSettings {
            bootstrap: settings.bootstrap,
            pooling: settings.pooling.name(),
        },
        test_slices: slices.samples(),
        test_patients: patients.patients().len(),
        majority_share_slices: share(slices),
        majority_share_patients: share(patients),
        models: reports,
        comparison,
        majority,
        leaderboard,
        leaks: Vec::new(),
        warnings,
        split,
    })
}

fn model_report(contender: &Contender<'_>, stamp: &Stamp<'_>) -> Result<ModelReport> {
    let classes = contender.predictions.classes();
    let tally = contender.judged_patients.once();
    let patients = contender.judged_patients.patients().len() as u64;
    let rows = tally.confusion().total();
    // Rows of one patient are not independent: together they count as one observation.
    let counted = |of_rows: u64| {
        if rows == patients {
            of_rows
        } else {
            of_rows * patients / rows
        }
    };
    let (right, all) = (counted(tally.confusion().correct()), counted(rows));
    let largest = counted(tally.largest_class().map_or(0, |(_, n)| n));
    Ok(ModelReport {
        model: contender.predictions.model().to_owned(),
        arm: contender.predictions.arm(),
        validation: contender.validation,
        slice: stamp.level(Level::Slice, &contender.judged_slices, classes)?,
        patient: stamp.level(Level::Patient, &contender.judged_patients, classes)?,
        patient_accuracy_exact: clopper_pearson(right, all, stamp.bootstrap.confidence),
        no_information: NoInformation::test(right, largest, all),
        no_information_holm: None,
    })
}

/// Fills in Holm's correction over all models but references.
fn correct(reports: &mut [ModelReport]) {
    let mut models: Vec<&mut ModelReport> = reports
        .iter_mut()
        .filter(|report| report.arm != Arm::Reference)
        .collect();
    let p: Vec<f64> = models
        .iter()
        .map(|report| report.no_information.p)
        .collect();
    for (report, adjusted) in models.iter_mut().zip(holm(&p)) {
        report.no_information_holm = Some(adjusted);
    }
}
