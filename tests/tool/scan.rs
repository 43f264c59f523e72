//! Folders that are recognised, and what becomes of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::program::{Finished, run, succeed};

/// Empty files: layouts are recognised by names.
fn touch(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
}

/// What `scan` prints, as rows by id.
fn scanned(finished: &Finished) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(finished.stdout.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let cells = head.iter().zip(&record);
        let cells: BTreeMap<String, String> = cells
            .map(|(head, cell)| (head.to_owned(), cell.to_owned()))
            .collect();
        (cells["ID"].clone(), cells)
    });
    rows.collect()
}

fn found(names: &[&str], layout: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    touch(&folder.path().join("data"), names);
    let finished = succeed(folder.path(), &["scan", "data"]);
    let said = format!("layout {layout}: ");
    assert!(finished.stderr.contains(&said), "{}", finished.stderr);
    scanned(&finished)
}

#[test]
fn a_folder_a_patient() {
    let rows = found(
        &[
            "p1/T1.nii.gz",
            "p1/T2.nii.gz",
            "p1/mask.nii.gz",
            "p2/T1.nii.gz",
            "p2/T2.nii.gz",
            "p2/mask.nii.gz",
            "p2/notes.txt",
        ],
        "patients",
    );
    assert_eq!(rows.len(), 4);
    let row = &rows["p1_T2"];
    assert_eq!((&*row["PatientID"], &*row["Sequence"]), ("p1", "T2"));
    assert_eq!(row["Image"], "data/p1/T2.nii.gz");
    assert_eq!(row["Mask"], "data/p1/mask.nii.gz");
    assert!(!row.contains_key("Target") && !row.contains_key("Split"));

    // Published parts, slices as pictures, images and masks in folders of their own.
    let rows = found(
        &[
            "train/7/images/1.png",
            "train/7/images/2.png",
            "train/7/masks/1.png",
            "train/7/masks/2.png",
            "test/9/images/1.png",
            "test/9/masks/1.png",
        ],
        "patients",
    );
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (&*rows["9_1"]["Split"], &*rows["9_1"]["PatientID"]),
        ("test", "9")
    );

    // Other formats and a series of DICOM files.
    let rows = found(
        &[
            "a/image.nrrd",
            "a/label.seg.nrrd",
            "b/image/1.dcm",
            "b/image/2.dcm",
            "b/mask.mha",
        ],
        "patients",
    );
    assert_eq!(rows["b"]["Image"], "data/b/image");
    assert_eq!(rows["a"]["Mask"], "data/a/label.seg.nrrd");
}

/// Series whose files have no ending, or a unique id for one: told by DICOM's mark.
#[test]
fn dicom_files_without_an_ending() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut dicom = vec![0; 128];
    dicom.extend_from_slice(b"DICM");
    for name in ["a/T1/IM1", "a/T1/IM2", "b/T1/1.2.840.1", "b/T1/1.2.840.2"] {
        touch(&data, &[name]);
        fs::write(data.join(name), &dicom).unwrap();
    }
    touch(
        &data,
        &["a/mask.nii", "b/mask.nii", "c/README", "c/LICENCE"],
    );
    let rows = scanned(&succeed(folder.path(), &["scan", "data"]));
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows["a_T1"]["Image"], "data/a/T1");
    assert_eq!(rows["b_T1"]["Mask"], "data/b/mask.nii");
}

#[test]
fn a_folder_a_class() {
    // Who is one patient is a guess then, and said.
    let folder = tempfile::tempdir().unwrap();
    touch(
        &folder.path().join("data"),
        &[
            "a/1.nii",
            "a/1_mask.nii",
            "a/2.nii",
            "a/2_mask.nii",
            "b/3.nii",
            "b/3_mask.nii",
        ],
    );
    let said = succeed(folder.path(), &["scan", "data", "--layout", "classes"]).stderr;
    assert!(said.contains("correct PatientID"), "{said}");
    let rows = found(
        &[
            "high/q1_T1.nii.gz",
            "high/q1_T1_mask.nii.gz",
            "low/q2_T1.nii.gz",
            "low/q2_T1_mask.nii.gz",
            "low/q3_T1.nii.gz",
            "low/q3_T1_mask.nii.gz",
        ],
        "classes",
    );
    let row = &rows["q3_T1"];
    assert_eq!(
        (&*row["Target"], &*row["PatientID"], &*row["Sequence"]),
        ("low", "q3", "T1")
    );
    let rows = found(
        &[
            "high/anna/image.nii",
            "high/anna/mask.nii",
            "high/bert/image.nii",
            "high/bert/mask.nii",
            "low/carl/image.nii",
            "low/carl/mask.nii",
        ],
        "classes",
    );
    assert_eq!(
        (&*rows["carl"]["Target"], &*rows["carl"]["PatientID"]),
        ("low", "carl")
    );
}

