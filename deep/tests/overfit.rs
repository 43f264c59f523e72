//! Training as a whole: every registered network learns eight samples by heart; a run can be stopped,
//! stored, resumed and repeated to the bit.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use std::ops::ControlFlow;

use raduet_deep::{
    AugmentSettings, DeepError, EpochOutcome, FittedNetwork, ImageSample, InputMode, NETWORKS,
    NetworkEntry, Phase, PlateauSettings, RunningStatistics, TrainSettings, Trainer,
};
use raduet_study::{CaseId, ClassNames, Label, PatientId, SampleId};

fn classes() -> ClassNames {
    ClassNames::new(["mild", "moderate", "severe"]).unwrap()
}

/// A smooth picture of its own for every number, with a disc as mask.
fn sample(number: usize, part: &str) -> ImageSample {
    let (rows, cols) = (40, 36);
    let phase = number as f32;
    let mut pixels = Vec::new();
    let mut mask = Vec::new();
    for row in 0..rows {
        for col in 0..cols {
            let (y, x) = (row as f32 / 40.0, col as f32 / 36.0);
            let wave = (x * (3.0 + phase) + phase).sin() * (y * (7.0 - 0.5 * phase)).cos();
            pixels.push(100.0 + 80.0 * wave);
            mask.push((y - 0.5).powi(2) + (x - 0.5).powi(2) < 0.1);
        }
    }
    let name = format!("{part}{number}");
    ImageSample {
        id: SampleId::slice(CaseId::new(name.clone()), 0),
        patient: PatientId::new(name),
        pixels,
        rows,
        cols,
        mask: Some(mask),
        label: Label(number % 3),
    }
}

fn samples(part: &str, count: usize) -> Vec<ImageSample> {
    (0..count).map(|number| sample(number, part)).collect()
}

/// The same pictures under ids and patients of another part.
fn copies(of: &[ImageSample], part: &str) -> Vec<ImageSample> {
    of.iter()
        .map(|sample| ImageSample {
            id: SampleId::slice(CaseId::new(format!("{part}-{}", sample.id.case)), 0),
            patient: PatientId::new(format!("{part}-{}", sample.patient)),
            ..sample.clone()
        })
        .collect()
}

/// Hundreds of steps of these take minutes; the small presets run the same code. `RADUET_FULL_TESTS=1`
/// asks for all.
const LARGE: &[&str] = &[
    "vgg19",
    "resnet34",
    "resnet50",
    "resnet152",
    "convnext_tiny",
    "convnext_base",
    "pvt_v2_b0",
    "pvt_v2_b2",
    "vim_small",
    "vim_tiny",
    "medmamba_t",
    "medmamba_s",
    "medmamba_b",
    "mambavision_t",
    "mambavision_t2",
    "mambavision_s",
    "mambavision_b",
];

/// The networks to train.
fn networks() -> impl Iterator<Item = &'static NetworkEntry> {
    let all = std::env::var_os("RADUET_FULL_TESTS").is_some();
    NETWORKS
        .iter()
        .filter(move |network| all || !LARGE.contains(&network.name))
}

fn small(model: &str) -> TrainSettings {
    TrainSettings {
        model: model.into(),
        image_size: 32,
        batch_size: 4,
        ..TrainSettings::default()
    }
}

fn run_epoch(trainer: &mut Trainer) {
    let outcome = trainer
        .run_epoch(&mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert!(matches!(outcome, EpochOutcome::Finished(_)));
}

#[test]
fn every_network_learns_eight_samples_by_heart() {
    let train = samples("a", 8);
    // The validation samples are the same pictures: accuracy in evaluation mode must reach one as well.
    let valid = copies(&train, "b");
    for network in networks() {
        let settings = TrainSettings {
            batch_size: 8,
            learning_rate: 2e-3,
            epochs: 200,
            patience: 200,
            running_statistics: RunningStatistics::WarmStart,
            // The rate must not fall while running statistics still wander: eight samples are few.
            plateau: PlateauSettings {
                patience: 200,
                ..PlateauSettings::default()
            },
            augment: AugmentSettings::OFF,
            ..small(network.name)
        };
        let mut trainer = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
        while !trainer.is_done() {
            run_epoch(&mut trainer);
            let last = trainer.history().last().unwrap();
            if last.valid_accuracy > 0.99 && last.train_loss < 0.05 && last.valid_loss < 0.1 {
                break;
            }
        }
        let last = trainer.history().last().unwrap().clone();
        assert!(
            last.valid_accuracy > 0.99 && last.train_loss < 0.05 && last.valid_loss < 0.1,
            "{}: {last:?}",
            network.name
        );
        let fitted = trainer.into_model().unwrap();
        assert_eq!(fitted.epoch(), last.epoch);
        for (row, sample) in fitted.predict_proba(&train).unwrap().iter().zip(&train) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let others = (0..3).filter(|k| *k != sample.label.0);
            for other in others {
                assert!(
                    row[sample.label.0] > row[other],
                    "{}: {row:?}",
                    network.name
                );
            }
        }
    }
}

