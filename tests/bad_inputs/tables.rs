//! Manifests, feature tables, predictions, splits.

use raduet::error::Code;

use crate::{Door, Input};

const MANIFEST: &str =
    "ID,PatientID,Image,Mask,Target,Label\na,p1,a.nii,am.nii,x,1\nb,p2,b.nii,bm.nii,y,1\n";

const FEATURES: &str = "ID,PatientID,Target,Slice,original_a,original_b\n\
                        c1,p1,x,0,1.5,2\nc2,p2,y,0,-0.25,3\nc3,p3,x,1,3,1e-9\n";

const PREDICTIONS: &str = "ID,PatientID,Slice,Split,model,arm,y_true,y_pred,p_x,p_y\n\
                           c1,p1,0,test,svc,radiomics,x,x,0.75,0.25\nc2,p2,0,test,svc,radiomics,y,x,0.5,0.5\n";

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = manifests();
    inputs.extend(features());
    inputs.extend(predictions());
    inputs.extend(splits());
    inputs
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn manifests() -> Vec<Input> {
    let bad = |name: &str, text: &str, says| {
        let name = format!("manifest: {name}");
        Input::bad(
            Door::Manifest,
            &name,
            "manifest.csv",
            text,
            Code::Manifest,
            says,
        )
    };
    let changed = |old: &str, new: &str| {
        assert!(MANIFEST.contains(old), "{old}");
        MANIFEST.replacen(old, new, 1)
    };
    let mut inputs = vec![
        bad("empty", "", ""),
        bad("blank lines", "\n\n\n", ""),
        bad(
            "a header only",
            "ID,PatientID,Image,Mask,Target\n",
            "no case",
        ),
        bad(
            "no image column",
            &changed("Image", "Picture of it"),
            "Image",
        ),
        bad("no mask column", &changed("Mask", "Outline of it"), "Mask"),
        bad(
            "two columns of one name",
            &changed("Target", "PatientID"),
            "two columns",
        ),
        bad(
            "two cases of one name",
            &changed("\nb,", "\na,"),
            "lines 2 and 3",
        ),
        bad("an image left out", &changed("a.nii", ""), "line 2"),
        bad("a mask left out", &changed("bm.nii", ""), "line 3"),
        bad("an id left out", &changed("\na,", "\n,"), "line 2"),
        bad("a patient left out", &changed("p2", ""), "line 3"),
        bad("a class left out", &changed(",x,", ",,"), "line 2"),
        bad("a cell too few", &changed(",x,1", ",x"), "line 2"),
        bad("a cell too many", &changed(",y,1", ",y,1,1"), "line 3"),
        bad(
            "a part of no split",
            "ID,Image,Mask,Split\na,a.nii,m.nii,evaluation\n",
            "train, valid or test",
        ),
        bad(
            "a fold below 0",
            "ID,Image,Mask,Fold\na,a.nii,m.nii,-1\n",
            "whole number",
        ),
        bad(
            "a channel",
            "ID,Image,Mask,Label_channel\na,a.nii,m.nii,2\n",
            "channels",
        ),
        bad(
            "blanks for names",
            "ID,Image,Mask\n   ,a.nii,m.nii\n",
            "line 2",
        ),
    ];
    let bytes = |name: &str, bytes: Vec<u8>, code, says| {
        let name = format!("manifest: {name}");
        Input::bad(Door::Manifest, &name, "manifest.csv", bytes, code, says)
    };
    inputs.extend([
        bytes("UTF-16", utf16(MANIFEST), Code::Manifest, "UTF-16"),
        bytes(
            "Latin-1",
            changed("p1", "M\u{fc}ller")
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect(),
            Code::Manifest,
            "line 2",
        ),
        bytes("zeros", vec![0; 4096], Code::Manifest, ""),
        bytes(
            "a spreadsheet",
            b"PK\x03\x04\x14\0\x06\0xl/workbook.xml".to_vec(),
            Code::Manifest,
            "",
        ),
        bytes(
            "a quote without end",
            changed("\na,", "\n\"a,").into_bytes(),
            Code::Manifest,
            "",
        ),
    ]);
    let good = |name: &str, text: String| {
        Input::good(
            Door::Manifest,
            &format!("manifest: {name}"),
            "manifest.csv",
            text,
        )
    };
    inputs.extend([
        good("plain", MANIFEST.into()),
        good("byte order mark", format!("\u{feff}{MANIFEST}")),
        good("CRLF", MANIFEST.replace('\n', "\r\n")),
        good("semicolons", MANIFEST.replace(',', ";")),
        good("tabs", MANIFEST.replace(',', "\t")),
        good("quotes", changed("\na,", "\n\"a \"\"b\"\", c\nd\",")),
        good("no last line end", MANIFEST.trim_end().into()),
        good("ids of terminal escapes", changed("\na,", "\n\u{1b}[31ma,")),
        good("ids of paths", changed("\na,", "\n../../etc/passwd,")),
        good(
            "a long id",
            changed("\na,", &format!("\n{},", "x".repeat(5000))),
        ),
        good(
            "ids alike but for their form",
            changed("\na,p1", "\n\u{e9},p1").replacen("\nb,", "\ne\u{301},", 1),
        ),
        good(
            "labels as spreadsheets write them",
            changed(",x,1", ",x,1.0"),
        ),
        good("formulas", changed("\na,", "\n=1+1,")),
    ]);
    inputs
}

