//! From predictions to a report.

use std::collections::BTreeMap;

use crate::cohort::Cohort;
use crate::error::{Result, StudyError};
use crate::ids::PatientId;
use crate::labels::Label;
use crate::metrics::{Judged, METRICS, by_id, mean_log_loss};
use crate::predictions::{Arm, Predictions};
use crate::reference::{self, training_patients, training_rows};
use crate::report::checks::{fit_cohort, same_questions, split_of};
use crate::report::comparison::{Contender, best, compare, leaderboard};
use crate::report::folds::FoldSizes;
use crate::report::level::Stamp;
use crate::report::majority;
use crate::report::pairwise::pairwise;
use crate::report::summary::{SplitSummary, summarise};
use crate::report::{
    Level, ModelReport, Report, ReportSettings, Unit, UsedSettings, ValidationFigures,
};
use crate::split::{Part, Split};
use crate::uncertainty::{NoInformation, clopper_pearson_of_patients, holm};

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
    let slices = predictions.on(Part::Test);
    let patients = match settings.unit {
        Unit::Patient => predictions.patients_of(Part::Test, &settings.pooling)?,
        Unit::Slice => slices.clone(),
    };
    let (judged_slices, judged_patients) = (Judged::of(&slices), Judged::of(&patients));
    let replicates = |judged| settings.bootstrap.replicates(judged, METRICS);
    Ok(Contender {
        predictions,
        validation: validation(predictions, settings)?,
        slice_replicates: replicates(&judged_slices)?,
        patient_replicates: replicates(&judged_patients)?,
        judged_slices,
        judged_patients,
        slices,
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
    let patients = match settings.unit {
        Unit::Patient => predictions.patients_of(Part::Valid, &settings.pooling)?,
        Unit::Slice => slices.clone(),
    };
    // Of answers without probabilities it counts the wrong ones, each at the same cost: a tie is settled all the same.
    let log_loss = |rows: &Predictions| {
        let judged = Judged::new(rows.classes().len(), rows.rows());
        mean_log_loss(&judged.once())
    };
    let figure = |rows: &Predictions, id: &str| {
        let metric = by_id(id).ok_or_else(|| StudyError::Undefined {
            figure: "validation figure",
            reason: format!("no metric '{id}'"),
        })?;
        Judged::of(rows).once().figure(metric)
    };
    Ok(Some(ValidationFigures {
        balanced_accuracy: figure(&patients, "balanced_accuracy")?,
        log_loss: log_loss(&slices)?,
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
    let mut reports: Vec<ModelReport> = contenders
        .iter()
        .map(|contender| model_report(contender, &stamp))
        .collect();
    correct(&mut reports);
    let sizes = FoldSizes::of(&split);
    let comparison = compare(&contenders, &stamp, sizes)?;
    let leaderboard = leaderboard(&contenders)?;
    let pairwise = pairwise(&contenders, &stamp, sizes)?;
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
            unit: settings.unit,
        },
        test_slices: slices.samples(),
        test_patients: patients.patients().len(),
        majority_share_slices: share(slices),
        majority_share_patients: share(patients),
        models: reports,
        comparison,
        majority,
        leaderboard,
        pairwise,
        control: None,
        leaks: Vec::new(),
        warnings,
        split,
    })
}

fn model_report(contender: &Contender<'_>, stamp: &Stamp<'_>) -> ModelReport {
    let tally = contender.judged_patients.once();
    let patients = contender.judged_patients.patients().len() as u64;
    let rows = tally.confusion().total();
    let right = tally.confusion().correct();
    let largest = tally.largest_class().map_or(0, |(_, n)| n);
    let confidence = stamp.bootstrap.confidence;
    ModelReport {
        model: contender.predictions.model().to_owned(),
        arm: contender.predictions.arm(),
        validation: contender.validation,
        slice: stamp.level(Level::Slice, contender),
        patient: stamp.level(Level::Patient, contender),
        patient_accuracy_exact: clopper_pearson_of_patients(right, rows, patients, confidence),
        no_information: NoInformation::test(right, largest, rows, patients),
        no_information_holm: None,
    }
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
