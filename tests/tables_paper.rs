//! The tables of a run through the LaTeX writer: the paper's printed rows, and whether LaTeX takes what is written.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparations fail"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use raduet::io::cohort_csv::CohortRow;
use raduet::report_writers::tables::{self, People, Sources};
use raduet::study::reference::MAJORITY;
use raduet::study::report::ReportSettings;
use raduet::study::uncertainty::Bootstrap;
use raduet::study::{
    Arm, CaseId, ClassNames, Fold, Label, Part, PatientId, PredictionRow, Predictions, Report,
    SampleId, Split,
};
use raduet_testkit::paper::{SLICES, STAGES, models};
use raduet_testkit::reference::Table;

/// The paper's names and ours.
const NAMES: [(&str, &str); 15] = [
    ("VGG-19", "vgg19"),
    ("ResNet-50", "resnet50"),
    ("MobileNetV3-S", "mobilenet_v3_small_167"),
    ("ConvNext-B", "convnext_base"),
    ("PVTv2-B2", "pvt_v2_b2"),
    ("Vim-S", "vim_small"),
    ("MedMamba-S", "medmamba_s"),
    ("MambaVision-T", "mambavision_t"),
    ("Decision Tree", "decision_tree"),
    ("Random Forest", "random_forest"),
    ("KNeighbors", "k_neighbors"),
    ("SVC", "svc"),
    ("GaussianNB", "gaussian_nb"),
    ("Logistic Regression", "logistic_regression"),
    ("Gradient Boosting", "gradient_boosting"),
];

/// Slices a patient has in the made test part.
const SLICES_OF_A_PATIENT: u64 = 20;

/// Answers by true stage; slices of a stage go to patients one after the other.
fn predictions(model: &str, arm: Arm, classes: &ClassNames, matrix: [[u64; 3]; 3]) -> Predictions {
    let mut rows = Vec::new();
    for (truth, answers) in matrix.iter().enumerate() {
        let answers = answers.iter().enumerate();
        let answers = answers.flat_map(|(answer, &n)| (0..n).map(move |_| answer));
        for (slice, answer) in (0_u32..).zip(answers) {
            let patient = format!("{truth}-{}", u64::from(slice) / SLICES_OF_A_PATIENT);
            let mut probabilities = vec![0.25; 3];
            probabilities[answer] = 0.5;
            rows.push(PredictionRow {
                sample: SampleId::slice(CaseId::new(patient.clone()), slice),
                patient: PatientId::new(patient),
                part: Part::Test,
                fold: 0,
                truth: Label(truth),
                probabilities,
            });
        }
    }
    Predictions::new(model, arm, classes.clone(), rows).unwrap()
}

/// Report, answers and cohort of the paper's fifteen models on T2W.
fn paper(cohort: &str, stages: [&str; 3]) -> (Report, Vec<Predictions>, Vec<CohortRow>, Split) {
    let classes = ClassNames::new(stages).unwrap();
    let printed = models();
    let mut answers: Vec<Predictions> = NAMES
        .iter()
        .map(|(paper, ours)| {
            let model = &printed[*paper];
            let arm = match &*model.table {
                "III" => Arm::Deep,
                _ => Arm::Radiomics,
            };
            predictions(ours, arm, &classes, model.matrix())
        })
        .collect();
    let always_mild = SLICES.map(|n| [n, 0, 0]);
    answers.push(predictions(MAJORITY, Arm::Reference, &classes, always_mild));
    let settings = ReportSettings {
        bootstrap: Bootstrap {
            resamples: 40,
            ..Bootstrap::default()
        },
        ..ReportSettings::default()
    };
    let report = Report::from_predictions(cohort, &answers, &settings).unwrap();
    let mut parts = BTreeMap::new();
    for row in answers[0].rows() {
        parts.insert(row.patient.clone(), row.truth);
    }
    let rows = parts.iter().map(|(patient, truth)| CohortRow {
        case: CaseId::new(patient.as_str()),
        patient: patient.clone(),
        sequence: Some("T2W".into()),
        site: None,
        class: stages[truth.0].to_owned(),
        age: Some(60.0),
        sex: Some("female".into()),
        slices: 20,
    });
    let rows = rows.collect();
    let split = Split {
        rule: "published".into(),
        seed: 0,
        folds: vec![Fold::new(parts.into_keys().map(|p| (p, Part::Test))).unwrap()],
    };
    (report, answers, rows, split)
}

