//! How fast training goes, and how long it will take.

use std::fmt::Write;
use std::time::{Duration, Instant};

use raduet_deep::{BatchProgress, Phase};

use crate::arms::EpochTime;

/// Clocks of a training run.
#[derive(Debug)]
pub(super) struct Pace {
    epochs: usize,
    /// Epochs done, and how many of them in this session.
    done: usize,
    begun: Instant,
    session: usize,
    epoch_begun: Instant,
    /// When the last training batch of this epoch was done, and the images until then.
    trained: (Duration, usize),
}

impl Pace {
    /// Before the next epoch of a run of `epochs`, of which some are done.
    pub(super) fn new(epochs: usize, done: usize) -> Self {
        let now = Instant::now();
        Self {
            epochs,
            done,
            begun: now,
            session: 0,
            epoch_begun: now,
            trained: (Duration::ZERO, 0),
        }
    }

    /// An epoch begins.
    pub(super) fn begin(&mut self) {
        self.epoch_begun = Instant::now();
        self.trained = (Duration::ZERO, 0);
    }

    /// A batch is done.
    pub(super) fn take_note(&mut self, progress: &BatchProgress) {
        if progress.phase == Phase::Train {
            self.trained = (self.epoch_begun.elapsed(), progress.samples);
        }
    }

    /// The epoch is over.
    pub(super) fn end(&mut self) -> EpochTime {
        self.done += 1;
        self.session += 1;
        EpochTime {
            seconds: self.epoch_begun.elapsed().as_secs_f64(),
            images_per_second: self.images_per_second(),
        }
    }

    fn images_per_second(&self) -> f64 {
        self.trained.1 as f64 / self.trained.0.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Where the epoch stands, in words.
    pub(super) fn describe(&self, progress: &BatchProgress) -> String {
        let phase = match progress.phase {
            Phase::Train => "batch",
            Phase::Validate => "validating, batch",
        };
        let mut text = format!(
            "epoch {} of {}, {phase} {} of {}: loss {:.3}, accuracy {:.3}, {:.0} images/s",
            progress.epoch,
            self.epochs,
            progress.batch,
            progress.batches,
            progress.loss,
            progress.accuracy,
            self.images_per_second(),
        );
        if let Some(left) = self.left(progress) {
            // Writing to a String cannot fail. Training may end earlier.
            let _ = write!(text, ", at most {} left", minutes(left));
        }
        text
    }

    /// Time for the epochs to come at the pace of this session.
    fn left(&self, progress: &BatchProgress) -> Option<Duration> {
        let share = match progress.phase {
            Phase::Train => progress.batch as f64 / progress.batches as f64,
            Phase::Validate => 1.0,
        };
        let worked = self.session as f64 + share;
        let to_come = self.epochs as f64 - self.done as f64 - share;
        let seconds = self.begun.elapsed().as_secs_f64() / worked * to_come.max(0.0);
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// A duration as one looks at a clock.
fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_where_training_stands() {
        let mut pace = Pace::new(10, 4);
        pace.begin();
        let progress = BatchProgress {
            phase: Phase::Train,
            epoch: 5,
            batch: 3,
            batches: 4,
            samples: 96,
            loss: 0.81234,
            accuracy: 0.625,
        };
        pace.take_note(&progress);
        let text = pace.describe(&progress);
        assert!(
            text.starts_with("epoch 5 of 10, batch 3 of 4: loss 0.812, accuracy 0.625, "),
            "{text}"
        );
        assert!(text.contains(" images/s, at most 0 s left"), "{text}");
        assert!(pace.end().images_per_second > 0.0);
        assert_eq!(minutes(Duration::from_secs(119)), "119 s");
        assert_eq!(minutes(Duration::from_secs(151)), "2 min");
        assert_eq!(minutes(Duration::from_mins(125)), "2 h 5 min");
    }
}
