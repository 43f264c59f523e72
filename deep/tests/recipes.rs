//! Training by other recipes than the default: everything that can be switched on still stops, resumes and
//! repeats to the bit, and does what it says.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use std::ops::ControlFlow;

use raduet_deep::{
    AugmentSettings, ClassWeight, Decayed, DeepError, EpochOutcome, ImageSample, LossSettings,
    Monitor, OptimiserKind, OptimiserSettings, RunningStatistics, Sampler, ScheduleKind,
    ScheduleSettings, TestFlips, TrainSettings, Trainer,
};
use raduet_study::{CaseId, ClassNames, Label, PatientId, SampleId};

fn classes() -> ClassNames {
    ClassNames::new(["mild", "moderate", "severe"]).unwrap()
}

/// A smooth picture of its own for every number; two slices a patient.
fn sample(number: usize, part: &str) -> ImageSample {
    let (rows, cols) = (40, 36);
    let phase = number as f32;
    let mut pixels = Vec::new();
    for row in 0..rows {
        for col in 0..cols {
            let (y, x) = (row as f32 / 40.0, col as f32 / 36.0);
            let wave = (x * (3.0 + phase) + phase).sin() * (y * (7.0 - 0.5 * phase)).cos();
            pixels.push(100.0 + 80.0 * wave);
        }
    }
    ImageSample {
        id: SampleId::slice(CaseId::new(format!("{part}{number}")), 0),
        patient: PatientId::new(format!("{part}{}", number / 2)),
        pixels,
        rows,
        cols,
        mask: None,
        label: Label(number % 3),
    }
}

fn samples(part: &str, count: usize) -> Vec<ImageSample> {
    (0..count).map(|number| sample(number, part)).collect()
}

fn small() -> TrainSettings {
    TrainSettings {
        model: "mobilenet_v3_small".into(),
        image_size: 32,
        batch_size: 4,
        epochs: 4,
        // So that a few steps show in evaluation mode.
        learning_rate: 2e-3,
        weight_decay: 0.1,
        running_statistics: RunningStatistics::WarmStart,
        ..TrainSettings::default()
    }
}

/// Everything that draws random numbers or keeps a state, at once.
fn everything() -> TrainSettings {
    TrainSettings {
        accumulate: 2,
        optimiser: OptimiserSettings {
            kind: OptimiserKind::Sgd,
            nesterov: true,
            ..OptimiserSettings::default()
        },
        learning_rate: 0.01,
        weight_decay: 1e-3,
        decayed: Decayed::Weights,
        layer_decay: 0.8,
        head_rate: 2.0,
        frozen_epochs: 1,
        clip_norm: Some(1.0),
        ema_decay: Some(0.9),
        schedule: ScheduleSettings {
            kind: ScheduleKind::OneCycle,
            ..ScheduleSettings::default()
        },
        loss: LossSettings {
            class_weight: ClassWeight::Balanced,
            label_smoothing: 0.1,
            focal: 1.5,
        },
        sampler: Sampler::ByPatient,
        monitor: Monitor::ValidMacroAuc,
        augment: AugmentSettings {
            mixup: 0.4,
            ..AugmentSettings::STRONG
        },
        test_flips: TestFlips::All,
        ..small()
    }
}

