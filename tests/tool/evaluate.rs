//! Predictions of any origin: several files, other spellings, answers without probabilities, hostile tables.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::{run, succeed};
use super::table::Table;

const PATIENTS: u32 = 40;
const SLICES: u32 = 3;

/// How a program writes its answer on a slice: patient, slice, class, probability of the second class.
type Form = fn(&mut String, u32, u32, u32, f64);

/// A file of one model that is right on shares of the patients, with a header and a form of its lines.
fn write_file(path: &Path, header: &str, skill: u32, form: Form) {
    let mut text = String::from(header);
    for patient in 0..PATIENTS {
        for slice in 0..SLICES {
            let class = patient % 2;
            let noise =
                f64::from((patient * 31 * skill + slice * 7 + patient * patient) % 53) / 53.0;
            let towards = f64::from(class);
            let weight = f64::from(skill) / 10.0;
            let p = (weight * towards + (1.0 - weight) * noise).clamp(0.001, 0.999);
            form(&mut text, patient, slice, class, p);
        }
    }
    fs::write(path, text).unwrap();
}

fn three_programs(here: &Path) {
    write_file(
        &here.join("ours.csv"),
        "ID,PatientID,Slice,Split,model,arm,y_true,y_pred,p_mild,p_severe\n",
        6,
        |text, patient, slice, class, p| {
            let (truth, answer) = (NAMES[class as usize], NAMES[usize::from(p > 0.5)]);
            writeln!(
                text,
                "c{patient},p{patient},{slice},test,resnet,deep,{truth},{answer},{},{p}",
                1.0 - p
            )
            .unwrap();
        },
    );
    write_file(
        &here.join("sklearn.csv"),
        "case;subject;slice_index;Ground Truth;Prob_Severe;Prob_Mild\n",
        4,
        |text, patient, slice, class, p| {
            // One patient has no answer here.
            if patient != 7 {
                let truth = NAMES[class as usize].to_uppercase();
                writeln!(
                    text,
                    "c{patient};p{patient};{slice}.0;{truth};{p:.3};{:.3}",
                    1.0 - p
                )
                .unwrap();
            }
        },
    );
    write_file(
        &here.join("rules.csv"),
        "image\tpatient\tslice\tlabel\tprediction\n",
        3,
        |text, patient, slice, class, p| {
            let (truth, answer) = (NAMES[class as usize], NAMES[usize::from(p > 0.5)]);
            writeln!(text, "c{patient}\tp{patient}\t{slice}\t{truth}\t{answer}").unwrap();
        },
    );
}

const NAMES: [&str; 2] = ["mild", "severe"];

#[test]
fn files_of_three_programs_are_compared_on_their_common_rows() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    three_programs(here);
    let words = [
        "evaluate",
        "ours.csv",
        "sklearn.csv",
        "rules.csv",
        "--bootstrap",
        "200",
        "-o",
        "out",
    ];
    let finished = succeed(here, &words);
    assert!(
        finished.stdout.contains("39 test patients / 117 slices"),
        "{}",
        finished.stdout
    );
    for said in ["resnet − sklearn", "sklearn − rules", "Holm"] {
        assert!(finished.stdout.contains(said), "{}", finished.stdout);
    }
    for said in [
        "3 answer(s) that other models do not give",
        "PatientID from 'subject'",
    ] {
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
    let pairs = Table::read(&here.join("out/pairwise.csv"));
    assert_eq!(pairs.rows.len(), 3);
    assert_eq!(
        (pairs.cell(0, "first"), pairs.cell(0, "second")),
        ("resnet", "sklearn")
    );
    // DeLong where both have probabilities; with answers alone there is no area.
    assert!(!pairs.cell(0, "delong_p").is_empty());
    assert!(pairs.cell(1, "delong_p").is_empty());
    assert!(pairs.cell(1, "patient_auc_ovr").is_empty());
    assert!(!pairs.cell(1, "patient_accuracy_lower").is_empty());
    let metrics: Value =
        serde_json::from_slice(&fs::read(here.join("out/metrics.json")).unwrap()).unwrap();
    let rules = &metrics["models"][2];
    assert_eq!(rules["model"], "rules");
    let figures = rules["patient"]["figures"].as_array().unwrap();
    let figure = |id: &str| {
        figures
            .iter()
            .find(|figure| figure["metric"] == id)
            .unwrap()
    };
    assert!(figure("auc_ovr")["value"].is_null());
    let why = figure("auc_ovr")["undefined"].as_str().unwrap();
    assert!(why.contains("answers without probabilities"), "{why}");
    assert!(figure("accuracy")["value"].is_number());
    assert!(here.join("out/leaderboard.csv").exists() && here.join("out/report.html").exists());
    // What was written gives the same figures again, answers without probabilities among them.
    succeed(
        here,
        &[
            "evaluate",
            "out/predictions.csv",
            "--bootstrap",
            "200",
            "-o",
            "again",
        ],
    );
    let of = |folder: &str| fs::read(here.join(folder).join("leaderboard.csv")).unwrap();
    assert_eq!(of("out"), of("again"));
}

