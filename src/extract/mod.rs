//! Cases × feature set → rows of features and, for the deep arm, the same slices as pixels.
//!
//! One list of slices serves both arms: a slice takes part when its region has enough pixels. Cases
//! run in parallel, results come in cohort order, and a case that fails is listed while the others
//! go on.

mod levels;
mod measure;
mod pixels;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use raduet_features::family::Input;
use raduet_features::registry::PYRADIOMICS;
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureError, FeatureSet,
};
use raduet_study::{CaseRecord, FeatureTable, SampleId};
use rayon::prelude::*;

use crate::cases::Cases;
use crate::console::Console;
use crate::error::{Code, Result, ToolError, Warning};
use crate::interrupt;
use crate::io::feature_csv::{FeatureFile, FeatureRow};
use crate::journal::Journal;
use crate::settings::FeatureSettings;
use crate::settings::nearest::suggestion;

pub use measure::{MeasuredCase, MeasuredSlice};
pub use pixels::SlicePixels;

use measure::Measuring;

/// What is done with every case.
#[derive(Debug)]
pub struct Extraction {
    /// None where only pixels are wanted.
    set: Option<FeatureSet>,
    settings: ExtractionSettings,
    min_pixels: usize,
}

/// Everything that came out of the cases.
#[derive(Debug)]
pub struct Extracted {
    /// Rows and values.
    pub features: FeatureFile,
    /// The same slices as pixels, in the same order; empty unless they were asked for.
    pub images: Vec<SlicePixels>,
    /// Cases without a result.
    pub failures: Vec<ToolError>,
    /// Doubts about cases, in cohort order, and about the settings.
    pub warnings: Vec<Warning>,
    /// Slices left out because their region is too small.
    pub too_small: usize,
}

/// Which arms the slices are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Features only.
    Features,
    /// Features and pixels.
    FeaturesAndPixels,
    /// Pixels only; the feature table has no columns.
    Pixels,
}

/// A case's slices, and the same as pixels where they are wanted.
type CaseOutcome = (MeasuredCase, Vec<SlicePixels>);