fn run_epoch(trainer: &mut Trainer) {
    let outcome = trainer
        .run_epoch(&mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert!(matches!(outcome, EpochOutcome::Finished(_)));
}

fn run(settings: &TrainSettings, epochs: usize) -> Trainer {
    let (train, valid) = (samples("a", 9), samples("b", 6));
    let mut trainer = Trainer::new(settings, &classes(), &train, &valid).unwrap();
    for _ in 0..epochs {
        run_epoch(&mut trainer);
    }
    trainer
}

/// The recipes whose state differs in kind.
fn recipes() -> Vec<TrainSettings> {
    let adamw = OptimiserSettings::default();
    let plain_sgd = OptimiserSettings {
        kind: OptimiserKind::Sgd,
        momentum: 0.0,
        ..adamw
    };
    vec![
        everything(),
        TrainSettings {
            optimiser: adamw,
            schedule: ScheduleSettings {
                kind: ScheduleKind::Cosine,
                warmup_epochs: 1,
                ..ScheduleSettings::default()
            },
            sampler: Sampler::ByClass,
            ..everything()
        },
        TrainSettings {
            optimiser: plain_sgd,
            ema_decay: None,
            ..everything()
        },
    ]
}

#[test]
fn every_recipe_resumes_to_the_same_bytes() {
    let (train, valid) = (samples("a", 9), samples("b", 6));
    for settings in recipes() {
        let whole = run(&settings, 4);
        for cut in 1..4 {
            let bytes = run(&settings, cut).checkpoint().unwrap();
            let resumed = Trainer::resume(&settings, &classes(), &train, &valid, &bytes);
            let mut resumed = resumed.unwrap();
            assert!(resumed.checkpoint().unwrap() == bytes);
            for _ in cut..4 {
                run_epoch(&mut resumed);
            }
            assert_eq!(whole.history(), resumed.history());
            assert!(whole.checkpoint().unwrap() == resumed.checkpoint().unwrap());
        }
        let fitted = whole.into_model().unwrap();
        let again = run(&settings, 4).into_model().unwrap();
        assert!(fitted.to_safetensors().unwrap() == again.to_safetensors().unwrap());
    }
}

#[test]
fn threads_do_not_change_the_bytes_of_any_recipe() {
    for settings in recipes() {
        let with_threads = |count: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
            let work = || run(&settings, 2).checkpoint().unwrap();
            pool.unwrap().install(work)
        };
        let one = with_threads(1);
        assert!(one == with_threads(3));
    }
}

