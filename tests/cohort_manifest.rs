//! Mechanics of the CSV manifest: dialects, synonyms, faults and doubts.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::fmt::Write as _;
use std::path::PathBuf;

use raduet::cohort::{LoadOptions, LoadedCohort, UNLABELLED, load};
use raduet::error::{Code, Faults, WarningCode as W};
use raduet::io::LabelChoice;
use raduet_study::Part;
use tempfile::TempDir;

/// A folder with `images/{a,b,c}.nii.gz`, `masks/…` and a manifest.
struct Source(TempDir);

impl Source {
    fn new(manifest: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["images", "masks"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
            for name in ["a", "b", "c"] {
                std::fs::write(folder.path().join(format!("{part}/{name}.nii.gz")), b"").unwrap();
            }
        }
        std::fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
        Self(folder)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.path().join(inside)
    }

    fn load(&self) -> Result<LoadedCohort, Faults> {
        self.load_with(&LoadOptions::default())
    }

    fn load_with(&self, options: &LoadOptions) -> Result<LoadedCohort, Faults> {
        load(self.0.path(), options)
    }
}

fn loaded(manifest: &str) -> LoadedCohort {
    Source::new(manifest)
        .load()
        .unwrap_or_else(|faults| panic!("{faults}"))
}

/// The faults of a manifest: all of one code, each with the manifest's file.
fn faults(manifest: impl AsRef<[u8]>) -> Vec<String> {
    let source = Source::new(manifest);
    let faults = source.load().unwrap_err();
    assert_eq!(faults.exit().status(), 2);
    for fault in faults.list() {
        assert_eq!(fault.code, Code::Manifest, "{fault}");
        assert_eq!(fault.file, Some(source.path("manifest.csv")), "{fault}");
        assert!(!fault.remedy.is_empty(), "{fault}");
    }
    faults.list().iter().map(|f| f.found.clone()).collect()
}

fn has_note(cohort: &LoadedCohort, text: &str) {
    assert!(
        cohort.notes.iter().any(|note| note.contains(text)),
        "no '{text}' in {:?}",
        cohort.notes
    );
}

const FULL: &str = "\
ID,PatientID,Sequence,Image,Mask,Target,Label,Split,Fold,Site,Age
c1,p1,FLAIR,images/a.nii.gz,masks/a.nii.gz,high,2,train,0,CS,40
c2,p1,T1post,images/b.nii.gz,masks/a.nii.gz,high,2,train,0,CS,40
c3,p2,FLAIR,images/c.nii.gz,masks/c.nii.gz,low,,test,1,DU,
";

#[test]
fn all_columns_are_read() {
    let source = Source::new(FULL);
    let cohort = source.load().unwrap();
    assert_eq!(cohort.cohort.classes().names(), ["high", "low"]);
    has_note(&cohort, "sorted by text");
    has_note(&cohort, "passed through: Age");
    assert!(cohort.labelled);
    assert_eq!(cohort.warnings, []);
    assert_eq!(cohort.failed, []);
    assert_eq!(cohort.manifest_hash.len(), 64);
    let [first, second, third] = cohort.cohort.cases() else {
        panic!("three cases")
    };
    assert_eq!((first.id.as_str(), first.patient.as_str()), ("c1", "p1"));
    assert_eq!(second.sequence.as_deref(), Some("T1post"));
    assert_eq!((third.site.as_deref(), third.label.0), (Some("DU"), 1));
    assert_eq!(first.published_part, Some(Part::Train));
    assert_eq!(third.published_part, Some(Part::Test));
    let files = &cohort.files;
    assert_eq!(files[0].image, source.path("images/a.nii.gz"));
    assert_eq!(files[1].mask, source.path("masks/a.nii.gz"));
    assert_eq!(files[0].label_choice(), LabelChoice::Value(2));
    assert_eq!(files[2].label_choice(), LabelChoice::Only);
    assert_eq!((files[0].fold, files[2].fold), (Some(0), Some(1)));
    assert_eq!(files[0].extra["Age"], "40");
}

#[test]
fn every_dialect_gives_the_same_cohort() {
    let plain = loaded(FULL);
    let dialects = [
        FULL.replace(',', ";"),
        FULL.replace(',', "\t"),
        FULL.replace('\n', "\r\n"),
        format!("\u{feff}{FULL}"),
        format!("{FULL}\n\n,,,,,,,,,,\n"),
        FULL.replace("high", "\"high\""),
        FULL.replace("PatientID", "patient_id")
            .replace("ID,", "Case ID,"),
        FULL.to_uppercase().lines().next().unwrap().to_owned() + &FULL[FULL.find('\n').unwrap()..],
    ];
    for dialect in dialects {
        let found = loaded(&dialect);
        assert_eq!(found.cohort, plain.cohort, "{dialect}");
    }
    has_note(&loaded(&FULL.replace(',', ";")), "delimiter: semicolon");
}

