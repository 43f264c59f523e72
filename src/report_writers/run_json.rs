//! `run.json`: what the run was and what it took.

use serde::Serialize;
use serde_json::Value;

use crate::error::{Code, Result, ToolError};
use crate::provenance::{Measured, Provenance};

/// The whole record. Only `measured` differs between two runs of the same study.
#[derive(Serialize)]
struct Run<'a> {
    #[serde(flatten)]
    provenance: &'a Provenance,
    models: Value,
    measured: &'a Measured,
}

/// The record as JSON; `models` lists every fitted model with its settings, or is null.
///
/// # Errors
/// [`Code::Internal`] when it cannot be serialised, which does not happen.
pub fn bytes(provenance: &Provenance, measured: &Measured, models: Value) -> Result<Vec<u8>> {
    let run = Run {
        provenance,
        models,
        measured,
    };
    let mut bytes = serde_json::to_vec_pretty(&run)
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}
