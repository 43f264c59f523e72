//! The tool: reads files, calls the rooms, writes files.

pub mod phantom;
pub mod error;
pub mod io;
