//! Parquet files as feature tables.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use raduet_study::ClassNames;

use super::CLASSES;
use super::check::{self, Bodies};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::feature_csv::{FeatureFile, RegionKey};
use crate::io::key_columns::Chosen;
use crate::io::raw_table::RawTable;
use crate::io::{ByteBudget, LARGEST_TABLE, cell, read_small};

/// Rows that are decoded at a time: what a column takes grows with what is really there.
const BATCH: usize = 1 << 13;

/// A cell as text with its place in a record takes about this much, however short.
const CELL_BYTES: u64 = 32;

/// A feature table with what else its file says.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadFeatures {
    /// The table.
    pub file: FeatureFile,
    /// Key-value metadata, in the file's order, classes excepted.
    pub notes: Vec<(String, String)>,
    /// What was taken for what, what was passed over.
    pub warnings: Vec<Warning>,
}

/// Reads a feature table, ours or another program's.
///
/// Classes are in the order that the file gives, else as in a CSV table.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Read`], [`Code::Format`] for what is no Parquet file or uses a part of the
/// format that is not read, [`Code::Corrupt`], [`Code::TooLarge`], and [`Code::Manifest`] as for CSV.
pub fn read(path: &Path) -> Result<ReadFeatures> {
    let bytes = read_small(path, LARGEST_TABLE)?;
    parse(bytes, ByteBudget::default()).map_err(|fault| fault.file(path))
}

/// Reads a feature table whose rows may lack a class.
///
/// # Errors
/// As [`read`], but for the class; [`Code::Manifest`] also for a chosen column that is not there.
pub fn read_raw(path: &Path, chosen: &Chosen) -> Result<RawTable> {
    let bytes = read_small(path, LARGEST_TABLE)?;
    let read = raw(bytes, ByteBudget::default(), chosen);
    read.map(|(table, _)| table)
        .map_err(|fault| fault.file(path))
}

/// Reads the bytes of a file.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: Vec<u8>, budget: ByteBudget) -> Result<ReadFeatures> {
    let (table, notes) = raw(bytes, budget, &Chosen::default())?;
    let (file, warnings) = table.labelled()?;
    Ok(ReadFeatures {
        file,
        notes,
        warnings,
    })
}

/// Key-value metadata.
type Notes = Vec<(String, String)>;

fn raw(bytes: Vec<u8>, budget: ByteBudget, chosen: &Chosen) -> Result<(RawTable, Notes)> {
    if !bytes.starts_with(b"PAR1") {
        return Err(ToolError::new(Code::Format, "not a Parquet file")
            .expected("a file that begins with PAR1")
            .remedy("give the feature table as Parquet or CSV"));
    }
    let bytes = Bytes::from(bytes);
    // The crate indexes and asserts by what a file says in more places than its checks cover. Nothing of
    // its state outlives the call, so a panic is one more way of saying that the file is damaged.
    catch_unwind(AssertUnwindSafe(|| table(&bytes, budget, chosen)))
        .unwrap_or_else(|_| Err(corrupt("contents that contradict each other")))
}

fn table(bytes: &Bytes, budget: ByteBudget, keys: &Chosen) -> Result<(RawTable, Notes)> {
    check::footer(bytes).map_err(|fault| corrupt(&fault))?;
    let reader = SerializedFileReader::new(bytes.clone()).map_err(|fault| crate_fault(&fault))?;
    let about = reader.metadata();
    let rows = usize::try_from(about.file_metadata().num_rows())
        .map_err(|_| corrupt("a negative number of rows"))?;
    let schema = about.file_metadata().schema_descr();
    let mut warnings = Vec::new();
    let mut passed = Vec::new();
    let mut chosen = Vec::new();
    for (index, descriptor) in schema.columns().iter().enumerate() {
        let name = descriptor.path().string();
        if name.starts_with("__index_level_") {
            continue; // the row numbers of pandas
        }
        if is_read(descriptor) {
            chosen.push((index, name));
        } else {
            passed.push(name);
        }
    }
    if !passed.is_empty() {
        let found = format!(
            "{} column(s) without texts or numbers: {}",
            passed.len(),
            passed.join(", ")
        );
        warnings.push(Warning::new(WarningCode::Manifest, found, "not used"));
    }
    let cells = (rows as u64).saturating_mul(chosen.len() as u64);
    let mut left = budget.0;
    spend(&mut left, cells.saturating_mul(CELL_BYTES))?;

    let mut records = vec![csv::StringRecord::new(); rows + 1];
    let mut described = Described::default();
    for (index, name) in &chosen {
        check_chunks(bytes, about, *index)?;
        let column = column(&reader, *index, rows, &mut left)?;
        records[0].push_field(name);
        for (record, cell) in records.iter_mut().skip(1).zip(column.cells()) {
            record.push_field(&cell);
        }
        described.take(name, column);
    }
    let mut read = RawTable::from_records(&records, keys)?;
    read.warnings.splice(0..0, warnings);
    described.put(&mut read);
    let mut notes = Vec::new();
    for entry in about
        .file_metadata()
        .key_value_metadata()
        .into_iter()
        .flatten()
    {
        let value = entry.value.clone().unwrap_or_default();
        if entry.key == CLASSES {
            read.classes = Some(classes(&value)?);
        } else {
            notes.push((entry.key.clone(), value));
        }
    }
    Ok((read, notes))
}

