//! What is done with arbitrary bytes, one function for each door of the tool: the bodies of the fuzz targets in
//! `fuzz/`, and of the bounded runs in `tests/fuzz_targets.rs`.
//!
//! A body panics where the tool broke a promise: a panic or a wait of its own, an error without file or remedy, a
//! text that a terminal would run, an output that does not read back as what was written.

#![allow(
    clippy::allow_attributes,
    dead_code,
    reason = "each user of this folder takes another part of it"
)]

mod engine;
mod models;
mod tables;
mod texts;
mod volumes;

/// A door and what is done with bytes before it.
pub(crate) struct Target {
    /// Also the name of its folder of seeds.
    pub(crate) name: &'static str,
    pub(crate) body: fn(&[u8]),
    /// Longest input that says anything.
    pub(crate) longest: usize,
}

macro_rules! targets {
    ($($name:ident: $body:path, $longest:literal;)+) => {
        /// Every target.
        pub(crate) const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            body: $body,
            longest: $longest,
        },)+];
    };
}

targets! {
    nifti1_header: volumes::nifti1_header, 1024;
    nifti2_header: volumes::nifti2_header, 1024;
    nifti_file: volumes::nifti_file, 8192;
    nifti_packed: volumes::nifti_packed, 8192;
    gzip_layer: volumes::gzip_layer, 8192;
    deflate_blocks: volumes::deflate_blocks, 4096;
    nrrd_header: volumes::nrrd_header, 4096;
    nrrd_file: volumes::nrrd_file, 8192;
    metaimage: volumes::metaimage, 8192;
    dicom_elements: volumes::dicom_elements, 8192;
    dicom_series: volumes::dicom_series, 16384;
    rtstruct: volumes::rtstruct, 16384;
    seg: volumes::seg, 16384;
    npy: volumes::npy, 8192;
    picture: volumes::picture, 8192;
    mask_labels: volumes::mask_labels, 4096;
    manifest_csv: tables::manifest_csv, 8192;
    feature_csv: tables::feature_csv, 8192;
    parquet: tables::parquet, 16384;
    predictions_csv: tables::predictions_csv, 8192;
    split_json: tables::split_json, 8192;
    csv_cells: tables::csv_cells, 2048;
    study_toml: texts::study_toml, 8192;
    params_yaml: texts::params_yaml, 8192;
    html_escape: texts::html_escape, 2048;
    terminal_text: texts::terminal_text, 2048;
    journal: texts::journal, 8192;
    engine: engine::small_volume, 2048;
    model_json: models::learner, 65536;
    safetensors: models::safetensors, 65536;
    torch_file: models::torch_file, 65536;
}

/// The target of a name.
pub(crate) fn target(name: &str) -> &'static Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("no target '{name}'"))
}

/// Seeds of a target, made here: small, good, and near to what a damaged file looks like.
pub(crate) fn seeds(name: &str) -> Vec<Vec<u8>> {
    match name {
        "nifti1_header" | "nifti2_header" => vec![vec![0; 8], volumes::seed_header()],
        "nifti_file" | "nifti_packed" | "mask_labels" => vec![volumes::seed_nifti()],
        "gzip_layer" => vec![volumes::packed(&volumes::seed_nifti())],
        "deflate_blocks" => volumes::seed_deflate(),
        "nrrd_header" | "nrrd_file" => volumes::seed_nrrd(),
        "metaimage" => volumes::seed_metaimage(),
        "dicom_elements" | "dicom_series" | "rtstruct" | "seg" => vec![volumes::seed_dicom()],
        "npy" => vec![volumes::seed_npy()],
        "picture" => vec![volumes::seed_picture()],
        "manifest_csv" => tables::seed_manifest(),
        "feature_csv" => tables::seed_features(),
        "parquet" => tables::seed_parquet(),
        "predictions_csv" => tables::seed_predictions(),
        "split_json" => tables::seed_split(),
        "csv_cells" => vec![b"=1+1\0-5\0plain, \"quoted\"\0\n@x".to_vec()],
        "study_toml" => vec![texts::STUDY.as_bytes().to_vec()],
        "params_yaml" => vec![texts::PARAMS.as_bytes().to_vec()],
        "html_escape" | "terminal_text" => vec!["<a href=\"x\">&amp;'\u{202e}\u{1b}[31m".into()],
        "journal" => texts::seed_journal(),
        "engine" => engine::seed(),
        "model_json" => models::seed_learner(),
        "safetensors" => models::seed_safetensors(),
        "torch_file" => models::seed_torch(),
        _ => Vec::new(),
    }
}

/// An error keeps its form: a remedy, no character that a terminal would run.
pub(crate) fn well_said(error: &raduet::error::ToolError) {
    let text = error.to_string();
    assert!(
        !text.chars().any(char::is_control),
        "control characters: {text:?}"
    );
    assert!(
        !error.found.is_empty() && !error.remedy.is_empty(),
        "no remedy: {text}"
    );
    assert!(error.code != raduet::error::Code::Internal, "{text}");
}