#[test]
fn a_text_label_is_the_class_and_a_number_the_mask_value() {
    let text = loaded("image,mask,patient_id,label\nimages/a.nii.gz,masks/a.nii.gz,p,x\n");
    assert_eq!(text.cohort.classes().names(), ["x"]);
    assert_eq!(text.files[0].label_value, None);
    has_note(&text, "class: column 'label'");
    let number = loaded("Image,Mask,PatientID,Label\nimages/a.nii.gz,masks/a.nii.gz,p,1.0\n");
    assert_eq!(number.cohort.classes().names(), [UNLABELLED]);
    assert!(!number.labelled);
    assert_eq!(number.files[0].label_value, Some(1));
    has_note(&number, "label value in the mask: column 'Label'");
    has_note(&number, "name it 'Target'");
    let both = loaded("Image,Mask,Patient,Label,Target\nimages/a.nii.gz,masks/a.nii.gz,p,3,1\n");
    assert_eq!(both.cohort.classes().names(), ["1"]);
    assert_eq!(both.files[0].label_value, Some(3));
}

fn with_classes(classes: [&str; 3]) -> String {
    let mut text = "ID,PatientID,Image,Mask,Target\n".to_owned();
    for (i, (class, name)) in classes.into_iter().zip(["a", "b", "c"]).enumerate() {
        writeln!(
            text,
            "c{i},p{i},images/{name}.nii.gz,masks/{name}.nii.gz,{class}"
        )
        .unwrap();
    }
    text
}

#[test]
fn classes_stand_in_a_stated_known_numeric_or_textual_order() {
    let order = |classes| {
        loaded(&with_classes(classes))
            .cohort
            .classes()
            .names()
            .to_vec()
    };
    assert_eq!(
        order(["severe", "mild", "moderate"]),
        ["mild", "moderate", "severe"]
    );
    assert_eq!(order(["severe", "mild", "severe"]), ["mild", "severe"]);
    assert_eq!(order(["10", "9", "2"]), ["2", "9", "10"]);
    assert_eq!(order(["b", "10", "9"]), ["10", "9", "b"]);
    let stated = LoadOptions {
        classes: Some(["z", "y", "x"].map(str::to_owned).to_vec()),
        ..LoadOptions::default()
    };
    let source = Source::new(with_classes(["x", "y", "x"]));
    let cohort = source.load_with(&stated).unwrap();
    assert_eq!(cohort.cohort.classes().names(), ["z", "y", "x"]);
    let source = Source::new(with_classes(["x", "y", "w"]));
    let faults = source.load_with(&stated).unwrap_err();
    assert_eq!(faults.list()[0].found, "unknown class w");
}

#[test]
fn one_sequence_can_be_chosen() {
    let source = Source::new(FULL);
    let options = |sequence: &str| LoadOptions {
        sequence: Some(sequence.to_owned()),
        ..LoadOptions::default()
    };
    let flair = source.load_with(&options("flair")).unwrap();
    let ids: Vec<_> = flair.cohort.cases().iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["c1", "c3"]);
    assert_eq!(flair.files.len(), 2);
    let faults = source.load_with(&options("T2")).unwrap_err();
    assert!(faults.to_string().contains("FLAIR, T1post"), "{faults}");
}

#[test]
fn without_ids_the_file_names_serve() {
    let cohort =
        loaded("Image,Mask\nimages/a.nii.gz,masks/a.nii.gz\nimages/b.nii.gz,masks/b.nii.gz\n");
    let ids: Vec<_> = cohort
        .cohort
        .cases()
        .iter()
        .map(|c| c.id.as_str())
        .collect();
    assert_eq!(ids, ["a", "b"]);
    let codes: Vec<_> = cohort.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, [W::Manifest], "a patient for every case is doubtful");
}