/// Four epochs of a small run with everything random switched on.
fn fitted_bytes(train: &[ImageSample], valid: &[ImageSample]) -> Vec<u8> {
    let mut trainer = Trainer::new(&small("mobilenet_v3_small"), &classes(), train, valid).unwrap();
    for _ in 0..4 {
        run_epoch(&mut trainer);
    }
    trainer.checkpoint().unwrap()
}

#[test]
fn resumed_run_ends_with_the_same_bytes() {
    // Nine samples in batches of four: the last sample joins the second batch.
    let (train, valid) = (samples("a", 9), samples("b", 4));
    for network in networks() {
        let settings = small(network.name);
        let start = || Trainer::new(&settings, &classes(), &train, &valid).unwrap();
        let mut whole = start();
        for _ in 0..4 {
            run_epoch(&mut whole);
        }
        let mut first = start();
        run_epoch(&mut first);
        run_epoch(&mut first);
        let bytes = first.checkpoint().unwrap();
        let mut second = Trainer::resume(&settings, &classes(), &train, &valid, &bytes).unwrap();
        run_epoch(&mut second);
        run_epoch(&mut second);
        assert_eq!(whole.history(), second.history());
        assert!(whole.checkpoint().unwrap() == second.checkpoint().unwrap());
        let (whole, second) = (whole.into_model().unwrap(), second.into_model().unwrap());
        assert!(whole.to_safetensors().unwrap() == second.to_safetensors().unwrap());
    }
}

#[test]
fn threads_and_order_of_samples_do_not_change_the_bytes() {
    let (train, valid) = (samples("a", 9), samples("b", 5));
    let with_threads = |count: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .build()
            .unwrap();
        pool.install(|| fitted_bytes(&train, &valid))
    };
    let one = with_threads(1);
    assert!(one == with_threads(2));
    assert!(one == with_threads(5));
    let reversed: Vec<ImageSample> = train.iter().rev().cloned().collect();
    assert!(one == fitted_bytes(&reversed, &valid));
}

#[test]
fn another_seed_gives_other_weights() {
    let (train, valid) = (samples("a", 4), samples("b", 2));
    let bytes = |seed: u64| {
        let settings = TrainSettings {
            seed,
            ..small("mobilenet_v3_small")
        };
        let mut trainer = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
        run_epoch(&mut trainer);
        trainer.history()[0].train_loss
    };
    assert!((bytes(1) - bytes(2)).abs() > 1e-9);
}

