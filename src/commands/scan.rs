//! `raduet scan`: a folder recognised and written down as a manifest.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Context, Outcome};
use crate::cli::{SCAN_AUTO, ScanArgs};
use crate::error::{Code, Exit, ToolError};
use crate::io::atomic::write_file;
use crate::scan::{self, manifest};

pub(super) fn run(args: &ScanArgs, context: Context) -> Outcome {
    let wanted = Some(args.layout.as_str()).filter(|layout| *layout != SCAN_AUTO);
    let (layout, scanned) = scan::scan(&args.folder, wanted)?;
    let console = context.console;
    let patients: BTreeSet<&str> = scanned.cases.iter().map(|case| &*case.patient).collect();
    let counts = format!(
        "layout {layout}: {} images of {} patients",
        scanned.cases.len(),
        patients.len()
    );
    console.say(&counts);
    for note in &scanned.notes {
        console.say(note);
    }
    if scanned.cases.is_empty() {
        return Err(ToolError::new(Code::Manifest, "no image with a mask")
            .file(&args.folder)
            .expected("images and masks whose names go together")
            .remedy("write the manifest by hand")
            .into());
    }
    let way = match &args.output {
        Some(output) => manifest::way(output, &args.folder)?,
        None => manifest::from_here(&args.folder),
    };
    let bytes = manifest::text(&scanned.cases, &way)?;
    if let Some(output) = &args.output {
        write_file(output, &bytes)?;
        console.say(&format!("manifest: {}", output.display()));
    }
    if context.json {
        let told = json!({
            "layout": layout,
            "images": scanned.cases.len(),
            "patients": patients.len(),
            "notes": scanned.notes,
            "manifest": args.output,
        });
        console.print(&told.to_string());
    } else if args.output.is_none() {
        console.print(String::from_utf8_lossy(&bytes).trim_end());
    }
    Ok(Exit::Done)
}