#[test]
fn slices_are_judged_by_themselves_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    three_programs(here);
    let words = [
        "evaluate",
        "ours.csv",
        "--unit",
        "slice",
        "--bootstrap",
        "200",
        "--json",
    ];
    let report: Value = serde_json::from_str(&succeed(here, &words).stdout).unwrap();
    let model = &report["models"][0];
    let value = |level: &str| model[level]["figures"][0]["value"].as_f64().unwrap();
    assert!((value("slice") - value("patient")).abs() < 1e-15);
    assert_eq!(model["patient"]["figures"][0]["slices"], PATIENTS * SLICES);
    assert_eq!(model["patient"]["figures"][0]["patients"], PATIENTS);
    // DeLong's variance does not hold for slices of one patient.
    assert!(model["patient"]["discrimination"][0]["interval"].is_null());
    let pooled = ["evaluate", "ours.csv", "--bootstrap", "200", "--json"];
    let report: Value = serde_json::from_str(&succeed(here, &pooled).stdout).unwrap();
    let model = &report["models"][0];
    assert_eq!(model["patient"]["figures"][0]["slices"], PATIENTS);
    // Pooled, ours has every patient right: no interval of an area without variance. The other is not perfect.
    let area = |report: &Value| report["models"][0]["patient"]["discrimination"][0].clone();
    assert!(area(&report)["interval"].is_null());
    assert!(
        area(&report)["undefined"]
            .as_str()
            .unwrap()
            .contains("variance is 0")
    );
    let pooled = ["evaluate", "sklearn.csv", "--bootstrap", "200", "--json"];
    let report: Value = serde_json::from_str(&succeed(here, &pooled).stdout).unwrap();
    assert!(area(&report)["interval"]["lower"].is_number());
}

#[test]
fn the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    three_programs(here);
    let on = |threads: &str| {
        let words = [
            "evaluate",
            "ours.csv",
            "sklearn.csv",
            "--bootstrap",
            "300",
            "--json",
            "-j",
            threads,
        ];
        succeed(here, &words).stdout
    };
    let one = on("1");
    assert_eq!(on("2"), one);
    assert_eq!(on("5"), one);
}

#[test]
fn bad_tables_are_refused_with_file_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let wide = format!("patient,y,{}\n", "x,".repeat(20_000));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.csv", Vec::new(), "E_MANIFEST"),
        ("nul.csv", vec![0; 4096], "UTF-16"),
        ("utf16.csv", b"\xff\xfep\0a\0".to_vec(), "UTF-16"),
        (
            "latin1.csv",
            b"patient,y,pred\nJos\xe9,a,b\n".to_vec(),
            "line 2: bytes that are no UTF-8",
        ),
        (
            "noise.csv",
            (0..=255_u8).cycle().skip(1).take(5000).collect(),
            "E_MANIFEST",
        ),
        ("header.csv", b"patient,y,pred\n".to_vec(), "without rows"),
        (
            "short.csv",
            b"patient,y,pred\n1,a\n".to_vec(),
            "line 2: 2 cells",
        ),
        (
            "quote.csv",
            b"patient,y,pred\n\"1,a,b\n2,a,b\n".to_vec(),
            "E_MANIFEST",
        ),
        ("wide.csv", wide.into_bytes(), "two columns 'x'"),
        (
            "nan.csv",
            b"patient,y,p_a,p_b\n1,a,NaN,1\n".to_vec(),
            "line 2: probability 'NaN'",
        ),
        (
            "inf.csv",
            b"patient,y,p_a,p_b\n1,a,inf,0\n".to_vec(),
            "line 2: probability 'inf'",
        ),
        (
            "logits.csv",
            b"patient,y,p_a,p_b\n1,a,-3,2\n".to_vec(),
            "decision values",
        ),
        (
            "fold.csv",
            b"patient,y,pred,fold\n1,a,b,99999999999999999999999\n".to_vec(),
            "fold '9999",
        ),
        (
            "part.csv",
            b"patient,y,pred,split\n1,a,b,train\n2,b,b,train\n".to_vec(),
            "no test row",
        ),
    ];
    for (name, bytes, said) in cases {
        fs::write(here.join(name), bytes).unwrap();
        let refused = run(here, &["evaluate", name]);
        assert_eq!(refused.status, 2, "{name}: {}", refused.stderr);
        for said in [said, name, "error[E_"] {
            assert!(refused.stderr.contains(said), "{name}: {}", refused.stderr);
        }
    }
    fs::write(here.join("a.csv"), "id,y,pred\nx,a,b\nz,b,b\n").unwrap();
    fs::write(here.join("b.csv"), "id,y,pred\nv,a,b\nw,b,b\n").unwrap();
    let refused = run(here, &["evaluate", "a.csv", "b.csv"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused
            .stderr
            .contains("no sample that all 2 models answer"),
        "{}",
        refused.stderr
    );
    let refused = run(here, &["evaluate", "a.csv", "--column", "truth=nothing"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("no column 'nothing'"),
        "{}",
        refused.stderr
    );
}

/// An evaluation is written over an earlier one, and over nothing else.
#[test]
fn the_folder_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    three_programs(here);
    let words = [
        "evaluate",
        "ours.csv",
        "--bootstrap",
        "20",
        "-o",
        "out",
        "-q",
    ];
    succeed(here, &words);
    succeed(here, &words);
    let record = fs::read_to_string(here.join("out/run.json")).unwrap();
    let other = record.replace("\"command\": \"evaluate\"", "\"command\": \"compare\"");
    assert_ne!(record, other);
    for (text, said) in [
        (other.as_str(), "a run of raduet compare"),
        ("{}", "no record"),
    ] {
        fs::write(here.join("out/run.json"), text).unwrap();
        let refused = run(here, &words);
        assert_eq!(refused.status, 2);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(here.join("out/run.json")).unwrap(), text);
    }
}
