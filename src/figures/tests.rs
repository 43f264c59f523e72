//! What holds for every figure, on tiny studies with values written out by hand.

use raduet_study::report::{ReportSettings, Unit};
use raduet_study::{
    Arm, CaseId, ClassNames, Label, Part, PatientId, Pooling, PredictionRow, Predictions, Report,
    SampleId,
};
use serde_json::json;

use super::*;
use crate::finished_run::{Epoch, History, Learned, Tile, Worth};
use crate::provenance::Provenance;
use crate::report_writers::Kept;

/// What nobody should be able to smuggle into a page, an editor or a spreadsheet.
const HOSTILE: &str = "<script>alert(\"1\")</script>&'\u{1}\u{202e}]]>";

/// Patients of two slices each; the first two of every part are of class 0. `certain` tells for each patient how
/// sure the answer "class 1" is.
fn answers(model: &str, arm: Arm, certain: [f64; 4], tag: &str) -> Predictions {
    let classes = ClassNames::new([format!("a<b{tag}"), format!("c\"d{tag}")]).unwrap();
    let mut rows = Vec::new();
    for part in [Part::Valid, Part::Test] {
        for (at, &p) in certain.iter().enumerate() {
            for slice in 0..2 {
                let name = format!("{part:?}{at}{tag}");
                rows.push(PredictionRow {
                    sample: SampleId::slice(CaseId::new(&*name), slice),
                    patient: PatientId::new(&*name),
                    part,
                    fold: 0,
                    truth: Label(usize::from(at >= 2)),
                    probabilities: vec![1.0 - p, p],
                });
            }
        }
    }
    Predictions::new(model, arm, classes, rows).unwrap()
}

fn drawn(models: &[Predictions], exhibits: &Exhibits) -> Drawn {
    drawn_with(models, exhibits, &ReportSettings::default())
}

fn drawn_with(models: &[Predictions], exhibits: &Exhibits, settings: &ReportSettings) -> Drawn {
    let report = Report::from_predictions("tiny", models, settings).unwrap();
    let provenance = Provenance::new("evaluate", json!({}), "c".into());
    draw(&Material {
        report: &report,
        predictions: models,
        failures: &[],
        warnings: &[],
        provenance: &provenance,
        kept: Kept {
            exhibits: Some(exhibits),
            ..Kept::default()
        },
    })
}

fn hostile() -> (Vec<Predictions>, Exhibits) {
    let models = vec![
        answers(HOSTILE, Arm::Deep, [0.1, 0.6, 0.8, 0.9], HOSTILE),
        answers("=1+1", Arm::Radiomics, [0.2, 0.3, 0.4, 0.7], HOSTILE),
    ];
    let worth = |class: Option<&str>| Worth {
        model: "=1+1".into(),
        fold: 0,
        class: class.map(str::to_owned),
        column: HOSTILE.into(),
        value: 0.5,
        sd: Some(0.1),
    };
    let epoch = |epoch: usize, loss: f64| Epoch {
        epoch,
        train_loss: Some(loss),
        train_accuracy: Some(0.5),
        valid_loss: None,
        valid_accuracy: Some(0.75),
        valid_balanced_accuracy: None,
        best: epoch == 1,
    };
    let tile = |asked: Option<(String, f64)>| Tile {
        picture: Picture::new(2, 1, vec![0, 0, 0, 255, 255, 255]).unwrap(),
        sample: SampleId::slice(CaseId::new(HOSTILE), 3),
        patient: HOSTILE.into(),
        truth: HOSTILE.into(),
        asked,
        figure: Some(0.5),
    };
    let exhibits = Exhibits {
        importances: vec![worth(None)],
        contributions: vec![worth(Some(HOSTILE))],
        learning: vec![Learned {
            model: HOSTILE.into(),
            fold: 0,
            patients: 10.0,
            learned: Some((0.25, 0.0)),
            held_out: Some((0.5, 0.25)),
        }],
        histories: vec![History {
            name: HOSTILE.into(),
            epochs: vec![epoch(1, 2.0), epoch(2, 1.0)],
        }],
        looked: vec![crate::finished_run::Looked {
            name: HOSTILE.into(),
            tiles: vec![tile(Some((HOSTILE.into(), 0.5)))],
        }],
        masks: vec![tile(None)],
        ..Exhibits::default()
    };
    (models, exhibits)
}

