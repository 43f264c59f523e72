//! Settings of the radiomics arm. What belongs to a learner or to a step of its pipeline stands here by the
//! names of the learners' room, which checks it before anything is fitted.
//!
//! ```toml
//! [learners]
//! names = ["random_forest", "svc"]
//! class_weight = "balanced"
//! calibrate = "sigmoid"
//! tune = "light"
//! set = { random_forest = { n_estimators = 500 }, svc = { C = 10.0 } }
//! preprocess = { scaling = "robust", undefined = "median", redundancy = { spearman_clusters = { threshold = 0.9 } } }
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::nearest::suggestion;
use crate::cli::{Calibrate, ClassWeightRule, Impute, LearnerOptions, Scale, Tune};
use crate::error::{Code, Result, ToolError};

/// The radiomics arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnerSettings {
    /// Off with `--only deep`.
    pub enabled: bool,
    /// Names from the registry; empty for the default back end of every learner, `all` for every back end.
    pub names: Vec<String>,
    /// Settings of single learners by scikit-learn's names.
    pub set: BTreeMap<String, Map<String, Value>>,
    /// Steps before the learner; what is left out keeps its default.
    pub preprocess: Map<String, Value>,
    /// `balanced`, or `{ by_class = { … } }`.
    pub class_weight: Option<Value>,
    /// How probabilities are calibrated: `sigmoid`, `isotonic`, `temperature`.
    pub calibrate: Option<Value>,
    /// How much is tried of each learner's settings: `none`, `light`, `full`.
    pub tune: TuneName,
    /// Shuffles of every column behind its importance on the test rows; 0 for none.
    pub importance: usize,
    /// What each column adds to each answer on the test rows (SHAP), for trees and linear scores.
    pub shap: bool,
    /// Scores by the number of patients learned from, in folds of the training rows.
    pub learning_curve: bool,
}

/// [`Tune`] as it stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "documented where the command line defines them"
)]
pub enum TuneName {
    #[default]
    None,
    Light,
    Full,
}

impl Default for LearnerSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            names: Vec::new(),
            set: BTreeMap::new(),
            preprocess: Map::new(),
            class_weight: None,
            calibrate: None,
            tune: TuneName::None,
            importance: 0,
            shap: false,
            learning_curve: false,
        }
    }
}

/// Shuffles of a column, scikit-learn's default.
pub(super) const SHUFFLES: usize = 5;

/// Selection methods with the words that mean them.
const METHODS: [(&str, &[&str]); 8] = [
    ("anova_f", &["anova", "f"]),
    ("kruskal_wallis", &["kruskal"]),
    ("mutual_information", &["mi"]),
    ("mrmr", &[]),
    ("lasso", &[]),
    ("rfe", &[]),
    ("boruta", &[]),
    ("stability", &[]),
];

impl LearnerSettings {
    /// The same without what is said beside the answers.
    #[must_use]
    pub fn unexplained(&self) -> Self {
        Self {
            importance: 0,
            shap: false,
            learning_curve: false,
            ..self.clone()
        }
    }

    /// The command line's word.
    ///
    /// # Errors
    /// [`Code::Usage`] for a setting or a selection in another form than the help says.
    pub fn apply(&mut self, args: &LearnerOptions) -> Result<()> {
        if !args.learners.is_empty() {
            self.names.clone_from(&args.learners);
        }
        for word in &args.set {
            let (learner, name, value) = setting(word)?;
            self.set.entry(learner).or_default().insert(name, value);
        }
        if let Some(ClassWeightRule::Balanced) = args.class_weight {
            self.class_weight = Some(json!("balanced"));
        }
        if let Some(method) = args.calibrate {
            self.calibrate = Some(json!(match method {
                Calibrate::Platt => "sigmoid",
                Calibrate::Isotonic => "isotonic",
                Calibrate::Temperature => "temperature",
            }));
        }
        if let Some(effort) = args.tune {
            self.tune = match effort {
                Tune::None => TuneName::None,
                Tune::Light => TuneName::Light,
                Tune::Full => TuneName::Full,
            };
        }
        if args.importance {
            self.importance = SHUFFLES;
        }
        self.shap |= args.shap;
        self.learning_curve |= args.learning_curve;
        let mut step = |name: &str, value: Value| self.preprocess.insert(name.to_owned(), value);
        if let Some(rule) = args.impute {
            let rule = match rule {
                Impute::Median => "median",
                Impute::Mean => "mean",
                Impute::Keep => "keep",
            };
            step("undefined", json!(rule));
        }
        if let Some(scale) = args.scale {
            let scale = match scale {
                Scale::Standard => "standard",
                Scale::Robust => "robust",
                Scale::MinMax => "min_max",
                Scale::Quantile => "quantile_uniform",
                Scale::QuantileNormal => "quantile_normal",
                Scale::None => "unscaled",
            };
            step("scaling", json!(scale));
        }
        if args.combat {
            step("combat", json!({}));
        }
        if let Some(threshold) = args.redundancy {
            let rule = json!({ "spearman_clusters": { "threshold": threshold } });
            step("redundancy", rule);
        }
        if let Some(word) = &args.select {
            step("selection", selection(word)?);
        }
        if let Some(number) = args.pca {
            step("pca", json!({ "n_components": whole_or_share(number) }));
        }
        Ok(())
    }
}