#[test]
fn nnunet_raw_with_folds() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    touch(
        &data,
        &[
            "imagesTr/liver_1_0000.nii.gz",
            "imagesTr/liver_1_0001.nii.gz",
            "imagesTr/liver_2_0000.nii.gz",
            "imagesTr/liver_3_0000.nii.gz",
            "labelsTr/liver_1.nii.gz",
            "labelsTr/liver_2.nii.gz",
            "imagesTs/liver_9_0000.nii.gz",
            "labelsTs/liver_9.nii.gz",
        ],
    );
    let dataset =
        r#"{"channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "liver": 3}}"#;
    fs::write(data.join("dataset.json"), dataset).unwrap();
    let one = r#"[{"train": ["liver_1"], "val": ["liver_2"]}]"#;
    fs::write(data.join("splits_final.json"), one).unwrap();
    let finished = succeed(folder.path(), &["scan", "data"]);
    assert!(
        finished
            .stderr
            .contains("layout nnunet: 4 images of 3 patients"),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains("1 image(s) without labels passed over")
    );
    let rows = scanned(&finished);
    let row = &rows["liver_1_0001"];
    assert_eq!(
        (&*row["PatientID"], &*row["Sequence"], &*row["Label"]),
        ("liver_1", "T2", "3")
    );
    let part = |id: &str| rows[id]["Split"].clone();
    assert_eq!(
        [
            part("liver_1_0000"),
            part("liver_2_0000"),
            part("liver_9_0000")
        ],
        ["train", "valid", "test"]
    );

    let two = r#"[{"train": ["liver_1"], "val": ["liver_2"]}, {"train": ["liver_2"], "val": ["liver_1"]}]"#;
    fs::write(data.join("splits_final.json"), two).unwrap();
    let rows = scanned(&succeed(folder.path(), &["scan", "data"]));
    assert_eq!(
        (
            &*rows["liver_1_0000"]["Fold"],
            &*rows["liver_2_0000"]["Fold"]
        ),
        ("1", "0")
    );

    fs::write(data.join("splits_final.json"), r#"{"train": 1}"#).unwrap();
    let refused = run(folder.path(), &["scan", "data"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("splits_final.json"),
        "{}",
        refused.stderr
    );
}

#[test]
fn bids_with_participants() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    touch(
        &data,
        &[
            "sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz",
            "sub-01/ses-1/anat/sub-01_ses-1_T1w.json",
            "sub-01/ses-1/anat/sub-01_ses-1_FLAIR.nii.gz",
            "sub-02/anat/sub-02_T1w.nii.gz",
            "sub-03/anat/sub-03_T1w.nii.gz",
            "derivatives/manual/sub-01/ses-1/anat/sub-01_ses-1_label-tumour_mask.nii.gz",
            "derivatives/manual/sub-02/anat/sub-02_space-T1w_dseg.nii.gz",
        ],
    );
    let participants =
        "participant_id\tage\tsex\tdiagnosis\nsub-01\t61\tF\tlow\nsub-02\tn/a\tM\thigh\n";
    fs::write(data.join("participants.tsv"), participants).unwrap();
    let finished = succeed(folder.path(), &["scan", "data"]);
    assert!(
        finished
            .stderr
            .contains("layout bids: 3 images of 2 patients"),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains("1 image(s) without a mask passed over")
    );
    let rows = scanned(&finished);
    let row = &rows["sub-01_ses-1_FLAIR"];
    assert_eq!(
        (
            &*row["PatientID"],
            &*row["Sequence"],
            &*row["Target"],
            &*row["age"]
        ),
        ("sub-01", "FLAIR", "low", "61")
    );
    assert_eq!(rows["sub-02_T1w"]["age"], "");
    // Two masks that both go with an image.
    touch(
        &data,
        &["derivatives/other/sub-02/anat/sub-02_space-T1w_desc-b_mask.nii.gz"],
    );
    let refused = run(folder.path(), &["scan", "data"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("several masks"),
        "{}",
        refused.stderr
    );
}

#[test]
fn what_could_be_several_is_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // Two folders with files of their own names that begin with the folder's: classes as well as patients.
    touch(
        &here.join("data"),
        &[
            "a/a_north.nii",
            "a/a_north_mask.nii",
            "a/a_south.nii",
            "a/a_south_mask.nii",
            "b/b_east.nii",
            "b/b_east_mask.nii",
        ],
    );
    let refused = run(here, &["scan", "data"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("--layout classes or patients"),
        "{}",
        refused.stderr
    );
    let rows = scanned(&succeed(here, &["scan", "data", "--layout", "patients"]));
    assert_eq!(rows["a_north"]["PatientID"], "a");
    let rows = scanned(&succeed(here, &["scan", "data", "--layout", "classes"]));
    assert_eq!(rows["a_north"]["Target"], "a");

    touch(&here.join("nothing"), &["readme.txt", "x/y/z/image.nii"]);
    let refused = run(here, &["scan", "nothing"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("no known layout"),
        "{}",
        refused.stderr
    );
    assert!(
        run(here, &["scan", "data/a/a_north.nii"])
            .stderr
            .contains("E_NOT_REGULAR")
    );
    assert!(
        run(here, &["scan", "nowhere"])
            .stderr
            .contains("E_NOT_FOUND")
    );
    assert_eq!(run(here, &["scan", "data", "--layout", "bidz"]).status, 2);
}

/// Links that lead out of the folder or around in it are passed over, and said.
#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    touch(&data, &["images/p1.nii", "masks/p1.nii"]);
    touch(
        &folder.path().join("secret"),
        &["images/p2.nii", "masks/p2.nii"],
    );
    symlink(folder.path().join("secret"), data.join("outside")).unwrap();
    symlink(&data, data.join("images/loop")).unwrap();
    symlink(
        folder.path().join("secret/images/p2.nii"),
        data.join("images/p3.nii"),
    )
    .unwrap();
    let finished = succeed(folder.path(), &["scan", "data"]);
    assert!(
        finished.stderr.contains("layout pairs: 1 images"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("3 link(s) passed over"),
        "{}",
        finished.stderr
    );
}

/// A cohort on disk in several layouts: the manifest of `scan` is read by `extract`, wherever it is written.
#[test]
fn manifests_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    super::cohort_on_disk::write(here, 9);
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let first = csv::Reader::from_reader(manifest.as_bytes())
        .records()
        .next()
        .unwrap()
        .unwrap();
    assert!(first.len() >= 4, "{manifest}");

    // As it is: a manifest that is there already.
    let finished = succeed(here, &["scan", "."]);
    assert!(
        finished.stderr.contains("layout csv: 9 images"),
        "{}",
        finished.stderr
    );
    fs::create_dir(here.join("written")).unwrap();
    succeed(here, &["scan", ".", "-o", "written/copy.csv", "-q"]);
    succeed(here, &["extract", "written/copy.csv", "-o", "a.csv", "-q"]);
    succeed(here, &["extract", "manifest.csv", "-o", "b.csv", "-q"]);
    assert_eq!(
        fs::read(here.join("a.csv")).unwrap(),
        fs::read(here.join("b.csv")).unwrap()
    );

    // The same files as folders of patients.
    let mut records = csv::Reader::from_reader(manifest.as_bytes());
    let head = records.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|head| head == name).unwrap();
    for record in records.records() {
        let record = record.unwrap();
        let to = here.join("folders").join(&record[at("PatientID")]);
        fs::create_dir_all(&to).unwrap();
        fs::copy(here.join(&record[at("Image")]), to.join("image.nii")).unwrap();
        fs::copy(here.join(&record[at("Mask")]), to.join("mask.nii")).unwrap();
    }
    succeed(
        here,
        &["scan", "folders", "-o", "folders/manifest.csv", "-q"],
    );
    succeed(here, &["extract", "folders", "-o", "c.csv", "-q"]);
    let rows = |name: &str| fs::read_to_string(here.join(name)).unwrap().lines().count();
    assert_eq!(rows("c.csv"), rows("b.csv"));
}

/// The real data set's folders.
#[test]
fn the_folders_of_cirrmri() {
    let name = "the_folders_of_cirrmri";
    let Some(sample) = raduet_testkit::data::path(name, "data/cirrmri_sample/README.md") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("manifest.csv");
    let words = [
        "scan",
        sample.parent().unwrap().to_str().unwrap(),
        "-o",
        output.to_str().unwrap(),
    ];
    let finished = succeed(folder.path(), &words);
    assert!(
        finished.stderr.contains("layout cirrmri600: "),
        "{}",
        finished.stderr
    );
    succeed(
        folder.path(),
        &["extract", "manifest.csv", "--sequence", "T2W", "-q"],
    );
}
