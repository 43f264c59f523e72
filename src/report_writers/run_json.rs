//! `run.json` of work that is no study: what it was and what it took.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;
use crate::finished_run::RunRecord;
use crate::provenance::{Measured, Provenance};

/// The record as JSON; only `measured` differs between two runs of the same work.
///
/// # Errors
/// [`crate::error::Code::Internal`] when it cannot be serialised, which does not happen.
pub fn bytes(provenance: &Provenance, measured: &Measured, models: Value) -> Result<Vec<u8>> {
    let record = RunRecord {
        provenance: provenance.clone(),
        models,
        outputs: BTreeMap::new(),
    };
    record.bytes(measured)
}
