//! What is tried of each learner's settings: one table.
//!
//! `light` is a grid of the values listed; `full` draws points at random (Bergstra and Bengio 2012, JMLR
//! 13, 281), every setting by its own law, the draws of one point from one stream of the seed. The first
//! point of either is the learner's defaults. Ranges are those of standardised tables of tens to
//! thousands of rows, with more columns than rows: mostly strong regularisation, shallow trees.
//!
//! A setting that a back end does not have is left out for it.

use std::fmt;

use raduet_study::random::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::learner::Parameters;
use crate::registry::LearnerEntry;

use Choice::{Null, Real, Text, Whole};
use Draw::{Between, LogBetween, LogWhole, OneOf, WholeBetween};

/// Points of `full`, the defaults included.
const FULL_POINTS: usize = 40;

/// Significant digits of drawn numbers: enough for settings, too few to show in which library's last
/// bit an exponential ends.
const DIGITS: usize = 4;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Nothing but the settings given.
    #[default]
    None,
    /// A small grid.
    Light,
    /// A random search.
    Full,
}

/// A value of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// A whole number.
    Whole(u64),
    /// A number.
    Real(f64),
    /// A word.
    Text(&'static str),
    /// No limit.
    Null,
}

/// How a setting is drawn, bounds included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Draw {
    /// Evenly.
    Between(f64, f64),
    /// Evenly in the logarithm.
    LogBetween(f64, f64),
    /// A whole number, evenly.
    WholeBetween(u64, u64),
    /// A whole number, evenly in the logarithm.
    LogWhole(u64, u64),
    /// One of a list.
    OneOf(&'static [Choice]),
}

/// A setting and what is tried of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Its name.
    pub parameter: &'static str,
    /// Values of the grid; none leaves it at its default there.
    pub light: &'static [Choice],
    /// Law of the random search.
    pub full: Draw,
}

/// A learner's settings that are searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Space {
    /// Name in the registry, without back end.
    pub learner: &'static str,
    /// Its settings.
    pub axes: &'static [Axis],
}

const fn axis(parameter: &'static str, light: &'static [Choice], full: Draw) -> Axis {
    Axis {
        parameter,
        light,
        full,
    }
}

/// Forests of either kind.
const FOREST: &[Axis] = &[
    axis(
        "max_features",
        &[Text("sqrt"), Real(0.3)],
        OneOf(&[
            Text("sqrt"),
            Text("log2"),
            Real(0.1),
            Real(0.2),
            Real(0.3),
            Real(0.5),
        ]),
    ),
    axis(
        "min_samples_leaf",
        &[Whole(1), Whole(3), Whole(8)],
        LogWhole(1, 20),
    ),
    axis(
        "max_depth",
        &[],
        OneOf(&[Null, Whole(3), Whole(5), Whole(8), Whole(12)]),
    ),
    axis("criterion", &[], OneOf(&[Text("gini"), Text("entropy")])),
];

