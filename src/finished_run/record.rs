//! `run.json`: what the run was, what it wrote, and what it took.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::no_run;
use crate::error::{Code, Result, ToolError};
use crate::io::{LARGEST_TABLE, read_small};
use crate::provenance::{Measured, Provenance, digest_of_file};
use crate::run_folder::data_files;

/// The record of a run without what it took: the same for two runs of the same study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Program, settings, hashes.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Every fitted model with its settings, or null.
    pub models: Value,
    /// SHA-256 of every file that the run wrote and did not make from others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
}

/// The whole record. Only `measured` differs between two runs of the same study.
#[derive(Serialize)]
struct Run<'a> {
    #[serde(flatten)]
    record: &'a RunRecord,
    measured: &'a Measured,
}

impl RunRecord {
    /// The record of a run whose files stand in its folder.
    ///
    /// # Errors
    /// [`Code::Read`] for a file that cannot be read any more.
    pub fn of(provenance: &Provenance, models: Value, folder: &Path) -> Result<Self> {
        Self::of_files(provenance, models, folder, data_files(folder))
    }

    /// The record of work that left these files in a folder, where others may lie.
    ///
    /// # Errors
    /// [`Code::Read`] for a file that cannot be read any more.
    pub fn of_files(
        provenance: &Provenance,
        models: Value,
        folder: &Path,
        names: Vec<String>,
    ) -> Result<Self> {
        let hashed = names.into_par_iter().map(|name| {
            let path = folder.join(&name);
            let hash = digest_of_file(&path)
                .map_err(|fault| ToolError::new(Code::Read, fault.to_string()).file(path))?;
            Ok((name, hash))
        });
        Ok(Self {
            provenance: provenance.clone(),
            models,
            outputs: hashed.collect::<Result<_>>()?,
        })
    }

    /// Reads the record of a finished run.
    ///
    /// # Errors
    /// [`Code::Usage`] where there is none.
    pub fn read(folder: &Path) -> Result<Self> {
        let bytes = match read_small(&folder.join("run.json"), LARGEST_TABLE) {
            Ok(bytes) => bytes,
            Err(fault) if fault.code == Code::NotFound => {
                return Err(no_run(folder, "no run.json in it"));
            }
            Err(fault) => return Err(fault),
        };
        serde_json::from_slice(&bytes)
            .map_err(|fault| no_run(folder, &format!("run.json is no record of a run: {fault}")))
    }

    /// The record as JSON.
    ///
    /// # Errors
    /// [`Code::Internal`] when it cannot be serialised, which does not happen.
    pub fn bytes(&self, measured: &Measured) -> Result<Vec<u8>> {
        let run = Run {
            record: self,
            measured,
        };
        let mut bytes = serde_json::to_vec_pretty(&run)
            .map_err(|fault| ToolError::internal(fault.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provenance::Clock;

    #[test]
    fn a_record_reads_back_and_a_stranger_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        assert_eq!(RunRecord::read(here).unwrap_err().code, Code::Usage);
        std::fs::write(here.join("metrics.json"), b"{}").unwrap();
        let settings = json!({"a": 0.1, "b": [1, null, -3], "z": {"y": 1e300}});
        let provenance = Provenance::new("compare", settings, "c".into());
        let record = RunRecord::of(&provenance, json!([{"name": "svc"}]), here).unwrap();
        assert_eq!(record.outputs.len(), 1);
        let bytes = record.bytes(&Clock::new().measured()).unwrap();
        std::fs::write(here.join("run.json"), &bytes).unwrap();
        assert_eq!(RunRecord::read(here).unwrap(), record);
        std::fs::write(here.join("run.json"), b"{\"program\": 1}").unwrap();
        assert_eq!(RunRecord::read(here).unwrap_err().code, Code::Usage);
    }
}