/// Every figure that needs no feature table.
const IDS: [&str; 16] = [
    "mask_check",
    "learning_curves",
    "training",
    "forest",
    "differences",
    "roc",
    "pr",
    "roc_slices",
    "pr_slices",
    "confusion",
    "slice_probabilities",
    "calibration",
    "decision_curves",
    "permutation_importance",
    "contributions",
    "attention_script_alert_1_script",
];

/// Tags open and close in order, attributes are quoted, and text holds no sign that XML forbids.
fn well_formed(svg: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        let mut parts = text.split('&');
        if text.contains("]]>") || parts.next().is_none() {
            return Err(format!("text {text:?}"));
        }
        for part in parts {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            if !known.iter().any(|entity| part.starts_with(entity)) {
                return Err(format!("entity in {text:?}"));
            }
        }
        let end = tag.find('>').ok_or("an open tag")?;
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}>"));
            }
            continue;
        }
        let (inside, empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let (name, mut attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        while let Some((key, after)) = attributes.trim_start().split_once("=\"") {
            let (value, after) = after.split_once('"').ok_or("an open quote")?;
            if key.contains([' ', '"', '<']) || value.contains('<') {
                return Err(format!("attribute {key}"));
            }
            attributes = after;
        }
        if !attributes.trim().is_empty() {
            return Err(format!("attributes {attributes:?}"));
        }
        if !empty {
            open.push(name);
        }
    }
    let bad = svg.chars().find(|c| c.is_control() && *c != '\n');
    if open.is_empty() && bad.is_none() && rest.trim().is_empty() {
        Ok(())
    } else {
        Err(format!("{open:?} {bad:?} {rest:?}"))
    }
}

#[test]
fn the_checker_finds_faults() {
    assert_eq!(well_formed("<a b=\"c\"><d/>x&lt;</a>\n"), Ok(()));
    for bad in [
        "<a>",
        "<a></b>",
        "<a b=c/>",
        "<a>&x;</a>",
        "<a b=\"<\"/>",
        "<a>\u{1}</a>",
    ] {
        assert!(well_formed(bad).is_err(), "{bad}");
    }
}

#[test]
fn every_figure_is_well_formed_and_hostile_names_stay_text() {
    let (models, exhibits) = hostile();
    let drawn = drawn(&models, &exhibits);
    let ids: Vec<&str> = drawn
        .figures
        .iter()
        .map(|figure| figure.id.as_str())
        .collect();
    assert_eq!(ids, IDS, "{:?}", drawn.left_out);
    for figure in &drawn.figures {
        well_formed(&figure.svg).unwrap_or_else(|fault| panic!("{}: {fault}", figure.id));
        assert!(figure.svg.starts_with(kit::SVG_HEAD), "{}", figure.id);
        let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(figure.id.chars().all(safe), "{}", figure.id);
        assert!(!figure.svg.contains("<script"), "{}", figure.id);
        let mut lines = csv::Reader::from_reader(&figure.data[..]);
        let rows: Vec<csv::StringRecord> = lines.records().map(Result::unwrap).collect();
        let count = rows.len();
        assert!(count > 0, "{} has no numbers", figure.id);
        assert!(!figure.data.starts_with(b"=") && !figure.caption.is_empty());
    }
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn pictures_have_the_size_of_print_and_bytes_do_not_hang_on_threads() {
    let (models, exhibits) = hostile();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| {
            let drawn = drawn(&models, &exhibits);
            (files(&drawn.figures).unwrap(), drawn)
        })
    };
    let ((one, drawn), (four, _)) = (with(1), with(4));
    assert!(one == four);
    for figure in &drawn.figures {
        let name = format!("{FOLDER}/{}.png", figure.id);
        let (_, bytes) = one.iter().find(|(file, _)| *file == name).unwrap();
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let dots = [number(16), number(20)].map(f64::from);
        // One column, one and a half, or two: 85, 117 or 175 mm at 300 dots an inch.
        assert!(
            [1004.0, 1382.0, 2067.0].contains(&dots[0]),
            "{name}: {dots:?}"
        );
        let high = (figure.scene.height * (kit::DOTS_AN_INCH / 72.0)).ceil();
        assert!((dots[1] - high).abs() < 0.5, "{name}: {dots:?}");
    }
}

