//! The paper's tables of networks by one command: every network it names, on T1W and on T2W slices, from scratch and from
//! pretrained weights.
//!
//! Each sequence is a complete comparison of its own (`t1w/`, `t2w/`); the tables are read off the two reports. A row that
//! the paper fits from pretrained weights begins from scratch where there are none for it, and says so.
//!
//! The paper: Zeng et al., "Liver Cirrhosis Stage Estimation from MRI with Deep Learning". Its Table II has MambaVision-T
//! with the accuracy that Table V has for it from scratch: here it is that row, too.

use std::path::Path;

use raduet_deep::registry;
use raduet_study::Report;
use serde_json::Value;

use crate::arms::deep::{Start, weights};
use crate::compare::{self, Plan};
use crate::conclusion::Form;
use crate::console::Console;
use crate::error::{Code, Exit, Faults, Result, ToolError};
use crate::guards::Guards;
use crate::io::ByteBudget;
use crate::io::atomic::{prepare_folder, write_file};
use crate::report_writers::tables::entries::{Entry, count_parameters};
use crate::report_writers::tables::sources::with_sequence;
use crate::report_writers::tables::{self, OfSequence, Sources};
use crate::run_folder;
use crate::settings::{NetworkSettings, Settings};

use Start::{Pretrained, Scratch};

