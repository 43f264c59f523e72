//! Images per second of training networks, and the memory it takes, as a line of JSON for each.
//!
//! usage: `training_speed NETWORK[,NETWORK ...] DEVICE BATCH SIDE STEPS [WARMUP]`, where DEVICE is `cpu`,
//! `cuda:N` or `auto`.
//!
//! A step is what the trainer does with a batch: a pass forward and back, cross-entropy, AdamW with weight
//! decay. Images and labels are noise, and lie on the device. The loss is read once, after the last step: a GPU is never waited for
//! between steps. Where handing the work over takes as long as the work, the processor is what is waited for. `benches/peers/networks_gpu.py` runs this beside PyTorch.

use std::process::ExitCode;
use std::time::Instant;

use raduet_deep::device::{Choice, Place};
use raduet_deep::model::{Images, Model};
use raduet_deep::optimiser::AdamW;
use raduet_deep::settings::Decayed;

/// Classes of the classifier.
const CLASSES: usize = 3;
/// The recipe's learning rate and weight decay.
const RATE: f64 = 1e-4;
const DECAY: f64 = 1e-5;
/// Steps before the clock starts where none are given.
const WARMUP: usize = 3;

/// Batch, side, steps and steps of warm-up.
type Sizes = [usize; 4];

fn measure(
    network: &str,
    place: &Place,
    [batch, side, steps, warmup]: Sizes,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut model = Model::on(place, network, CLASSES, 1, side)?;
    let mut optimiser = AdamW::new(&model, DECAY, Decayed::Matrices);
    // A fixed sequence of numbers in -1..1 with no pattern that matters here.
    let mut state = 1_u32;
    let pixels: Vec<f32> = (0..batch * 3 * side * side)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0
        })
        .collect();
    let labels: Vec<usize> = (0..batch).map(|n| n % CLASSES).collect();
    let images = model.placed(Images::new(&pixels, batch, side)?)?;
    let mut loss = f64::NAN;
    // Seconds until the work was handed over, and until it was done.
    let mut run = |steps: usize| -> raduet_deep::Result<[f64; 2]> {
        let start = Instant::now();
        let mut handed_over = 0.0;
        for step in 0..steps {
            let gradients = model.gradients_of(&images, &labels)?;
            optimiser.step(&mut model, &gradients, RATE)?;
            if step + 1 == steps {
                handed_over = start.elapsed().as_secs_f64();
                loss = gradients.loss()?;
            }
        }
        place.wait()?;
        Ok([handed_over, start.elapsed().as_secs_f64()])
    };
    let [_, first] = run(warmup)?;
    // What is tried for the choice of algorithms is no need of training.
    place.forget_peak();
    let [handed_over, seconds] = run(steps)?;
    let peak = place
        .peak_bytes()
        .map_or_else(|| "null".into(), |bytes| bytes.to_string());
    Ok(format!(
        "{{\"side\":\"raduet\",\"network\":\"{network}\",\"device\":\"{}\",\"batch\":{batch},\"size\":{side},\
         \"steps\":{steps},\"warmup_seconds\":{first:.3},\"seconds\":{seconds:.5},\"seconds_to_hand_over\":{handed_over:.5},\"images_per_second\":{:.2},\
         \"peak_bytes\":{peak},\"loss\":{loss:.5}}}",
        place.describe(),
        (batch * steps) as f64 / seconds
    ))
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own"
)]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let ([networks, device, numbers @ ..], 5..=6) = (&words[..], words.len()) else {
        eprintln!("usage: training_speed NETWORK[,NETWORK ...] DEVICE BATCH SIDE STEPS [WARMUP]");
        return ExitCode::FAILURE;
    };
    let mut sizes = [0, 0, 0, WARMUP];
    for (size, word) in sizes.iter_mut().zip(numbers) {
        match word.parse() {
            Ok(number) => *size = number,
            Err(error) => {
                eprintln!("{word}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let place = match device.parse::<Choice>().and_then(Place::of) {
        Ok(place) => place,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut status = ExitCode::SUCCESS;
    for network in networks.split(',') {
        match measure(network, &place, sizes) {
            Ok(line) => println!("{line}"),
            Err(error) => {
                eprintln!("{network}: {error}");
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}
