//! CSV tables of figures, written line by line.

use crate::error::{Code, Result, ToolError};

/// A CSV table that is written cell by cell.
pub(super) struct Lines(csv::Writer<Vec<u8>>);

impl Lines {
    pub(super) fn new(head: &[&str]) -> Result<Self> {
        let mut lines = Self(csv::Writer::from_writer(Vec::new()));
        lines.put(head.iter().map(|&cell| cell.to_owned()))?;
        Ok(lines)
    }

    pub(super) fn put(&mut self, cells: impl IntoIterator<Item = String>) -> Result<()> {
        self.0
            .write_record(cells.into_iter().collect::<Vec<_>>())
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))
    }

    pub(super) fn bytes(self) -> Result<Vec<u8>> {
        self.0
            .into_inner()
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))
    }
}