/// A number of components as a whole number, so that it is told from a share.
fn whole_or_share(number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number that is read back exactly"
    )]
    let whole = number as i64;
    if number >= 1.0 && number.fract() == 0.0 {
        json!(whole)
    } else {
        json!(number)
    }
}

/// Reads `random_forest.n_estimators=500`. Values are JSON; what is none is a text.
fn setting(word: &str) -> Result<(String, String, Value)> {
    let parts = word
        .split_once('=')
        .and_then(|(key, value)| Some((key.split_once('.')?, value)));
    let Some(((learner, name), value)) = parts else {
        return Err(ToolError::new(Code::Usage, format!("--set {word}"))
            .expected("LEARNER.SETTING=VALUE, such as random_forest.n_estimators=500"));
    };
    Ok((
        learner.trim().to_owned(),
        name.trim().to_owned(),
        self::value(value),
    ))
}

/// A value on the command line: JSON, Python's words, or a text.
pub(super) fn value(text: &str) -> Value {
    match text {
        "None" | "none" => Value::Null,
        "True" => json!(true),
        "False" => json!(false),
        text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    }
}

/// Reads `anova_f:20` or `boruta`.
fn selection(word: &str) -> Result<Value> {
    let (method, count) = match word.split_once(':') {
        Some((method, count)) => (method, Some(count)),
        None => (word, None),
    };
    let plain = method.trim().to_lowercase().replace('-', "_");
    let known = METHODS
        .iter()
        .find(|(name, words)| *name == plain || words.contains(&&*plain));
    let Some((method, _)) = known else {
        let names = METHODS.map(|(name, _)| name);
        return Err(
            ToolError::new(Code::Usage, format!("no selection '{method}'"))
                .remedy(suggestion(&plain, &names)),
        );
    };
    let Some(count) = count else {
        return Ok(json!({ *method: {} }));
    };
    let count: u32 = count
        .parse()
        .ok()
        .filter(|&count| count > 0)
        .ok_or_else(|| {
            ToolError::new(Code::Usage, format!("--select {word}"))
                .expected("a number of columns behind the colon, such as anova_f:20")
        })?;
    match *method {
        "boruta" | "stability" => Err(ToolError::new(Code::Usage, format!("--select {word}"))
            .expected(format!("{method} without a number: it finds out how many"))),
        _ => Ok(json!({ *method: { "k": count } })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_json_or_words() {
        let read = |word: &str| setting(word).unwrap();
        assert_eq!(read("svc.C=10").2, json!(10));
        assert_eq!(read("svc.kernel=poly").2, json!("poly"));
        assert_eq!(
            read("random_forest:smartcore.n_estimators=7").0,
            "random_forest:smartcore"
        );
        assert_eq!(read("random_forest.max_depth=None").2, Value::Null);
        assert_eq!(read("knn.p=1.5").1, "p");
        for wrong in ["svc", "svc=1", "svc.C"] {
            assert_eq!(setting(wrong).unwrap_err().code, Code::Usage, "{wrong}");
        }
    }

    #[test]
    fn selections_have_short_names_and_counts() {
        assert_eq!(
            selection("anova:20").unwrap(),
            json!({"anova_f": {"k": 20}})
        );
        assert_eq!(selection("boruta").unwrap(), json!({"boruta": {}}));
        for wrong in ["anova:0", "anova:x", "boruta:3", "nothing"] {
            assert!(selection(wrong).is_err(), "{wrong}");
        }
        let told = selection("mrmrr:3").unwrap_err().to_string();
        assert!(told.contains("did you mean 'mrmr'"), "{told}");
    }

    #[test]
    fn components_are_counts_or_shares() {
        assert_eq!(whole_or_share(12.0), json!(12));
        assert_eq!(whole_or_share(0.95), json!(0.95));
    }
}
