//! Feature tables as CSV: ours, and other tools'.
//!
//! Ours: the keys `ID, PatientID, Sequence, Split, Target`, `Site` where the sites of all rows are known, for slices `Slice, SlicePosition_mm, ROIPixels,
//! ROIArea_mm2`, for cases `ROIVoxels, ROIVolume_mm3`, for several regions of a mask `Label, Lesion`, then
//! one column per feature. An undefined value is an empty cell. Numbers are the
//! shortest decimals that read back to the same bits.
//!
//! Other tools' tables are read by column name: a patient, a class, possibly a case, a slice, a
//! part and a site, in the spellings that are common ([`super::key_columns`]); every other column that
//! holds numbers is a feature, and what was taken for what is said.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use raduet_study::{
    CaseId, ClassNames, Cohort, FeatureTable, Label, Part, PatientId, SampleId, StudyError,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::key_columns::{Chosen, manifest};
use super::manifest_csv::text::delimiter;
use super::raw_table::RawTable;
use crate::error::{Code, Result, ToolError, Warning};
use crate::io::cell;

/// What describes a row beside its features.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow<L = Label> {
    /// What was measured. Where a case has several regions, the case's name ends in that of the region.
    pub sample: SampleId,
    /// Which region of the mask, where several were measured.
    pub region: RegionKey,
    /// Whose image it was.
    pub patient: PatientId,
    /// The patient's class.
    pub label: L,
    /// Imaging sequence, where known.
    pub sequence: Option<String>,
    /// Published part, where known.
    pub part: Option<Part>,
    /// Position of the slice along the normal of the stack in mm, from its first slice.
    pub position_mm: Option<f64>,
    /// Pixels (of a case: voxels) of the region.
    pub pixels: Option<usize>,
    /// Area of the region in mm², of a case its volume in mm³.
    pub size: Option<f64>,
}

impl<L> FeatureRow<L> {
    /// The case of the cohort that the row was measured in, whichever of its regions.
    pub fn imaged_case(&self) -> CaseId {
        let name = self.sample.case.as_str();
        let of_region = self.region.name(&CaseId::new(""));
        CaseId::new(name.strip_suffix(of_region.as_str()).unwrap_or(name))
    }

    /// The same row with another kind of class.
    pub fn with_label<M>(self, label: M) -> FeatureRow<M> {
        FeatureRow {
            label,
            sample: self.sample,
            region: self.region,
            patient: self.patient,
            sequence: self.sequence,
            part: self.part,
            position_mm: self.position_mm,
            pixels: self.pixels,
            size: self.size,
        }
    }
}

/// One of several regions of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RegionKey {
    /// The mask's value, where all labels were measured.
    pub label: Option<i64>,
    /// Number of the connected part from 1, where lesions were measured apart.
    pub lesion: Option<u32>,
}

impl RegionKey {
    /// The case's name with that of the region: `case`, `case:2`, `case:2:1`, `case::1`.
    pub fn name(self, case: &CaseId) -> CaseId {
        let text = |number: Option<String>| number.unwrap_or_default();
        let label = text(self.label.map(|label| label.to_string()));
        match self.lesion {
            Some(lesion) => CaseId::new(format!("{case}:{label}:{lesion}")),
            None if self.label.is_some() => CaseId::new(format!("{case}:{label}")),
            None => case.clone(),
        }
    }
}

/// A feature table with what its rows are.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureFile {
    /// The classes in order.
    pub classes: ClassNames,
    /// One description per row of the table.
    pub rows: Vec<FeatureRow>,
    /// The values.
    pub table: FeatureTable,
}

impl FeatureFile {
    /// The table with the patient of every row, and its site where the cohort knows those of all cases: folds
    /// within the training rows keep patients together, and harmonisation needs the site.
    ///
    /// # Errors
    /// [`Code::Internal`], which does not happen.
    pub fn with_origins(mut self, cohort: &Cohort) -> Result<Self> {
        let internal = |fault: StudyError| ToolError::internal(fault.to_string());
        let patients = self.rows.iter().map(|row| row.patient.clone()).collect();
        self.table = self.table.with_patients(patients).map_err(internal)?;
        let of_case: BTreeMap<&CaseId, Option<&String>> = cohort
            .cases()
            .iter()
            .map(|case| (&case.id, case.site.as_ref()))
            .collect();
        let site = |row: &FeatureRow| of_case.get(&row.imaged_case()).copied().flatten().cloned();
        let sites: Option<Vec<String>> = self.rows.iter().map(site).collect();
        if let Some(sites) = sites {
            self.table = self.table.with_sites(sites).map_err(internal)?;
        }
        Ok(self)
    }
}

/// Key columns that every table has, in order.
pub(super) const HEAD: [&str; 5] = ["ID", "PatientID", "Sequence", "Split", "Target"];
/// Key column of the hospital or scanner, where that of every row is known.
pub(super) const SITE: &str = "Site";
/// Key columns of the region of each row, where a mask holds several.
pub(super) const REGION: [&str; 2] = ["Label", "Lesion"];
/// Key columns of rows that are slices.
pub(super) const SLICE: [&str; 4] = ["Slice", "SlicePosition_mm", "ROIPixels", "ROIArea_mm2"];
/// Key columns of rows that are cases.
pub(super) const CASE: [&str; 2] = ["ROIVoxels", "ROIVolume_mm3"];

