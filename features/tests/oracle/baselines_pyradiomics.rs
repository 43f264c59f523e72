//! The baselines that PyRadiomics is published with: five cases of MR and CT, each measured with several
//! settings, against volumes measured by us.
//!
//! The tables lie with the test data, one a family; a column is named by its case and the suffix of its
//! settings (`brain1_2d`), a row by the feature.

use std::collections::BTreeMap;
use std::fs;

use ndarray::Array3;
use raduet_features::settings::{Planes, Resegmentation, ResegmentationRange, WeightingNorm};
use raduet_features::{Discretisation, ExtractionOptions, FeatureSet, Roi, Spacing, engine};
use raduet_testkit::reference::Comparison;
use raduet_testkit::{data, images};

/// Agreement asked for: the baselines were computed by older versions of numpy, whose sums round
/// differently.
pub(crate) const RELATIVE: f64 = 1e-9;

/// The cases, all with label 1.
pub(crate) const CASES: [&str; 5] = ["brain1", "brain2", "breast1", "lung1", "lung2"];

/// A suffix of columns and how its settings differ from PyRadiomics' defaults.
pub(crate) type Variant = (&'static str, fn(&mut ExtractionOptions));

/// The defaults but for `voxelArrayShift: 2000`.
pub(crate) const PLAIN: Variant = ("", |options| options.voxel_array_shift = 2000.0);
/// `force2D: true`, slices along z.
pub(crate) const IN_SLICES: Variant = ("_2d", |options| options.planes = Planes::InSlices);
/// `binCount: 64`.
pub(crate) const FIXED_BIN_NUMBER: Variant = ("_FBN", |options| {
    options.discretisation = Discretisation::PyRadiomicsFixedBinNumber { count: 64 };
});
/// `weightingNorm: no_weighting`.
pub(crate) const COMBINED: Variant = ("_combined", |options| {
    options.weighting = Some(WeightingNorm::Unweighted);
});
/// `binWidth: 5000, resegmentRange: [0]`: one grey level.
pub(crate) const FLAT_REGION: Variant = ("_flatRegion", |options| {
    options.discretisation = Discretisation::PyRadiomicsFixedBinSize { width: 5000.0 };
    options.resegmentation = Some(within(ResegmentationRange::Absolute {
        low: 0.0,
        high: f64::INFINITY,
    }));
});
/// `resegmentRange: [-3, 3], resegmentMode: sigma`.
pub(crate) const RESEGMENTATION: Variant = ("_resegmentation", |options| {
    options.resegmentation = Some(within(ResegmentationRange::Deviations {
        low: -3.0,
        high: 3.0,
    }));
});

fn within(range: ResegmentationRange) -> Resegmentation {
    Resegmentation {
        range: Some(range),
        outliers: None,
    }
}

/// A value that differs on purpose: beginning of the column, beginning of the feature, what is accepted
/// given (found, expected), why.
pub(crate) type Deviation = (
    &'static str,
    &'static str,
    fn(f64, f64) -> bool,
    &'static str,
);

/// A table of a family: values by column and feature.
pub(crate) struct Baseline {
    columns: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
}

impl Baseline {
    /// The table of a family, or `None` after saying that `test` skips.
    #[expect(
        clippy::disallowed_methods,
        reason = "the test reads a table with quoted cells, not the engine"
    )]
    pub(crate) fn read(test: &str, family: &str) -> Option<Self> {
        let path = data::path(test, &format!("pyradiomics/baseline/baseline_{family}.csv"))?;
        let text = fs::read_to_string(path).expect("a table");
        let mut lines = text.lines().map(cells);
        let columns = lines.next().expect("a head").split_off(1);
        let rows = lines
            .map(|mut cells| {
                let values = cells.split_off(1);
                assert_eq!(values.len(), columns.len(), "{cells:?}");
                (cells.swap_remove(0), values)
            })
            .collect();
        Some(Self { columns, rows })
    }

    /// A cell; none where the table has no such column.
    pub(crate) fn text(&self, row: &str, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        let row = self.rows.get(row);
        Some(&row.unwrap_or_else(|| panic!("no row for {column}"))[at])
    }

    /// The features in the table.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        let names = self.rows.keys().map(String::as_str);
        names.filter(|name| name.starts_with("original_"))
    }

    /// Voxels of the region and distance of voxels as the table has them.
    fn diagnostics(&self, column: &str) -> Option<(usize, Spacing)> {
        let voxels = self.text("diagnostics_Mask-original_VoxelNum", column)?;
        let spacing = self.text("diagnostics_Image-original_Spacing", column)?;
        let mut xyz = spacing
            .trim_matches(['(', ')'])
            .split(", ")
            .map(|length| length.parse().expect("a length in mm"));
        let mut next = || xyz.next().expect("three lengths");
        let (x, y, z) = (next(), next(), next());
        let spacing = Spacing::new([z, y, x]).expect("lengths above zero");
        Some((voxels.parse().expect("a number"), spacing))
    }
}

