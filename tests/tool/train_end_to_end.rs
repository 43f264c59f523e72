//! Learners on feature tables: columns, parts and leaks; what is said about the majority; every option.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use raduet_testkit::data;

use super::program::{Finished, run, succeed};
use super::table::Table;

/// A table of another program: one row a patient, a class that shows in two columns of three.
fn table(patients: u32, part: impl Fn(u32) -> String) -> String {
    let mut text = String::from("Patient ID,Scanner,Split,Fold,Diagnosis,a,b,c\n");
    for patient in 0..patients {
        let noise = |factor: u32| f64::from((patient * factor) % 101) / 60.0;
        let class = patient % 3;
        let (a, b) = (f64::from(class) + noise(37), noise(53) - f64::from(class));
        let scanner = ["GE", "Siemens"][(patient % 2) as usize];
        let (part, fold) = (part(patient), patient / 3 % 4);
        writeln!(
            text,
            "p{:03},{scanner},{part},{fold},s{class},{a},{b},{}",
            patient * 7 % 997,
            noise(71)
        )
        .unwrap();
    }
    text
}

fn with(here: &Path, text: &str, extra: &[&str]) -> Finished {
    fs::write(here.join("table.csv"), text).unwrap();
    let mut arguments = vec!["train", "table.csv", "-o", "run"];
    arguments.extend(extra);
    succeed(here, &arguments)
}

#[test]
fn the_tables_own_parts_then_its_folds_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let few = ["--learners", "gaussian_nb"];
    let parts = |patient: u32| {
        if patient < 60 {
            "train".into()
        } else {
            "valid".into()
        }
    };
    let finished = with(here, &table(90, parts), &few);
    assert!(
        finished.stderr.contains("PatientID from 'Patient ID'")
            && finished.stderr.contains("Site from 'Scanner'")
            && finished.stderr.contains("Target from 'Diagnosis'")
            && finished.stderr.contains("3 features"),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains("the table's own parts (train 60, valid 30)")
            && finished.stderr.contains("the valid part judges"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stdout.contains("30 test patients"),
        "{}",
        finished.stdout
    );
    // A drawn split has the last word.
    let drawn = with(
        here,
        &table(90, parts),
        &["--learners", "gaussian_nb", "--folds", "3"],
    );
    assert!(
        drawn.stdout.contains("3 folds: 90 test patients"),
        "{}",
        drawn.stdout
    );
    // Without parts, the folds.
    let folds = with(here, &table(90, |_| String::new()), &few);
    assert!(
        folds.stdout.contains("4 folds: 90 test patients"),
        "{}",
        folds.stdout
    );
    assert!(here.join("run/models/gaussian_nb-fold3.json").exists());
    // Given parts and folds are what they are: there is nothing to draw again.
    let refused = run(here, &["train", "table.csv", "--repeats", "3"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("a split that is not drawn"),
        "{}",
        refused.stderr
    );
}

#[test]
fn leaks_are_named_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let refused = |text: &str, expected: &[&str]| {
        fs::write(here.join("leak.csv"), text).unwrap();
        let finished = run(here, &["train", "leak.csv", "--learners", "gaussian_nb"]);
        assert_eq!(finished.status, 2, "{}", finished.stderr);
        for expected in expected {
            assert!(finished.stderr.contains(expected), "{}", finished.stderr);
        }
        assert!(!here.join("raduet-train").exists(), "something was begun");
    };
    let mut text = String::from("ID,PatientID,Split,Target,grade,number,count,x\n");
    let mut shared = String::from("ID,PatientID,Split,Target,x\n");
    for patient in 0..40_u32 {
        let (class, number) = (patient % 2, patient * 7 % 41);
        let x = patient * 37 % 11;
        let part = if patient < 30 { "train" } else { "test" };
        writeln!(
            text,
            "c{patient},HCC_{number:03},{part},{class},{},{number},{},{x}",
            class * 3 + 1,
            patient + 2
        )
        .unwrap();
        // The same patient stands on both sides.
        let patient = patient % 36;
        writeln!(shared, "c{patient}-{part},p{patient},{part},{class},{x}").unwrap();
    }
    refused(
        &text,
        &[
            "column 'grade' says the class again",
            "column 'number' says the number in the patient's name again",
            "column 'count' says the number of the row again",
        ],
    );
    refused(&shared, &["more than one part", "p0"]);
}

