//! Invariants of volumes: what must not change the features of either profile, or not a single bit of them.

use ndarray::{Array3, Axis, s};
use proptest::prelude::*;
use raduet_features::extractor::{Extractor, ImageSource, Processing};
use raduet_features::filters::pyradiomics::image_type;
use raduet_features::{
    Affine, Aggregation, Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Grid,
    MaskVolume, Profile, Roi, Scaling, Spacing, Volume, Voxels, engine,
};
use raduet_testkit::phantoms::Random;

/// A volume of whole numbers with a mask; at least one voxel is inside.
#[derive(Debug, Clone)]
struct Cube {
    values: Array3<f64>,
    inside: Array3<bool>,
}

prop_compose! {
    fn cubes()(shape in (1_usize..6, 1_usize..7, 1_usize..8), levels in 1_u32..9, seed in any::<u64>(), holes in 0_u32..7) -> Cube {
        let mut random = Random::new(seed);
        let values = Array3::from_shape_simple_fn(shape, || f64::from(10 * random.below(levels) + 5));
        let mut inside = Array3::from_shape_simple_fn(shape, || random.below(10) >= holes);
        inside[[shape.0 / 2, shape.1 / 2, shape.2 / 2]] = true;
        Cube { values, inside }
    }
}

fn roi(cube: &Cube) -> Roi {
    let spacing = Spacing::new([1.5; 3]).expect("a spacing");
    let roi = Roi::from_arrays(&cube.values, &cube.inside, spacing);
    roi.expect("finite values").expect("a voxel")
}

fn settings(profile: Profile) -> ExtractionSettings {
    let options = ExtractionOptions {
        profile,
        discretisation: match profile {
            Profile::PyRadiomics => Discretisation::PyRadiomicsFixedBinSize { width: 10.0 },
            Profile::Ibsi => Discretisation::FixedBinSize {
                width: 10.0,
                lower: None,
            },
        },
        aggregations: Aggregation::ALL.to_vec(),
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

/// Names and values of all features of volumes.
fn features(profile: Profile, cube: &Cube) -> Vec<(String, f64)> {
    let settings = settings(profile);
    let set = FeatureSet::all_3d(&settings);
    let found = engine::extract_one(&set, &settings, &roi(cube)).expect("features");
    set.columns().into_iter().zip(found.into_values()).collect()
}

/// Names of features whose bits differ.
fn changed(a: &[(String, f64)], b: &[(String, f64)]) -> Vec<String> {
    let both = a.iter().zip(b);
    let changed = both.filter(|((_, a), (_, b))| a.to_bits() != b.to_bits());
    changed.map(|((name, _), _)| name.clone()).collect()
}

/// Names of features that differ by more than rounding, with both values.
fn different(a: &[(String, f64)], b: &[(String, f64)]) -> Vec<String> {
    let both = a.iter().zip(b);
    both.filter(|((_, a), (_, b))| {
        let same = a.is_nan() && b.is_nan();
        !same && (a - b).abs() > 1e-8 * a.abs().max(b.abs()) + 1e-9
    })
    .map(|((name, a), (_, b))| format!("{name}: {a} {b}"))
    .collect()
}

/// One of the 48 ways to lay a cube onto itself: an order of the axes and which of them are turned round.
fn laid<T: Clone>(array: &Array3<T>, order: [usize; 3], turned: [bool; 3]) -> Array3<T> {
    let mut view = array.view().permuted_axes(order);
    for (axis, turned) in turned.into_iter().enumerate() {
        if turned {
            view.invert_axis(Axis(axis));
        }
    }
    view.as_standard_layout().into_owned()
}

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// Features that depend on the axes by their definition: diameters within planes, the bounding box, the mesh
/// of PyRadiomics (its table of cubes is not symmetric), and everything counted slice by slice.
fn depends_on_axes(name: &str) -> bool {
    let of_mesh = [
        "MeshVolume",
        "SurfaceArea",
        "Sphericity",
        "SurfaceVolumeRatio",
    ];
    name.contains("Maximum2DDiameter")
        || of_mesh.iter().any(|end| name.ends_with(end))
        || ["2d", "2_5d"]
            .iter()
            .any(|way| name.ends_with(way) || name.contains(&format!("_{way}_")))
}

proptest! {
    // A failing case is printed; nothing is written.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_48_symmetries_change_rounding_only(cube in cubes(), order in 0_usize..6, turned in any::<[bool; 3]>()) {
        let moved = Cube {
            values: laid(&cube.values, ORDERS[order], turned),
            inside: laid(&cube.inside, ORDERS[order], turned),
        };
        for profile in [Profile::PyRadiomics, Profile::Ibsi] {
            let (mut a, mut b) = (features(profile, &cube), features(profile, &moved));
            a.retain(|(name, _)| !depends_on_axes(name));
            b.retain(|(name, _)| !depends_on_axes(name));
            prop_assert!(a.len() > 90, "{} features", a.len());
            prop_assert_eq!(different(&a, &b), Vec::<String>::new());
        }
    }

    /// Where the region lies in the image, and what is around it, plays no part.
    #[test]
    fn padding_keeps_every_bit(cube in cubes(), before in prop::array::uniform3(0_usize..3), after in 0_usize..3) {
        let [z, y, x] = before;
        let (nz, ny, nx) = cube.values.dim();
        let shape = (nz + z + after, ny + y, nx + x + after);
        let mut padded = Cube {
            values: Array3::from_elem(shape, f64::NAN),
            inside: Array3::from_elem(shape, false),
        };
        let place = s![z..z + nz, y..y + ny, x..x + nx];
        padded.values.slice_mut(place).assign(&cube.values);
        padded.inside.slice_mut(place).assign(&cube.inside);
        for profile in [Profile::PyRadiomics, Profile::Ibsi] {
            // Beyond a region that was cut out of plain arrays there is nothing for the local peaks to see.
            let (mut a, mut b) = (features(profile, &cube), features(profile, &padded));
            a.retain(|(name, _)| !name.starts_with("local_intensity"));
            b.retain(|(name, _)| !name.starts_with("local_intensity"));
            prop_assert_eq!(changed(&a, &b), Vec::<String>::new());
        }
    }

    /// Adding whole bins moves no voxel into another bin.
    #[test]
    fn adding_whole_bins_keeps_every_bit_of_texture(cube in cubes(), bins in -9_i32..9) {
        let values = cube.values.mapv(|value| value + f64::from(10 * bins));
        let moved = Cube { values, ..cube.clone() };
        for profile in [Profile::PyRadiomics, Profile::Ibsi] {
            let (mut a, mut b) = (features(profile, &cube), features(profile, &moved));
            let texture = |name: &str| ["glcm", "gldm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"].iter().any(|family| name.contains(family));
            a.retain(|(name, _)| texture(name));
            b.retain(|(name, _)| texture(name));
            prop_assert!(a.len() > 70);
            prop_assert_eq!(changed(&a, &b), Vec::<String>::new());
        }
    }

    /// What is counted within slices does not see their order.
    #[test]
    fn slices_in_another_order_change_rounding_only(cube in cubes(), seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let mut order: Vec<usize> = (0..cube.values.dim().0).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(u32::try_from(at).expect("few") + 1) as usize);
        }
        let moved = Cube {
            values: cube.values.select(Axis(0), &order),
            inside: cube.inside.select(Axis(0), &order),
        };
        let within = |(name, _): &(String, f64)| {
            // The distance to the edge is measured on the region's box, but within its slices.
            name.ends_with("_2d") || name.ends_with("_2_5d") || name.contains("_2d_") || name.contains("_2_5d_")
        };
        let (mut a, mut b) = (features(Profile::Ibsi, &cube), features(Profile::Ibsi, &moved));
        a.retain(within);
        b.retain(within);
        prop_assert!(a.len() > 100, "{} features", a.len());
        prop_assert_eq!(different(&a, &b), Vec::<String>::new());
    }
}