/// The cells of a line; quoted cells may hold commas, none holds a quote.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("never empty").push(c),
        }
    }
    cells
}

/// The whole region of a case, before re-segmentation, or `None` after saying that `test` skips.
pub(crate) fn region(test: &str, case: &str, spacing: Spacing) -> Option<Roi> {
    let [image, label] = ["image", "label"].map(|which| {
        data::path(test, &format!("pyradiomics/data/{case}_{which}.nrrd"))
            .map(|path| images::read(&path))
    });
    let (image, label) = (image?, label?);
    let values = Array3::from_shape_vec(image.shape, image.values).expect("a volume");
    let label = Array3::from_shape_vec(label.shape, label.values).expect("a volume");
    let inside = label.mapv(|label| (0.5..1.5).contains(&label));
    let roi = Roi::from_arrays(&values, &inside, spacing).expect("finite values");
    Some(roi.expect("a region"))
}

/// Compares all values of a family in the columns of the variants. Deviations have to occur; what
/// agrees with the baseline is none.
pub(crate) fn compare_family(family: &str, variants: &[Variant], deviations: &[Deviation]) {
    let test = format!("{family} baselines of PyRadiomics");
    let Some(baseline) = Baseline::read(&test, family) else {
        return;
    };
    let mut comparison = Comparison::default();
    let mut seen = vec![0; deviations.len()];
    for case in CASES {
        let (voxels, spacing) = baseline.diagnostics(case).expect("a plain column");
        let Some(whole) = region(&test, case, spacing) else {
            return;
        };
        assert_eq!(whole.count(), voxels, "{case}");
        for (suffix, change) in variants {
            let column = format!("{case}{suffix}");
            let mut options = ExtractionOptions::default();
            change(&mut options);
            let settings = options.check().expect("valid settings");
            let kept = settings.resegmentation.map(|rule| whole.resegmented(rule));
            let roi = kept.map_or_else(|| whole.clone(), |roi| roi.expect("something left"));
            let set = FeatureSet::with(&[family], &settings).expect("a family");
            let found = engine::extract_one(&set, &settings, &roi).expect("features");
            assert_eq!(set.width(), baseline.features().count(), "{family}");
            for (name, found) in set.columns().iter().zip(found.values()) {
                let expected = baseline.text(name, &column).expect("a column");
                let expected: f64 = expected.parse().expect("a number");
                let known = deviations.iter().position(|(of, feature, ..)| {
                    column.starts_with(of) && name.starts_with(feature)
                });
                let Some(known) = known else {
                    let what = format!("{column} {name}");
                    comparison.check(&what, *found, expected, RELATIVE, 0.0);
                    continue;
                };
                let (.., accepted, reason) = deviations[known];
                let off = (found - expected).abs();
                assert!(
                    accepted(*found, expected),
                    "{column} {name}: found {found:e}, expected {expected:e}, but: {reason}"
                );
                assert!(
                    off > RELATIVE * expected.abs(),
                    "{column} {name}: no deviation any more"
                );
                seen[known] += 1;
            }
        }
    }
    for (times, (column, feature, ..)) in seen.iter().zip(deviations) {
        assert!(*times > 0, "{column} {feature}: no such value");
    }
    comparison.finish(&test);
}
