//! Study files, parameter files, models.

use raduet::error::Code;

use crate::{Door, Input};

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = studies();
    inputs.extend(parameters());
    #[cfg(feature = "learners")]
    inputs.extend(models());
    inputs
}

fn studies() -> Vec<Input> {
    let bad = |name: &str, text: &str, says| {
        let name = format!("study: {name}");
        Input::bad(Door::Study, &name, "study.toml", text, Code::Settings, says)
    };
    vec![
        bad(
            "a table unheard of",
            "[featurs]\nbin_width = 3\n",
            "features",
        ),
        bad(
            "a key unheard of",
            "[features]\nbinwidth = 3\n",
            "bin_width",
        ),
        bad("words for a number", "[split]\nseed = 'x'\n", "seed"),
        bad("a number below 0", "[split]\nseed = -1\n", "seed"),
        bad("a value for a table", "split = 3\n", "[split]"),
        bad("an unknown preset", "preset = 'huge'\n", "preset"),
        bad("broken syntax", "name = \n", "line 1"),
        bad("a key twice", "name = 'a'\nname = 'b'\n", "line 2"),
        bad("deep nesting", &format!("x = {}", "[".repeat(5_000)), ""),
        Input::good(Door::Study, "study: empty", "study.toml", ""),
        Input::good(
            Door::Study,
            "study: plain",
            "study.toml",
            "name = 'x'\n[features]\nbin_count = 32\n",
        ),
    ]
}

fn parameters() -> Vec<Input> {
    let bad = |name: &str, text: &str, says| {
        let name = format!("parameters: {name}");
        Input::bad(Door::Params, &name, "p.yaml", text, Code::Settings, says)
    };
    vec![
        bad(
            "a section unheard of",
            "settings:\n  binWidth: 25\n",
            "setting",
        ),
        bad("a key unheard of", "setting:\n  binWith: 25\n", "binWidth"),
        bad("a width of 0", "setting:\n  binWidth: 0\n", "binWidth"),
        bad("a width below 0", "setting:\n  binWidth: -25\n", "binWidth"),
        bad("a width NaN", "setting:\n  binWidth: .nan\n", "binWidth"),
        bad(
            "a width of words",
            "setting:\n  binWidth: wide\n",
            "binWidth",
        ),
        bad(
            "an image type unheard of",
            "imageType:\n  Sharpened: {}\n",
            "Sharpened",
        ),
        bad("a class unheard of", "featureClass:\n  glmc:\n", "glcm"),
        bad(
            "a feature unheard of",
            "featureClass:\n  glcm: [Contrats]\n",
            "Contrast",
        ),
        bad(
            "an interpolator unheard of",
            "setting:\n  resampledPixelSpacing: [1,1,1]\n  interpolator: best\n",
            "interpolator",
        ),
        bad(
            "spacing below 0",
            "setting:\n  resampledPixelSpacing: [-1,1,1]\n",
            "resampledPixelSpacing",
        ),
        bad(
            "anchors",
            "setting: &a\n  binWidth: 25\nimageType: *a\n",
            "anchor",
        ),
        bad("broken syntax", "setting: [1, 2\n", ""),
        bad(
            "two documents",
            "setting:\n  binWidth: 25\n---\nsetting:\n  binWidth: 5\n",
            "",
        ),
        bad("a list", "- 1\n- 2\n", ""),
        bad("deep nesting", &"[".repeat(10_000), ""),
        Input::good(
            Door::Params,
            "parameters: plain",
            "p.yaml",
            "setting:\n  binWidth: 25\n",
        ),
        Input::good(
            Door::Params,
            "parameters: all classes",
            "p.yaml",
            "featureClass:\n  shape:\n  glcm: []\n  firstorder: [Mean]\n",
        ),
    ]
}

#[cfg(feature = "learners")]
fn models() -> Vec<Input> {
    let bad = |name: &str, bytes: &[u8], says| {
        let name = format!("model: {name}");
        Input::bad(Door::Model, &name, "model.json", bytes, Code::Model, says)
    };
    vec![
        bad("empty", b"", ""),
        bad("an empty object", b"{}", ""),
        bad(
            "a pickle",
            b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os",
            "pickle",
        ),
        bad("an archive of PyTorch", b"PK\x03\x04", "zip"),
        bad("weights", b"\x10\0\0\0\0\0\0\0{\"a\":1}", "network"),
        bad("no text", b"\xff\xfe\xfd", "no text"),
        bad("deep nesting", "[".repeat(100_000).as_bytes(), ""),
        bad("a compressed file", b"\x1f\x8b\x08\0", "compressed"),
    ]
}
