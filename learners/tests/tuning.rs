//! The search for settings: it equals its parts, sees training rows only, and leaves no trace of chance.

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use common::{Data, noise, seeded};
use raduet_learners::tuning::spaces::{Choice, Draw, SPACES, space};
use raduet_learners::tuning::{Effort, Folds, Score, Tuned, Tuning, tune, tune_with_validation};
use raduet_learners::{LEARNERS, LearnerEntry, Parameters, Pipeline, Preprocess, registry};
use raduet_study::{ClassNames, Label, metrics::auc};
use serde_json::Value;

fn pipeline(id: &str) -> Pipeline {
    Pipeline::new(
        registry::find(id).expect("whole test data"),
        Preprocess::default(),
    )
}

fn light() -> Tuning {
    Tuning {
        effort: Effort::Light,
        ..Tuning::default()
    }
}

fn value(choice: Choice) -> Value {
    match choice {
        Choice::Whole(n) => Value::from(n),
        Choice::Real(x) => Value::from(x),
        Choice::Text(word) => Value::from(word),
        Choice::Null => Value::Null,
    }
}

#[test]
fn every_learner_has_a_space_of_settings_that_it_takes() {
    let mut refused = Vec::new();
    for entry in LEARNERS {
        let space = space(entry.name).unwrap_or_else(|| panic!("{} has no space", entry.name));
        assert!(
            !space.axes_of(entry).is_empty() || !entry.default,
            "{}",
            entry.id()
        );
        if !entry.default {
            continue;
        }
        assert_eq!(
            space.axes_of(entry).len(),
            space.axes.len(),
            "{}",
            entry.id()
        );
        for axis in space.axes {
            let mut values: Vec<Value> = axis.light.iter().map(|choice| value(*choice)).collect();
            match axis.full {
                Draw::Between(low, high) | Draw::LogBetween(low, high) => {
                    values.extend([Value::from(low), Value::from(high)]);
                }
                Draw::WholeBetween(low, high) | Draw::LogWhole(low, high) => {
                    values.extend([Value::from(low), Value::from(high)]);
                }
                Draw::OneOf(choices) => values.extend(choices.iter().map(|choice| value(*choice))),
            }
            for value in values {
                let mut point = Parameters::from_iter([(axis.parameter.to_owned(), value.clone())]);
                if axis.parameter == "shrinkage" {
                    point.insert("solver".to_owned(), "lsqr".into());
                }
                if let Err(fault) = entry.with(&point) {
                    refused.push(format!("{} = {value}: {fault}", axis.parameter));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    let mut names: Vec<&str> = SPACES.iter().map(|space| space.learner).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SPACES.len());
}

#[test]
fn grids_are_small_and_searches_are_not() {
    let data = seeded(60, 3, 2, 30, 0.5);
    for (effort, least, most) in [(Effort::Light, 4, 13), (Effort::Full, 30, 60)] {
        let tuning = Tuning {
            effort,
            folds: 2,
            ..Tuning::default()
        };
        let tuned = tune(&pipeline("gaussian_nb"), &data.samples(), &tuning, 1).unwrap();
        let trials = tuned.trials.len();
        assert!((least..=most).contains(&trials), "{effort:?}: {trials}");
        assert!(
            tuned.trials[0].parameters.is_empty(),
            "the defaults come first"
        );
        for (at, trial) in tuned.trials.iter().enumerate() {
            let twice = tuned.trials[..at]
                .iter()
                .any(|t| t.parameters == trial.parameters);
            assert!(!twice, "{:?} twice", trial.parameters);
        }
    }
    for entry in LEARNERS.iter().filter(|entry| entry.default) {
        let lists = space(entry.name).unwrap().axes_of(entry);
        let points: usize = lists.iter().map(|axis| axis.light.len().max(1)).product();
        assert!((2..=12).contains(&points), "{}: {points}", entry.name);
    }
}

/// Mean over patients of −ln p, by the definition.
fn loss_by_hand(
    data: &Data,
    groups: &[usize],
    learn: &[usize],
    judge: &[usize],
    point: &Parameters,
) -> f64 {
    let samples = data
        .samples()
        .with_groups(groups.to_vec())
        .expect("whole test data");
    let fitted = pipeline("k_neighbors")
        .with_parameters(point)
        .and_then(|pipeline| pipeline.fit(&samples.subset(learn), 3))
        .expect("a fit");
    let answers = fitted
        .predict_samples(&samples.subset(judge))
        .expect("answers");
    let distinct = |rows: &[usize]| {
        let mut patients: Vec<usize> = rows.iter().map(|&row| groups[row]).collect();
        patients.sort_unstable();
        patients.dedup();
        patients
    };
    let floor = 1.0 / (distinct(learn).len() as f64 + 2.0);
    let patients = distinct(judge);
    let losses = patients.iter().map(|patient| {
        let of: Vec<usize> = (0..judge.len())
            .filter(|&i| groups[judge[i]] == *patient)
            .collect();
        let class = data.labels[judge[of[0]]].0;
        let p = of.iter().map(|&i| answers[i][class]).sum::<f64>() / of.len() as f64;
        -p.max(floor).ln()
    });
    losses.sum::<f64>() / patients.len() as f64
}

#[test]
fn a_search_equals_fitting_every_point_by_hand() {
    let mut data = seeded(120, 3, 3, 31, 0.3);
    // Patients of four rows and one class.
    data.labels = (0..120).map(|row| Label(row / 4 % 3)).collect();
    let groups: Vec<usize> = (0..120).map(|row| row / 4).collect();
    let samples = data.samples().with_groups(groups.clone()).unwrap();
    let tuning = Tuning {
        folds: 3,
        repeats: 2,
        ..light()
    };
    let tuned = tune(&pipeline("k_neighbors"), &samples, &tuning, 3).unwrap();
    let folds = Folds::new(&samples, 3, 2, 3).unwrap();
    let mut best = (f64::INFINITY, 0);
    for (at, trial) in tuned.trials.iter().enumerate() {
        assert_eq!(trial.scores.len(), 6, "{:?}", trial.failure);
        for (part, found) in folds.parts().iter().zip(&trial.scores) {
            let hand = loss_by_hand(&data, &groups, &part.learn, &part.judge, &trial.parameters);
            assert!((hand - found).abs() < 1e-9, "{at}: {found} by hand {hand}");
        }
        if trial.mean() < best.0 {
            best = (trial.mean(), at);
        }
    }
    assert_eq!(tuned.chosen, best.1);
    let winner = &tuned.trials[tuned.chosen].parameters;
    let expected = pipeline("k_neighbors")
        .with_parameters(winner)
        .unwrap()
        .fit(&samples, 3)
        .unwrap();
    assert_eq!(tuned.pipeline.settings(), expected.settings());
    assert_eq!(
        tuned.pipeline.predict_samples(&samples).unwrap(),
        expected.predict_samples(&samples).unwrap()
    );
}

#[test]
fn nothing_is_searched_without_effort() {
    let data = seeded(40, 3, 2, 32, 0.5);
    let tuned = tune(
        &pipeline("decision_tree"),
        &data.samples(),
        &Tuning::default(),
        1,
    )
    .unwrap();
    assert!(tuned.trials.is_empty() && tuned.parameters().is_none());
    let plain = pipeline("decision_tree").fit(&data.samples(), 1).unwrap();
    assert_eq!(tuned.pipeline.to_json().unwrap(), plain.to_json().unwrap());
}

#[test]
fn points_that_fail_are_recorded_and_not_chosen() {
    // Forty-one neighbours of thirty rows.
    let data = seeded(36, 3, 2, 33, 0.5);
    let tuned = tune(
        &pipeline("k_neighbors"),
        &data.samples(),
        &Tuning {
            folds: 3,
            ..light()
        },
        1,
    )
    .unwrap();
    let failed: Vec<_> = tuned
        .trials
        .iter()
        .filter(|trial| trial.failure.is_some())
        .collect();
    assert!(!failed.is_empty());
    for trial in failed {
        assert_eq!(trial.parameters["n_neighbors"], 41, "{:?}", trial.failure);
        assert!(trial.mean().is_nan() && trial.scores.is_empty());
        assert!(
            trial.failure.as_ref().unwrap().contains("at least 41"),
            "{:?}",
            trial.failure
        );
    }
    assert!(tuned.trials[tuned.chosen].failure.is_none());
}

fn text(tuned: &Tuned) -> String {
    let trials = serde_json::to_string(&tuned.trials).expect("JSON");
    format!(
        "{} {trials} {}",
        tuned.chosen,
        tuned.pipeline.to_json().expect("JSON")
    )
}

#[test]
fn neither_threads_nor_the_order_of_rows_leave_a_trace() {
    let data = noise(60, 4, 2, 34);
    let mut order: Vec<usize> = (0..60).rev().collect();
    order.swap(7, 20);
    let turned = data.with_rows(&order);
    for id in ["decision_tree", "logistic_regression"] {
        let on = |threads: usize, data: &Data| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| text(&tune(&pipeline(id), &data.samples(), &light(), 5).unwrap()))
        };
        let one = on(1, &data);
        assert!(one == on(3, &data), "{id}: threads");
        assert!(one == on(2, &turned), "{id}: order");
    }
}

#[test]
fn a_search_finds_what_helps() {
    // Many columns of noise beside few that tell: the default penalty is too weak.
    let mut data = noise(80, 60, 2, 35);
    for row in 0..80 {
        for column in 0..4 {
            data.values[row * 60 + column] += 0.35 * (row % 2) as f64;
        }
    }
    let tuned = tune(
        &pipeline("logistic_regression"),
        &data.samples(),
        &light(),
        1,
    )
    .unwrap();
    let (first, best) = (&tuned.trials[0], &tuned.trials[tuned.chosen]);
    assert!(
        best.mean() < first.mean() - 0.1,
        "{} {}",
        best.mean(),
        first.mean()
    );
    assert!(
        best.parameters["C"].as_f64().unwrap() < 1.0,
        "{:?}",
        best.parameters
    );
    assert!(best.sd() > 0.0);
}

#[test]
fn validation_rows_decide_where_they_are_given() {
    let data = seeded(90, 4, 3, 36, 0.3);
    let (train, valid): (Vec<usize>, Vec<usize>) = (0..90).partition(|row| row % 9 < 6);
    let (train, valid) = (
        data.with_rows(&train).samples(),
        data.with_rows(&valid).samples(),
    );
    let entry = pipeline("gaussian_nb");
    let tuned = tune_with_validation(&entry, &train, &valid, &light(), 1).unwrap();
    for trial in &tuned.trials {
        let fitted = pipeline("gaussian_nb")
            .with_parameters(&trial.parameters)
            .unwrap()
            .fit(&train, 1)
            .unwrap();
        let answers = fitted.predict_samples(&valid).unwrap();
        let losses = answers
            .iter()
            .zip(valid.labels())
            .map(|(p, l)| -p[l.0].max(1.0 / 62.0).ln());
        let hand = losses.sum::<f64>() / 30.0;
        assert!(
            (trial.mean() - hand).abs() < 1e-9,
            "{} {hand}",
            trial.mean()
        );
    }
    let rows = tuned.pipeline.training().rows;
    assert_eq!(rows, 60, "fitted on the training rows alone");
}

/// Choosing among many points makes the best look better than it is; the outer rows are not fooled.
#[test]
fn the_outer_estimate_on_noise_stays_at_chance() {
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let data = noise(60, 20, 2, 40 + number);
        let samples = data.samples();
        let folds = Folds::new(&samples, 4, 1, number).unwrap();
        let tuning = Tuning {
            effort: Effort::Full,
            score: Score::MacroAuc,
            folds: 3,
            repeats: 1,
        };
        for part in folds.parts() {
            let learn = samples.subset(&part.learn);
            let tuned = tune(&pipeline("k_neighbors"), &learn, &tuning, number).unwrap();
            inner.push(tuned.trials[tuned.chosen].mean());
            let judge = samples.subset(&part.judge);
            let answers = tuned.pipeline.predict_samples(&judge).unwrap();
            let scores: Vec<f64> = answers.iter().map(|p| p[1]).collect();
            let positive: Vec<bool> = judge.labels().iter().map(|l| l.0 == 1).collect();
            outer.push(auc(&scores, &positive).unwrap());
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (inner, outer) = (mean(&inner), mean(&outer));
    println!("inner {inner:.3}, outer {outer:.3}");
    assert!((outer - 0.5).abs() < 0.1, "outer {outer}");
    assert!(inner > 0.55, "the choice itself is optimistic: {inner}");
}

/// Columns chosen by their say about the class, from far more columns than rows: choosing once, on all
/// rows, makes noise look like knowledge; the search chooses anew in every fold.
#[test]
fn columns_are_chosen_within_the_folds() {
    let steps = serde_json::json!({ "selection": { "anova_f": { "k": 10 } } });
    let steps: Preprocess = serde_json::from_value(steps).unwrap();
    let entry = registry::find("gaussian_nb").unwrap();
    let tuning = Tuning {
        score: Score::MacroAuc,
        ..light()
    };
    let (mut honest, mut leaking) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let data = noise(60, 400, 2, 60 + number);
        let inside = Pipeline::new(entry, steps.clone());
        honest.push(tune(&inside, &data.samples(), &tuning, 1).unwrap().trials[0].mean());
        let whole = inside.fit(&data.samples(), 1).unwrap();
        let dropped = |column: &String| whole.warnings().iter().any(|d| d.column == *column);
        let kept: Vec<usize> = (0..400).filter(|&c| !dropped(&data.columns[c])).collect();
        assert_eq!(kept.len(), 10);
        let chosen = data.with_columns(&kept).samples();
        let outside = Pipeline::new(entry, Preprocess::default());
        leaking.push(tune(&outside, &chosen, &tuning, 1).unwrap().trials[0].mean());
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (honest, leaking) = (mean(&honest), mean(&leaking));
    assert!((honest - 0.5).abs() < 0.12, "chosen in the folds: {honest}");
    assert!(leaking > 0.8, "chosen on all rows: {leaking}");
}

#[test]
fn rare_classes_are_said_and_one_patient_is_refused() {
    let mut data = seeded(40, 3, 2, 37, 0.5);
    data.classes = ClassNames::new(["a", "b"]).unwrap();
    data.labels = (0..40).map(|row| Label(usize::from(row < 3))).collect();
    let tuned = tune(&pipeline("gaussian_nb"), &data.samples(), &light(), 1).unwrap();
    assert_eq!(tuned.warnings.len(), 1);
    data.labels = (0..40).map(|row| Label(usize::from(row < 1))).collect();
    assert!(tune(&pipeline("gaussian_nb"), &data.samples(), &light(), 1).is_err());
}

#[test]
fn spaces_are_printed() {
    let lines: Vec<String> = space("svc")
        .unwrap()
        .axes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines[0],
        "C: light 0.03 | 0.3 | 1 | 3 | 30; full 0.01 to 300, log"
    );
    assert_eq!(
        LEARNERS.iter().map(LearnerEntry::id).count(),
        LEARNERS.len()
    );
}
