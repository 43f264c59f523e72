//! Responses of PyRadiomics' image types at single voxels, and features of them.

use std::collections::BTreeMap;

use ndarray::{Array3, s};
use raduet_features::filters::Filter;
use raduet_features::filters::pyradiomics::{Number, Value, image_type};
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Roi, Spacing, engine,
};
use raduet_testkit::reference::{Comparison, Row, Table};
use raduet_testkit::{data, images};

const CASES: [&str; 3] = ["brain1", "breast1", "lung1"];

/// Agreement asked for, relative to the value.
const RELATIVE: f64 = 1e-9;

/// Relative to the largest response of the image: sums that cancel keep the rounding of their terms.
const CANCELLED: f64 = 1e-13;

/// A box of an image and the region in it.
struct Case {
    image: Array3<f64>,
    inside: Array3<bool>,
    spacing: Spacing,
}

fn three<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> [T; 3] {
    let numbers: Vec<T> = text
        .split(' ')
        .map(|n| n.parse().expect("a number"))
        .collect();
    numbers.try_into().ok().expect("three numbers")
}

impl Case {
    /// The box that a row of a table names, or `None` when the images are not there.
    fn read(test: &str, row: Row<'_>) -> Option<Self> {
        let [image, label] = ["image", "label"].map(|what| {
            let path = format!("pyradiomics/data/{}_{what}.nrrd", row.text("case"));
            data::path(test, &path).map(|path| images::read(&path))
        });
        let [z, y, x] = three::<usize>(row.text("low"));
        let [depth, height, width] = three::<usize>(row.text("size"));
        let cut = |image: images::Image| {
            let all = Array3::from_shape_vec(image.shape, image.values).expect("a volume");
            all.slice(s![z..z + depth, y..y + height, x..x + width])
                .to_owned()
        };
        Some(Self {
            image: cut(image?),
            inside: cut(label?).mapv(|label| (0.5..1.5).contains(&label)),
            spacing: Spacing::new(three(row.text("spacing"))).expect("a spacing"),
        })
    }
}

/// The filter that a row was made with.
fn filter(row: Row<'_>) -> Box<dyn Filter> {
    let given = row
        .text("parameters")
        .split(';')
        .filter(|text| !text.is_empty());
    let parameters: Vec<_> = given
        .map(|text| {
            let (name, value) = text.split_once('=').expect("name=value");
            (name, value_of(name, value))
        })
        .collect();
    image_type(row.text("image_type"), &parameters).expect("an image type")
}

fn value_of(name: &str, text: &str) -> Value {
    let number = |text: &str| {
        let whole = text.parse().map(Number::Whole);
        whole.or_else(|_| text.parse().map(Number::Real))
    };
    match text {
        "True" => Value::Flag(true),
        "False" => Value::Flag(false),
        _ if name == "sigma" => Value::Numbers(
            text.split(' ')
                .map(|n| number(n).expect("a number"))
                .collect(),
        ),
        _ => number(text).map_or_else(|_| Value::Text(text.into()), Value::Number),
    }
}

/// Calls `check` with each run of rows that one filter made, in order, and its responses.
fn each_filter(
    test: &str,
    rows: &[Row<'_>],
    mut check: impl FnMut(&Case, &[Row<'_>], &[Array3<f64>]),
) -> bool {
    let mut cases = BTreeMap::new();
    let made_by =
        |row: &Row<'_>| ["case", "image_type", "parameters"].map(|c| row.text(c).to_owned());
    for rows in rows.chunk_by(|a, b| made_by(a) == made_by(b)) {
        let name = rows[0].text("case");
        if !cases.contains_key(name) {
            let Some(case) = Case::read(test, rows[0]) else {
                return false;
            };
            cases.insert(name, case);
        }
        let case = &cases[name];
        let filter = filter(rows[0]);
        let expected: Vec<_> = rows.iter().map(|row| row.text("response")).collect();
        assert_eq!(filter.names(), expected, "{:?}", made_by(&rows[0]));

        let mut responses = Vec::new();
        filter
            .respond(&case.image, case.spacing, &mut |at, response| {
                assert_eq!(
                    at,
                    responses.len(),
                    "responses come in the order of their names"
                );
                responses.push(response);
                Ok(())
            })
            .expect("responses");
        check(case, rows, &responses);
    }
    true
}

#[test]
fn filter_responses_pyradiomics() {
    let test = "filter_responses_pyradiomics";
    let mut comparison = Comparison::default();
    for case in CASES {
        let table = Table::read(&format!("pyradiomics/filters_{case}.csv"));
        let rows: Vec<_> = table.rows().collect();
        let voxels = table.columns().iter().filter(|name| name.contains(' '));
        let voxels: Vec<_> = voxels.map(|name| (name, three::<usize>(name))).collect();
        let there = each_filter(test, &rows, |case, rows, responses| {
            for (row, response) in rows.iter().zip(responses) {
                assert_eq!(response.shape(), case.image.shape());
                let absolute = CANCELLED * row.number("largest");
                for (column, at) in &voxels {
                    let expected = row.number(column);
                    // LBP3D is made by PyRadiomics inside the region only.
                    if row.text("image_type") == "LBP3D" && !case.inside[*at] {
                        continue;
                    }
                    let what = ["case", "parameters", "response"].map(|column| row.text(column));
                    let what = format!("{} at {column}", what.join(" "));
                    comparison.check(&what, response[*at], expected, RELATIVE, absolute);
                }
            }
        });
        if !there {
            return;
        }
    }
    comparison.finish(test);
}

fn settings(row: Row<'_>) -> ExtractionSettings {
    let options = ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize {
            width: row.number("bin_width"),
        },
        maximum_bins: 60_000,
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

#[test]
fn features_of_filter_responses_pyradiomics() {
    let test = "features_of_filter_responses_pyradiomics";
    let table = Table::read("pyradiomics/filters_features.csv");
    let rows: Vec<_> = table.rows().collect();
    let sets = ["firstorder", "glszm"].map(|family| FeatureSet::of(&[family]).expect("a family"));
    let [whole, slice] = sets;
    let mut comparison = Comparison::default();
    let there = each_filter(test, &rows, |case, rows, responses| {
        for (row, response) in rows.iter().zip(responses) {
            let z: usize = row.text("slice").parse().expect("a slice");
            let mut only = Array3::from_elem(case.inside.raw_dim(), false);
            only.slice_mut(s![z, .., ..])
                .assign(&case.inside.slice(s![z, .., ..]));
            for (set, inside) in [(&whole, &case.inside), (&slice, &only)] {
                let roi = Roi::from_arrays(response, inside, case.spacing);
                let roi = roi.expect("finite values").expect("a region");
                let found = engine::extract_one(set, &settings(*row), &roi).expect("features");
                for (column, found) in set.columns().iter().zip(found.values()) {
                    let column = column.replace("original_", "");
                    let what = ["case", "parameters", "response"].map(|name| row.text(name));
                    let what = format!("{} {column}", what.join(" "));
                    comparison.check(&what, *found, row.number(&column), RELATIVE, 0.0);
                }
            }
        }
    });
    if there {
        comparison.finish(test);
    }
}
