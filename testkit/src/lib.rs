//! Phantoms and reference tables for the tests of raduet. Depends on nothing of ours: plain arrays.

pub mod data;
pub mod dicom;
pub mod dicom_series;
pub mod images;
pub mod paper;
pub mod phantoms;
pub mod process;
pub mod reference;
pub mod tables;