/// The table as CSV.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn write(file: &FeatureFile) -> Result<Vec<u8>> {
    /// Rows that one thread writes in one go.
    const ROWS: usize = 32;
    let keys = Keys::of(file);
    let features = file.table.columns().iter().map(String::as_str);
    let head = keys.head().into_iter().chain(features);
    let head = records(|out| out.write_record(head))?;
    let indices: Vec<usize> = (0..file.rows.len()).collect();
    let rows = indices.par_chunks(ROWS).map(|indices| {
        records(|out| {
            indices.iter().try_for_each(|index| {
                for key in keys.cells(file, *index) {
                    out.write_field(key)?;
                }
                for value in file.table.row(*index) {
                    cell::with_number(*value, |number| out.write_field(number))?;
                }
                out.write_record(None::<&[u8]>)
            })
        })
    });
    let mut parts = vec![head];
    parts.extend(rows.collect::<Result<Vec<_>>>()?);
    Ok(parts.concat())
}

/// Some lines of a table.
fn records(write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    write(&mut out).map_err(|fault| internal(&fault))?;
    out.into_inner()
        .map_err(|fault| ToolError::internal(fault.to_string()))
}

/// Which key columns a table has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    sites: bool,
    regions: bool,
    slices: bool,
}

impl Keys {
    pub(super) fn of(file: &FeatureFile) -> Self {
        let mut rows = file.rows.iter();
        Self {
            sites: file.table.sites().is_some(),
            regions: rows.clone().any(|row| row.region != RegionKey::default()),
            slices: rows.any(|row| row.sample.slice.is_some()) || file.rows.is_empty(),
        }
    }

    pub(super) fn head(self) -> Vec<&'static str> {
        let mut head = HEAD.to_vec();
        if self.sites {
            head.push(SITE);
        }
        if self.regions {
            head.extend(REGION);
        }
        if self.slices {
            head.extend(SLICE);
        } else {
            head.extend(CASE);
        }
        head
    }

    fn cells(self, file: &FeatureFile, index: usize) -> Vec<String> {
        let row = &file.rows[index];
        let text = |number: Option<String>| number.unwrap_or_default();
        let mut cells = vec![
            cell::text(row.sample.case.as_str()),
            cell::text(row.patient.as_str()),
            row.sequence.as_deref().map(cell::text).unwrap_or_default(),
            text(row.part.map(|part| part.name().to_owned())),
            cell::text(file.classes.name(row.label)),
        ];
        if let Some(sites) = file.table.sites() {
            cells.push(cell::text(&sites[index]));
        }
        if self.regions {
            cells.push(text(row.region.label.map(|label| label.to_string())));
            cells.push(text(row.region.lesion.map(|lesion| lesion.to_string())));
        }
        if self.slices {
            cells.push(text(row.sample.slice.map(|slice| slice.to_string())));
            cells.push(text(row.position_mm.map(cell::number)));
        }
        cells.push(text(row.pixels.map(|pixels| pixels.to_string())));
        cells.push(text(row.size.map(cell::number)));
        cells
    }
}

fn internal(fault: &csv::Error) -> ToolError {
    ToolError::new(Code::Internal, fault.to_string()).remedy("report this as a bug")
}

/// Reads a feature table, ours or another tool's, and says what it took for what.
///
/// Classes are in alphabetical order, or in numerical order where all are numbers. Columns
/// that hold text are passed over with a note.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Read`], or [`Code::Manifest`] for a table that names no patient or
/// class, has no row, or repeats a column or a sample.
pub fn read(path: &Path) -> Result<(FeatureFile, Vec<Warning>)> {
    let raw = read_raw(path, &Chosen::default())?;
    raw.labelled().map_err(|fault| fault.file(path))
}

/// Reads a feature table of ours from memory.
///
/// # Errors
/// As [`read`].
pub fn of_bytes(bytes: &[u8]) -> Result<FeatureFile> {
    let (file, _) = parse(bytes, &Chosen::default())?.labelled()?;
    Ok(file)
}

/// Reads a feature table whose rows may lack a class.
///
/// # Errors
/// As [`read`], but for the class; [`Code::Manifest`] also for a chosen column that is not there.
pub fn read_raw(path: &Path, chosen: &Chosen) -> Result<RawTable> {
    let bytes = super::read_small(path, super::LARGEST_TABLE)?;
    parse(&bytes, chosen).map_err(|fault| fault.file(path))
}

