//! One network on seeded noise: images per second of training steps and of evaluation, and the peak of
//! memory, as a JSON line.
//!
//! `cargo bench --no-default-features --features deep --bench networks_peer -- NETWORK BATCH SIDE STEPS`
//!
//! A training step is forward, backward and AdamW on one batch, on two threads; the first step is outside the
//! clock. `benches/peers/networks.py` runs it in turn with PyTorch.

use std::time::Instant;

use raduet_deep::{AdamW, Decayed, Images, Model};

/// As in the tool.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLASSES: usize = 3;
const THREADS: usize = 2;
const LEARNING_RATE: f64 = 1e-4;
const WEIGHT_DECAY: f64 = 1e-5;
const MEGABYTE: f64 = 1e6;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // cargo adds it.
    arguments.retain(|argument| argument != "--bench");
    let [network, batch, side, steps] = &arguments[..] else {
        usage();
        return;
    };
    let number = |text: &String| text.parse::<usize>().expect("a whole number above zero");
    let (batch, side, steps) = (number(batch), number(side), number(steps));
    rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build_global()
        .expect("a pool of two threads");
    let pixels = noise(batch * 3 * side * side);
    let images = Images::new(&pixels, batch, side).expect("sizes fit");
    let labels: Vec<usize> = (0..batch).map(|k| k % CLASSES).collect();
    let mut model = Model::for_side(network, CLASSES, 42, side).expect("a registered network");
    let mut optimiser = AdamW::new(&model, WEIGHT_DECAY, Decayed::Matrices);
    // Starts the peak anew; without it only a higher one would be seen.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = resident("VmRSS");
    let mut step = || {
        let gradients = model.gradients(images, &labels).expect("a batch");
        optimiser
            .step(&mut model, &gradients, LEARNING_RATE)
            .expect("every parameter has a gradient");
        gradients.loss().expect("the loss of a batch")
    };
    let first = step();
    let (training, last) = clock(steps, &mut step);
    let peak = resident("VmHWM");
    let (evaluation, _) = clock(steps, || {
        model.logits(images).expect("a batch").concat()[0].into()
    });
    let per_second = |times: &[f64]| times.iter().map(|t| batch as f64 / t).collect::<Vec<_>>();
    print(&serde_json::json!({
        "network": network,
        "batch": batch,
        "side": side,
        "training": per_second(&training),
        "evaluation": per_second(&evaluation),
        "peak_mb": peak,
        "extra_mb": (peak - before).max(0.0),
        "loss": [first, last],
    }));
}

/// Seconds of each call, and what the last one returned.
fn clock(steps: usize, mut work: impl FnMut() -> f64) -> (Vec<f64>, f64) {
    let mut last = 0.0;
    let times = (0..steps)
        .map(|_| {
            let start = Instant::now();
            last = work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    (times, last)
}

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

/// A line of `/proc/self/status` in megabytes; 0 where there is no such file.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) * 1024.0 / MEGABYTE
}

#[expect(clippy::print_stdout, reason = "the result")]
fn print(result: &serde_json::Value) {
    println!("{result}");
}

#[expect(clippy::print_stderr, reason = "how it is called")]
fn usage() {
    eprintln!("usage: networks_peer NETWORK BATCH SIDE STEPS");
}