#[test]
fn options_reach_the_pipeline_and_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let options = [
        "--learners",
        "logistic_regression,random_forest",
        "--folds",
        "3",
        "--val",
        "0",
        "--set",
        "random_forest.n_estimators=20",
        "--class-weight",
        "balanced",
        "--scale",
        "robust",
        "--impute",
        "median",
        "--combat",
        "--redundancy",
        "0.95",
        "--select",
        "anova:2",
        "--calibrate",
        "platt",
        "--tune",
        "light",
        "--repeats",
        "2",
        "--importance",
        "--shap",
        "--learning-curve",
    ];
    let finished = with(here, &table(90, |_| String::new()), &options);
    assert!(finished.stdout.contains("fit s"), "{}", finished.stdout);
    let run: serde_json::Value =
        serde_json::from_slice(&fs::read(here.join("run/run.json")).unwrap()).unwrap();
    let forest = &run["models"][3];
    assert_eq!(forest["name"], "random_forest");
    assert_eq!(forest["settings"]["class_weight"], "balanced");
    assert_eq!(forest["settings"]["calibration"], "sigmoid");
    assert_eq!(forest["settings"]["preprocess"]["scaling"], "robust");
    assert!(
        forest["notes"].to_string().contains("tuned:"),
        "{}",
        forest["notes"]
    );
    assert!(run["measured"]["models"][0]["fit"].as_f64().unwrap() > 0.0);
    for name in ["roc", "pr", "calibration", "confusion", "importance"] {
        assert!(
            here.join(format!("run/figures/{name}.csv")).exists(),
            "{name}"
        );
    }
    let importance = Table::read(&here.join("run/figures/importance.csv"));
    assert_eq!(importance.rows.len(), 2 * 3 * 3);
    explanations_agree(here);
    let repeats = Table::read(&here.join("run/repeats.csv"));
    // Two models and the majority: two draws, a mean, a deviation and a number of draws each.
    assert_eq!(repeats.rows.len(), 3 * 5);
    let leaderboard = Table::read(&here.join("run/leaderboard.csv"));
    let first = (0..repeats.rows.len())
        .find(|&row| repeats.cell(row, "model") == "random_forest")
        .unwrap();
    let of_run = leaderboard
        .column("model")
        .iter()
        .position(|m| *m == "random_forest");
    assert_eq!(
        repeats.cell(first, "patient_accuracy"),
        leaderboard.cell(of_run.unwrap(), "patient_accuracy")
    );
    // The saved pipeline does all of it again.
    succeed(
        here,
        &[
            "predict",
            "run/models/random_forest-fold0.json",
            "table.csv",
            "-o",
            "all.csv",
        ],
    );
    let judged = Table::read(&here.join("run/predictions.csv"));
    let all = Table::read(&here.join("all.csv"));
    let mut compared = 0;
    for row in 0..judged.rows.len() {
        if judged.cell(row, "model") == "random_forest" && judged.cell(row, "Fold") == "0" {
            let at = all
                .column("ID")
                .iter()
                .position(|id| *id == judged.cell(row, "ID"));
            for column in ["p_s0", "p_s1", "p_s2"] {
                assert_eq!(all.cell(at.unwrap(), column), judged.cell(row, column));
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 30);
}

#[test]
fn a_study_file_reaches_the_same_settings() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let study = |learners: &str| {
        fs::write(here.join("study.toml"), format!("[learners]\n{learners}\n")).unwrap();
        run(
            here,
            &["compare", "study.toml", "--dry-run", "--only", "radiomics"],
        )
    };
    let good = "names = ['svc', 'random_forest']\nclass_weight = 'balanced'\ncalibrate = 'isotonic'\n\
                tune = 'light'\nset = { svc = { C = 10.0 } }\n\
                preprocess = { scaling = 'robust', undefined = 'median', pca = { n_components = 0.95 } }";
    let finished = study(good);
    assert_eq!(finished.status, 0, "{}", finished.stderr);
    for (wrong, expected) in [
        ("set = { svc = { c = 10.0 } }", "unknown field"),
        ("preprocess = { scaling = 'robus' }", "robus"),
        ("class_weight = 'even'", "class_weight"),
        ("tune = 'heavy'", "heavy"),
    ] {
        let finished = study(wrong);
        assert_eq!(finished.status, 2, "{wrong}: {}", finished.stderr);
        assert!(
            finished.stderr.contains(expected),
            "{wrong}: {}",
            finished.stderr
        );
    }
}