fn parse(bytes: &[u8], chosen: &Chosen) -> Result<RawTable> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // A table as spreadsheets of many countries write it.
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let head = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter(&head))
        .from_reader(Cursor::new(bytes));
    let mut records = Vec::new();
    for record in reader.records() {
        records.push(record.map_err(|fault| manifest(fault.to_string(), "mend the CSV"))?);
    }
    RawTable::from_records(&records, chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<(FeatureFile, Vec<Warning>)> {
        super::parse(bytes, &Chosen::default())?.labelled()
    }

    fn example() -> FeatureFile {
        let classes = ClassNames::new(["mild", "severe"]).unwrap();
        let row = |case: &str, slice: u32, label: usize| FeatureRow {
            sample: SampleId::slice(CaseId::new(case), slice),
            region: RegionKey::default(),
            patient: PatientId::new(format!("p-{case}")),
            label: Label(label),
            sequence: Some("T2W".into()),
            part: Some(Part::Train),
            position_mm: None,
            pixels: None,
            size: None,
        };
        let rows = vec![row("a", 0, 0), row("a", 3, 0), row("b", 1, 1)];
        let samples = rows.iter().map(|row| row.sample.clone()).collect();
        let values = vec![0.1 + 0.2, -1e-300, f64::NAN, 4.0, 1e22, 6.0];
        let table = FeatureTable::new(samples, vec!["f".into(), "g".into()], values).unwrap();
        FeatureFile {
            classes,
            rows,
            table,
        }
    }

    #[test]
    fn a_written_table_reads_back_to_the_bit() {
        let file = example();
        let (again, _) = parse(&write(&file).unwrap()).unwrap();
        assert_eq!(again.rows, file.rows);
        let bits = |file: &FeatureFile| -> Vec<u64> {
            file.table.values().iter().map(|v| v.to_bits()).collect()
        };
        assert_eq!(bits(&again), bits(&file));
    }

    #[test]
    fn sites_of_all_rows_stand_in_the_table_and_come_back() {
        let mut file = example();
        let head = |file: &FeatureFile| {
            let text = String::from_utf8(write(file).unwrap()).unwrap();
            text.lines().next().unwrap().to_owned()
        };
        assert!(!head(&file).contains("Site"));
        // The second row is a lesion of its case.
        file.rows[1].region = RegionKey {
            label: None,
            lesion: Some(2),
        };
        file.rows[1].sample.case = CaseId::new("a::2");
        let cases = ["a", "b"].map(|name| raduet_study::CaseRecord {
            id: CaseId::new(name),
            patient: PatientId::new(format!("p-{name}")),
            sequence: None,
            site: Some(format!("=hospital {name}")),
            label: Label(usize::from(name == "b")),
            published_part: None,
        });
        let cohort = Cohort::new(file.classes.clone(), cases.to_vec()).unwrap();
        let file = file.with_origins(&cohort).unwrap();
        assert!(head(&file).starts_with("ID,PatientID,Sequence,Split,Target,Site,"));
        let raw = super::parse(&write(&file).unwrap(), &Chosen::default()).unwrap();
        let sites = ["=hospital a", "=hospital a", "=hospital b"].map(String::from);
        assert_eq!(raw.sites.unwrap(), sites);
    }

    #[test]
    fn other_tools_tables_are_read_by_their_names() {
        let text = "patient_id,label,scanner,x\n7,10,GE,1.5\n7,10,GE,2\n8,9,Philips,\n";
        let (file, warnings) = parse(text.as_bytes()).unwrap();
        assert_eq!(file.classes.names(), ["9", "10"]);
        assert_eq!(file.table.columns(), ["x"]);
        assert_eq!(file.rows[1].patient.as_str(), "7");
        assert_ne!(file.rows[0].sample, file.rows[1].sample);
        assert!(file.table.row(2)[0].is_nan());
        assert!(
            warnings
                .iter()
                .any(|warning| warning.found.contains("scanner"))
        );
    }

    #[test]
    fn nothing_that_describes_a_row_becomes_a_feature() {
        let text = "CaseID,Case,PatientID,Patient,Target,Class,Fold,Unnamed: 0,a\n\
                    c1,1,'@p,1, mild ,0,1,0,0.5\nc2,2,q,2,severe,1,1,1,0.25\n";
        let (file, warnings) = parse(text.as_bytes()).unwrap();
        assert_eq!(file.table.columns(), ["a"]);
        assert_eq!(file.rows[0].patient.as_str(), "@p");
        assert_eq!(file.classes.names(), ["mild", "severe"]);
        let told: Vec<&str> = warnings
            .iter()
            .map(|warning| warning.found.as_str())
            .collect();
        assert!(told.iter().any(|found| found.contains("Class")), "{told:?}");
        let (file, warnings) = parse(b"id,label,x\n1,10.0,1\n2,9.0,2\n3,2.0,3\n").unwrap();
        assert_eq!(file.classes.names(), ["2.0", "9.0", "10.0"]);
        assert!(
            warnings
                .iter()
                .any(|warning| warning.found.contains("patient of its own"))
        );
    }

    #[test]
    fn a_table_without_patient_or_class_is_refused() {
        for text in [
            "x,y\n1,2\n",
            "patient_id,x\n1,2\n",
            "",
            "patient_id,label,x\n",
        ] {
            assert_eq!(
                parse(text.as_bytes()).unwrap_err().code,
                Code::Manifest,
                "{text:?}"
            );
        }
    }
}
