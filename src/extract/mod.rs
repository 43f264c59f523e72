//! Cases × feature set → rows of features and, for the deep arm, the same slices as pixels.
//!
//! One list of slices serves both arms: a slice takes part when its region has enough pixels. Cases
//! run in parallel, results come in cohort order, and a case that fails is listed while the others
//! go on.

mod ibsi_filters;
mod in_turn;
mod levels;
pub mod maps;
mod measure;
mod nonfinite;
mod pixels;
mod plan;
mod plan_ibsi;
pub mod probe;
mod sliced;
mod summary;
pub mod vector;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

use raduet_features::extractor::{Extractor, ImageColumn};
use raduet_features::{Discretisation, Grid, MaskVolume, Volume};
use raduet_study::{CaseRecord, FeatureTable, SampleId};
use serde::{Deserialize, Serialize};

use crate::cases::Cases;
use crate::console::Console;
use crate::error::{Code, Faults, Result, ToolError, Warning};
use crate::guards::doubles::digest_of_voxels;
use crate::interrupt;
use crate::io::feature_csv::{FeatureFile, FeatureRow};
use crate::io::{Fingerprints, Unpacking, recycle};
use crate::journal::Journal;
use crate::settings::{FeatureSettings, NonfiniteName};

pub use measure::{MeasuredCase, MeasuredRow};
pub use pixels::SlicePixels;

use in_turn::Others;
use measure::Measuring;
pub(crate) use measure::failed;

/// What one row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A slice that holds part of the region.
    #[default]
    Slice,
    /// The region as a whole.
    Case,
}

/// Whether connected parts of a region are rows of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lesions {
    /// One region.
    #[default]
    Together,
    /// A row for each part.
    Apart,
}

/// Whether a case's slices become one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Each slice is a row.
    #[default]
    None,
    /// Mean, spread and percentiles over the slices.
    OfSlices,
}

/// Which labels of a mask are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    /// The chosen one, or the only one.
    #[default]
    One,
    /// Each one as a region of its own.
    All,
}

/// What becomes rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rows {
    /// Slices or cases.
    pub unit: Unit,
    /// Which labels.
    pub labels: Labels,
    /// Whether parts are rows.
    pub lesions: Lesions,
    /// Whether slices are summarised.
    pub summary: Summary,
}

