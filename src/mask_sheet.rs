//! Slices with the outlines of their regions, for the mask check sheet: that of the largest region of some patients.

use std::collections::BTreeMap;

use raduet_study::{PatientId, SampleId};
use rayon::prelude::*;

use crate::cases::{Cases, LoadedCase};
use crate::error::{Code, Result, ToolError};
use crate::io::{Unpacking, cell, png};
use crate::run_folder::{MASKS, RunFolder};

/// Most patients, evenly chosen by id.
const MOST: usize = 24;
/// Slices are enlarged up to about this many pixels on the longer side.
const SIDE: usize = 256;

/// Writes a picture of each chosen patient, and the list of them. A case that cannot be read has none: what is wrong
/// with it is told where it is measured.
///
/// # Errors
/// [`Code::Output`].
pub fn write(cases: &Cases, folder: &RunFolder) -> Result<()> {
    let mut first: BTreeMap<&PatientId, usize> = BTreeMap::new();
    for (index, case) in cases.cohort().cases().iter().enumerate() {
        first.entry(&case.patient).or_insert(index);
    }
    let all: Vec<usize> = first.into_values().collect();
    let kept = all.len().min(MOST);
    let chosen: Vec<usize> = (0..kept).map(|k| all[k * all.len() / kept]).collect();
    let tiles: Vec<Option<Tile>> = chosen
        .into_par_iter()
        .map(|index| tile(cases, index))
        .collect();
    let mut out = csv::Writer::from_writer(Vec::new());
    let internal = |fault: csv::Error| ToolError::new(Code::Internal, fault.to_string());
    out.write_record(["ID", "PatientID", "Slice", "Target", "ROIPixels", "picture"])
        .map_err(internal)?;
    for (line, name, bytes) in tiles.into_iter().flatten() {
        out.write_record(&line).map_err(internal)?;
        folder.write(&format!("{MASKS}/{name}"), &bytes)?;
    }
    let list = out
        .into_inner()
        .map_err(|fault| ToolError::internal(fault.to_string()))?;
    folder.write(&format!("{MASKS}/index.csv"), &list)
}

/// A line of the list, the picture's name, its bytes.
type Tile = (Vec<String>, String, Vec<u8>);

fn tile(cases: &Cases, index: usize) -> Option<Tile> {
    let LoadedCase { volume, mask, .. } = cases.load(index, Unpacking::Shared).ok()?;
    let slices = mask.grid().shape[0];
    let mut best: Option<(usize, usize)> = None;
    for z in 0..slices {
        let pixels = mask.slice(z).ok()?.iter().filter(|inside| **inside).count();
        if best.is_none_or(|(_, most)| pixels > most) {
            best = Some((z, pixels));
        }
    }
    let (z, pixels) = best.filter(|(_, pixels)| *pixels > 0)?;
    let plane = volume.slice_f64(z).ok()?;
    let inside: Vec<bool> = mask.slice(z).ok()?.iter().copied().collect();
    let (rows, columns) = plane.dim();
    let values: Vec<f64> = plane.iter().copied().collect();
    let scale = u32::try_from((SIDE / rows.max(columns).max(1)).max(1)).ok()?;
    let bytes = png::overlay(&values, rows, columns, &inside, None, scale).ok()?;
    let case = &cases.cohort().cases()[index];
    let sample = SampleId::slice(case.id.clone(), u32::try_from(z).ok()?);
    let name = png::file_name(index, &sample);
    let line = vec![
        cell::text(case.id.as_str()),
        cell::text(case.patient.as_str()),
        z.to_string(),
        cell::text(cases.cohort().classes().name(case.label)),
        pixels.to_string(),
        name.clone(),
    ];
    Some((line, name, bytes))
}