/// Cases, slices, filters, both profiles: the same bits on 1, 2 and 4 threads.
#[test]
fn threads_change_no_bit() {
    let mut random = Random::new(11);
    let shape = [12, 40, 44];
    let grid = Grid {
        shape,
        spacing: Spacing::new([3.0, 1.0, 1.0]).expect("a spacing"),
        affine: Affine([
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 3.0, 0.0],
        ]),
    };
    #[expect(clippy::cast_possible_truncation, reason = "below 600")]
    let values = Array3::from_shape_simple_fn(shape, || random.below(600) as i16);
    let inside = Array3::from_shape_fn(shape, |(z, y, x)| {
        (z as f64 - 5.5).abs() < 5.0 && (y as f64 - 20.0).hypot(x as f64 - 22.0) < 17.0
    });
    let volume = Volume::new(Voxels::I16(values), Scaling::NONE, grid).expect("one shape");
    let mask = MaskVolume::new(inside, grid).expect("one shape");
    let bits_on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| {
            let mut bits = Vec::new();
            for profile in [Profile::PyRadiomics, Profile::Ibsi] {
                let settings = settings(profile);
                let filters = ["LoG", "Wavelet", "Gradient"].map(|name| {
                    use raduet_features::filters::pyradiomics::{Number, Value};
                    let sigma = Value::Numbers(vec![Number::Real(2.0)]);
                    let given: &[_] = if name == "LoG" {
                        &[("sigma", sigma)]
                    } else {
                        &[]
                    };
                    ImageSource {
                        filter: Some(image_type(name, given).expect("a filter")),
                        settings: None,
                    }
                });
                let images = [ImageSource::default()]
                    .into_iter()
                    .chain(filters)
                    .collect();
                let set = FeatureSet::all_3d(&settings);
                let extractor = Extractor::new(set, settings, Processing::default(), images, 2);
                let extractor = extractor.expect("a plan");
                let case = extractor.case(&volume, &mask).expect("features");
                let slices = extractor.slices(&volume, &mask).expect("slices");
                let slices = slices
                    .into_iter()
                    .map(|(_, slice)| slice.expect("features"));
                for measured in [case].into_iter().chain(slices) {
                    bits.extend(measured.values.iter().map(|value| value.to_bits()));
                }
            }
            bits
        })
    };
    let one = bits_on(1);
    assert!(one.len() > 10_000, "{} values", one.len());
    assert_eq!(one, bits_on(2));
    assert_eq!(one, bits_on(4));
}
