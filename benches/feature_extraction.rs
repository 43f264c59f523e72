//! Throughput of feature extraction in pixels of the region, one thread: each family by side of the
//! slice and number of grey levels, then all families on one and on all threads.
//!
//! Inputs are seeded textures (`phantoms::texture`) within a disc that fills the slice.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array3;
use raduet_features::maps::{MapOptions, feature_maps};
use raduet_features::settings::Planes;
use raduet_features::{
    Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Profile, Roi, Spacing,
    engine, registry,
};
use raduet_testkit::reference::Table;
use raduet_testkit::{data, images, phantoms};

const SIDES: [usize; 3] = [64, 128, 256];
const GREY_LEVELS: [u32; 3] = [8, 32, 128];

fn disc(side: usize, levels: u32, seed: u64) -> Roi {
    let shape = (1, side, side);
    let values = phantoms::texture(side, side, levels, seed);
    let values = Array3::from_shape_vec(shape, values)
        .expect("a square")
        .mapv(f64::from);
    let inside = Array3::from_shape_vec(shape, phantoms::disc(side)).expect("a square");
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    Roi::from_arrays(&values, &inside, spacing)
        .expect("finite values")
        .expect("a region")
}

fn one_level_per_value() -> ExtractionSettings {
    let options = ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 1.0 },
        ..ExtractionOptions::default()
    };
    options.check().expect("valid settings")
}

fn families(criterion: &mut Criterion) {
    let settings = one_level_per_value();
    for family in ["shape2d", "firstorder", "glcm", "glrlm", "glszm"] {
        let set = FeatureSet::of(&[family]).expect("a family");
        let mut group = criterion.benchmark_group(family);
        for side in SIDES {
            for levels in GREY_LEVELS {
                let roi = disc(side, levels, 1);
                group.throughput(Throughput::Elements(roi.count() as u64));
                let id = BenchmarkId::new(format!("side {side}"), format!("{levels} levels"));
                group.bench_with_input(id, &roi, |bencher, roi| {
                    bencher.iter(|| engine::extract_one(&set, &settings, black_box(roi)));
                });
            }
        }
        group.finish();
    }
}

fn threads(criterion: &mut Criterion) {
    let (set, settings) = (FeatureSet::all_2d(), one_level_per_value());
    let rois: Vec<Roi> = (0..32).map(|seed| disc(128, 32, seed)).collect();
    let pixels: usize = rois.iter().map(Roi::count).sum();
    let mut group = criterion.benchmark_group("all families, 32 slices of side 128, 32 levels");
    group.throughput(Throughput::Elements(pixels as u64));
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    for threads in [1, all] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads");
        group.bench_function(BenchmarkId::new("threads", threads), |bencher| {
            bencher.iter(|| pool.install(|| engine::extract(&set, &settings, black_box(&rois))));
        });
    }
    group.finish();
}

/// The first twenty slices of the reference table at bin width 25, with the values in memory: what
/// `tests/reference/pyradiomics/time_slices.py` times for PyRadiomics. Left out without test data.
fn real_slices(criterion: &mut Criterion) {
    let table = Table::read("pyradiomics/slices.csv");
    let wanted = table
        .rows()
        .filter(|row| row.text("discretisation") == "binWidth=25");
    let mut slices = Vec::new();
    for row in wanted.take(20) {
        let [Some(image), Some(mask)] =
            ["image", "mask"].map(|column| data::path("real slices", row.text(column)))
        else {
            return;
        };
        let (image, mask) = (images::read(&image), images::read(&mask));
        let z: usize = row.text("slice").parse().expect("a slice");
        let shape = (1, image.shape[1], image.shape[2]);
        let values = Array3::from_shape_vec(shape, image.slice(z).to_vec()).expect("a slice");
        let mask = Array3::from_shape_vec(shape, mask.slice(z).to_vec()).expect("a slice");
        slices.push((values, mask.mapv(|label| label > 0.5)));
    }
    let (set, settings) = (FeatureSet::all_2d(), ExtractionSettings::default());
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let mut group = criterion.benchmark_group("real slices");
    group.throughput(Throughput::Elements(slices.len() as u64));
    group.bench_function("twenty, bin width 25, one thread", |bencher| {
        bencher.iter(|| {
            for (values, inside) in &slices {
                let roi = Roi::from_arrays(values, inside, spacing).expect("finite values");
                let found = engine::extract_one(&set, &settings, &roi.expect("a region"));
                black_box(found.expect("features"));
            }
        });
    });
    group.finish();
}

/// A ball of seeded values in a cube, one grey level for each 25.
fn ball(radius: usize) -> Roi {
    let side = 2 * radius + 1;
    let mut random = phantoms::Random::new(3);
    let values = Array3::from_shape_simple_fn((side, side, side), || f64::from(random.below(900)));
    let inside = Array3::from_shape_fn((side, side, side), |at| {
        let squares = [at.0, at.1, at.2].map(|index| index.abs_diff(radius).pow(2));
        squares.iter().sum::<usize>() <= radius * radius
    });
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let roi = Roi::from_arrays(&values, &inside, spacing).expect("finite values");
    roi.expect("a region")
}

/// Every class of volumes, each profile, on a ball of 230 thousand voxels, all threads.
fn volumes(criterion: &mut Criterion) {
    let roi = ball(38);
    let mut group = criterion.benchmark_group("volume of 230 thousand voxels");
    group.throughput(Throughput::Elements(roi.count() as u64));
    for profile in [Profile::PyRadiomics, Profile::Ibsi] {
        let options = ExtractionOptions {
            profile,
            ..ExtractionOptions::default()
        };
        let settings = options.check().expect("valid settings");
        for family in registry::families(profile) {
            let Ok(set) = FeatureSet::with(&[family.id()], &settings) else {
                continue;
            };
            if engine::extract_one(&set, &settings, &roi).is_err() {
                continue;
            }
            group.bench_function(BenchmarkId::new(profile.name(), family.id()), |bencher| {
                bencher.iter(|| engine::extract_one(&set, &settings, black_box(&roi)));
            });
        }
        let set = FeatureSet::all_3d(&settings);
        group.bench_function(BenchmarkId::new(profile.name(), "all"), |bencher| {
            bencher.iter(|| engine::extract_one(&set, &settings, black_box(&roi)));
        });
    }
    group.finish();
}

/// GLCM features at every voxel of a square of side 64, neighbourhoods of 3 x 3, all threads.
fn map(criterion: &mut Criterion) {
    let values = phantoms::texture(64, 64, 36, 5);
    let values = Array3::from_shape_vec((1, 64, 64), values).expect("a square");
    let inside = Array3::from_elem((1, 64, 64), true);
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let roi = Roi::from_arrays(
        &values.mapv(|level| f64::from(level) * 25.0),
        &inside,
        spacing,
    );
    let roi = roi.expect("finite values").expect("a region");
    let options = ExtractionOptions {
        planes: Planes::InSlices,
        ..ExtractionOptions::default()
    };
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(&["glcm"], &settings).expect("a family");
    let options = MapOptions {
        radius: 1,
        outside: 0.0,
    };
    let mut group = criterion.benchmark_group("map");
    group.throughput(Throughput::Elements(roi.count() as u64));
    group.bench_function("GLCM, 64 x 64, radius 1", |bencher| {
        bencher.iter(|| feature_maps(&set, &settings, black_box(&roi), options));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = families, threads, real_slices, volumes, map
}
criterion_main!(benches);
