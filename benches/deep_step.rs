//! One training step (forward, backward, AdamW) of the networks: batches of 8, seeded noise as images,
//! throughput in images per second on all threads.
//!
//! `cargo bench --bench deep_step`; one thread: `RAYON_NUM_THREADS=1`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use raduet_deep::{AdamW, Decayed, Images, Model};

/// As in the tool: fresh pages from the system allocator cost a tenth of a step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 8;
const NETWORKS: [&str; 2] = ["resnet18", "mobilenet_v3_small"];
const SIDES: [usize; 3] = [64, 128, 224];

/// Pixels between -1 and 1 without a pattern.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

fn deep_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("deep_step");
    group.sample_size(10);
    group.throughput(Throughput::Elements(BATCH as u64));
    let labels: Vec<usize> = (0..BATCH).map(|k| k % 3).collect();
    for name in NETWORKS {
        for side in SIDES {
            let pixels = noise(BATCH * 3 * side * side);
            let images = Images::new(&pixels, BATCH, side).expect("sizes fit");
            let mut model = Model::new(name, 3, 42).expect("a registered network");
            let mut optimiser = AdamW::new(&model, 1e-5, Decayed::Matrices);
            group.bench_function(BenchmarkId::new(name, side), |bencher| {
                bencher.iter(|| {
                    let gradients = model.gradients(images, &labels).expect("a batch");
                    optimiser
                        .step(&mut model, &gradients, 1e-4)
                        .expect("every parameter has a gradient");
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, deep_step);
criterion_main!(benches);