/// What is done with every case.
#[derive(Debug)]
pub struct Extraction {
    /// None where only pixels are wanted.
    extractor: Option<Extractor>,
    rows: Rows,
    min_pixels: usize,
    nonfinite: NonfiniteName,
    described: serde_json::Value,
    /// Doubts about the settings.
    warnings: Vec<Warning>,
    label: Option<i64>,
    /// Whether images are told apart by their values: every voxel once more, a sixth of the time of one family.
    contents: bool,
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
    /// Slices or cases left out because their region is too small.
    pub too_small: usize,
    /// Digest of the voxels of each case of the cohort; empty where there is no result.
    pub contents: Vec<String>,
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

/// A case's image, its regions with their labels where all are measured, and the doubts about both.
struct Loaded {
    volume: Volume,
    regions: Vec<(Option<i64>, MaskVolume)>,
    warnings: Vec<Warning>,
    fingerprints: Fingerprints,
}

/// A case's rows, and its slices as pixels where they are wanted.
type CaseOutcome = (MeasuredCase, Vec<SlicePixels>);

impl Extraction {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Code::Settings`] naming every family, key or value that is wrong.
    pub fn new(settings: &FeatureSettings, wanted: Wanted, rows: Rows) -> Result<Self, Faults> {
        let mut plan = plan::Plan::new(settings, rows.unit)?;
        let described = std::mem::take(&mut plan.described);
        let min_pixels = plan.settings.minimum_pixels;
        let (warnings, label) = (std::mem::take(&mut plan.warnings), plan.label);
        let extractor = match wanted {
            Wanted::Pixels => None,
            Wanted::Features | Wanted::FeaturesAndPixels => Some(plan.extractor()?),
        };
        Ok(Self {
            extractor,
            rows,
            min_pixels,
            nonfinite: settings.nonfinite,
            described,
            warnings,
            label,
            contents: false,
        })
    }

    /// The same, telling in [`Extracted::contents`] which images hold the same values: for those who learn from them.
    #[must_use]
    pub fn with_contents(self) -> Self {
        Self {
            contents: true,
            ..self
        }
    }

    /// What becomes rows and every setting of the engine, expanded.
    pub fn describe(&self) -> serde_json::Value {
        let mut described = self.described.clone();
        described["rows"] = serde_json::json!(self.rows);
        described["nonfinite"] = serde_json::json!(self.nonfinite);
        described
    }

    /// The region's value in the mask, where the parameter file states one.
    pub fn label(&self) -> Option<i64> {
        self.label
    }

    /// The columns behind the keys; empty where only pixels are wanted. Those of a summary stand for a feature
    /// and a statistic over its slices.
    pub fn columns(&self) -> Vec<ImageColumn> {
        let extractor = self.extractor.iter();
        let columns = extractor.flat_map(Extractor::columns);
        match self.rows.summary {
            Summary::None => columns.collect(),
            Summary::OfSlices => columns
                .flat_map(|column| summary::columns(&column))
                .collect(),
        }
    }

    /// Names of the columns behind the keys.
    pub fn column_names(&self) -> Vec<String> {
        let columns = self.columns().into_iter();
        columns.map(|column| column.name).collect()
    }

    /// How many features a row gets.
    pub fn width(&self) -> usize {
        self.column_names().len()
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
        // The latest record of a stamp counts.
        let known: BTreeMap<String, MeasuredCase> = known
            .into_iter()
            .map(|case| (case.stamp.clone(), case))
            .collect();
        // An output that fails once fails for every case: the others need not be measured first.
        let over: OnceLock<ToolError> = OnceLock::new();
        let job = console.job("reading and measuring", records.len());
        let outcomes: Vec<Result<CaseOutcome>> = in_turn::each(records, |index, record, others| {
            interrupt::check()?;
            if let Some(fault) = over.get() {
                return Err(fault.clone());
            }
            let guarded = self.guarded(cases, index, record, &known, wanted, others);
            let (outcome, fresh) = guarded?;
            if let (true, Some(journal)) = (fresh, &journal) {
                let mut journal = journal
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                journal
                    .append(&outcome.0)
                    .inspect_err(|fault| drop(over.set(fault.clone())))?;
            }
            job.advance();
            console.detail(&format!("{}: {} rows", record.id, outcome.0.rows.len()));
            Ok(outcome)
        });
        // What was stopped goes on from the journal; what has ended needs it no more.
        let stopped = |outcome: &Result<CaseOutcome>| {
            let fault = outcome.as_ref().err();
            fault.is_some_and(|fault| matches!(fault.code, Code::Interrupted | Code::Output))
        };
        if let Some(journal) = journal
            && outcomes.iter().any(stopped)
        {
            journal
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .sync()?;
        }
        self.collect(cases, outcomes.into_iter().map(Some).collect())
    }

    /// A case with its name on every failure; a bug in one case does not end the others.
    fn guarded(
        &self,
        cases: &Cases,
        index: usize,
        record: &CaseRecord,
        known: &BTreeMap<String, MeasuredCase>,
        wanted: Wanted,
        others: Others,
    ) -> Result<(CaseOutcome, bool)> {
        let work = AssertUnwindSafe(|| self.case(cases, index, record, known, wanted, others));
        catch_unwind(work)
            .unwrap_or_else(|_| {
                Err(
                    ToolError::new(Code::Internal, "the tool failed on this case")
                        .remedy("report this as a bug"),
                )
            })
            .map_err(|fault| fault.case(record.id.clone()))
    }

    /// The rows of a case, and whether they were measured now.
    fn case(
        &self,
        cases: &Cases,
        index: usize,
        record: &CaseRecord,
        known: &BTreeMap<String, MeasuredCase>,
        wanted: Wanted,
        others: Others,
    ) -> Result<(CaseOutcome, bool)> {
        if known.is_empty()
            && self.goes_slice_by_slice(wanted, others)
            && let Some(measured) = self.slice_by_slice(cases, index, record, others)
        {
            return measured.map(|measured| ((measured, Vec::new()), true));
        }
        // Where nothing is known, packed files are stamped with what reading has seen of them. Else the stamp is taken
        // before reading: a file that changes meanwhile is measured again by the next run.
        let mut loaded = None;
        let mut stamp = None;
        if known.is_empty() && cases.are_packed(index) {
            let read = self.load(cases, index, others)?;
            stamp = cases.stamp_as_read(index, &read.fingerprints);
            loaded = stamp.is_some().then_some(read);
        }
        let stamp = stamp.unwrap_or_else(|| cases.stamp(index));
        let before = known.get(&stamp).cloned().map(|mut before| {
            // Other lines of the manifest may have come or gone.
            before.case = index;
            before
        });
        let fresh = before.is_none();
        if let (Some(measured), Wanted::Features) = (&before, wanted) {
            return Ok(((measured.clone(), Vec::new()), fresh));
        }
        let Loaded {
            volume,
            mut regions,
            mut warnings,
            ..
        } = loaded.map_or_else(|| self.load(cases, index, others), Ok)?;
        let doubt = nonfinite::apply(self.nonfinite, &volume, &mut regions)?;
        warnings.extend(doubt.map(|doubt| doubt.case(record.id.clone())));
        let measured = if let Some(measured) = before {
            measured
        } else {
            let (rows, too_small, doubts) = self.measuring().case(&volume, &regions)?;
            let doubts = doubts.into_iter();
            warnings.extend(doubts.map(|doubt| doubt.case(record.id.clone())));
            MeasuredCase {
                case: index,
                stamp,
                content: if self.contents {
                    digest_of_voxels(&volume)?
                } else {
                    String::new()
                },
                rows: self.summarised(rows, volume.grid()),
                too_small,
                warnings,
            }
        };
        let mut images = Vec::new();
        if wanted != Wanted::Features
            && let Some((_, mask)) = regions.first()
        {
            let slices = measured.rows.iter().filter_map(|row| row.slice);
            for slice in slices {
                images.push(SlicePixels::cut(record, slice, &volume, mask)?);
            }
        }
        recycle(volume, regions.into_iter().map(|(_, mask)| mask));
        Ok(((measured, images), fresh))
    }

    fn measuring(&self) -> Measuring<'_> {
        Measuring {
            extractor: self.extractor.as_ref(),
            unit: self.rows.unit,
            lesions: self.rows.lesions,
            min_pixels: self.min_pixels,
        }
    }

    /// A case's image with the regions that are measured, each with its label where all are.
    fn load(&self, cases: &Cases, index: usize, others: Others) -> Result<Loaded> {
        let unpacking = match others {
            Others::Work => Unpacking::Alone,
            Others::Help => Unpacking::Shared,
        };
        match self.rows.labels {
            Labels::One => {
                let loaded = cases.load(index, unpacking)?;
                Ok(Loaded {
                    volume: loaded.volume,
                    regions: vec![(None, loaded.mask)],
                    warnings: loaded.warnings,
                    fingerprints: loaded.fingerprints,
                })
            }
            Labels::All => {
                let loaded = cases.load_labels(index, unpacking)?;
                let regions = loaded.regions.into_iter();
                let regions = regions.map(|(label, mask)| (Some(label), mask)).collect();
                Ok(Loaded {
                    volume: loaded.volume,
                    regions,
                    warnings: loaded.warnings,
                    fingerprints: loaded.fingerprints,
                })
            }
        }
    }

    fn summarised(&self, rows: Vec<MeasuredRow>, grid: &Grid) -> Vec<MeasuredRow> {
        let [step, ..] = grid.spacing.zyx();
        match self.rows.summary {
            Summary::None => rows,
            Summary::OfSlices => rows
                .chunk_by(|a, b| a.region == b.region)
                .map(|rows| summary::summarise(rows, step))
                .collect(),
        }
    }

    /// Puts cases together in their order; none for those that were not tried.
    fn collect(
        &self,
        cases: &Cases,
        outcomes: Vec<Option<Result<CaseOutcome>>>,
    ) -> Result<Extracted> {
        let cohort = cases.cohort();
        let measured = outcomes.iter().flatten().flatten();
        let total = measured.map(|(case, _)| case.rows.len()).sum();
        let mut rows = Vec::with_capacity(total);
        let mut samples = Vec::with_capacity(total);
        let names = self.column_names();
        let mut values = Vec::with_capacity(total * names.len());
        let (mut images, mut failures, mut warnings) =
            (Vec::new(), Vec::new(), self.warnings.clone());
        let mut too_small = 0;
        let mut found_levels = Vec::new();
        let mut contents = vec![String::new(); outcomes.len()];
        for (at, (record, outcome)) in cohort.cases().iter().zip(outcomes).enumerate() {
            let (measured, pixels) = match outcome {
                None => continue,
                Some(Ok(outcome)) => outcome,
                Some(Err(fault)) if matches!(fault.code, Code::Interrupted | Code::Output) => {
                    return Err(fault);
                }
                Some(Err(fault)) => {
                    failures.push(fault);
                    continue;
                }
            };
            too_small += measured.too_small;
            contents[at] = measured.content;
            warnings.extend(measured.warnings);
            images.extend(pixels);
            for row in measured.rows {
                let sample = SampleId {
                    case: row.region.name(&record.id),
                    slice: row.slice,
                };
                found_levels.extend(row.levels.map(|levels| (levels, row.range)));
                samples.push(sample.clone());
                values.extend(
                    row.values
                        .into_iter()
                        .map(|value| value.unwrap_or(f64::NAN)),
                );
                rows.push(FeatureRow {
                    sample,
                    region: row.region,
                    patient: record.patient.clone(),
                    label: record.label,
                    sequence: record.sequence.clone(),
                    part: record.published_part,
                    position_mm: row.position_mm,
                    pixels: Some(row.voxels),
                    size: Some(row.size),
                });
            }
        }
        warnings.extend(levels::doubt(self.discretisation(), found_levels));
        let table = FeatureTable::new(samples, names, values)
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
            contents,
        })
    }

    /// How grey levels are made; none where only pixels are wanted.
    pub fn discretisation(&self) -> Option<Discretisation> {
        let settings = self.extractor.as_ref()?.settings();
        Some(settings.discretisation)
    }
}