#[test]
fn a_stopped_epoch_leaves_no_trace() {
    let (train, valid) = (samples("a", 12), samples("b", 6));
    let settings = small("mobilenet_v3_small");
    let mut stopped = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    run_epoch(&mut stopped);
    let before = stopped.checkpoint().unwrap();
    for phase in [Phase::Train, Phase::Validate] {
        let outcome = stopped
            .run_epoch(&mut |progress| {
                assert_eq!(progress.epoch, 2);
                if progress.phase == phase && progress.batch == 2 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .unwrap();
        assert_eq!(outcome, EpochOutcome::Stopped);
        assert!(stopped.checkpoint().unwrap() == before);
    }
    run_epoch(&mut stopped);
    let mut straight = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    run_epoch(&mut straight);
    run_epoch(&mut straight);
    assert!(stopped.checkpoint().unwrap() == straight.checkpoint().unwrap());
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let (train, valid) = (samples("a", 4), samples("b", 2));
    let settings = small("mobilenet_v3_small");
    let mut trainer = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    run_epoch(&mut trainer);
    let bytes = trainer.checkpoint().unwrap();
    let refused = |settings: &TrainSettings, train: &[ImageSample], bytes: &[u8]| {
        let resumed = Trainer::resume(settings, &classes(), train, &valid, bytes);
        assert!(
            matches!(resumed, Err(DeepError::Checkpoint { .. })),
            "{resumed:?}"
        );
    };
    let other = TrainSettings {
        weight_decay: 0.5,
        ..settings.clone()
    };
    refused(&other, &train, &bytes);
    let other = TrainSettings {
        model: "resnet18".into(),
        ..settings.clone()
    };
    refused(&other, &train, &bytes);
    let mut changed = train.clone();
    changed[0].pixels[0] += 50.0;
    refused(&settings, &changed, &bytes);
    refused(&settings, &train, &bytes[..bytes.len() / 2]);
    refused(&settings, &train, b"not a checkpoint");
    assert!(FittedNetwork::from_safetensors(&bytes).is_err());
    let fitted = trainer.into_model().unwrap().to_safetensors().unwrap();
    refused(&settings, &train, &fitted);
}

#[test]
fn a_stored_network_answers_as_before() {
    let (train, valid) = (samples("a", 6), samples("b", 3));
    let settings = TrainSettings {
        input: InputMode::Masked,
        ..small("mobilenet_v3_small")
    };
    let mut trainer = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    run_epoch(&mut trainer);
    let fitted = trainer.into_model().unwrap();
    let bytes = fitted.to_safetensors().unwrap();
    let opened = FittedNetwork::from_safetensors(&bytes).unwrap();
    assert_eq!(opened.settings(), fitted.settings());
    assert_eq!(opened.classes(), &classes());
    assert_eq!(
        opened.predict_proba(&valid).unwrap(),
        fitted.predict_proba(&valid).unwrap()
    );
    assert!(opened.to_safetensors().unwrap() == bytes);
    // An answer does not depend on which samples are asked about together, up to the rounding of
    // products of other widths.
    let together = fitted.predict_proba(&train).unwrap();
    for (sample, row) in train.iter().zip(&together) {
        let alone = fitted.predict_proba(std::slice::from_ref(sample)).unwrap();
        for (a, b) in alone[0].iter().zip(row) {
            assert!((a - b).abs() < 1e-5);
        }
    }
    assert!(fitted.predict_proba(&[]).unwrap().is_empty());
}

#[test]
fn weights_of_another_study_start_all_but_the_classifier() {
    let (train, valid) = (samples("a", 4), samples("b", 2));
    let settings = small("mobilenet_v3_small");
    let mut donor = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    run_epoch(&mut donor);
    let bytes = donor.into_model().unwrap().to_safetensors().unwrap();

    let two = ClassNames::new(["healthy", "ill"]).unwrap();
    let relabelled = |samples: &[ImageSample]| -> Vec<ImageSample> {
        let mut samples = samples.to_vec();
        for sample in &mut samples {
            sample.label = Label(sample.label.0 % 2);
        }
        samples
    };
    let (train, valid) = (relabelled(&train), relabelled(&valid));
    let mut trainer = Trainer::new(&settings, &two, &train, &valid).unwrap();
    let untouched = trainer.checkpoint().unwrap();
    let report = trainer.load_weights(&bytes).unwrap();
    let kept: Vec<&str> = report.of("kept").map(|key| key.in_file.as_str()).collect();
    assert_eq!(kept, ["classifier.3.weight", "classifier.3.bias"]);
    assert_eq!(report.of("unused").count(), 0);
    assert_eq!(report.of("loaded").count(), 242);
    assert!(trainer.checkpoint().unwrap() != untouched);
    run_epoch(&mut trainer);
    assert!(trainer.load_weights(&bytes).is_err());

    let other = small("resnet18");
    let mut trainer = Trainer::new(&other, &two, &train, &valid).unwrap();
    assert!(matches!(
        trainer.load_weights(&bytes),
        Err(DeepError::Weights { .. })
    ));
    assert!(trainer.load_weights(b"no weights").is_err());
}

#[test]
fn unusable_samples_are_refused() {
    let (train, valid) = (samples("a", 4), samples("b", 2));
    let settings = small("mobilenet_v3_small");
    let new = |train: &[ImageSample], valid: &[ImageSample]| {
        Trainer::new(&settings, &classes(), train, valid).map(|_| ())
    };
    assert!(matches!(
        new(&train[..1], &valid),
        Err(DeepError::Samples { .. })
    ));
    assert!(matches!(new(&train, &[]), Err(DeepError::Samples { .. })));
    assert!(matches!(
        new(&train, &train[..1]),
        Err(DeepError::Samples { .. })
    ));
    let mut shared = valid.clone();
    shared[0].patient = train[0].patient.clone();
    assert!(matches!(
        new(&train, &shared),
        Err(DeepError::Samples { .. })
    ));
    let change = |change: fn(&mut ImageSample)| {
        let mut train = train.clone();
        change(&mut train[0]);
        assert!(matches!(new(&train, &valid), Err(DeepError::Sample { .. })));
    };
    change(|s| s.pixels[5] = f32::NAN);
    change(|s| s.rows += 1);
    change(|s| s.label = Label(3));
    change(|s| s.mask = Some(vec![true]));
    let trainer = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    assert!(matches!(trainer.into_model(), Err(DeepError::Untrained)));
}

#[test]
fn a_run_ends_after_its_epochs() {
    let (train, valid) = (samples("a", 6), samples("b", 3));
    let settings = TrainSettings {
        epochs: 3,
        ..small("mobilenet_v3_small")
    };
    let mut trainer = Trainer::new(&settings, &classes(), &train, &valid).unwrap();
    while !trainer.is_done() {
        run_epoch(&mut trainer);
    }
    assert_eq!(trainer.history().len(), 3);
    let over = trainer.run_epoch(&mut |_| ControlFlow::Continue(()));
    assert!(matches!(over, Err(DeepError::Over { epochs: 3 })));
}
