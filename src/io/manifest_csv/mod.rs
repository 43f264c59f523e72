//! The CSV manifest: one row a case, PyRadiomics' columns and the usual synonyms.
//!
//! `Image` and `Mask` are required; `ID`, `PatientID`, `Sequence`, `Target`, `Label`, `Split`, `Fold`,
//! `Site` are used where they are; every other column is passed through. A column `label` is the class
//! when it holds text and there is no `Target`, and the label value in the mask (PyRadiomics' meaning)
//! when it holds whole numbers. What was taken for what is said in [`ManifestTable::notes`].

mod columns;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use raduet_study::Part;
use sha2::{Digest, Sha256};

use self::columns::{Columns, LABEL, Role, normal_form};
use self::text::{Line, Sheet, manifest_error};
use crate::error::{Faults, ToolError, Warning, WarningCode};
use crate::io::cell::is_formula;
use crate::io::read_small;

/// Largest manifest that is read, in bytes: a few hundred thousand cases.
const LIMIT: u64 = 256 << 20;

/// One case as the manifest gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestRow {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Identity; the image's file name where there is no such column.
    pub id: String,
    /// Patient; the id where there is no such column.
    pub patient: String,
    /// Imaging sequence.
    pub sequence: Option<String>,
    /// Class.
    pub target: Option<String>,
    /// Label value in the mask.
    pub mask_label: Option<i64>,
    /// Name of the region in the mask.
    pub mask_name: Option<String>,
    /// The DICOM series, by UID.
    pub series: Option<String>,
    /// The volume of an image that holds several.
    pub volume: Option<u64>,
    /// Voxel sizes along x, y, z in mm, for images that do not say them.
    pub spacing: Option<[f64; 3]>,
    /// Part published with the data.
    pub part: Option<Part>,
    /// Fold published with the data.
    pub fold: Option<u32>,
    /// Scanner or hospital.
    pub site: Option<String>,
    /// The image, relative paths resolved against the manifest's folder.
    pub image: PathBuf,
    /// The mask, likewise.
    pub mask: PathBuf,
    /// All other columns.
    pub extra: BTreeMap<String, String>,
}

/// A manifest, read and checked row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestTable {
    /// The cases in file order.
    pub rows: Vec<ManifestRow>,
    /// What was taken for what.
    pub notes: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
}

/// Reads a manifest.
///
/// # Errors
/// `E_MANIFEST` with the line, all faults at once; the codes of opening a file.
pub fn read_manifest(path: &Path) -> Result<ManifestTable, Faults> {
    let bytes = read_small(path, LIMIT)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    parse(&bytes, folder).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| fault.file(path)).collect();
        match Faults::check(faults) {
            Err(faults) => faults,
            Ok(()) => Faults::from(manifest_error("unreadable").file(path)),
        }
    })
}

