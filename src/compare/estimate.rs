//! What a plan will do, and about how long it will take: a few cases are measured, a batch of each network is sent
//! forward and back. The output folder is not touched.

#[cfg(feature = "deep")]
use raduet_study::Arm;
use raduet_study::Part;

use super::Plan;
#[cfg(feature = "deep")]
use crate::arms::deep::rehearsal::{Rehearsal, Tried};
use crate::console::Console;
use crate::dry_run::{Estimate, ModelEstimate, Step, costs, report};
use crate::error::Faults;
use crate::extract::probe::Probe;

/// Cases of each class in the training part that are measured.
const TRAINING_CASES: usize = 2;
/// Cases of the validation part.
const VALIDATION_CASES: usize = 1;

/// About so many slices of so many cases.
fn times(per_case: f64, cases: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of slices, rounded up"
    )]
    let slices = (per_case * cases as f64).ceil() as usize;
    slices
}

impl Plan {
    /// Estimates the run.
    ///
    /// # Errors
    /// A request to stop. What cannot be tried is noted.
    pub fn estimate(&self, console: Console) -> Result<Estimate, Faults> {
        let positions = self.probed();
        console.say(&format!("trying {} cases", positions.len()));
        let probe = self
            .extraction
            .probe(&self.cases, self.wanted, &positions)?;
        let threads = rayon::current_num_threads();
        let cases = self.cases.cohort().cases().len();
        let measured = probe.tried - probe.extracted.failures.len();
        let mut notes: Vec<String> = probe
            .extracted
            .failures
            .iter()
            .map(|fault| format!("note: {fault}"))
            .collect();
        let per_case = probe.extracted.features.rows.len() as f64 / measured.max(1) as f64;
        let about = |cases: usize| times(per_case, cases);
        let features = Step {
            seconds: probe.seconds / probe.tried.max(1) as f64 * cases as f64
                / threads.min(cases.max(1)) as f64,
            how: format!(
                "{} cases took {:.2} s one by one, {per_case:.1} slices each",
                probe.tried, probe.seconds
            ),
        };
        let models = self.models_of(&probe, per_case, &mut notes, console)?;
        let tested: usize = (0..self.split.folds.len())
            .map(|fold| self.cases_in(Part::Test, fold))
            .sum();
        let report = report(
            self.models.len() + 1,
            about(tested),
            self.settings.report.bootstrap,
        );
        Ok(Estimate {
            plan: self.describe(),
            slices: about(cases),
            features: Some(features),
            models,
            report,
            threads,
            notes,
        })
    }

    /// Positions of the cases that are tried: of every class some that train, and some that validate.
    fn probed(&self) -> Vec<usize> {
        let Some(fold) = self.split.folds.first() else {
            return Vec::new();
        };
        let cohort = self.cases.cohort();
        let mut left = vec![TRAINING_CASES; cohort.classes().len()];
        let mut valid = VALIDATION_CASES;
        let chosen = cohort.cases().iter().enumerate().filter(|(_, case)| {
            let left = match fold.part(&case.patient) {
                Some(Part::Train) => &mut left[case.label.0],
                Some(Part::Valid) => &mut valid,
                _ => return false,
            };
            let is_wanted = *left > 0;
            *left = left.saturating_sub(1);
            is_wanted
        });
        chosen.map(|(index, _)| index).collect()
    }

    /// Cases of a part.
    fn cases_in(&self, part: Part, fold: usize) -> usize {
        let Some(fold) = self.split.folds.get(fold) else {
            return 0;
        };
        let cases = self.cases.cohort().cases().iter();
        cases
            .filter(|case| fold.part(&case.patient) == Some(part))
            .count()
    }

    fn models_of(
        &self,
        probe: &Probe,
        per_case: f64,
        notes: &mut Vec<String>,
        console: Console,
    ) -> Result<Vec<ModelEstimate>, Faults> {
        let folds = self.split.folds.len();
        let slices = |part| times(per_case, self.cases_in(part, 0));
        let (train, valid) = (slices(Part::Train), slices(Part::Valid));
        #[cfg(feature = "deep")]
        let tried = self.tried(probe, notes, console)?;
        #[cfg(not(feature = "deep"))]
        let _ = (probe, notes, console, valid);
        let mut models = Vec::new();
        for model in &self.models {
            let name = model.name.clone();
            #[cfg(feature = "deep")]
            if model.arm == Arm::Deep {
                let found = tried.iter().find(|tried| tried.name == name).cloned();
                let work = self.training(found.as_ref(), train, valid);
                models.push(ModelEstimate {
                    name,
                    arm: model.arm,
                    fits: folds,
                    work,
                    tried: found,
                });
                continue;
            }
            let fits = folds * costs::fits_of(&name, &self.settings.learners);
            let work = costs::of(&name, fits, train, self.extraction.width());
            models.push(ModelEstimate {
                name,
                arm: model.arm,
                fits,
                work,
                #[cfg(feature = "deep")]
                tried: None,
            });
        }
        Ok(models)
    }

    /// A batch of each network.
    #[cfg(feature = "deep")]
    fn tried(
        &self,
        probe: &Probe,
        notes: &mut Vec<String>,
        console: Console,
    ) -> Result<Vec<Tried>, Faults> {
        use crate::arms::FoldRows;
        let features = &probe.extracted.features;
        let (Some(parts), false) = (self.split.folds.first(), features.rows.is_empty()) else {
            return Ok(Vec::new());
        };
        let fold = FoldRows::new(0, parts, &features.rows);
        let samples = crate::arms::deep::samples(probe.extracted.images.clone(), &features.rows);
        let mut tried = Vec::new();
        for network in self.models.iter().filter(|model| model.arm == Arm::Deep) {
            crate::interrupt::check()?;
            console.say(&format!("trying {}", network.name));
            let (settings, classes) = (&self.settings, &features.classes);
            let parts = (&samples[..], &fold);
            match Rehearsal::DryRun.of(&network.name, settings, classes, parts, console) {
                Ok(found) => tried.push(found),
                Err(fault) => notes.push(format!("note: {} was not tried: {fault}", network.name)),
            }
        }
        Ok(tried)
    }

    /// All epochs of a network on all folds.
    #[cfg(feature = "deep")]
    fn training(&self, tried: Option<&Tried>, train: usize, valid: usize) -> Step {
        /// A validation image goes forward only: about a third of forward and back.
        const FORWARD: f64 = 1.0 / 3.0;
        let Some(tried) = tried else {
            return Step {
                seconds: 0.0,
                how: "not tried".into(),
            };
        };
        let networks = &self.settings.networks;
        let image = tried.seconds_per_batch / tried.images[0].max(1) as f64;
        let epoch = image * (train as f64 + FORWARD * valid as f64);
        let epochs = networks.epochs * self.split.folds.len();
        Step {
            seconds: epoch * epochs as f64,
            how: format!(
                "at most {} epochs of {} batches of {}; {}",
                networks.epochs,
                train.div_ceil(networks.batch_size.max(1)),
                networks.batch_size,
                tried.describe()
            ),
        }
    }
}
