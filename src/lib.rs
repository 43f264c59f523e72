//! The tool: reads files, calls the rooms, writes files.

pub mod phantom;
pub mod cohort;
pub mod error;
pub mod io;
pub mod manifest;