fn parse(bytes: &[u8], folder: PathBuf) -> Result<ManifestTable, Vec<ToolError>> {
    let sheet = text::read(bytes)?;
    let mut faults = header_faults(&sheet);
    let columns = Columns::assign(&sheet.headers, label_is_text(&sheet));
    for (role, name) in [(Role::Image, "Image"), (Role::Mask, "Mask")] {
        if columns.of(role).is_none() {
            faults.push(
                manifest_error(format!(
                    "line 1: no column {name} among {}",
                    sheet.headers.join(", ")
                ))
                .remedy(format!("name the column with the {name} paths '{name}'")),
            );
        }
    }
    if sheet.lines.is_empty() {
        faults.push(manifest_error("no case below the header").remedy("list at least one case"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }

    let mut table = ManifestTable {
        rows: Vec::with_capacity(sheet.lines.len()),
        notes: notes(&sheet, &columns),
        warnings: Vec::new(),
        sha256: hexadecimal(&Sha256::digest(bytes)),
        folder,
    };
    for line in &sheet.lines {
        let row = Cells {
            line,
            columns: &columns,
        }
        .row(&table.folder, &mut faults);
        table.rows.push(row);
    }
    faults.extend(duplicates(&table.rows));
    if !faults.is_empty() {
        return Err(faults);
    }
    warn(&columns, &mut table);
    Ok(table)
}

/// Whether the column `label` holds anything but whole numbers.
fn label_is_text(sheet: &Sheet) -> bool {
    let Some(column) = sheet.headers.iter().position(|h| normal_form(h) == LABEL) else {
        return false;
    };
    sheet
        .lines
        .iter()
        .filter_map(|line| line.cells.get(column))
        .any(|cell| !cell.is_empty() && whole_number(cell).is_none())
}

/// `1` and `1.0`, as spreadsheets write it.
fn whole_number(cell: &str) -> Option<i64> {
    let digits = cell.split_once('.').map_or(cell, |(whole, fraction)| {
        if fraction.bytes().all(|b| b == b'0') {
            whole
        } else {
            cell
        }
    });
    digits.parse().ok()
}

fn header_faults(sheet: &Sheet) -> Vec<ToolError> {
    let mut faults = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for header in &sheet.headers {
        let normal = header.to_lowercase();
        if normal.is_empty() {
            continue;
        }
        if seen.contains(&normal) {
            faults.push(
                manifest_error(format!("line 1: two columns '{header}'"))
                    .remedy("rename or remove one of them"),
            );
        }
        seen.push(normal);
    }
    faults
}

fn notes(sheet: &Sheet, columns: &Columns) -> Vec<String> {
    let mut notes = columns.notes();
    match sheet.delimiter {
        b';' => notes.push("delimiter: semicolon".into()),
        b'\t' => notes.push("delimiter: tab".into()),
        _ => {}
    }
    let others: Vec<&str> = columns
        .headers
        .iter()
        .zip(&columns.roles)
        .filter(|(header, role)| role.is_none() && !header.is_empty())
        .map(|(header, _)| header.as_str())
        .collect();
    if !others.is_empty() {
        notes.push(format!("passed through: {}", others.join(", ")));
    }
    notes
}

/// The cells of one line, by role.
struct Cells<'a> {
    line: &'a Line,
    columns: &'a Columns,
}

impl Cells<'_> {
    /// A cell, if the column is there and the cell is not empty.
    fn get(&self, role: Role) -> Option<&str> {
        self.columns
            .of(role)
            .and_then(|column| self.line.cells.get(column))
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
    }

    fn own(&self, role: Role) -> Option<String> {
        self.get(role).map(str::to_owned)
    }

    fn fault(&self, found: &str) -> ToolError {
        manifest_error(format!("line {}: {found}", self.line.number))
    }

    /// A cell of a column that, once there, must be filled.
    fn filled(&self, role: Role, faults: &mut Vec<ToolError>) -> Option<String> {
        if let (None, Some(header)) = (self.get(role), self.columns.header(role)) {
            faults.push(
                self.fault(&format!("'{header}' is empty"))
                    .remedy("fill it in, or take the line out"),
            );
        }
        self.own(role)
    }

    /// A cell turned into something, or a fault.
    fn read_as<T>(
        &self,
        role: Role,
        read: impl Fn(&str) -> Option<T>,
        expected: &str,
        faults: &mut Vec<ToolError>,
    ) -> Option<T> {
        let cell = self.get(role)?;
        let value = read(cell);
        if value.is_none() {
            let header = self.columns.header(role).unwrap_or_default();
            faults.push(
                self.fault(&format!("'{header}' is '{cell}'"))
                    .expected(expected)
                    .remedy("correct the cell"),
            );
        }
        value
    }

    fn row(&self, folder: &Path, faults: &mut Vec<ToolError>) -> ManifestRow {
        let image = self.filled(Role::Image, faults).unwrap_or_default();
        let mask = self.filled(Role::Mask, faults).unwrap_or_default();
        let id = if self.columns.of(Role::Id).is_some() {
            self.filled(Role::Id, faults).unwrap_or_default()
        } else {
            let stem = file_stem(&image);
            if stem.is_empty() && !image.is_empty() {
                let found = format!("the image '{image}' has no name to call the case by");
                faults.push(self.fault(&found).remedy("add a column ID"));
            }
            stem
        };
        let patient = if self.columns.of(Role::Patient).is_some() {
            self.filled(Role::Patient, faults).unwrap_or_default()
        } else {
            id.clone()
        };
        self.read_as(
            Role::LabelChannel,
            |cell| (whole_number(cell) == Some(0)).then_some(()),
            "0: masks of several channels are not read",
            faults,
        );
        // The name of a DICOM region; what looks like a number is one.
        let is_name = |cell: &&str| cell.parse::<f64>().is_err();
        let mask_name = self.get(Role::MaskLabel).filter(is_name).map(str::to_owned);
        ManifestRow {
            line: self.line.number,
            id,
            patient,
            sequence: self.own(Role::Sequence),
            target: self.filled(Role::Target, faults),
            mask_label: if mask_name.is_some() {
                None
            } else {
                self.read_as(
                    Role::MaskLabel,
                    whole_number,
                    "a whole number or a name",
                    faults,
                )
            },
            mask_name,
            series: self.own(Role::Series),
            volume: self.read_as(
                Role::Volume,
                |cell| whole_number(cell).and_then(|n| u64::try_from(n).ok()),
                "a whole number from 0",
                faults,
            ),
            spacing: self.spacing(faults),
            part: self.read_as(Role::Split, Part::from_name, "train, valid or test", faults),
            fold: self.read_as(
                Role::Fold,
                |cell| whole_number(cell).and_then(|n| u32::try_from(n).ok()),
                "a whole number from 0",
                faults,
            ),
            site: self.own(Role::Site),
            image: folder.join(image),
            mask: folder.join(mask),
            extra: self.extra(),
        }
    }

    /// Voxel sizes, where at least those in the plane are given; slices are 1 mm thick unless said otherwise.
    fn spacing(&self, faults: &mut Vec<ToolError>) -> Option<[f64; 3]> {
        let size = |cell: &str| {
            cell.parse()
                .ok()
                .filter(|v: &f64| *v > 0.0 && v.is_finite())
        };
        let mut of = |role| self.read_as(role, size, "a positive size in mm", faults);
        let (x, y, z) = (of(Role::SpacingX), of(Role::SpacingY), of(Role::SpacingZ));
        Some([x?, y?, z.unwrap_or(1.0)])
    }

    fn extra(&self) -> BTreeMap<String, String> {
        self.columns
            .headers
            .iter()
            .zip(&self.columns.roles)
            .zip(&self.line.cells)
            .filter(|((header, role), _)| role.is_none() && !header.is_empty())
            .map(|((header, _), cell)| (header.clone(), cell.clone()))
            .collect()
    }
}

