//! Settings, what is shown of foreign text, and the journal.

use raduet::error::{Code, ToolError, shown};
use raduet::journal::Journal;
use raduet::params::Parameters;
use raduet::report_writers::escape;
use raduet::settings::file;

use super::volumes::placed;
use super::well_said;

pub(super) const STUDY: &str = "name = 'x'\npreset = 'quick'\n[cohort]\npath = 'manifest.csv'\n\
    sequence = 'T1'\n[split]\ntest = 0.2\nseed = 7\n[features]\nbin_count = 32\n[learners]\n";

pub(super) const PARAMS: &str = "setting:\n  binWidth: 25\n  resampledPixelSpacing: [1, 1, 1]\n\
    imageType:\n  Original: {}\n  LoG: {sigma: [1.0, 2.0]}\nfeatureClass:\n  glcm:\n    - Contrast\n";

pub(super) fn study_toml(data: &[u8]) {
    if let Err(faults) = file::read(&placed("study.toml", data), None) {
        faults.list().iter().for_each(well_said);
    }
}

pub(super) fn params_yaml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(faults) = Parameters::parse(&text, &[]) {
        faults.list().iter().for_each(well_said);
    }
}

/// Escaped text has no mark of its own left, and read back as a browser does it is the text.
pub(super) fn html_escape(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let escaped = escape::html(&text);
    assert!(!escaped.contains(['<', '>', '"', '\'']));
    let mut read = String::new();
    let mut rest = escaped.as_str();
    while let Some(at) = rest.find('&') {
        read.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&#39;", '\''),
        ];
        let (entity, sign) = known
            .into_iter()
            .find(|(entity, _)| rest.starts_with(entity))
            .unwrap_or_else(|| panic!("a bare & in {escaped:?}"));
        read.push(sign);
        rest = &rest[entity.len()..];
    }
    read.push_str(rest);
    let expected: String = text
        .chars()
        .map(|c| if is_unshown(c) { '\u{fffd}' } else { c })
        .collect();
    assert_eq!(read, expected);
}

/// Controls, ends of lines, and signs that turn the direction of text or are not seen.
fn is_unshown(c: char) -> bool {
    let ranges = [
        ('\u{2028}', '\u{202e}'),
        ('\u{2060}', '\u{206f}'),
        ('\u{fff9}', '\u{fffb}'),
    ];
    c.is_control()
        || "\u{61c}\u{200b}\u{200e}\u{200f}\u{feff}".contains(c)
        || ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&c))
}

/// Text from outside on a terminal: one line, nothing that it runs, for errors as well.
pub(super) fn terminal_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let safe = shown(&text);
    assert!(!safe.chars().any(is_unshown));
    let error = ToolError::new(Code::Header, text.as_ref())
        .file(text.as_ref())
        .expected(text.as_ref())
        .remedy("x")
        .case(raduet_study::CaseId::new(text.as_ref()));
    assert!(!error.to_string().chars().any(is_unshown));
}

pub(super) fn seed_journal() -> Vec<Vec<u8>> {
    let path = placed("seed.journal", b"");
    let _ = std::fs::remove_file(&path);
    let (mut journal, _) = Journal::open::<(u32, f64)>(&path, "key").expect("a folder of our own");
    for record in [(1, 1.5), (2, -0.25), (3, 1e300)] {
        journal.append(&record).expect("room");
    }
    drop(journal);
    vec![std::fs::read(path).expect("its own file"), b"x".to_vec()]
}

/// Any bytes as a journal: what it gives back is a beginning of what stands there, it can be continued, and a
/// second look gives the same.
pub(super) fn journal(data: &[u8]) {
    let path = placed("fuzz.journal", data);
    let (mut journal, before) = match Journal::open::<(u32, f64)>(&path, "key") {
        Ok(opened) => opened,
        Err(error) => {
            // Somebody else's file is left as it is.
            assert_eq!(error.code, Code::Output);
            assert_eq!(std::fs::read(&path).expect("its own file"), data);
            return;
        }
    };
    journal.append(&(9, 9.5)).expect("room");
    drop(journal);
    let (journal, after) = Journal::open::<(u32, f64)>(&path, "key").expect("our own folder");
    drop(journal);
    assert_eq!(after.len(), before.len() + 1);
    let same = |a: &(u32, f64), b: &(u32, f64)| a.0 == b.0 && a.1.to_bits() == b.1.to_bits();
    assert!(before.iter().zip(&after).all(|(a, b)| same(a, b)));
    assert_eq!(after.last().map(|last| last.0), Some(9));
}