/// A row: the network, and how the paper begins it.
type Wanted = (&'static str, Start);

const TABLE_1: [Wanted; 8] = [
    ("vgg19", Pretrained),
    ("resnet50", Pretrained),
    ("mobilenet_v3_small_167", Pretrained),
    ("convnext_base", Pretrained),
    ("pvt_v2_b2", Pretrained),
    ("vim_small", Pretrained),
    ("medmamba_s", Pretrained),
    ("mambavision_s", Pretrained),
];
/// Tables II and III.
const TABLE_2: [Wanted; 8] = [
    ("vgg19", Pretrained),
    ("resnet50", Pretrained),
    ("mobilenet_v3_small_167", Pretrained),
    ("convnext_base", Pretrained),
    ("pvt_v2_b2", Pretrained),
    ("vim_small", Pretrained),
    ("medmamba_s", Pretrained),
    ("mambavision_t", Scratch),
];
const TABLE_4: [&str; 4] = ["resnet18", "resnet34", "resnet50", "resnet152"];
const TABLE_5: [&str; 4] = [
    "mambavision_t",
    "mambavision_t2",
    "mambavision_s",
    "mambavision_b",
];

/// What makes a study a short trial of everything.
pub fn make_smoke(settings: &mut Settings) {
    settings.cohort.phantom_patients = 12;
    settings.split.test = 0.25;
    settings.split.valid = 0.25;
    settings.networks.image_size = 32;
    settings.networks.batch_size = 32;
    settings.networks.epochs = 1;
    settings.networks.keep_weights = false;
    settings.report.bootstrap = 200;
}

/// Fits all networks of the five tables and writes them.
///
/// # Errors
/// Those of a comparison.
pub fn run(
    settings: &Settings,
    guards: Guards,
    output: &Path,
    start: run_folder::Start,
    console: Console,
    budget: ByteBudget,
) -> Result<Exit, Faults> {
    prepare_folder(output)?;
    let [first, second, fourth, fifth] = all_rows(&settings.networks);
    let of_t2w: Vec<&Row> = second.iter().chain(&fourth).chain(&fifth).collect();
    let of_t1w: Vec<&Row> = first.iter().collect();
    let mut plans = Vec::new();
    // Both before either begins: a fault of the second ends no finished first.
    for (sequence, rows) in [("T1W", of_t1w), ("T2W", of_t2w)] {
        let mut settings = settings.clone();
        settings.cohort.sequence = Some(sequence.into());
        settings.networks.names = names(&rows);
        console.say(&format!(
            "{sequence}: {} networks",
            settings.networks.names.len()
        ));
        plans.push((
            sequence,
            Plan::new("deep", settings, budget)?.guarded(guards)?,
        ));
    }
    let mut exits = Vec::new();
    let mut reports = Vec::new();
    for (sequence, plan) in plans {
        let folder = output.join(sequence.to_lowercase());
        let (exit, report) = sequence_report(plan, &folder, start, console)?;
        exits.push(exit);
        reports.push(report.map(|report| (sequence, report)));
    }
    let variants = [[Vec::new(), Vec::new()], [fourth, fifth]];
    let sequences = reports.into_iter().zip([first, second]).zip(variants);
    let sequences = sequences.filter_map(|((report, networks), variants)| {
        let (sequence, report) = report?;
        let mut networks = entries(networks);
        count_parameters(&mut networks, report.classes.len());
        Some(OfSequence {
            sequence: Some(sequence.to_owned()),
            networks,
            variants: variants.map(entries),
            learners: Vec::new(),
            report: with_sequence(report, Some(sequence)),
        })
    });
    let sources = Sources {
        sequences: sequences.collect(),
        ..Sources::default()
    };
    let folder = output.join(run_folder::TABLES);
    for (name, bytes) in tables::files(&sources)? {
        prepare_folder(&folder)?;
        write_file(&folder.join(name), &bytes)?;
    }
    console.print(&tables::page(&sources));
    console.say(&format!("tables: {}", folder.display()));
    Ok(worst(&exits))
}

/// One network of a table.
#[derive(Debug, Clone)]
struct Row {
    title: &'static str,
    /// How the paper begins it.
    wanted: Start,
    /// How this run begins it, and the model's name; none where it cannot.
    run: Option<(Start, String)>,
}

/// Rows as the tables take them.
fn entries(rows: Vec<Row>) -> Vec<Entry> {
    let entries = rows.into_iter().map(|row| {
        let begun = row.run.as_ref().map(|(start, _)| *start);
        Entry {
            title: row.title.to_owned(),
            parameters: None,
            is_pretrained: begun.unwrap_or(row.wanted) == Pretrained,
            is_substitute: begun.is_some_and(|begun| begun != row.wanted),
            model: row.run.map(|(_, model)| model),
        }
    });
    entries.collect()
}

/// The rows of Tables I, II (and III), IV and V.
fn all_rows(networks: &NetworkSettings) -> [Vec<Row>; 4] {
    let both = |names: [&'static str; 4]| -> Vec<Wanted> {
        let both = names.into_iter();
        both.flat_map(|name| [(name, Scratch), (name, Pretrained)])
            .collect()
    };
    [
        TABLE_1.to_vec(),
        TABLE_2.to_vec(),
        both(TABLE_4),
        both(TABLE_5),
    ]
    .map(|wanted| rows(networks, &wanted))
}

/// The worse of two ends.
fn worst(exits: &[Exit]) -> Exit {
    if exits.iter().all(|exit| *exit == Exit::Done) {
        Exit::Done
    } else if exits.iter().all(|exit| *exit == Exit::AllFailed) {
        Exit::AllFailed
    } else {
        Exit::SomeFailed
    }
}

/// The rows of a table as they can be run: `run` is the model's name, none where weights are wanted and there are none.
fn rows(networks: &NetworkSettings, wanted: &[Wanted]) -> Vec<Row> {
    // A table that shows both beginnings shows the missing one as missing.
    let is_of_variants = |name: &str| wanted.iter().filter(|(other, _)| *other == name).count() > 1;
    wanted
        .iter()
        .map(|(name, start)| {
            let there = networks
                .pretrained
                .as_deref()
                .is_some_and(|path| path.is_dir() && weights::in_folder(path, name).is_some());
            let start_of_run = match start {
                Pretrained if there => Some(Pretrained),
                Pretrained if is_of_variants(name) => None,
                _ => Some(Scratch),
            };
            Row {
                title: registry::find(name).map_or(*name, |entry| entry.title),
                wanted: *start,
                run: start_of_run.map(|start| (start, start.name(name))),
            }
        })
        .collect()
}

/// The networks of rows, each once, as the settings take them.
fn names(rows: &[&Row]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (start, model) in rows.iter().filter_map(|row| row.run.as_ref()) {
        let name = match start {
            Scratch => format!("{model}:scratch"),
            Pretrained => model.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The comparison of one sequence; one that is finished already is not done again when resuming.
fn sequence_report(
    plan: Plan,
    folder: &Path,
    start: run_folder::Start,
    console: Console,
) -> Result<(Exit, Option<Report>), Faults> {
    let exit = if start == run_folder::Start::Resume && is_finished(folder, &plan) {
        Exit::Done
    } else {
        compare::run(plan, folder, start, console, Form::Quiet)?
    };
    let report = match std::fs::read(folder.join("metrics.json")) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|fault| {
            ToolError::new(Code::Internal, fault.to_string()).file(folder.join("metrics.json"))
        })?),
        Err(_) => None,
    };
    Ok((exit, report))
}

/// Whether a folder holds the results of a plan, whole.
fn is_finished(folder: &Path, plan: &Plan) -> bool {
    let run = std::fs::read(folder.join("run.json")).ok();
    let run: Option<Value> = run.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let provenance = plan.provenance();
    let is_same = |key: &str, value: &str| {
        run.as_ref()
            .is_some_and(|run| run[key].as_str() == Some(value))
    };
    !run_folder::is_unfinished(folder)
        && folder.join("metrics.json").exists()
        && !folder.join("failures.csv").exists()
        && is_same("program", &provenance.program)
        && is_same("settings_sha256", &provenance.settings_sha256)
        && is_same("cohort_sha256", &provenance.cohort_sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::PresetName;
    use crate::settings::preset;

    fn networks(folder: Option<&Path>) -> NetworkSettings {
        let mut networks = preset::settings(PresetName::Paper).networks;
        networks.pretrained = folder.map(Path::to_owned);
        networks
    }

    fn all_names(tables: &[Vec<Row>]) -> Vec<String> {
        names(&tables.iter().flatten().collect::<Vec<_>>())
    }

    #[test]
    fn every_network_of_the_tables_is_registered() {
        let overall = TABLE_1.iter().chain(&TABLE_2).map(|(name, _)| *name);
        for name in overall.chain(TABLE_4).chain(TABLE_5) {
            registry::find(name).unwrap();
        }
    }

    /// 8 networks; 7 of them again, a small `MambaVision`, three more residual networks, three more sizes of `MambaVision`.
    #[test]
    fn without_weights_everything_begins_from_scratch_once() {
        let [first, second, fourth, fifth] = all_rows(&networks(None));
        assert_eq!(all_names(std::slice::from_ref(&first)).len(), 8);
        let t2w = all_names(&[second, fourth.clone(), fifth]);
        assert_eq!(t2w.len(), 14);
        assert!(t2w.iter().all(|name| name.ends_with(":scratch")));
        let missing = fourth.iter().filter(|row| row.run.is_none()).count();
        assert_eq!((fourth.len(), missing), (8, 4));
    }

    #[test]
    fn weights_in_a_folder_are_begun_with() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["resnet50.pth", "mambavision_t.pth.tar"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        let [first, second, fourth, fifth] = all_rows(&networks(Some(folder.path())));
        let first = all_names(&[first]);
        assert!(
            first.contains(&"resnet50:pretrained".to_owned()),
            "{first:?}"
        );
        assert!(first.contains(&"vgg19:scratch".to_owned()), "{first:?}");
        let t2w = all_names(&[second, fourth, fifth]);
        // ResNet-50 and MambaVision-T in both ways.
        assert_eq!(t2w.len(), 16, "{t2w:?}");
    }
}