/// A file name without its folder, `.gz` and extension.
pub(crate) fn file_stem(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.to_owned()
}

fn duplicates(rows: &[ManifestRow]) -> Vec<ToolError> {
    let mut first: BTreeMap<&str, u64> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in rows.iter().filter(|row| !row.id.is_empty()) {
        match first.get(row.id.as_str()) {
            Some(line) => faults.push(
                manifest_error(format!(
                    "lines {line} and {}: the same id '{}'",
                    row.line, row.id
                ))
                .remedy("give every case its own ID"),
            ),
            None => {
                first.insert(&row.id, row.line);
            }
        }
    }
    faults
}

/// What can be worked with but should be known.
fn warn(columns: &Columns, table: &mut ManifestTable) {
    let mut add = |code, found: String, done: &str| {
        table.warnings.push(Warning::new(code, found, done));
    };
    if columns.of(Role::Patient).is_none() {
        add(
            WarningCode::Manifest,
            "no column with the patient".into(),
            "every case counts as a patient of its own; add PatientID if a patient has several",
        );
    }
    for row in &table.rows {
        if is_formula(&row.id) || is_formula(&row.patient) {
            add(
                WarningCode::CsvCell,
                format!("line {}: the id begins like a formula", row.line),
                "written to CSV files with a leading '",
            );
        }
    }
    // Volumes of one file, and series of one folder, are different images.
    let mut owner: BTreeMap<(&Path, Option<u64>, Option<&str>), &ManifestRow> = BTreeMap::new();
    for row in &table.rows {
        let image = (row.image.as_path(), row.volume, row.series.as_deref());
        let first = owner.entry(image).or_insert(row);
        if first.patient != row.patient {
            add(
                WarningCode::Leak,
                format!(
                    "lines {} and {}: one image for two patients",
                    first.line, row.line
                ),
                "used as given; a model may be tested on an image it was trained on",
            );
        }
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