impl Extraction {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Code::Settings`] naming the family or value that is wrong.
    pub fn new(settings: &FeatureSettings, wanted: Wanted) -> Result<Self> {
        let wrong = |fault: FeatureError| {
            ToolError::new(Code::Settings, fault.to_string()).remedy("correct the feature settings")
        };
        let set = match wanted {
            Wanted::Pixels => None,
            Wanted::Features | Wanted::FeaturesAndPixels => Some(chosen(&settings.families)?),
        };
        let discretisation = match settings.bin_count {
            None => Discretisation::PyRadiomicsFixedBinSize {
                width: settings.bin_width,
            },
            Some(count) => Discretisation::PyRadiomicsFixedBinNumber {
                count: u32::try_from(count).unwrap_or(u32::MAX),
            },
        };
        let options = ExtractionOptions {
            discretisation,
            minimum_pixels: settings.min_pixels,
            ..ExtractionOptions::default()
        };
        Ok(Self {
            set,
            settings: options.check().map_err(wrong)?,
            min_pixels: settings.min_pixels,
        })
    }

    /// Every setting of the engine, expanded.
    pub fn describe(&self) -> serde_json::Value {
        let pairs = self.settings.describe().into_iter();
        pairs
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// The feature set, unless only pixels are wanted.
    pub fn set(&self) -> Option<&FeatureSet> {
        self.set.as_ref()
    }

    /// How many features a slice gets.
    pub fn width(&self) -> usize {
        self.set.as_ref().map_or(0, FeatureSet::width)
    }

    /// Measures every case. Cases that the journal holds are not measured again.
    ///
    /// # Errors
    /// [`Code::Interrupted`] after a request to stop (what is done is in the journal), or
    /// [`Code::Output`] when the journal cannot be written.
    pub fn run(
        &self,
        cases: &Cases,
        wanted: Wanted,
        journal: Option<(Journal, Vec<MeasuredCase>)>,
        console: Console,
    ) -> Result<Extracted> {
        let records = cases.cohort().cases();
        let (journal, known) = match journal {
            Some((journal, known)) => (Some(Mutex::new(journal)), known),
            None => (None, Vec::new()),
        };
        let mut before: Vec<Option<MeasuredCase>> = vec![None; records.len()];
        for case in known {
            if let Some(slot) = before.get_mut(case.case)
                && case.stamp == cases.stamp(case.case)
            {
                *slot = Some(case);
            }
        }
        let job = console.job("reading and measuring", records.len());
        let outcomes: Vec<Result<CaseOutcome>> = records
            .par_iter()
            .zip(before)
            .enumerate()
            .map(|(index, (record, before))| {
                interrupt::check()?;
                let fresh = before.is_none();
                let outcome = self.guarded(cases, index, record, before, wanted)?;
                if let (true, Some(journal)) = (fresh, &journal) {
                    let mut journal = journal
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    journal.append(&outcome.0)?;
                }
                job.advance();
                console.detail(&format!("{}: {} slices", record.id, outcome.0.slices.len()));
                Ok(outcome)
            })
            .collect();
        if let Some(journal) = journal {
            journal
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .sync()?;
        }
        self.collect(cases, outcomes)
    }

    /// A case with its name on every failure; a bug in one case does not end the others.
    fn guarded(
        &self,
        cases: &Cases,
        index: usize,
        record: &CaseRecord,
        before: Option<MeasuredCase>,
        wanted: Wanted,
    ) -> Result<CaseOutcome> {
        let work = AssertUnwindSafe(|| self.case(cases, index, record, before, wanted));
        catch_unwind(work)
            .unwrap_or_else(|_| {
                Err(
                    ToolError::new(Code::Internal, "the tool failed on this case")
                        .remedy("report this as a bug"),
                )
            })
            .map_err(|fault| fault.case(record.id.clone()))
    }

    fn case(
        &self,
        cases: &Cases,
        index: usize,
        record: &CaseRecord,
        before: Option<MeasuredCase>,
        wanted: Wanted,
    ) -> Result<CaseOutcome> {
        if let (Some(measured), Wanted::Features) = (&before, wanted) {
            return Ok((measured.clone(), Vec::new()));
        }
        // Taken before reading: a file that changes meanwhile is measured again by the next run.
        let stamp = cases.stamp(index);
        let loaded = cases.load(index)?;
        let (volume, mask) = (&loaded.volume, &loaded.mask);
        let measured = if let Some(measured) = before {
            measured
        } else {
            let rule = Measuring {
                set: self.set.as_ref(),
                settings: &self.settings,
                min_pixels: self.min_pixels,
            };
            rule.case((index, stamp), record, loaded.warnings, volume, mask)?
        };
        let mut images = Vec::new();
        if wanted != Wanted::Features {
            for slice in &measured.slices {
                images.push(SlicePixels::cut(record, slice.index, volume, mask)?);
            }
        }
        Ok((measured, images))
    }

    fn collect(&self, cases: &Cases, outcomes: Vec<Result<CaseOutcome>>) -> Result<Extracted> {
        let cohort = cases.cohort();
        let (mut rows, mut samples, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let (mut images, mut failures, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        let mut too_small = 0;
        let mut ranges = Vec::new();
        for (record, outcome) in cohort.cases().iter().zip(outcomes) {
            let (measured, pixels) = match outcome {
                Ok(outcome) => outcome,
                Err(fault) if matches!(fault.code, Code::Interrupted | Code::Output) => {
                    return Err(fault);
                }
                Err(fault) => {
                    failures.push(fault);
                    continue;
                }
            };
            too_small += measured.too_small;
            warnings.extend(measured.warnings);
            images.extend(pixels);
            for slice in measured.slices {
                let sample = SampleId::slice(record.id.clone(), slice.index);
                ranges.push(slice.range);
                samples.push(sample.clone());
                values.extend(
                    slice
                        .values
                        .into_iter()
                        .map(|value| value.unwrap_or(f64::NAN)),
                );
                rows.push(FeatureRow {
                    sample,
                    patient: record.patient.clone(),
                    label: record.label,
                    sequence: record.sequence.clone(),
                    part: record.published_part,
                    position_mm: Some(slice.position_mm),
                    pixels: Some(slice.pixels),
                    area_mm2: Some(slice.area_mm2),
                });
            }
        }
        if self.reads_grey_levels() {
            warnings.extend(levels::doubt(self.settings.discretisation, ranges));
        }
        let columns = self
            .set
            .as_ref()
            .map(FeatureSet::columns)
            .unwrap_or_default();
        let table = FeatureTable::new(samples, columns, values)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
        let features = FeatureFile {
            classes: cohort.classes().clone(),
            rows,
            table,
        };
        Ok(Extracted {
            features,
            images,
            failures,
            warnings,
            too_small,
        })
    }

    fn reads_grey_levels(&self) -> bool {
        let families = self.set.iter().flat_map(FeatureSet::families);
        families
            .into_iter()
            .any(|family| family.input() == Input::GreyLevels)
    }
}

/// The families of the settings; none named means all that measure slices.
fn chosen(families: &[String]) -> Result<FeatureSet> {
    if families.is_empty() {
        return Ok(FeatureSet::all_2d());
    }
    let known: Vec<&str> = PYRADIOMICS.iter().map(|family| family.id()).collect();
    if let Some(unknown) = families.iter().find(|name| !known.contains(&name.as_str())) {
        let found = format!("unknown feature family '{unknown}'");
        return Err(ToolError::new(Code::Settings, found).remedy(suggestion(unknown, &known)));
    }
    let ids: Vec<&str> = families.iter().map(String::as_str).collect();
    FeatureSet::of(&ids).map_err(|fault| {
        ToolError::new(Code::Settings, fault.to_string()).remedy("name every family once")
    })
}