fn files(cohort: &str, stages: [&str; 3]) -> BTreeMap<String, String> {
    let (report, answers, rows, split) = paper(cohort, stages);
    let people = People {
        rows: &rows,
        split: &split,
    };
    let sources = Sources::of_run(&report, &answers, Some(people));
    let files = tables::files(&sources).unwrap().into_iter();
    files
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect()
}

/// The rows of a table of LaTeX as plain cells, without bold face.
fn rows(latex: &str) -> Vec<Vec<String>> {
    let bold = |cell: &str| {
        let inner = cell
            .strip_prefix("\\textbf{")
            .and_then(|rest| rest.strip_suffix('}'));
        inner.unwrap_or(cell).to_owned()
    };
    latex
        .lines()
        .filter_map(|line| line.strip_suffix(" \\\\"))
        .map(|line| line.split('&').map(|cell| bold(cell.trim())).collect())
        .collect()
}

#[test]
fn stages_paper_through_latex() {
    let files = files("CirrMRI600+", STAGES);
    let mut misses = Vec::new();
    let mut compared = 0;
    for (number, stem) in [("III", "table_3"), ("VIII", "table_8")] {
        let rows = rows(&files[&format!("{stem}.tex")]);
        let printed = models();
        let of_table: Vec<&str> = NAMES
            .iter()
            .map(|(paper, _)| *paper)
            .filter(|name| printed[*name].table == number)
            .collect();
        // A head, and for every stage the models and the majority row.
        assert_eq!(rows.len(), 1 + 3 * (of_table.len() + 1), "{stem}");
        for (stage, name) in STAGES.iter().enumerate() {
            let first = 1 + stage * (of_table.len() + 1);
            assert_eq!(rows[first][0], *name);
            for (row, model) in rows[first..].iter().zip(&of_table) {
                compared += 1;
                if row[2..] != printed[*model].stages[stage][..] {
                    let expected = &printed[*model].stages[stage];
                    misses.push(format!(
                        "{number}, {name}, {model}: {row:?}, printed {expected:?}"
                    ));
                }
            }
        }
    }
    assert_eq!(compared, 45);
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn overall_paper_through_latex() {
    let files = files("CirrMRI600+", STAGES);
    let mut misses = Vec::new();
    let reference = Table::read("paper/overall_t2w.csv");
    let columns = ["accuracy", "precision", "sensitivity", "specificity", "f1"];
    for printed in reference.rows() {
        let (stem, before) = match printed.text("table") {
            "II" => ("table_2", 3),
            _ => ("table_7", 2),
        };
        let rows = rows(&files[&format!("{stem}.tex")]);
        let models: Vec<&str> = NAMES.iter().map(|(paper, _)| *paper).collect();
        let at = models.iter().position(|m| *m == printed.text("model"));
        let at = at.unwrap() % 8 + 1;
        let expected = columns.map(|column| printed.text(column).to_owned());
        if rows[at][before..] != expected {
            misses.push(format!("{:?}, printed {expected:?}", rows[at]));
        }
    }
    assert_eq!(reference.rows().count(), 15);
    assert!(misses.is_empty(), "{}", misses.join("\n"));
    // The best accuracies of the paper's two tables, in bold: VGG-19's neighbour MambaVision-T, and logistic regression.
    assert!(files["table_2.tex"].contains("\\textbf{0.638}"));
    assert!(files["table_7.tex"].contains("\\textbf{0.528}"));
    assert!(files["table_2.tex"].contains("\\label{tab:raduet-table-2}"));
    // By hand from 319 of 618, as for the metrics.
    let always_mild = "majority class &  & 0.516 & 17.21 & 33.33 & 66.67 & 22.70 \\\\";
    assert!(
        files["table_2.tex"].contains(always_mild),
        "{}",
        files["table_2.tex"]
    );
    // All pairs of the fifteen, each figure the difference of two printed ones: 0.613 - 0.574 of MobileNetV3 and VGG.
    let mut pairs = csv::Reader::from_reader(files["table_differences.csv"].as_bytes());
    let head = pairs.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|found| found == name).unwrap();
    let rows: Vec<csv::StringRecord> = pairs.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 15 * 14 / 2);
    let found: f64 = rows[1][column("slices_accuracy_points")].parse().unwrap();
    assert!(
        (found - (0.574 - 0.613) * 100.0).abs() < 0.1,
        "{:?}",
        rows[1]
    );
    assert!(
        files["table_differences.tex"].contains("\\begin{longtable}"),
        "a long table breaks"
    );
    // Only T2W: the tables of T1W and of variants are left out, not empty.
    for absent in ["table_1.tex", "table_4.tex", "table_6.tex"] {
        assert!(!files.contains_key(absent), "{absent}");
    }
    assert!(files.contains_key("table_0.tex") && !files.contains_key("table_0_intervals.tex"));
}