/// The network is right on 3 of 4 patients: its mark stands at three quarters of the axis. Names need less than 60
/// points, so the axis runs from 68 over 496.06 − 68 − 8 − 76 = 344.06 points; 68 + 0.75 · 344.063 = 326.05.
#[test]
fn marks_stand_where_their_share_says() {
    let models = [
        answers("net", Arm::Deep, [0.125, 0.625, 0.75, 0.875], ""),
        answers("svc", Arm::Radiomics, [0.2, 0.3, 0.4, 0.4], ""),
    ];
    let drawn = drawn(&models, &Exhibits::default());
    let figure = |id: &str| drawn.figures.iter().find(|figure| figure.id == id).unwrap();
    let forest = figure("forest");
    assert!(
        forest.svg.contains("<circle cx=\"326.05\""),
        "{}",
        forest.svg
    );
    let data = String::from_utf8(forest.data.clone()).unwrap();
    assert!(
        data.lines()
            .any(|line| line.starts_with("net,deep,yes,0.75,")),
        "{data}"
    );
    // Probabilities of class 1 on patients 7/8 + | 6/8 + | 5/8 − | 1/8 −: the curve turns at (0, 1) only.
    let roc = String::from_utf8(figure("roc").data.clone()).unwrap();
    let corners: Vec<&str> = roc
        .lines()
        .filter(|l| l.starts_with("net") && l.contains("corner"))
        .collect();
    let expected = [
        "net,deep,\"c\"\"d\",corner,,0,0,,",
        "net,deep,\"c\"\"d\",corner,0.75,0,1,,",
        "net,deep,\"c\"\"d\",corner,0.125,1,1,,",
    ];
    assert_eq!(corners, expected);
    // What is not there is said.
    for missing in ["training curves", "mask check", "Grad-CAM", "features"] {
        assert!(
            drawn.left_out.iter().any(|line| line.contains(missing)),
            "{missing}"
        );
    }
}

fn tiny() -> Vec<Predictions> {
    vec![
        answers("net", Arm::Deep, [0.125, 0.625, 0.75, 0.875], ""),
        answers("svc", Arm::Radiomics, [0.2, 0.3, 0.4, 0.4], ""),
    ]
}

/// Four patients of two slices each.
#[test]
fn what_is_counted_is_called_by_its_name() {
    let of_slices = ReportSettings {
        unit: Unit::Slice,
        ..ReportSettings::default()
    };
    let text = |drawn: &Drawn, id: &str| {
        let figure = drawn.figures.iter().find(|figure| figure.id == id);
        let figure = figure.unwrap_or_else(|| panic!("{id} of {:?}", drawn.left_out));
        format!("{} {} {}", figure.title, figure.caption, figure.svg)
    };
    let drawn = drawn_with(&tiny(), &Exhibits::default(), &of_slices);
    for id in ["forest", "roc", "pr", "confusion", "decision_curves"] {
        let text = text(&drawn, id);
        assert!(
            text.contains("8 test slices of 4 patients"),
            "{id}: {text:.900}"
        );
        assert!(!text.contains("test patients"), "{id}: {text:.900}");
    }
    assert!(text(&drawn, "forest").contains("Slice accuracy"));
    assert!(!text(&drawn, "calibration").contains("Clopper"));
    assert!(
        !drawn
            .figures
            .iter()
            .any(|figure| figure.id.contains("slice"))
    );

    // The second slice of the last patient is of the other class: rows, which are whole cases here.
    let lesions: Vec<Predictions> = tiny()
        .iter()
        .map(|model| {
            let rows = model.rows().iter().map(|row| {
                let second = row.sample.slice == Some(1);
                let mut row = row.clone();
                row.sample = SampleId::whole(CaseId::new(row.sample.to_string()));
                if second && row.patient.as_str() == "Test3" {
                    row.truth = Label(0);
                }
                row
            });
            let (name, classes) = (model.model(), model.classes().clone());
            Predictions::new(name, model.arm(), classes, rows.collect()).unwrap()
        })
        .collect();
    let drawn = self::drawn(&lesions, &Exhibits::default());
    for id in [
        "forest",
        "roc",
        "confusion",
        "differences",
        "decision_curves",
    ] {
        let text = text(&drawn, id);
        assert!(
            text.contains("8 test rows of 4 patients"),
            "{id}: {text:.900}"
        );
    }
}