/// Real tables: what the patients allow to say, and no more.
#[test]
fn the_sentence_about_the_majority_is_honest() {
    let name = "the_sentence_about_the_majority_is_honest";
    let Some(tables) = data::path(name, "data/tables") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let learners = "gaussian_nb,svc,logistic_regression,k_neighbors,random_forest,decision_tree";
    let sentence = |table: &str, extra: &[&str]| {
        let path = tables.join(table).canonicalize().unwrap();
        let mut arguments = vec!["train", path.to_str().unwrap(), "--learners", learners];
        arguments.extend(extra);
        let screen = succeed(here, &arguments).stdout;
        screen.lines().last().unwrap().to_owned()
    };
    for extra in [&["--folds", "5"][..], &[]] {
        let said = sentence("hcc_tace_ct.csv", extra);
        assert!(
            said.starts_with("no better than the majority with "),
            "{said}"
        );
    }
    let said = sentence("cirrmri_t1_pyradiomics.csv", &[]);
    assert!(
        said.contains("with 31 patients") && !said.starts_with("established"),
        "{said}"
    );
    // Two patients of this published table have all 264 values in common.
    let path = tables.join("song2020_prostate_mri.csv");
    let words = ["train", path.to_str().unwrap(), "--folds", "5"];
    let refused = run(here, &words);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    for said in ["the same measurements under two ids", "'N26'", "'N27'"] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    let extra = ["--folds", "5", "--allow-leaks"];
    let said = sentence("song2020_prostate_mri.csv", &extra);
    assert!(
        said.starts_with("established above the majority with 260 patients"),
        "{said}"
    );
}

/// SHAP values and learning curves of two models in three folds of ninety patients, three classes and columns.
fn explanations_agree(here: &Path) {
    // Models x folds x classes x columns, and for each of thirty test rows its three classes.
    let shap = Table::read(&here.join("run/figures/shap.csv"));
    assert_eq!(shap.rows.len(), 2 * 3 * 3 * 3);
    let of_rows = Table::read(&here.join("run/figures/shap_random_forest-fold2.csv"));
    assert_eq!(of_rows.rows.len(), 30 * 3);
    let mean: f64 = (0..of_rows.rows.len())
        .filter(|&row| of_rows.cell(row, "class") == "s1")
        .map(|row| of_rows.cell(row, "a").parse::<f64>().unwrap().abs() / 30.0)
        .sum();
    let stated = (0..shap.rows.len()).find(|&row| {
        shap.cell(row, "model") == "random_forest"
            && shap.cell(row, "fold") == "2"
            && shap.cell(row, "class") == "s1"
            && shap.cell(row, "column") == "a"
    });
    let stated: f64 = shap
        .cell(stated.unwrap(), "mean_absolute_shap")
        .parse()
        .unwrap();
    assert!((mean - stated).abs() < 1e-12, "{mean} {stated}");
    let curve = Table::read(&here.join("run/figures/learning_curve.csv"));
    assert_eq!(curve.rows.len(), 2 * 3 * 5);
    for row in 0..curve.rows.len() {
        let patients: f64 = curve.cell(row, "patients").parse().unwrap();
        let share: f64 = curve.cell(row, "share").parse().unwrap();
        assert!((patients - share * 48.0).abs() < 1.0, "{patients} {share}");
    }
}

