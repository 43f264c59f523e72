//! A feature table as the bytes of a Parquet file.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::CLASSES;
use crate::error::{Result, ToolError};
use crate::io::feature_csv::{FeatureFile, FeatureRow, Keys, SITE};

/// The key columns with what they hold.
type TextOf = fn(&FeatureFile, usize) -> Option<String>;
type WholeOf = fn(&FeatureRow) -> Option<i64>;
type NumberOf = fn(&FeatureRow) -> Option<f64>;

enum Cells {
    Text(TextOf),
    Whole(WholeOf),
    Number(NumberOf),
}

/// The key columns of the CSV form by name.
static KEYS: [(&str, Cells); 14] = [
    (
        "ID",
        Cells::Text(|file, row| Some(file.rows[row].sample.case.as_str().to_owned())),
    ),
    (
        "PatientID",
        Cells::Text(|file, row| Some(file.rows[row].patient.as_str().to_owned())),
    ),
    (
        "Sequence",
        Cells::Text(|file, row| file.rows[row].sequence.clone()),
    ),
    (
        "Split",
        Cells::Text(|file, row| file.rows[row].part.map(|part| part.name().to_owned())),
    ),
    (
        "Target",
        Cells::Text(|file, row| Some(file.classes.name(file.rows[row].label).to_owned())),
    ),
    (
        SITE,
        Cells::Text(|file, row| file.table.sites().map(|sites| sites[row].clone())),
    ),
    ("Label", Cells::Whole(|row| row.region.label)),
    (
        "Lesion",
        Cells::Whole(|row| row.region.lesion.map(i64::from)),
    ),
    ("Slice", Cells::Whole(|row| row.sample.slice.map(i64::from))),
    ("SlicePosition_mm", Cells::Number(|row| row.position_mm)),
    ("ROIPixels", Cells::Whole(pixels)),
    ("ROIArea_mm2", Cells::Number(|row| row.size)),
    ("ROIVoxels", Cells::Whole(pixels)),
    ("ROIVolume_mm3", Cells::Number(|row| row.size)),
];

fn pixels(row: &FeatureRow) -> Option<i64> {
    row.pixels.and_then(|pixels| i64::try_from(pixels).ok())
}

/// The key columns that the CSV form of this table has, in its order.
fn keys(file: &FeatureFile) -> Result<Vec<&'static (&'static str, Cells)>, ParquetError> {
    let known = |name: &str| {
        let key = KEYS.iter().find(|(known, _)| *known == name);
        key.ok_or_else(|| ParquetError::General(format!("no cells for column '{name}'")))
    };
    Keys::of(file).head().into_iter().map(known).collect()
}

/// The table as Parquet. `notes` become key-value metadata, in their order.
///
/// # Errors
/// [`crate::error::Code::Internal`] when the writer fails, which it does not in memory.
pub fn write(file: &FeatureFile, notes: &[(String, String)]) -> Result<Vec<u8>> {
    bytes(file, notes).map_err(|fault| ToolError::internal(fault.to_string()))
}

fn bytes(file: &FeatureFile, notes: &[(String, String)]) -> Result<Vec<u8>, ParquetError> {
    let classes = serde_json::to_string(file.classes.names())
        .map_err(|fault| ParquetError::External(Box::new(fault)))?;
    let keys = keys(file)?;
    let mut metadata = vec![KeyValue::new(CLASSES.to_owned(), classes)];
    metadata.extend(
        notes
            .iter()
            .map(|(key, value)| KeyValue::new(key.clone(), value.clone())),
    );
    let properties = WriterProperties::builder()
        .set_created_by(concat!("raduet ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata))
        .set_compression(Compression::UNCOMPRESSED)
        // Measured doubles hardly ever repeat.
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema(file, &keys)?, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, cells) in &keys {
        let rows = file.rows.iter();
        match cells {
            Cells::Text(of) => texts(&mut group, (0..rows.len()).map(|row| of(file, row)))?,
            Cells::Whole(of) => wholes(&mut group, rows.map(of))?,
            Cells::Number(of) => numbers(&mut group, rows.map(of))?,
        }
    }
    let width = file.table.columns().len();
    for column in 0..width {
        let values = (0..file.rows.len()).map(|row| Some(file.table.row(row)[column]));
        numbers(&mut group, values)?;
    }
    group.close()?;
    writer.into_inner()
}

fn schema(file: &FeatureFile, keys: &[&(&str, Cells)]) -> Result<TypePtr, ParquetError> {
    let column = |name: &str, physical, logical| -> Result<TypePtr, ParquetError> {
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    };
    let keys = keys.iter().map(|(name, cells)| match cells {
        Cells::Text(_) => column(name, Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Cells::Whole(_) => column(name, Physical::INT64, None),
        Cells::Number(_) => column(name, Physical::DOUBLE, None),
    });
    let features = file
        .table
        .columns()
        .iter()
        .map(|name| column(name, Physical::DOUBLE, None));
    let fields = keys.chain(features).collect::<Result<Vec<_>, _>>()?;
    let root = Type::group_type_builder("features").with_fields(fields);
    root.build().map(Arc::new)
}

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// Splits cells into the values that are there and, for each row, whether one is (1) or not (0).
fn present<T>(cells: impl Iterator<Item = Option<T>>) -> (Vec<T>, Vec<i16>) {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    (values, levels)
}

fn texts(
    group: &mut Group<'_>,
    cells: impl Iterator<Item = Option<String>>,
) -> Result<(), ParquetError> {
    let (values, levels) = present(cells.map(|cell| cell.map(|text| ByteArray::from(&*text))));
    column::<ByteArrayType>(group, &values, &levels)
}

fn wholes(
    group: &mut Group<'_>,
    cells: impl Iterator<Item = Option<i64>>,
) -> Result<(), ParquetError> {
    let (values, levels) = present(cells);
    column::<Int64Type>(group, &values, &levels)
}

/// What is no finite number is a null, as it is an empty cell of the CSV form.
fn numbers(
    group: &mut Group<'_>,
    cells: impl Iterator<Item = Option<f64>>,
) -> Result<(), ParquetError> {
    let (values, levels) = present(cells.map(|cell| cell.filter(|value| value.is_finite())));
    column::<DoubleType>(group, &values, &levels)
}

fn column<T: parquet::data_type::DataType>(
    group: &mut Group<'_>,
    values: &[T::T],
    levels: &[i16],
) -> Result<(), ParquetError> {
    let mut writer = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("more columns than the schema has".into()))?;
    writer
        .typed::<T>()
        .write_batch(values, Some(levels), None)?;
    writer.close()
}