/// Answers of (0.6, 0.6, 0.0) on a patient of class 1: wrong in the mean, right by votes.
#[test]
fn curves_and_strips_pool_as_the_report_did() {
    let votes = ReportSettings {
        pooling: Pooling::MajorityVote,
        ..ReportSettings::default()
    };
    let models: Vec<Predictions> = tiny()
        .iter()
        .map(|model| {
            let mut rows: Vec<PredictionRow> = model.rows().to_vec();
            let of_patient = |row: &&PredictionRow| row.patient.as_str() == "Test3";
            let mut third = rows.iter().find(of_patient).unwrap().clone();
            third.sample.slice = Some(2);
            rows.push(third);
            for row in rows
                .iter_mut()
                .filter(|row| row.patient.as_str() == "Test3")
            {
                let p = if row.sample.slice == Some(2) {
                    0.0
                } else {
                    0.6
                };
                row.probabilities = vec![1.0 - p, p];
            }
            let (name, classes) = (model.model(), model.classes().clone());
            Predictions::new(name, model.arm(), classes, rows).unwrap()
        })
        .collect();
    let data = |drawn: &Drawn, id: &str| {
        let figure = drawn.figures.iter().find(|figure| figure.id == id).unwrap();
        String::from_utf8(figure.data.clone()).unwrap()
    };
    let by_votes = drawn_with(&models, &Exhibits::default(), &votes);
    let by_mean = drawn(&models, &Exhibits::default());
    for (drawn, right, share) in [(&by_votes, "yes", 2.0 / 3.0), (&by_mean, "no", 0.4)] {
        let strips = data(drawn, "slice_probabilities");
        let of = |line: &&str| line.starts_with("net,deep,Test3,");
        assert_eq!(strips.lines().filter(of).count(), 3);
        assert!(
            strips.lines().filter(of).all(|line| line.ends_with(right)),
            "{strips}"
        );
        let roc = data(drawn, "roc");
        let corners = roc.lines().filter_map(|line| {
            let (_, after) = line.strip_prefix("net,")?.split_once(",corner,")?;
            after.split(',').next()?.parse::<f64>().ok()
        });
        let mut corners = corners.collect::<Vec<f64>>().into_iter();
        assert!(corners.any(|p| (p - share).abs() < 1e-9), "{roc:.400}");
    }
}

#[test]
fn no_learner_is_left_out_of_learning_curves() {
    let learning = (0..15).map(|at| Learned {
        model: format!("learner{at:02}"),
        fold: 0,
        patients: 10.0,
        learned: Some((0.25, 0.0)),
        held_out: Some((if at == 14 { 9.0 } else { 0.5 }, 0.25)),
    });
    let exhibits = Exhibits {
        learning: learning.collect(),
        ..Exhibits::default()
    };
    let drawn = drawn(&tiny(), &exhibits);
    let of = drawn
        .figures
        .iter()
        .filter(|f| f.id.starts_with("learning_curves"));
    let of: Vec<&Figure> = of.collect();
    assert_eq!(of.len(), 2);
    assert!(of[1].svg.contains("learner14") && !of[0].caption.contains("axis ends"));
    assert!(
        of[1].caption.contains("losses of learner14 above it"),
        "{}",
        of[1].caption
    );
}

/// Text of a head comes from class names and columns.
#[test]
fn heads_of_tables_run_no_formula() {
    let mut table = Table::new(&["column", "=1+1"]);
    table.put(table::row!["a", "=2"]);
    assert_eq!(table.bytes(), b"column,'=1+1\na,'=2\n");
}

#[test]
fn stems_are_safe_names() {
    assert_eq!(stem("ResNet-18:pretrained"), "resnet_18_pretrained");
    assert_eq!(stem("../../etc"), "etc");
    assert_eq!(stem("<script>"), "script");
}

#[test]
fn only_our_own_figures_are_taken_for_ours() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("figures")).unwrap();
    let ours = kit::svg(&Scene::new(10.0, 10.0), "t", "d");
    std::fs::write(folder.path().join("figures/a.svg"), ours).unwrap();
    std::fs::write(folder.path().join("figures/b.svg"), "<svg>mine</svg>").unwrap();
    let names = ["figures/a.svg", "figures/b.svg", "figures/b.csv"].map(str::to_owned);
    let found = written(&names, folder.path());
    assert_eq!(found, ["figures/a.svg", "figures/a.png", "figures/a.csv"]);
}
