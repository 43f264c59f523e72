//! The list of known data sets: what it says, and how its faults are told.

use raduet::error::Code;
use raduet::manifest::{DataLayout, DataManifest};

#[test]
fn the_built_in_list_says_what_the_paper_facts_say() {
    let list = DataManifest::built_in();
    assert_eq!(list.default_split_seed, 42);
    let cirrmri = list.dataset("cirrmri600").expect("known");
    assert_eq!(cirrmri.layout, DataLayout::CirrMri600);
    assert_eq!(cirrmri.classes, ["mild", "moderate", "severe"]);
    assert_eq!(cirrmri.labels["3"], "severe");
    assert_eq!(cirrmri.licence, "CC-BY-NC-4.0");
    let counts: Vec<_> = cirrmri
        .expected
        .iter()
        .map(|part| (part.cases, part.train, part.per_class.clone()))
        .collect();
    assert_eq!(counts[0], (310, Some(248), vec![127, 109, 74]));
    assert_eq!(counts[1], (318, Some(256), vec![131, 114, 73]));
    assert_eq!(counts[2], (291, Some(234), vec![121, 107, 63]));
    assert_eq!(counts[3], (337, None, vec![137, 116, 84]));
    let hashes = cirrmri.files.iter().filter(|f| f.sha256.is_some()).count();
    assert_eq!((cirrmri.files.len(), hashes), (5, 2));
    let phantom = list.dataset("phantom").expect("known");
    assert_eq!(
        (phantom.layout, phantom.seed),
        (DataLayout::Phantom, Some(42))
    );
    assert_eq!(phantom.classes.len(), 3);
}

#[test]
fn an_unknown_data_set_is_told_with_the_nearest_name() {
    let error = DataManifest::built_in()
        .dataset("cirrmri")
        .expect_err("unknown");
    assert_eq!(error.code, Code::Manifest);
    let error = DataManifest::built_in()
        .dataset("phanton")
        .expect_err("unknown");
    assert_eq!(error.remedy, "did you mean 'phantom'?");
}

const GOOD: &str = r#"
format = 1
default_split_seed = 7
[datasets.a]
title = "A"
source = "here"
licence = "CC0-1.0"
layout = "csv"
patient_key = "id"
classes = ["x", "y"]
"#;

fn faults(text: &str) -> Vec<String> {
    let faults = DataManifest::parse(text).expect_err("faulty");
    faults
        .list()
        .iter()
        .map(|fault| {
            assert_eq!(fault.code, Code::Manifest);
            assert!(fault.file.is_some());
            format!("{}|{}", fault.found, fault.remedy)
        })
        .collect()
}

#[test]
fn a_good_list_is_read() {
    let list = DataManifest::parse(GOOD).expect("good");
    assert_eq!(list.default_split_seed, 7);
    assert_eq!(list.datasets["a"].classes, ["x", "y"]);
}

#[test]
fn all_faults_are_told_at_once() {
    let text = GOOD
        .replace("licence =", "lisence =")
        .replace("\"csv\"", "\"folder\"")
        .replace("format = 1", "format = 2\nsede = 1")
        .replace("\"x\", \"y\"", "\"x\", \"x\"")
        + "labels = { 1 = \"z\" }\nfiles = [{ name = \"a/b\", sha256 = \"12\", contents = \"\" }]\n\
           expected = [{ name = \"all\", cases = 3, train = 1, valid = 1, test = 2, per_class = [1] }]\n";
    let found = faults(&text);
    for expected in [
        "unknown key sede|known keys: format, default_split_seed, datasets",
        "unknown key datasets.a.lisence|did you mean 'licence'?",
        "unknown key datasets.a.files[0].contents|did you mean 'content'?",
    ] {
        assert!(
            found.contains(&expected.to_owned()),
            "no '{expected}' in {found:#?}"
        );
    }
    for begin in [
        "format: another edition",
        "datasets.a.licence: missing",
        "datasets.a.layout: 'folder'",
        "datasets.a.classes: an empty or repeated class",
        "datasets.a.labels.1: ",
        "datasets.a.files[0].sha256",
        "datasets.a.files[0].name: 'a/b'",
        "datasets.a.files[0].content: missing",
        "datasets.a.expected[0].cases",
        "datasets.a.expected[0].per_class",
    ] {
        assert!(
            found.iter().any(|f| f.starts_with(begin)),
            "no '{begin}' in {found:#?}"
        );
    }
    assert_eq!(found.len(), 13, "{found:#?}");
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line() {
    let found = faults("format = 1\ndefault_split_seed = \n");
    assert!(found[0].starts_with("line 2: "), "{found:?}");
    assert_eq!(faults("format = 1\ndefault_split_seed = 1\n").len(), 1);
}
