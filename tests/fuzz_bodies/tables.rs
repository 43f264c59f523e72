//! Tables and lists from outside, and the cells of our own.

use std::collections::BTreeSet;

use raduet::io::manifest_csv::read_manifest;
use raduet::io::parquet;
use raduet::io::{ByteBudget, cell, feature_csv, feature_table, predictions_csv, split_file};

use super::volumes::placed;
use super::well_said;

pub(super) fn seed_manifest() -> Vec<Vec<u8>> {
    let plain =
        "ID,PatientID,Image,Mask,Target,Label\na,p1,a.nii,am.nii,x,1\nb,p2,b.nii,bm.nii,y,1\n";
    vec![
        plain.into(),
        plain.replace(',', ";").into(),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")).into(),
        plain.replace("a,p1", "\"=a,\n1\",p1").into(),
    ]
}

pub(super) fn manifest_csv(data: &[u8]) {
    match read_manifest(&placed("manifest.csv", data)) {
        Ok(table) => {
            let ids: BTreeSet<&str> = table.rows.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(ids.len(), table.rows.len(), "two cases of one name");
            assert!(table.rows.iter().all(|row| !row.id.is_empty()));
        }
        Err(faults) => faults.list().iter().for_each(well_said),
    }
}

pub(super) fn seed_features() -> Vec<Vec<u8>> {
    let table = "ID,PatientID,Sequence,Split,Target,Slice,SlicePosition_mm,ROIPixels,ROIArea_mm2,a,b\n\
                 c1,p1,,,x,0,0,10,10,1.5,2\nc2,p2,,,y,0,0,12,12,-0.25,\nc3,p3,,,x,1,1,9,9,3,1e-9\n";
    vec![table.into(), table.replace(',', "\t").into()]
}

/// What is read is written, and reads back as the same bytes.
pub(super) fn feature_csv(data: &[u8]) {
    let path = placed("features.csv", data);
    match feature_table::read(&path) {
        Ok((file, _)) => {
            let written = feature_csv::write(&file).expect("a table that was read");
            let again = feature_table::read(&placed("again.csv", &written));
            let (again, _) = again.unwrap_or_else(|error| panic!("its own table: {error}"));
            let twice = feature_csv::write(&again).expect("a table that was read");
            assert!(twice == written, "a table changed on its way");
        }
        Err(error) => well_said(&error),
    }
}

pub(super) fn seed_parquet() -> Vec<Vec<u8>> {
    let path = placed("seed.csv", &seed_features()[0]);
    let (file, _) = feature_table::read(&path).expect("a good table");
    vec![parquet::write(&file, &[]).expect("in memory")]
}

pub(super) fn parquet(data: &[u8]) {
    if let Err(error) = parquet::parse(data.to_vec(), ByteBudget(1 << 20)) {
        assert!(!error.to_string().chars().any(char::is_control));
        assert!(!error.remedy.is_empty(), "no remedy: {error}");
    }
}

pub(super) fn seed_predictions() -> Vec<Vec<u8>> {
    let table = "ID,PatientID,Slice,Split,model,arm,y_true,y_pred,p_x,p_y\n\
                 c1,p1,0,test,svc,radiomics,x,x,0.75,0.25\nc2,p2,0,test,svc,radiomics,y,x,0.5,0.5\n";
    vec![table.into()]
}

pub(super) fn predictions_csv(data: &[u8]) {
    match predictions_csv::parse(data) {
        Ok(models) => {
            let written = predictions_csv::write(&models).expect("answers that were read");
            let again = predictions_csv::parse(&written);
            let again = again.unwrap_or_else(|error| panic!("its own answers: {error}"));
            let twice = predictions_csv::write(&again).expect("answers that were read");
            assert!(twice == written, "answers changed on their way");
        }
        Err(error) => well_said(&error),
    }
}

pub(super) fn seed_split() -> Vec<Vec<u8>> {
    let split = r#"{"rule":"drawn","seed":42,"folds":[{"p1":"train","p2":"valid","p3":"test"}]}"#;
    vec![split.into()]
}

pub(super) fn split_json(data: &[u8]) {
    match split_file::read(&placed("split.json", data)) {
        Ok(split) => {
            let written = split_file::write(&split).expect("a split that was read");
            let again = split_file::read(&placed("split2.json", &written));
            assert_eq!(again.expect("its own split"), split);
        }
        Err(error) => well_said(&error),
    }
}

/// Cells of any text, NUL between two: written, read by a CSV reader and taken back they are what they were, and
/// none is a formula.
pub(super) fn csv_cells(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let cells: Vec<&str> = text.split('\0').collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let safe: Vec<String> = cells.iter().map(|text| cell::text(text)).collect();
    // A byte order mark at the very beginning of a file would not be the first cell's.
    let head: Vec<String> = (0..cells.len()).map(|at| format!("c{at}")).collect();
    writer.write_record(&head).expect("in memory");
    writer.write_record(&safe).expect("in memory");
    let bytes = writer.into_inner().expect("in memory");
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let record = reader
        .records()
        .next()
        .expect("a record")
        .expect("its own record");
    assert_eq!(record.len(), cells.len());
    for (read, text) in record.iter().zip(&cells) {
        let number = read.parse::<f64>().is_ok();
        assert!(
            number || !read.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{read:?}"
        );
        assert_eq!(cell::original(read), *text);
    }
    for bits in data.as_chunks::<8>().0 {
        let value = f64::from_le_bytes(*bits);
        let written = cell::number(value);
        if value.is_finite() {
            assert_eq!(
                written.parse::<f64>().expect("a number").to_bits(),
                value.to_bits()
            );
        } else {
            assert!(written.is_empty());
        }
    }
}
