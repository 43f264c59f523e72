//! Cases × feature set → rows of features and, for the deep arm, the same slices as pixels.
//!
//! One list of slices serves both arms: a slice takes part when its region has enough pixels. Cases
//! run in parallel, results come in cohort order, and a case that fails is listed while the others
//! go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use raduet_features::engine::extract_one;
use raduet_features::family::Input;
use raduet_features::registry::FAMILIES;
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureError, FeatureSet, MaskVolume,
    Roi, Volume,
};
use raduet_study::{CaseRecord, FeatureTable, SampleId};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cases::Cases;
use crate::console::Console;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::interrupt;
use crate::io::feature_csv::{FeatureFile, FeatureRow};
use crate::journal::Journal;
use crate::settings::FeatureSettings;
use crate::settings::nearest::suggestion;

/// Fewer grey levels than this flatten texture features.
const FEW_LEVELS: f64 = 16.0;
/// How many levels a proposed bin width gives.
const PROPOSED_LEVELS: f64 = 32.0;

/// What is done with every case.
#[derive(Debug)]
pub struct Extraction {
    /// None where only pixels are wanted.
    set: Option<FeatureSet>,
    settings: ExtractionSettings,
    min_pixels: usize,
}

/// A slice that takes part, as the journal keeps it. An undefined feature is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredSlice {
    index: u32,
    position_mm: f64,
    pixels: usize,
    area_mm2: f64,
    /// Largest minus smallest intensity.
    range: f64,
    values: Vec<Option<f64>>,
}

/// The slices of one case, as the journal keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredCase {
    case: usize,
    slices: Vec<MeasuredSlice>,
    /// Slices whose region is too small.
    too_small: usize,
}

/// The pixels of one slice, for the deep arm.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicePixels {
    /// Position of the case in the cohort.
    pub case: usize,
    /// Which slice.
    pub sample: SampleId,
    /// Intensities, row after row.
    pub pixels: Vec<f32>,
    /// Rows of the slice.
    pub rows: usize,
    /// Columns of the slice.
    pub columns: usize,
    /// True inside the region.
    pub mask: Vec<bool>,
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