/// Whether a column is flat and holds texts, numbers or truth values: no lists, dates or decimals, no whole
/// numbers that need an unsigned type.
fn is_read(descriptor: &ColumnDescriptor) -> bool {
    let flat = descriptor.path().parts().len() == 1
        && descriptor.max_rep_level() == 0
        && descriptor.max_def_level() <= 1;
    let texts = descriptor.physical_type() == Physical::BYTE_ARRAY;
    let plain = match descriptor.logical_type_ref() {
        Some(LogicalType::String | LogicalType::Enum) => texts,
        Some(LogicalType::Integer(whole)) => whole.is_signed || whole.bit_width < 32,
        Some(_) => false,
        None => match descriptor.converted_type() {
            ConvertedType::UTF8 | ConvertedType::ENUM => texts,
            ConvertedType::NONE => !texts,
            ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
            | ConvertedType::UINT_8
            | ConvertedType::UINT_16 => true,
            _ => false,
        },
    };
    let wide = [Physical::INT96, Physical::FIXED_LEN_BYTE_ARRAY];
    flat && plain && !wide.contains(&descriptor.physical_type())
}

/// Checks the pages of a column in every row group, before the crate believes them.
fn check_chunks(bytes: &Bytes, about: &ParquetMetaData, index: usize) -> Result<()> {
    for group in about.row_groups() {
        let chunk = group
            .columns()
            .get(index)
            .ok_or_else(|| corrupt("a row group without all columns"))?;
        let bodies = match chunk.compression() {
            Compression::UNCOMPRESSED => Bodies::AsTheyAre,
            Compression::SNAPPY => Bodies::Snappy,
            other => {
                return Err(
                    ToolError::new(Code::Format, format!("compressed with {other}"))
                        .expected("no compression, or Snappy")
                        .remedy("write the table again, for example with compression=None"),
                );
            }
        };
        let data = chunk.data_page_offset();
        let start = chunk
            .dictionary_page_offset()
            .map_or(data, |offset| offset.min(data));
        let within = || {
            let start = usize::try_from(start).ok()?;
            let length = usize::try_from(chunk.compressed_size()).ok()?;
            bytes.get(start..start.checked_add(length)?)
        };
        let pages = within().ok_or_else(|| corrupt("a column outside the file"))?;
        check::pages(pages, bodies).map_err(|fault| corrupt(&fault))?;
    }
    Ok(())
}

/// A column's cells, whatever they were.
enum Column {
    Texts(Vec<Option<String>>),
    Wholes(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
}

impl Column {
    /// As they stand in a CSV table.
    fn cells(&self) -> Box<dyn Iterator<Item = String> + '_> {
        match self {
            Self::Texts(cells) => Box::new(
                cells
                    .iter()
                    .map(|cell| cell.as_deref().map(cell::text).unwrap_or_default()),
            ),
            Self::Wholes(cells) => Box::new(
                cells
                    .iter()
                    .map(|cell| cell.map(|whole| whole.to_string()).unwrap_or_default()),
            ),
            Self::Numbers(cells) => Box::new(
                cells
                    .iter()
                    .map(|cell| cell.map(cell::number).unwrap_or_default()),
            ),
        }
    }
}

fn column(
    reader: &SerializedFileReader<Bytes>,
    index: usize,
    rows: usize,
    left: &mut u64,
) -> Result<Column> {
    let (mut texts, mut wholes, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for group in 0..reader.num_row_groups() {
        let pages = reader
            .get_row_group(group)
            .and_then(|group| group.get_column_reader(index))
            .map_err(|fault| crate_fault(&fault))?;
        match pages {
            ColumnReader::BoolColumnReader(pages) => {
                let word = |value: bool| Ok(value.to_string());
                drain(pages, rows, &mut texts, word)?;
            }
            ColumnReader::ByteArrayColumnReader(pages) => {
                drain(pages, rows, &mut texts, |value: ByteArray| {
                    spend(left, value.len() as u64)?;
                    let text = std::str::from_utf8(value.data());
                    text.map(str::to_owned)
                        .map_err(|_| corrupt("a text that is no UTF-8"))
                })?;
            }
            ColumnReader::Int32ColumnReader(pages) => {
                drain(pages, rows, &mut wholes, |value: i32| Ok(i64::from(value)))?;
            }
            ColumnReader::Int64ColumnReader(pages) => drain(pages, rows, &mut wholes, Ok)?,
            ColumnReader::FloatColumnReader(pages) => {
                drain(pages, rows, &mut numbers, |value: f32| Ok(f64::from(value)))?;
            }
            ColumnReader::DoubleColumnReader(pages) => drain(pages, rows, &mut numbers, Ok)?,
            ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
                return Err(ToolError::internal("a column of a type that is not read"));
            }
        }
    }
    let column = if !texts.is_empty() {
        Column::Texts(texts)
    } else if !wholes.is_empty() {
        Column::Wholes(wholes)
    } else {
        Column::Numbers(numbers)
    };
    let found = match &column {
        Column::Texts(cells) => cells.len(),
        Column::Wholes(cells) => cells.len(),
        Column::Numbers(cells) => cells.len(),
    };
    if found != rows {
        return Err(corrupt(&format!("a column of {found} in {rows} rows")));
    }
    Ok(column)
}

