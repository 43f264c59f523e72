//! Where a network looks, as a table and as pictures.

use raduet_deep::{Attention, DeepError, FittedNetwork, ImageSample};

use crate::error::{Code, ToolError};
use crate::io::{cell, png};

/// Pixels of a picture for a pixel of a slice, at most.
const LARGEST_SCALE: usize = 4;
/// Pictures are enlarged up to about this many pixels on the longer side.
const SIDE: usize = 512;
/// Slices asked about at once: their maps are as large as they are.
const CHUNK: usize = 32;

/// What is written.
pub(super) struct Files {
    pub(super) csv: Vec<u8>,
    pub(super) pictures: Vec<(String, Vec<u8>)>,
}

/// Why nothing is: the network room's fault, or the tool's own.
pub(super) enum Fault {
    Deep(DeepError),
    Tool(ToolError),
}

impl Fault {
    /// The tool's error.
    pub(super) fn or(self, deep: impl FnOnce(DeepError) -> ToolError) -> ToolError {
        match self {
            Self::Deep(fault) => deep(fault),
            Self::Tool(fault) => fault,
        }
    }
}

/// The share of attention inside the mask for every sample, and pictures of `count` of them, evenly chosen.
pub(super) fn files(
    model: &FittedNetwork,
    samples: &[ImageSample],
    count: usize,
) -> Result<Files, Fault> {
    let internal = |fault: String| Fault::Tool(ToolError::new(Code::Internal, fault));
    let mut out = csv::Writer::from_writer(Vec::new());
    let head = [
        "ID",
        "PatientID",
        "Slice",
        "y_true",
        "y_asked",
        "p_asked",
        "share_inside_mask",
        "mask_share_of_slice",
        "picture",
    ];
    out.write_record(head)
        .map_err(|fault| internal(fault.to_string()))?;
    let shown: Vec<usize> = (0..count.min(samples.len()))
        .map(|k| k * samples.len() / count.min(samples.len()))
        .collect();
    let mut pictures = Vec::new();
    for (first, chunk) in (0..).step_by(CHUNK).zip(samples.chunks(CHUNK)) {
        let looked = model.attention(chunk).map_err(Fault::Deep)?;
        for (at, (sample, looked)) in (first..).zip(chunk.iter().zip(&looked)) {
            let mut row = row(model, sample, looked);
            if shown.contains(&at) {
                let name = png::file_name(at, &sample.id);
                row.push(name.clone());
                pictures.push((name, picture(sample, looked).map_err(Fault::Tool)?));
            } else {
                row.push(String::new());
            }
            out.write_record(row)
                .map_err(|fault| internal(fault.to_string()))?;
        }
    }
    let csv = out
        .into_inner()
        .map_err(|fault| internal(fault.to_string()))?;
    Ok(Files { csv, pictures })
}

fn row(model: &FittedNetwork, sample: &ImageSample, looked: &Attention) -> Vec<String> {
    let mask = sample.mask.as_ref().map(|mask| {
        let inside = mask.iter().filter(|inside| **inside).count();
        inside as f64 / mask.len() as f64
    });
    let number = |value: Option<f64>| value.map(cell::number).unwrap_or_default();
    let class = |label| cell::text(model.classes().name(label));
    vec![
        cell::text(&sample.id.case.to_string()),
        cell::text(&sample.patient.to_string()),
        sample.id.slice.map(|s| s.to_string()).unwrap_or_default(),
        class(sample.label),
        class(looked.class),
        cell::number(looked.probability),
        number(looked.share_inside),
        number(mask),
    ]
}

fn picture(sample: &ImageSample, looked: &Attention) -> crate::error::Result<Vec<u8>> {
    let longest = sample.rows.max(sample.cols).max(1);
    let scale = (SIDE / longest).clamp(1, LARGEST_SCALE);
    let nothing;
    let mask = if let Some(mask) = &sample.mask {
        mask
    } else {
        nothing = vec![false; sample.pixels.len()];
        &nothing
    };
    png::attention(
        &sample.pixels,
        sample.rows,
        sample.cols,
        mask,
        &looked.values,
        scale,
    )
}