/// Every learner's space, in the order of the registry.
pub const SPACES: &[Space] = &[
    Space {
        learner: "decision_tree",
        axes: &[
            axis(
                "max_depth",
                &[Whole(2), Whole(4), Null],
                WholeBetween(1, 10),
            ),
            axis(
                "min_samples_leaf",
                &[Whole(1), Whole(5), Whole(15)],
                LogWhole(1, 30),
            ),
            axis("ccp_alpha", &[], LogBetween(1e-4, 0.1)),
            axis("criterion", &[], OneOf(&[Text("gini"), Text("entropy")])),
        ],
    },
    Space {
        learner: "random_forest",
        axes: FOREST,
    },
    Space {
        learner: "extra_trees",
        axes: FOREST,
    },
    Space {
        learner: "gradient_boosting",
        axes: &[
            axis("n_estimators", &[Whole(50), Whole(100)], LogWhole(20, 300)),
            axis(
                "learning_rate",
                &[Real(0.03), Real(0.1)],
                LogBetween(0.01, 0.3),
            ),
            axis("max_depth", &[Whole(1), Whole(3)], WholeBetween(1, 5)),
            axis("subsample", &[], OneOf(&[Real(0.5), Real(0.7), Real(1.0)])),
            axis("min_samples_leaf", &[], LogWhole(1, 20)),
        ],
    },
    Space {
        learner: "hist_gradient_boosting",
        axes: &[
            axis(
                "learning_rate",
                &[Real(0.03), Real(0.1)],
                LogBetween(0.01, 0.3),
            ),
            axis("max_leaf_nodes", &[Whole(4), Whole(31)], LogWhole(3, 63)),
            axis(
                "l2_regularization",
                &[Real(0.0), Real(5.0)],
                LogBetween(1e-3, 100.0),
            ),
            axis("max_iter", &[], LogWhole(30, 300)),
            axis("min_samples_leaf", &[], LogWhole(5, 50)),
            axis("colsample_bytree", &[], Between(0.2, 1.0)),
        ],
    },
    Space {
        learner: "k_neighbors",
        axes: &[
            axis(
                "n_neighbors",
                &[Whole(3), Whole(5), Whole(11), Whole(21), Whole(41)],
                LogWhole(1, 60),
            ),
            axis(
                "weights",
                &[Text("uniform"), Text("distance")],
                OneOf(&[Text("uniform"), Text("distance")]),
            ),
            axis(
                "metric",
                &[],
                OneOf(&[Text("euclidean"), Text("manhattan"), Text("cosine")]),
            ),
        ],
    },
    Space {
        learner: "svc",
        axes: &[
            axis(
                "C",
                &[Real(0.03), Real(0.3), Real(1.0), Real(3.0), Real(30.0)],
                LogBetween(0.01, 300.0),
            ),
            axis(
                "kernel",
                &[Text("rbf"), Text("linear")],
                OneOf(&[Text("rbf"), Text("rbf"), Text("linear")]),
            ),
            axis("gamma", &[], LogBetween(1e-5, 0.1)),
        ],
    },
    Space {
        learner: "gaussian_nb",
        axes: &[axis(
            "var_smoothing",
            &[Real(1e-9), Real(1e-3), Real(0.01), Real(0.1), Real(1.0)],
            LogBetween(1e-9, 10.0),
        )],
    },
    Space {
        learner: "logistic_regression",
        axes: &[
            axis(
                "C",
                &[Real(0.001), Real(0.01), Real(0.1), Real(1.0), Real(10.0)],
                LogBetween(1e-4, 100.0),
            ),
            axis(
                "l1_ratio",
                &[Real(0.0), Real(0.5)],
                OneOf(&[Real(0.0), Real(0.25), Real(0.5), Real(0.75), Real(1.0)]),
            ),
        ],
    },
    Space {
        learner: "linear_discriminant",
        axes: &[
            // The default solver knows no shrinkage.
            axis("solver", &[Text("lsqr")], OneOf(&[Text("lsqr")])),
            axis(
                "shrinkage",
                &[Text("auto"), Real(0.1), Real(0.5), Real(0.9)],
                Between(0.0, 1.0),
            ),
        ],
    },
    Space {
        learner: "quadratic_discriminant",
        axes: &[axis(
            "reg_param",
            &[Real(0.01), Real(0.1), Real(0.3), Real(0.6), Real(0.9)],
            Between(0.0, 1.0),
        )],
    },
];

/// The space of a learner by its name without back end.
pub fn space(learner: &str) -> Option<&'static Space> {
    SPACES.iter().find(|space| space.learner == learner)
}

impl Space {
    /// The settings that an entry has, beside those before them.
    pub fn axes_of(&self, entry: &LearnerEntry) -> Vec<&'static Axis> {
        let mut point = Parameters::new();
        let has = |axis: &&Axis| {
            let mut more = point.clone();
            more.insert(axis.parameter.to_owned(), axis.first());
            let takes = entry.with(&more).is_ok();
            if takes {
                point = more;
            }
            takes
        };
        self.axes.iter().filter(has).collect()
    }
}

impl Axis {
    /// A value that may stand for the others.
    fn first(&self) -> Value {
        match self.full {
            OneOf(choices) => choices.first().map_or(Value::Null, |choice| choice.value()),
            Between(low, _) | LogBetween(low, _) => Value::from(low),
            WholeBetween(low, _) | LogWhole(low, _) => Value::from(low),
        }
    }
}