/// Reads a column chunk to its end; no more than `rows` cells in all.
fn drain<T: DataType, V>(
    mut pages: ColumnReaderImpl<T>,
    rows: usize,
    cells: &mut Vec<Option<V>>,
    mut convert: impl FnMut(T::T) -> Result<V>,
) -> Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    loop {
        values.clear();
        levels.clear();
        let (records, present, _) = pages
            .read_records(BATCH, Some(&mut levels), None, &mut values)
            .map_err(|fault| crate_fault(&fault))?;
        if records == 0 {
            return Ok(());
        }
        if cells.len() + records > rows {
            return Err(corrupt("a column with more cells than rows"));
        }
        if levels.is_empty() {
            // A column that always has values has no levels.
            levels.resize(records, 1);
        }
        let mut values = values.drain(..);
        let mut found = 0;
        for level in &levels {
            if *level == 0 {
                cells.push(None);
                continue;
            }
            let value = values
                .next()
                .ok_or_else(|| corrupt("a column with too few values"))?;
            cells.push(Some(convert(value)?));
            found += 1;
        }
        if levels.len() != records || found != present {
            return Err(corrupt(
                "a column with another number of values than it says",
            ));
        }
    }
}

/// What describes rows and is not read from texts: columns of ours.
#[derive(Default)]
struct Described {
    /// Whether the class stands in a column of our name. `Label` may be another program's name for it.
    ours: bool,
    label: Vec<Option<i64>>,
    lesion: Vec<Option<i64>>,
    position_mm: Vec<Option<f64>>,
    pixels: Vec<Option<i64>>,
    size: Vec<Option<f64>>,
}

impl Described {
    fn take(&mut self, name: &str, column: Column) {
        match (name, column) {
            ("Target", _) => self.ours = true,
            ("Label", Column::Wholes(cells)) => self.label = cells,
            ("Lesion", Column::Wholes(cells)) => self.lesion = cells,
            ("SlicePosition_mm", Column::Numbers(cells)) => self.position_mm = cells,
            ("ROIPixels" | "ROIVoxels", Column::Wholes(cells)) => self.pixels = cells,
            ("ROIArea_mm2" | "ROIVolume_mm3", Column::Numbers(cells)) => self.size = cells,
            _ => {}
        }
    }

    fn put(&self, file: &mut RawTable) {
        if !self.ours {
            return;
        }
        for (index, row) in file.rows.iter_mut().enumerate() {
            row.region = RegionKey {
                label: at(&self.label, index),
                lesion: at(&self.lesion, index).and_then(|lesion| u32::try_from(lesion).ok()),
            };
            row.position_mm = at(&self.position_mm, index);
            row.pixels = at(&self.pixels, index).and_then(|pixels| usize::try_from(pixels).ok());
            row.size = at(&self.size, index);
        }
    }
}

fn at<T: Copy>(cells: &[Option<T>], index: usize) -> Option<T> {
    cells.get(index).copied().flatten()
}

/// The classes in the order that the file gives.
fn classes(names: &str) -> Result<ClassNames> {
    let wrong = |found: String| corrupt(&format!("{CLASSES}: {found}"));
    let names: Vec<String> =
        serde_json::from_str(names).map_err(|fault| wrong(fault.to_string()))?;
    ClassNames::new(names).map_err(|fault| wrong(fault.to_string()))
}

fn spend(left: &mut u64, bytes: u64) -> Result<()> {
    *left = left.checked_sub(bytes).ok_or_else(|| {
        ToolError::new(
            Code::TooLarge,
            "a table that is larger than half of the memory",
        )
        .remedy("split the table, or take a machine with more memory")
    })?;
    Ok(())
}

fn crate_fault(fault: &ParquetError) -> ToolError {
    corrupt(&fault.to_string())
}

fn corrupt(found: &str) -> ToolError {
    ToolError::new(Code::Corrupt, found).remedy("the file is damaged: write or copy it again")
}
