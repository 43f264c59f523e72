//! Feature maps against PyRadiomics' voxel-based extraction (`tests/reference/pyradiomics/maps.csv`).
//!
//! Deviation: where a direction holds no pair within a neighbourhood, PyRadiomics leaves two GLCM features
//! undefined (its joint average takes the plain mean over directions, its maximal correlation coefficient fails on
//! the empty matrix). Ours are the means over the directions that have pairs, as for regions.

use std::collections::BTreeMap;

use raduet_features::maps::{MapOptions, feature_maps};
use raduet_features::settings::Planes;
use raduet_features::{ExtractionOptions, FeatureSet, Roi};
use raduet_testkit::reference::{Comparison, Table};

use crate::cases_pyradiomics::case;

const NAME: &str = "maps_pyradiomics";

/// Features that PyRadiomics leaves undefined where a direction is empty.
const UNDEFINED_THERE: [&str; 2] = ["original_glcm_JointAverage", "original_glcm_MCC"];

#[test]
fn maps_have_the_values_of_pyradiomics() {
    let table = Table::read("pyradiomics/maps.csv");
    let mut made = BTreeMap::new();
    let mut comparison = Comparison::default();
    let mut deviations = 0;
    for row in table.rows() {
        let key = ["case", "radius", "kernel"].map(|column| row.text(column).to_owned());
        if !made.contains_key(&key) {
            let Some((volume, mask)) = case(NAME, &key[0]) else {
                return;
            };
            let roi = Roi::from_volume(&volume, &mask).expect("finite values");
            let roi = roi.expect("a region");
            let settings = ExtractionOptions {
                planes: match key[2].as_str() {
                    "2D" => Planes::InSlices,
                    _ => Planes::Volume,
                },
                ..ExtractionOptions::default()
            };
            let settings = settings.check().expect("valid settings");
            let families = ["firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"];
            let set = FeatureSet::with(&families, &settings).expect("families");
            let options = MapOptions {
                radius: key[1].parse().expect("a radius"),
                outside: 0.0,
            };
            let maps = feature_maps(&set, &settings, &roi, options).expect("maps");
            made.insert(key.clone(), (set.columns(), maps, roi.offset()));
        }
        let (columns, maps, offset) = &made[&key];
        let at: [usize; 3] = ["z", "y", "x"].map(|axis| row.text(axis).parse().expect("an index"));
        let [z, y, x] = std::array::from_fn(|axis| at[axis] - offset[axis]);
        for (column, map) in columns.iter().zip(maps) {
            if UNDEFINED_THERE.contains(&column.as_str()) && row.number(column).is_nan() {
                deviations += 1;
                continue;
            }
            let what = format!("{key:?} {at:?} {column}");
            comparison.check(&what, map[[z, y, x]], row.number(column), 1e-9, 0.0);
        }
    }
    assert_eq!(deviations, 39, "values that PyRadiomics leaves undefined");
    comparison.finish(NAME);
}
