//! Samples made ready for the network, once per run.

use std::collections::BTreeSet;

use raduet_study::ClassNames;

use crate::error::{DeepError, Result};
use crate::predict::images;
use crate::sample::ImageSample;
use crate::settings::TrainSettings;

/// Images and labels in the order of the samples' ids.
pub(crate) struct Prepared {
    /// Side · side numbers in 0..1 each.
    pub(crate) images: Vec<Vec<f32>>,
    pub(crate) labels: Vec<usize>,
    /// A number per patient, in the order of their ids.
    pub(crate) patients: Vec<usize>,
    /// Hash of ids, labels and images.
    pub(crate) fingerprint: u64,
}

impl Prepared {
    /// Checks and converts the samples.
    pub(crate) fn new(
        samples: &[ImageSample],
        settings: &TrainSettings,
        classes: &ClassNames,
    ) -> Result<Self> {
        let images = images(samples, settings, classes)?;
        let mut rows: Vec<(&ImageSample, Vec<f32>)> = samples.iter().zip(images).collect();
        rows.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        let mut fingerprint = Fingerprint::default();
        for (sample, image) in &rows {
            fingerprint.bytes(sample.id.to_string().as_bytes());
            fingerprint.word(sample.label.0 as u64);
            for pixel in image {
                fingerprint.word(u64::from(pixel.to_bits()));
            }
        }
        let known: BTreeSet<_> = rows.iter().map(|(sample, _)| &sample.patient).collect();
        let known: Vec<_> = known.into_iter().collect();
        // Every patient is among the known ones.
        let number = |sample: &ImageSample| known.binary_search(&&sample.patient).unwrap_or(0);
        Ok(Self {
            patients: rows.iter().map(|(sample, _)| number(sample)).collect(),
            labels: rows.iter().map(|(sample, _)| sample.label.0).collect(),
            images: rows.into_iter().map(|(_, image)| image).collect(),
            fingerprint: fingerprint.0,
        })
    }
}

/// Refuses too few samples, repeated ids, and patients on both sides.
pub(crate) fn check_parts(train: &[ImageSample], valid: &[ImageSample]) -> Result<()> {
    for (part, samples, least) in [("training", train, 2), ("validation", valid, 1)] {
        if samples.len() < least {
            return Err(DeepError::Samples {
                part,
                found: samples.len().to_string(),
                expected: format!("at least {least}"),
            });
        }
    }
    let mut ids = BTreeSet::new();
    for sample in train.iter().chain(valid) {
        if !ids.insert(&sample.id) {
            return Err(DeepError::Samples {
                part: "training and validation",
                found: format!("'{}' twice", sample.id),
                expected: "every id once".into(),
            });
        }
    }
    let patients: BTreeSet<_> = train.iter().map(|sample| &sample.patient).collect();
    match valid.iter().find(|s| patients.contains(&s.patient)) {
        None => Ok(()),
        Some(sample) => Err(DeepError::Samples {
            part: "training and validation",
            found: format!("patient '{}' in both", sample.patient),
            expected: "every patient on one side".into(),
        }),
    }
}

/// FNV-1a over 64-bit words: tells data sets apart, guards against nothing malicious.
struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for byte in bytes {
            self.word(u64::from(*byte));
        }
    }
}
