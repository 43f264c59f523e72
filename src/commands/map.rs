//! `raduet map`: a feature at every voxel of a region, as images and as pictures.
//!
//! Maps are NIfTI or NRRD on the image's grid, in 32 bits unless 64 are asked for; the picture shows the slice that holds
//! most of the region.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::cli::{ImageFormName, LabelArg, MapArgs, PresetName};
use crate::error::{Code, Exit, Result, ToolError};
use crate::extract::maps::{FeatureMap, MapPlan};
use crate::interrupt;
use crate::io::atomic::{prepare_folder, write_file};
use crate::io::formats::files_of;
use crate::io::write::{Precision, write_map, write_mask, write_volume};
use crate::io::{LabelChoice, ReadCase, fingerprint, png, read_case};
use crate::provenance::{Clock, Provenance};
use crate::report_writers::run_json;
use crate::settings::{FeatureSettings, ImageSettings, LabelName, preset};

/// About so many pixels along the longer side of a picture.
const PICTURE_SIDE: usize = 768;

pub(super) fn run(args: &MapArgs, context: Context) -> Outcome {
    let console = context.console;
    let plan = MapPlan::new(&settings(args), &args.feature)?;
    let mut clock = Clock::new();
    let images = ImageSettings::from(&args.images);
    let label = match &args.label {
        Some(LabelArg::All) => {
            return Err(ToolError::new(Code::Usage, "--label all")
                .expected("one region")
                .remedy("choose one by its value or name")
                .into());
        }
        Some(label) => LabelName::of(label),
        None => plan.label().map(LabelName::Value),
    };
    let choice = label.map_or(LabelChoice::Only, |label| label.choice());
    let options = images.options(context.budget);
    let case = read_case(&args.image, &args.mask, &choice, images.rule(), &options)?;
    for warning in plan.warnings.iter().chain(&case.warnings) {
        console.say(&warning.to_string());
    }
    prepare_folder(&args.output)?;
    let files = [(&args.image, &options), (&args.mask, &options.of_mask())]
        .into_iter()
        .flat_map(|(path, options)| files_of(path, options))
        .map(|path| fingerprint::of_file(&path).unwrap_or_default())
        .collect::<Vec<_>>();
    let described = json!({
        "image": args.image,
        "mask": args.mask,
        "label": case.label,
        "features": plan.describe(),
        "maps": plan.names(),
        "bits": if args.double { 64 } else { 32 },
    });
    let provenance = Provenance::new("map", described, files.join(" "));
    if args.with_inputs {
        write_volume(&file(args, "image"), &case.image)?;
        write_mask(&file(args, "mask"), &case.mask)?;
    }
    let picture = Picture::of(&case)?;
    let job = console.job("mapping", plan.names().len());
    let mut written = 0;
    let doubts = clock.time("map", || {
        plan.make(&case.image, &case.mask, &mut |map| {
            interrupt::check()?;
            write(args, &case, &picture, &map)?;
            written += 1;
            job.advance();
            Ok(())
        })
    })?;
    drop(job);
    for doubt in &doubts {
        console.say(&doubt.to_string());
    }
    let record = run_json::bytes(&provenance, &clock.measured(), Value::Null)?;
    write_file(&args.output.join("run.json"), &record)?;
    console.print(&format!("{written} maps: {}", args.output.display()));
    Ok(if written == 0 {
        Exit::AllFailed
    } else if doubts.is_empty() {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

fn settings(args: &MapArgs) -> FeatureSettings {
    FeatureSettings {
        parameters: args.params.clone(),
        set: args.setting.clone(),
        bin_width: args.bin_width,
        bin_count: args.bin_count,
        families: args.family.clone(),
        ..preset::settings(PresetName::Quick).features
    }
}

/// The file of an image.
fn file(args: &MapArgs, name: &str) -> PathBuf {
    let ending = match args.format {
        ImageFormName::Nifti => "nii.gz",
        ImageFormName::Nrrd => "nrrd",
    };
    args.output.join(format!("{name}.{ending}"))
}

fn write(args: &MapArgs, case: &ReadCase, picture: &Picture, map: &FeatureMap) -> Result<()> {
    let precision = if args.double {
        Precision::Double
    } else {
        Precision::Single
    };
    let path = file(args, &map.name);
    write_map(&path, &map.values, case.image.grid(), precision)?;
    let plane = map.values.index_axis(ndarray::Axis(0), picture.slice);
    let values: Vec<f64> = plane.iter().copied().collect();
    let bytes = picture.drawn(Some(&values))?;
    write_file(&args.output.join(format!("{}.png", map.name)), &bytes)
}

/// The slice that is shown.
struct Picture {
    slice: usize,
    pixels: Vec<f64>,
    inside: Vec<bool>,
    rows: usize,
    columns: usize,
    scale: u32,
}

impl Picture {
    /// The slice with most voxels of the region, the first of several.
    fn of(case: &ReadCase) -> Result<Self> {
        let internal =
            |fault: raduet_features::FeatureError| ToolError::internal(fault.to_string());
        let voxels = |z: usize| {
            case.mask
                .slice(z)
                .map_or(0, |plane| plane.iter().filter(|inside| **inside).count())
        };
        let occupied = case.mask.occupied_slices().into_iter();
        let slice = occupied.rev().max_by_key(|z| voxels(*z)).unwrap_or(0);
        let plane = case.image.slice_f64(slice).map_err(internal)?;
        let inside = case.mask.slice(slice).map_err(internal)?;
        let (rows, columns) = plane.dim();
        let scale = (PICTURE_SIDE / rows.max(columns).max(1)).max(1);
        Ok(Self {
            slice,
            pixels: plane.iter().copied().collect(),
            inside: inside.iter().copied().collect(),
            rows,
            columns,
            scale: u32::try_from(scale).unwrap_or(1),
        })
    }

    fn drawn(&self, map: Option<&[f64]>) -> Result<Vec<u8>> {
        let (rows, columns) = (self.rows, self.columns);
        png::overlay(&self.pixels, rows, columns, &self.inside, map, self.scale)
    }
}