/// The points that are tried, the settings given (`base`) first; no two make the same learner.
pub(crate) fn points(
    entry: &LearnerEntry,
    base: &Parameters,
    effort: Effort,
    seed: u64,
) -> Vec<Parameters> {
    let axes = space(entry.name).map_or(Vec::new(), |space| space.axes_of(entry));
    let more = match effort {
        Effort::None => Vec::new(),
        Effort::Light => grid(&axes),
        Effort::Full if axes.is_empty() => Vec::new(),
        Effort::Full => (1..FULL_POINTS as u64)
            .map(|i| drawn(&axes, seed, i))
            .collect(),
    };
    let mut points = vec![base.clone()];
    let mut known: Vec<Value> = entry.with(base).iter().map(|l| l.settings()).collect();
    for change in more {
        let mut point = base.clone();
        point.extend(change);
        // A point that is refused stays, so that its trial says why.
        match entry.with(&point).map(|learner| learner.settings()) {
            Ok(settings) if known.contains(&settings) => continue,
            Ok(settings) => known.push(settings),
            Err(_) => {}
        }
        points.push(point);
    }
    points
}

/// How many points are tried of a learner with these settings given.
pub fn number_of_points(entry: &LearnerEntry, base: &Parameters, effort: Effort) -> usize {
    // The seed moves the points of a random search, not their number but for doubles.
    points(entry, base, effort, 0).len()
}

fn grid(axes: &[&Axis]) -> Vec<Parameters> {
    let mut points = vec![Parameters::new()];
    for axis in axes.iter().filter(|axis| !axis.light.is_empty()) {
        let with = |point: &Parameters, choice: &Choice| {
            let mut point = point.clone();
            point.insert(axis.parameter.to_owned(), choice.value());
            point
        };
        points = points
            .iter()
            .flat_map(|point| axis.light.iter().map(move |choice| with(point, choice)))
            .collect();
    }
    points
}

fn drawn(axes: &[&Axis], seed: u64, number: u64) -> Parameters {
    let mut stream = Stream::new(seed, "point of a search", number);
    let draw = |axis: &&Axis| (axis.parameter.to_owned(), axis.full.draw(&mut stream));
    axes.iter().map(draw).collect()
}

impl Choice {
    fn value(self) -> Value {
        match self {
            Whole(n) => Value::from(n),
            Real(x) => Value::from(x),
            Text(word) => Value::from(word),
            Null => Value::Null,
        }
    }
}

impl Draw {
    fn draw(self, stream: &mut Stream) -> Value {
        let whole = |low: u64, high: u64, share: f64| {
            let span = (high - low + 1) as f64;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share below 1 of a small number"
            )]
            let step = (share * span) as u64;
            Value::from((low + step).min(high))
        };
        match self {
            Between(low, high) => Value::from(rounded(stream.uniform(low, high))),
            LogBetween(low, high) => {
                Value::from(rounded(stream.uniform(low.ln(), high.ln()).exp()))
            }
            WholeBetween(low, high) => whole(low, high, stream.unit()),
            LogWhole(low, high) => {
                // Each n has the share of n..n + 1 on the logarithmic scale.
                let x = stream
                    .uniform((low as f64).ln(), (high as f64 + 1.0).ln())
                    .exp();
                whole(
                    low,
                    high,
                    (rounded(x) - low as f64) / (high - low + 1) as f64,
                )
            }
            OneOf(choices) => choices[stream.below(choices.len())].value(),
        }
    }
}

/// A number with few digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.*e}", DIGITS - 1).parse().unwrap_or(x)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Whole(n) => write!(f, "{n}"),
            Real(x) => write!(f, "{x}"),
            Text(word) => f.write_str(word),
            Null => f.write_str("none"),
        }
    }
}

impl fmt::Display for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Between(low, high) => write!(f, "{low} to {high}"),
            LogBetween(low, high) => write!(f, "{low} to {high}, log"),
            WholeBetween(low, high) => write!(f, "{low} to {high}, whole"),
            LogWhole(low, high) => write!(f, "{low} to {high}, whole, log"),
            OneOf(choices) => f.write_str(&listed(choices)),
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let light = match self.light {
            [] => "default".to_owned(),
            choices => listed(choices),
        };
        write!(f, "{}: light {light}; full {}", self.parameter, self.full)
    }
}

fn listed(choices: &[Choice]) -> String {
    let words: Vec<String> = choices.iter().map(ToString::to_string).collect();
    words.join(" | ")
}
