//! Trying networks before a run: one batch forward and back, or one batch learned by heart.

use std::ops::ControlFlow;
use std::time::Instant;

use raduet_deep::{ImageSample, Trainer};
use raduet_study::ClassNames;
use serde::Serialize;

use super::settings::train_settings;
use super::{FoldRows, Start, failed};
use crate::console::Console;
use crate::error::Result;
use crate::interrupt;
use crate::provenance::peak_memory;
use crate::settings::Settings;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsal {
    /// A batch forward and back.
    DryRun,
    /// A batch learned by heart in so many steps.
    OverfitBatch(usize),
}

/// What a trial showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    /// The network.
    pub name: String,
    /// Learned numbers.
    pub parameters: usize,
    /// Samples, channels, rows, columns of the batch.
    pub images: [usize; 4],
    /// Batches of an epoch.
    pub batches: usize,
    /// Bytes that training keeps throughout.
    pub kept_bytes: usize,
    /// Largest resident memory of this program so far, where the system tells it.
    pub peak_memory_bytes: Option<u64>,
    /// Seconds of a batch forward and back, the second one.
    pub seconds_per_batch: f64,
    /// Loss of the batch as the network starts.
    pub loss: f64,
    /// Norm of all gradients together.
    pub gradient_norm: f64,
    /// Loss of the batch after learning it by heart, where that was asked for.
    pub learned_loss: Option<f64>,
}

impl Rehearsal {
    /// Tries one network on the first batch of a fold.
    ///
    /// # Errors
    /// The network room's, as settings.
    pub fn of(
        self,
        name: &str,
        settings: &Settings,
        classes: &ClassNames,
        (samples, fold): (&[ImageSample], &FoldRows),
        console: Console,
    ) -> Result<Tried> {
        let (network, _) = Start::of(name);
        let expanded = train_settings(network, &settings.networks, settings.split.seed)?;
        let choose = |rows: &[usize]| -> Vec<ImageSample> {
            rows.iter().map(|&row| samples[row].clone()).collect()
        };
        let (train, valid) = (choose(&fold.train), choose(&fold.valid));
        let trainer = Trainer::new(&expanded, classes, &train, &valid)
            .map_err(|fault| failed(name, &fault))?;
        // The first pass also touches its memory for the first time.
        let run = || trainer.dry_run().map_err(|fault| failed(name, &fault));
        let tried = run()?;
        let begun = Instant::now();
        run()?;
        let seconds_per_batch = begun.elapsed().as_secs_f64();
        let mut learned_loss = None;
        if let Self::OverfitBatch(steps) = self {
            let job = console.job(format!("{name}: one batch by heart"), steps);
            let losses = trainer
                .overfit_one_batch(steps, &mut |loss| {
                    job.advance();
                    job.remark(&format!("loss {loss:.4}"));
                    if interrupt::requested() {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .map_err(|fault| failed(name, &fault))?;
            interrupt::check()?;
            learned_loss = losses.last().copied();
        }
        Ok(Tried {
            name: name.to_owned(),
            parameters: tried.parameters,
            images: tried.images,
            batches: tried.batches,
            kept_bytes: tried.kept_bytes,
            peak_memory_bytes: peak_memory(),
            seconds_per_batch,
            loss: tried.loss,
            gradient_norm: tried.gradient_norm,
            learned_loss,
        })
    }
}

impl Tried {
    /// In a line.
    pub fn describe(&self) -> String {
        let [count, channels, rows, columns] = self.images;
        let mut text = format!(
            "{}: {} parameters, batches of {count} x {channels} x {rows} x {columns}, {} an epoch, {:.2} s and {:.0} \
             images/s forward and back, {} kept",
            self.name,
            self.parameters,
            self.batches,
            self.seconds_per_batch,
            count as f64 / self.seconds_per_batch,
            mebibytes(self.kept_bytes as u64),
        );
        if let Some(peak) = self.peak_memory_bytes {
            text = format!("{text}, peak {}", mebibytes(peak));
        }
        match self.learned_loss {
            None => format!(
                "{text}, loss {:.4}, gradient norm {:.3}",
                self.loss, self.gradient_norm
            ),
            Some(learned) => format!("{text}, loss {:.4} -> {learned:.4}", self.loss),
        }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