/// An epoch that is broken off leaves weights, means, velocities and counts as they were.
#[test]
fn a_stopped_epoch_of_any_recipe_leaves_no_trace() {
    for settings in recipes() {
        let mut trainer = run(&settings, 1);
        let before = trainer.checkpoint().unwrap();
        let outcome = trainer.run_epoch(&mut |progress| {
            if progress.batch == progress.batches {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(outcome.unwrap(), EpochOutcome::Stopped);
        assert!(trainer.checkpoint().unwrap() == before);
    }
}

/// A switch that is thrown changes the run: none is forgotten on the way.
#[test]
#[expect(clippy::too_many_lines, reason = "a list of switches")]
fn every_switch_changes_the_run() {
    let base = || TrainSettings {
        // Several steps an epoch, all of them along the schedule.
        epochs: 2,
        ..small()
    };
    let switched: Vec<(&str, TrainSettings)> = vec![
        (
            "accumulate",
            TrainSettings {
                accumulate: 2,
                ..base()
            },
        ),
        (
            "sgd",
            TrainSettings {
                optimiser: OptimiserSettings {
                    kind: OptimiserKind::Sgd,
                    ..OptimiserSettings::default()
                },
                ..base()
            },
        ),
        (
            "decayed",
            TrainSettings {
                decayed: Decayed::All,
                ..base()
            },
        ),
        (
            "layer_decay",
            TrainSettings {
                layer_decay: 0.5,
                ..base()
            },
        ),
        (
            "head_rate",
            TrainSettings {
                head_rate: 10.0,
                ..base()
            },
        ),
        (
            "frozen_epochs",
            TrainSettings {
                frozen_epochs: 1,
                ..base()
            },
        ),
        (
            "clip_norm",
            TrainSettings {
                clip_norm: Some(1e-3),
                ..base()
            },
        ),
        (
            "ema_decay",
            TrainSettings {
                ema_decay: Some(0.9),
                ..base()
            },
        ),
        (
            "schedule",
            TrainSettings {
                schedule: ScheduleSettings {
                    kind: ScheduleKind::Cosine,
                    ..ScheduleSettings::default()
                },
                ..base()
            },
        ),
        (
            "warmup",
            TrainSettings {
                schedule: ScheduleSettings {
                    warmup_epochs: 1,
                    ..ScheduleSettings::default()
                },
                ..base()
            },
        ),
        (
            "class_weight",
            TrainSettings {
                loss: LossSettings {
                    class_weight: ClassWeight::Balanced,
                    ..LossSettings::default()
                },
                ..base()
            },
        ),
        (
            "label_smoothing",
            TrainSettings {
                loss: LossSettings {
                    label_smoothing: 0.1,
                    ..LossSettings::default()
                },
                ..base()
            },
        ),
        (
            "focal",
            TrainSettings {
                loss: LossSettings {
                    focal: 2.0,
                    ..LossSettings::default()
                },
                ..base()
            },
        ),
        (
            "by_class",
            TrainSettings {
                sampler: Sampler::ByClass,
                ..base()
            },
        ),
        (
            "by_patient",
            TrainSettings {
                sampler: Sampler::ByPatient,
                ..base()
            },
        ),
        (
            "mixup",
            TrainSettings {
                augment: AugmentSettings {
                    mixup: 0.4,
                    ..AugmentSettings::default()
                },
                ..base()
            },
        ),
    ];
    // Ten samples: classes of unequal size, so that weights matter.
    let (train, valid) = (samples("a", 10), samples("b", 6));
    let weights = |settings: &TrainSettings| {
        let mut trainer = Trainer::new(settings, &classes(), &train, &valid).unwrap();
        run_epoch(&mut trainer);
        run_epoch(&mut trainer);
        let losses: Vec<f64> = trainer.history().iter().map(|r| r.valid_loss).collect();
        losses
    };
    let plain = weights(&base());
    for (name, settings) in switched {
        assert_ne!(weights(&settings), plain, "{name}");
    }
}

#[test]
fn the_history_follows_the_schedule_and_the_monitor() {
    let trainer = run(&everything(), 4);
    let history = trainer.history();
    // Nine samples in batches of four and five: one step of two batches an epoch, so four steps; two of them
    // rise by a share of 0.3.
    let rates: Vec<f64> = history.iter().map(|record| record.learning_rate).collect();
    assert!((rates[0] - 0.01 / 25.0).abs() < 1e-12, "{rates:?}");
    assert!((rates[3] - 0.01 / 25.0 / 1e4).abs() < 1e-12, "{rates:?}");
    let mut best = 0.0;
    for record in history {
        let auc = record.valid_macro_auc.unwrap();
        assert_eq!(record.best, auc >= best);
        best = auc.max(best);
    }
}

/// Mirrored slices get the same answer where views are averaged, and another where they are not.
#[test]
fn mirrored_slices_have_one_answer_under_test_flips() {
    let fitted = |test_flips| {
        let settings = TrainSettings {
            test_flips,
            ..small()
        };
        run(&settings, 1).into_model().unwrap()
    };
    let sample = sample(5, "c");
    let mut mirrored = sample.clone();
    mirrored
        .pixels
        .chunks_exact_mut(36)
        .for_each(<[f32]>::reverse);
    let distance = |test_flips| {
        let answers = fitted(test_flips).predict_proba(&[sample.clone(), mirrored.clone()]);
        let answers = answers.unwrap();
        let pairs = answers[0].iter().zip(&answers[1]);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert!(distance(TestFlips::None) > 1e-4);
    // Resampling is symmetric up to rounding.
    assert!(distance(TestFlips::Horizontal) < 1e-5);
    assert!(distance(TestFlips::All) < 1e-5);
}

#[test]
fn rehearsals_leave_no_trace_and_learn() {
    let settings = TrainSettings {
        learning_rate: 2e-3,
        ..small()
    };
    let trainer = run(&settings, 1);
    let before = trainer.checkpoint().unwrap();
    let tried = trainer.dry_run().unwrap();
    assert_eq!((tried.images, tried.batches), ([4, 3, 32, 32], 2));
    assert!(tried.loss > 0.0 && tried.gradient_norm > 0.0);
    assert_eq!(tried.parameters, 1_520_931);
    // Weights, gradients and two moments at the least.
    assert!(tried.kept_bytes > 4 * 4 * tried.parameters);
    let losses = trainer
        .overfit_one_batch(30, &mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(losses.len(), 31);
    assert!(losses[30] < 0.1 * losses[0], "{losses:?}");
    assert!(trainer.checkpoint().unwrap() == before);
}

#[test]
fn an_undefined_monitor_is_refused_before_training() {
    let (train, valid) = (samples("a", 9), samples("b", 2));
    let settings = TrainSettings {
        monitor: Monitor::ValidMacroAuc,
        ..small()
    };
    let refused = Trainer::new(&settings, &classes(), &train, &valid);
    assert!(matches!(
        refused,
        Err(DeepError::Samples {
            part: "validation",
            ..
        })
    ));
}
