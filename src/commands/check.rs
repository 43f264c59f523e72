//! `raduet check`: whether a cohort can be measured, before it is.

use super::{Context, Outcome, batch_exit};
use crate::cases::Cases;
use crate::check::{self, Checked, Depth, Labels, Looking};
use crate::cli::{CheckArgs, LabelArg, PresetName};
use crate::error::{Code, Exit, Result, ToolError};
use crate::extract::{Extraction, Rows, Unit, Wanted};
use crate::io::atomic::write_file;
use crate::io::png;
use crate::report_writers::check as writer;
use crate::settings::{LabelName, preset};

pub(super) fn run(args: &CheckArgs, context: Context) -> Outcome {
    let console = context.console;
    let mut settings = preset::settings(PresetName::Quick);
    settings.features.bin_width = args.bin_width;
    settings.features.bin_count = args.bin_count;
    if let Some(pixels) = args.min_pixels {
        settings.features.min_pixels = pixels;
    }
    let rows = Rows {
        unit: Unit::Case,
        ..Rows::default()
    };
    let extraction = Extraction::new(&settings.features, Wanted::Features, rows)?;
    settings.cohort.path = Some(args.input.clone());
    settings.cohort.apply(&args.cohort);
    let cases = Cases::open(&settings.cohort, context.budget)?;
    for note in cases.notes() {
        console.detail(note);
    }
    let depth = match (&args.sheet, args.voxels) {
        (Some(_), _) => Depth::Pictures,
        (None, true) => Depth::Voxels,
        (None, false) => Depth::Headers,
    };
    let looking = Looking {
        depth,
        rule: settings.cohort.images.rule(),
        labels: match (&args.cohort.label, &settings.cohort.label) {
            (Some(LabelArg::All), _) => Labels::All,
            (_, Some(label)) => Labels::This(LabelName::choice(label)),
            (_, None) => Labels::Named,
        },
        discretisation: extraction.discretisation(),
        min_pixels: settings.features.min_pixels,
    };
    let checked = check::run(&cases, &looking, console)?;
    if let Some(path) = &args.output {
        write_file(path, &writer::csv(&checked)?)?;
    }
    if let Some(path) = &args.sheet {
        let tiles = tiles(&checked)?;
        write_file(path, &png::sheet(&tiles)?)?;
    }
    if context.json {
        console.print(&format!("{:#}", writer::json(&checked, cases.notes())));
    } else {
        for warning in checked.shown() {
            console.say(&warning.to_string());
        }
        for error in &checked.errors {
            console.error(error);
        }
        for line in writer::screen(&checked, console.is_verbose()) {
            console.print(&line);
        }
        if depth == Depth::Headers {
            console.say("headers only; --voxels looks at masks, intensities and damage, too");
        }
    }
    let exit = batch_exit(checked.failed, checked.total);
    Ok(
        if args.strict && exit == Exit::Done && checked.doubts() > 0 {
            Exit::SomeFailed
        } else {
            exit
        },
    )
}

/// A slice and its region.
type Tile<'a> = Option<(&'a ndarray::Array2<f64>, &'a ndarray::Array2<bool>)>;

/// The picture of each case, in the order of the table.
fn tiles(checked: &Checked) -> Result<Vec<Tile<'_>>> {
    let tiles: Vec<_> = checked
        .cases
        .iter()
        .map(|case| case.tile.as_ref().map(|tile| (&tile.slice, &tile.inside)))
        .collect();
    if tiles.iter().all(Option::is_none) {
        return Err(
            ToolError::new(Code::Usage, "no case that could be shown on the sheet")
                .remedy("mend what the errors name, or leave out --sheet"),
        );
    }
    if tiles.len() > png::MOST_TILES {
        let found = format!("{} cases on one sheet", tiles.len());
        return Err(ToolError::new(Code::Usage, found)
            .expected(format!("at most {}", png::MOST_TILES))
            .remedy("choose a part of the cohort with --sequence, or cut the manifest"));
    }
    Ok(tiles)
}