fn features() -> Vec<Input> {
    let bad = |name: &str, text: &str, code, says| {
        Input::bad(
            Door::Features,
            &format!("features: {name}"),
            "features.csv",
            text,
            code,
            says,
        )
    };
    let changed = |old: &str, new: &str| {
        assert!(FEATURES.contains(old), "{old}");
        FEATURES.replacen(old, new, 1)
    };
    let good = |name: &str, text: String| {
        Input::good(
            Door::Features,
            &format!("features: {name}"),
            "features.csv",
            text,
        )
    };
    vec![
        bad("empty", "", Code::Manifest, ""),
        bad(
            "a header only",
            "ID,PatientID,Target,a\n",
            Code::Manifest,
            "",
        ),
        bad(
            "no class",
            &changed("Target", "original_c"),
            Code::Manifest,
            "",
        ),
        bad(
            "no feature",
            "ID,PatientID,Target\nc1,p1,x\n",
            Code::Manifest,
            "",
        ),
        bad(
            "a cell too few",
            &changed("1.5,2", "1.5"),
            Code::Manifest,
            "line: 2",
        ),
        bad(
            "two rows of one name",
            &changed("c2,p2,y,0", "c1,p1,x,0"),
            Code::Manifest,
            "",
        ),
        bad(
            "two columns of one name",
            &changed("original_b", "original_a"),
            Code::Manifest,
            "original_a",
        ),
        bad(
            "a class left out",
            &changed("p2,y", "p2,"),
            Code::Manifest,
            "",
        ),
        bad("zeros", "\0\0\0\0\0\0\0\0", Code::Manifest, ""),
        bad("the mark of Parquet only", "PAR1", Code::Corrupt, ""),
        bad(
            "Parquet without an end",
            "PAR1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            Code::Corrupt,
            "",
        ),
        bad(
            "Parquet of a vast footer",
            "PAR1xxxxxxxx\u{7f}\u{7f}\u{7f}\u{7f}PAR1",
            Code::Corrupt,
            "",
        ),
        // A column of words is passed over, and told of.
        good("words for numbers", changed("1.5", "many")),
        good("plain", FEATURES.into()),
        good("an undefined value", changed("1.5", "")),
        good("NaN as programs write it", changed("1.5", "nan")),
        good(
            "byte order mark, CRLF",
            format!("\u{feff}{}", FEATURES.replace('\n', "\r\n")),
        ),
        good("semicolons", FEATURES.replace(',', ";")),
    ]
}

fn predictions() -> Vec<Input> {
    let bad = |name: &str, text: &str, says| {
        let name = format!("predictions: {name}");
        Input::bad(
            Door::Predictions,
            &name,
            "p.csv",
            text,
            Code::Manifest,
            says,
        )
    };
    let changed = |old: &str, new: &str| {
        assert!(PREDICTIONS.contains(old), "{old}");
        PREDICTIONS.replacen(old, new, 1)
    };
    vec![
        bad("empty", "", ""),
        bad(
            "a header only",
            "ID,PatientID,y_true,model,arm,p_x,p_y\n",
            "no answer",
        ),
        bad("no patient", &changed("PatientID", "Person"), "patientid"),
        bad("no truth", &changed("y_true", "z"), "y_true"),
        bad("no probability", &changed("p_x,p_y", "q_x,q_y"), ""),
        bad(
            "a class unheard of",
            &changed("radiomics,x,x", "radiomics,z,x"),
            "line 2",
        ),
        bad(
            "a probability of words",
            &changed("0.75", "likely"),
            "line 2",
        ),
        bad("a probability NaN", &changed("0.75", "nan"), ""),
        bad(
            "a probability below 0",
            &changed("0.75,0.25", "1.25,-0.25"),
            "",
        ),
        bad(
            "probabilities that do not sum to 1",
            &changed("0.75", "0.95"),
            "",
        ),
        bad("an arm unheard of", &changed("radiomics", "astrology"), ""),
        bad(
            "two arms of one model",
            &changed("y,x,0.5", "y,x,0.5").replacen("svc,radiomics,y", "svc,deep,y", 1),
            "arms",
        ),
        bad(
            "a slice of words",
            &changed("c1,p1,0", "c1,p1,first"),
            "line 2",
        ),
        bad("a cell too few", &changed("0.75,0.25", "0.75"), ""),
        Input::good(
            Door::Predictions,
            "predictions: plain",
            "p.csv",
            PREDICTIONS,
        ),
    ]
}

fn splits() -> Vec<Input> {
    let bad = |name: &str, text: &str| {
        Input::bad(
            Door::Split,
            &format!("split: {name}"),
            "split.json",
            text,
            Code::Split,
            "",
        )
    };
    vec![
        bad("empty", ""),
        bad("cut off", r#"{"rule":"x","seed":1,"folds":[{"p1":"tr"#),
        bad("no folds", r#"{"rule":"x","seed":1}"#),
        bad(
            "a part unheard of",
            r#"{"rule":"x","seed":1,"folds":[{"p1":"exam"}]}"#,
        ),
        bad(
            "a patient twice",
            r#"{"rule":"x","seed":1,"folds":[{"p1":"train","p1":"test"}]}"#,
        ),
        bad(
            "a seed below 0",
            r#"{"rule":"x","seed":-1,"folds":[{"p1":"train"}]}"#,
        ),
        bad("a list", "[1, 2, 3]"),
        bad("deep nesting", &"[".repeat(100_000)),
        bad("a number", "1e999"),
        Input::good(
            Door::Split,
            "split: plain",
            "split.json",
            r#"{"rule":"x","seed":1,"folds":[{"p1":"train","p2":"valid","p3":"test"}]}"#,
        ),
    ]
}
