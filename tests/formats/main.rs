//! One volume in every format, written by the programs people use, reads as the same numbers on the same grid.
//!
//! The files are made by `tests/reference/formats/formats_make.py`; small ones, from a formula, lie beside it.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod contours;
mod dicom;
mod files;
mod geometry;
mod hostile;
mod masks;
mod pictures;
mod real;
mod text_headers;
mod written;