/// What one case gave.
struct CaseOutcome {
    measured: MeasuredCase,
    images: Vec<SlicePixels>,
    warnings: Vec<Warning>,
}

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
            if let Some(slot) = before.get_mut(case.case) {
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
                    journal.append(&outcome.measured)?;
                }
                job.advance();
                console.detail(&format!(
                    "{}: {} slices",
                    record.id,
                    outcome.measured.slices.len()
                ));
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
            let measured = measured.clone();
            return Ok(CaseOutcome {
                measured,
                images: Vec::new(),
                warnings: Vec::new(),
            });
        }
        let loaded = cases.load(index)?;
        let (volume, mask) = (&loaded.volume, &loaded.mask);
        let measured = match before {
            Some(measured) => measured,
            None => self.measure(index, volume, mask)?,
        };
        let mut images = Vec::new();
        if wanted != Wanted::Features {
            for slice in &measured.slices {
                images.push(pixels(index, record, slice.index, volume, mask)?);
            }
        }
        Ok(CaseOutcome {
            measured,
            images,
            warnings: loaded.warnings,
        })
    }

    fn measure(&self, case: usize, volume: &Volume, mask: &MaskVolume) -> Result<MeasuredCase> {
        let mut measured = MeasuredCase {
            case,
            slices: Vec::new(),
            too_small: 0,
        };
        let mut largest = 0;
        for z in mask.occupied_slices() {
            let Some(roi) = Roi::from_slice(volume, mask, z).map_err(|fault| failed(&fault))?
            else {
                continue;
            };
            largest = largest.max(roi.count());
            if roi.count() < self.min_pixels {
                measured.too_small += 1;
                continue;
            }
            let values = match &self.set {
                Some(set) => extract_one(set, &self.settings, &roi)
                    .map_err(|fault| failed(&fault))?
                    .into_values(),
                None => Vec::new(),
            };
            measured.slices.push(slice(z, &roi, values));
        }
        if measured.slices.is_empty() {
            return Err(ToolError::new(
                Code::RoiSmall,
                format!("the largest slice of the region has {largest} pixels"),
            )
            .expected(format!("at least {} in some slice", self.min_pixels))
            .remedy("check the mask, or lower --min-pixels"));
        }
        Ok(measured)
    }

    fn collect(&self, cases: &Cases, outcomes: Vec<Result<CaseOutcome>>) -> Result<Extracted> {
        let cohort = cases.cohort();
        let (mut rows, mut samples, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let (mut images, mut failures, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        let mut too_small = 0;
        let mut ranges = Vec::new();
        for (record, outcome) in cohort.cases().iter().zip(outcomes) {
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(fault) if matches!(fault.code, Code::Interrupted | Code::Output) => {
                    return Err(fault);
                }
                Err(fault) => {
                    failures.push(fault);
                    continue;
                }
            };
            too_small += outcome.measured.too_small;
            warnings.extend(outcome.warnings);
            images.extend(outcome.images);
            for slice in outcome.measured.slices {
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
        warnings.extend(self.few_levels(ranges));
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

    /// A doubt when the bin width leaves the median slice with few grey levels.
    fn few_levels(&self, mut ranges: Vec<f64>) -> Option<Warning> {
        let Discretisation::PyRadiomicsFixedBinSize { width } = self.settings.discretisation()
        else {
            return None;
        };
        if ranges.is_empty() || !self.reads_grey_levels() {
            return None;
        }
        ranges.sort_by(f64::total_cmp);
        let median = ranges[ranges.len() / 2];
        if median / width >= FEW_LEVELS {
            return None;
        }
        let found = format!(
            "bin width {width} gives the median slice {:.0} grey levels (intensities span {median:.4})",
            (median / width).floor() + 1.0
        );
        let proposed = rounded(median / PROPOSED_LEVELS);
        let advice = format!("measured as set; --bin-width {proposed} would give about 32");
        Some(Warning::new(WarningCode::Levels, found, advice))
    }
}

fn slice(z: usize, roi: &Roi, values: Vec<f64>) -> MeasuredSlice {
    let intensities = roi.intensities();
    let low = intensities.iter().copied().fold(f64::INFINITY, f64::min);
    let high = intensities
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let [dz, dy, dx] = roi.spacing().zyx();
    MeasuredSlice {
        index: u32::try_from(z).unwrap_or(u32::MAX),
        position_mm: z as f64 * dz,
        pixels: roi.count(),
        area_mm2: roi.count() as f64 * dy * dx,
        range: high - low,
        values: values
            .into_iter()
            .map(|value| value.is_finite().then_some(value))
            .collect(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "networks work in single precision"
)]
fn pixels(
    case: usize,
    record: &CaseRecord,
    index: u32,
    volume: &Volume,
    mask: &MaskVolume,
) -> Result<SlicePixels> {
    let z = index as usize;
    let plane = volume.slice_f64(z).map_err(|fault| failed(&fault))?;
    let inside = mask.slice(z).map_err(|fault| failed(&fault))?;
    let (rows, columns) = plane.dim();
    Ok(SlicePixels {
        case,
        sample: SampleId::slice(record.id.clone(), index),
        pixels: plane.iter().map(|&value| value as f32).collect(),
        rows,
        columns,
        mask: inside.iter().copied().collect(),
    })
}

/// The families of the settings; none named means all that measure slices.
fn chosen(families: &[String]) -> Result<FeatureSet> {
    if families.is_empty() {
        return Ok(FeatureSet::all_2d());
    }
    let known: Vec<&str> = FAMILIES.iter().map(|family| family.id()).collect();
    if let Some(unknown) = families.iter().find(|name| !known.contains(&name.as_str())) {
        let found = format!("unknown feature family '{unknown}'");
        return Err(ToolError::new(Code::Settings, found).remedy(suggestion(unknown, &known)));
    }
    let ids: Vec<&str> = families.iter().map(String::as_str).collect();
    FeatureSet::of(&ids).map_err(|fault| {
        ToolError::new(Code::Settings, fault.to_string()).remedy("name every family once")
    })
}

/// An engine's error as a case's failure.
fn failed(fault: &FeatureError) -> ToolError {
    let (code, remedy) = match fault {
        FeatureError::TooManyBins { .. } => {
            (Code::Bins, "choose the width it names, or a bin count")
        }
        FeatureError::NonFinite { .. } => (Code::Nonfinite, "mend the image or the mask"),
        FeatureError::TooSmall { .. } => (Code::RoiSmall, "check the mask, or lower --min-pixels"),
        FeatureError::GridMismatch { .. } => {
            (Code::Geometry, "bring the mask onto the image's grid")
        }
        _ => (Code::Internal, "report this as a bug"),
    };
    ToolError::new(code, fault.to_string()).remedy(remedy)
}

/// One significant digit, so that a proposed width can be remembered.
fn rounded(width: f64) -> f64 {
    if width <= 0.0 {
        return 1.0;
    }
    let unit = 10_f64.powf(width.log10().floor());
    (width / unit).round() * unit
}