#[test]
fn lesions_of_several_classes_stay_with_their_patient() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut text = String::from("patient_id,label,a,b\n");
    for patient in 0..40_u32 {
        for lesion in 0..=patient % 3 {
            let class = u32::from((patient + lesion) % 4 == 0);
            let noise = f64::from((patient * 37 + lesion * 53) % 101) / 70.0;
            writeln!(
                text,
                "p{patient:02},{class},{},{noise}",
                f64::from(class) + noise
            )
            .unwrap();
        }
    }
    let options = [
        "--learners",
        "gaussian_nb,random_forest",
        "--folds",
        "4",
        "--val",
        "0",
    ];
    let finished = with(here, &text, &options);
    assert!(
        finished
            .stderr
            .contains("of 40 patients have rows of several classes"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stdout.contains("40 test patients / 79 "),
        "{}",
        finished.stdout
    );
    let answers = Table::read(&here.join("run/predictions.csv"));
    for patient in 0..40 {
        let name = format!("p{patient:02}");
        let folds: std::collections::BTreeSet<&str> = (0..answers.rows.len())
            .filter(|&row| answers.cell(row, "PatientID") == name)
            .map(|row| answers.cell(row, "Fold"))
            .collect();
        assert_eq!(folds.len(), 1, "{name}");
    }
    // Figures of patients are those of rows.
    let board = Table::read(&here.join("run/leaderboard.csv"));
    for row in 0..board.rows.len() {
        assert_eq!(
            board.cell(row, "slice_accuracy"),
            board.cell(row, "patient_accuracy")
        );
    }
}

/// One column that varies in a class by one patient only: where that patient is tested, the class's covariance has no
/// inverse, and the other learner goes on.
#[test]
fn a_fit_that_fails_in_one_draw_counts_in_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut text = String::from("ID,PatientID,Target,a,b,c\n");
    for patient in 0..40_u32 {
        let class = patient % 2;
        let noise = |factor: u32| f64::from(patient * factor % 41) / 20.0;
        let c = match (class, patient) {
            (1, 7) => 2.5,
            (1, _) => 1.25,
            _ => noise(23),
        };
        let (a, b) = (f64::from(class) + noise(13), noise(31));
        writeln!(text, "c{patient},p{patient},s{class},{a},{b},{c}").unwrap();
    }
    fs::write(here.join("table.csv"), text).unwrap();
    let words = |more: &[&'static str]| {
        let learners = [
            "train",
            "table.csv",
            "--learners",
            "gaussian_nb,quadratic_discriminant",
        ];
        [&learners[..], &["--repeats", "6", "-o", "run"], more].concat()
    };
    let planned = run(here, &words(&["--dry-run"]));
    assert!(
        planned.stdout.contains("6 draws of the split"),
        "{}",
        planned.stdout
    );
    let finished = run(here, &words(&[]));
    assert_eq!(finished.status, 1, "{}", finished.stderr);
    let failures = Table::read(&here.join("run/failures.csv"));
    let failed = failures.rows.len();
    assert!((1..5).contains(&failed), "{}", finished.stderr);
    let found = failures.column("found");
    assert!(
        found.iter().any(|found| found.starts_with("repeat ")),
        "{found:?}"
    );
    let repeats = Table::read(&here.join("run/repeats.csv"));
    let draws = |model: &str| {
        let mut rows = 0..repeats.rows.len();
        let row = rows.find(|&row| {
            repeats.cell(row, "model") == model && repeats.cell(row, "repeat") == "draws"
        });
        repeats.cell(row.unwrap(), "patient_accuracy").to_owned()
    };
    assert_eq!(draws("gaussian_nb"), "6");
    assert_eq!(draws("quadratic_discriminant"), (6 - failed).to_string());
    let said = format!("({} of 6 draws)", 6 - failed);
    assert!(finished.stderr.contains(&said), "{}", finished.stderr);
    let tests = Table::read(&here.join("run/repeats_tests.csv"));
    let of_both = (0..tests.rows.len()).find(|&row| {
        let pair = [tests.cell(row, "first"), tests.cell(row, "second")];
        pair.contains(&"gaussian_nb") && pair.contains(&"quadratic_discriminant")
    });
    assert_eq!(
        tests.cell(of_both.unwrap(), "differences"),
        (6 - failed).to_string()
    );
}