/// A test part with two sequences fills Tables I and II, VI and VII; those by stage are of the second.
#[test]
fn tables_of_both_sequences() {
    let (report, answers, mut rows, split) = paper("CirrMRI600+", STAGES);
    for (at, row) in rows.iter_mut().enumerate() {
        row.sequence = Some(["T2W", "T1W"][at % 2].to_owned());
    }
    let people = People {
        rows: &rows,
        split: &split,
    };
    let sources = Sources::of_run(&report, &answers, Some(people));
    let files: BTreeMap<String, Vec<u8>> = tables::files(&sources).unwrap().into_iter().collect();
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    for stem in [
        "table_1", "table_2", "table_3", "table_6", "table_7", "table_8",
    ] {
        assert!(
            files.contains_key(&format!("{stem}_intervals.tex")),
            "{stem}"
        );
    }
    assert!(
        text("table_1.md").contains("CirrMRI600+ T1W"),
        "{}",
        text("table_1.md")
    );
    assert!(text("table_7.md").contains("CirrMRI600+ T2W"));
    assert!(text("table_3.md").contains("CirrMRI600+ T2W"));
    let slices = |name: &str| -> u64 {
        let text = text(name);
        let (before, _) = text.split_once(" slices of").unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert_eq!(slices("table_1.md") + slices("table_2.md"), 618);
}

/// The parameters of the paper's Table II, where networks are built in.
#[cfg(feature = "deep")]
#[test]
fn parameters_paper_through_latex() {
    let files = files("CirrMRI600+", STAGES);
    let rows = rows(&files["table_2.tex"]);
    let found: Vec<&str> = rows[1..9].iter().map(|row| row[2].as_str()).collect();
    let printed = [
        "139.58", "23.51", "1.67", "87.57", "24.85", "25.44", "18.62", "31.16",
    ];
    assert_eq!(found, printed);
}

/// What LaTeX minds: braces and environments that close, mathematics that ends, and in a row as many cells as columns.
fn check_latex(name: &str, text: &str) {
    let mut environments = Vec::new();
    let mut columns = 0;
    // Names of files are not set.
    let is_set = |line: &&str| !line.starts_with('%') && !line.starts_with("\\input{");
    for line in text.lines().filter(is_set) {
        let (mut depth, mut dollars, mut cells) = (0_i32, 0, 1);
        let mut characters = line.chars();
        while let Some(c) = characters.next() {
            match c {
                // Whatever is escaped counts for nothing.
                '\\' => {
                    let next = characters.next();
                    assert!(next.is_some(), "{name}: a lone backslash: {line}");
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                '$' => dollars += 1,
                '&' => cells += 1,
                '#' | '_' | '^' | '%' => panic!("{name}: a bare '{c}': {line}"),
                c => assert!(
                    c.is_ascii() || ('\u{c0}'..='\u{ff}').contains(&c),
                    "{name}: '{c}' has no glyph: {line}"
                ),
            }
            assert!(depth >= 0, "{name}: a closing brace too many: {line}");
        }
        assert_eq!(depth, 0, "{name}: braces do not balance: {line}");
        assert_eq!(dollars % 2, 0, "{name}: mathematics does not end: {line}");
        let trimmed = line.trim();
        if let Some(rest) = trimmed.strip_prefix("\\begin{") {
            let environment = rest.split('}').next().unwrap();
            environments.push(environment.to_owned());
            if matches!(environment, "tabular" | "longtable") {
                columns = rest.split('{').nth(1).unwrap().trim_end_matches('}').len();
            }
        } else if let Some(rest) = trimmed.strip_prefix("\\end{") {
            let environment = rest.trim_end_matches('}');
            assert_eq!(environments.pop().as_deref(), Some(environment), "{name}");
        } else if trimmed.ends_with("\\\\") && !trimmed.starts_with("\\caption") {
            assert_eq!(cells, columns, "{name}: {line}");
            assert!(!trimmed.starts_with(['[', '*']), "{name}: {line}");
        }
    }
    assert!(environments.is_empty(), "{name}: {environments:?}");
}

const HOSTILE: (&str, [&str; 3]) = (
    "a_b & 50 % #1 \\input{/etc/passwd} ~^ 中",
    ["[x]*", "$y$ {z", "} \\end{tabular} \"q\" <p> |"],
);

#[test]
fn what_is_written_is_balanced_and_escaped_whatever_the_names() {
    for (cohort, stages) in [("CirrMRI600+", STAGES), HOSTILE] {
        let files = files(cohort, stages);
        let of_form = |form: &'static str| {
            files.iter().filter(move |(name, _)| {
                let ending = Path::new(name.as_str()).extension();
                ending.is_some_and(|ending| ending == form)
            })
        };
        let latex: Vec<_> = of_form("tex").collect();
        assert!(latex.len() > 8, "{:?}", files.keys());
        for (name, text) in latex {
            check_latex(name, text);
        }
        // The three forms have the same tables, and pages of Markdown the same number of cells in every row.
        for (name, text) in of_form("md") {
            if name != "tables.md" {
                assert!(files.contains_key(&name.replace(".md", ".csv")), "{name}");
                assert!(files.contains_key(&name.replace(".md", ".tex")), "{name}");
            }
            let mut expected = 0;
            for line in text.lines() {
                let cells = line.replace("\\|", "").matches('|').count();
                if !line.starts_with('|') {
                    expected = 0;
                } else if expected == 0 {
                    expected = cells;
                } else {
                    assert_eq!(cells, expected, "{name}: {line}");
                }
            }
        }
        for (name, text) in of_form("csv") {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let twin = name.ends_with("_intervals.csv");
            let head: Vec<&str> = reader.headers().unwrap().iter().collect();
            assert_eq!(
                head.iter().any(|h| h.ends_with("_lower")),
                twin,
                "{name}: {head:?}"
            );
            assert!(reader.records().all(|record| record.is_ok()), "{name}");
        }
    }
}

#[test]
fn latex_compiles_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    if !compiler_is_there() {
        // Written past the test harness, which shows what it captured of failed tests only.
        use std::io::Write;
        let _ = writeln!(
            std::io::stderr().lock(),
            "SKIPPED latex_compiles_what_is_written: needs pdflatex with booktabs"
        );
        return;
    }
    for (cohort, stages) in [("CirrMRI600+", STAGES), HOSTILE] {
        for (name, text) in files(cohort, stages) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        compile(folder.path());
    }
}

fn compiler_is_there() -> bool {
    let finds = |file: &str| {
        let found = Command::new("kpsewhich").arg(file).output();
        found.is_ok_and(|output| output.status.success())
    };
    let version = Command::new("pdflatex").arg("-version").output();
    version.is_ok()
        && ["booktabs.sty", "longtable.sty", "geometry.sty"]
            .into_iter()
            .all(finds)
}

fn compile(folder: &Path) {
    let finished = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "tables.tex"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(finished.status.success(), "{told}");
    assert!(!told.contains("Missing character"), "{told}");
    assert!(folder.join("tables.pdf").exists());
}
