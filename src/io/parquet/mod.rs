//! Feature tables as Apache Parquet: the columns of the CSV form with their types.
//!
//! Texts are UTF-8, whole numbers 64 bits, features doubles; every column may have nulls, and an undefined
//! value is one. Classes in their order and whatever the writer wants to say (settings, versions) stand in
//! the file's key-value metadata. Written without compression, since doubles hardly shrink.
//!
//! Read are flat columns of other programs' tables too, uncompressed or with Snappy (what pandas writes),
//! plain or with a dictionary. Columns go through the same recognition as those of a CSV table.
//!
//! ```text
//! bytes ─ check (page headers: sizes, counts, encodings) ─ parquet crate ─► cells ─ feature_csv ─► table
//! ```
//!
//! The crate trusts what page headers say about sizes and counts, and panics on some contradictions. So
//! `check` walks them first, and a panic that is left becomes a typed error.

mod check;
mod read;
mod write;

pub use read::{ReadFeatures, parse, read, read_raw};
pub use write::write;

/// Metadata key of the classes in their order, a JSON list.
const CLASSES: &str = "raduet.classes";