#[test]
fn all_faults_are_told_at_once_with_their_lines() {
    let found = faults(
        "ID,PatientID,Image,Mask,Target,Label,Split,Fold\n\
         c1,p1,images/a.nii.gz,masks/a.nii.gz,x,one,train,0\n\
         c1,p2,images/b.nii.gz,masks/b.nii.gz,x,1,train,0\n\
         ,p3,,masks/b.nii.gz,,1,somewhere,-1\n",
    );
    for expected in [
        "line 4: 'Image' is empty",
        "line 4: 'ID' is empty",
        "line 4: 'Target' is empty",
        "line 4: 'Split' is 'somewhere'",
        "line 4: 'Fold' is '-1'",
        "lines 2 and 3: the same id 'c1'",
    ] {
        assert!(
            found.contains(&expected.to_owned()),
            "no '{expected}' in {found:#?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn a_manifest_of_the_wrong_form_is_refused() {
    let one = |manifest: &[u8]| {
        let found = faults(manifest);
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    };
    assert_eq!(
        one(b"ID,Image\nc1,a\n"),
        "line 1: no column Mask among ID, Image"
    );
    assert_eq!(
        one(b"Image,Mask,Mask\na,b,c\n"),
        "line 1: two columns 'Mask'"
    );
    assert_eq!(one(b"Image,Mask\n"), "no case below the header");
    assert_eq!(one(b"Image,Mask\na,b\nc\n"), "line 3: 1 cells");
    assert_eq!(
        one(b"Image,Mask\na,b\n\xe4,b\n"),
        "line 3: bytes that are no UTF-8"
    );
    let wide: Vec<u8> = FULL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(one(&wide), "line 1: the text is UTF-16");
    let marked: Vec<u8> = [0xfe, 0xff]
        .into_iter()
        .chain(FULL.encode_utf16().flat_map(u16::to_be_bytes))
        .collect();
    assert_eq!(one(&marked), "line 1: the text is UTF-16");
    let channel = b"Image,Mask,Patient,Label_channel\nimages/a.nii.gz,masks/a.nii.gz,p,1\n";
    assert_eq!(one(channel), "line 2: 'Label_channel' is '1'");
    assert_eq!(
        faults(b""),
        [
            "line 1: no column Image among ",
            "line 1: no column Mask among ",
            "no case below the header"
        ]
    );
}

#[test]
fn a_patient_of_two_classes_is_refused_with_both_lines() {
    let text = with_classes(["x", "y", "x"]).replace("p1", "p0");
    assert_eq!(
        faults(text),
        ["lines 2 and 3: patient 'p0' is both 'x' and 'y'"]
    );
}

#[test]
fn cases_without_files_are_listed_as_failed() {
    let text = with_classes(["x", "y", "x"])
        .replace("masks/b", "masks/none")
        .replace("images/c", "images/none");
    let cohort = loaded(&text);
    assert_eq!(cohort.cohort.cases().len(), 1);
    assert_eq!(cohort.files.len(), 1);
    let failed: Vec<String> = cohort.failed.iter().map(ToString::to_string).collect();
    assert_eq!(
        failed,
        [
            "error[E_NOT_FOUND] case c1: masks/none.nii.gz: the mask is missing; add the file, or take the case out",
            "error[E_NOT_FOUND] case c2: images/none.nii.gz: the image is missing; add the file, or take the case out",
        ]
    );
}

#[test]
fn doubtful_ids_and_shared_images_are_named() {
    let text = with_classes(["x", "y", "x"])
        .replace("c0", "=c0")
        .replace("images/b", "images/a");
    let cohort = loaded(&text);
    let codes: Vec<_> = cohort.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, [W::CsvCell, W::Leak]);
    assert_eq!(
        cohort.warnings[1].found,
        "lines 2 and 3: one image for two patients"
    );
}

#[test]
fn missing_and_unknown_sources_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = |path: PathBuf| load(&path, &LoadOptions::default()).unwrap_err().list()[0].code;
    assert_eq!(code(folder.path().join("none.csv")), Code::NotFound);
    assert_eq!(code(folder.path().to_owned()), Code::Manifest);
}

#[test]
fn the_test_data_are_loaded() {
    for (inside, name, cases, sequence, of_sequence, classes) in [
        (
            "data/lgg_mri",
            "lgg_mri",
            140,
            "T1post",
            67,
            vec!["IDHmut-codel", "IDHmut-non-codel", "IDHwt"],
        ),
        (
            "data/sts_mri/manifest.csv",
            "sts_mri",
            68,
            "PET",
            34,
            vec!["no_lung_mets", "lung_mets"],
        ),
        (
            "data/sts_mri/manifest_histology3.csv",
            "manifest_histology3",
            52,
            "MR_T1",
            26,
            vec!["MFH", "liposarcoma", "leiomyosarcoma"],
        ),
    ] {
        let Some(path) = raduet_testkit::data::path("the_test_data_are_loaded", inside) else {
            return;
        };
        let cohort = load(&path, &LoadOptions::default()).unwrap();
        assert_eq!(cohort.name, name);
        assert_eq!(cohort.cohort.cases().len(), cases);
        assert_eq!(cohort.cohort.classes().names(), classes);
        assert_eq!(cohort.failed, []);
        assert_eq!(cohort.warnings, []);
        let options = LoadOptions {
            sequence: Some(sequence.to_owned()),
            ..LoadOptions::default()
        };
        let cohort = load(&path, &options).unwrap();
        assert_eq!(cohort.cohort.cases().len(), of_sequence);
    }
}
