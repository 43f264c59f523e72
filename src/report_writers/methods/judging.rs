//! How models were judged, explained and reported.

use std::fmt::Write;

use raduet_study::Report;
use raduet_study::pooling::PoolingName;
use raduet_study::report::Level;

use super::super::escape::markdown as escaped;
use super::super::judged::Judged;
use super::super::numbers::confidence;
use super::listed;
use crate::checklists::Facts;

pub(super) fn statistics(facts: &Facts<'_>, judged: Judged) -> String {
    let report = facts.report;
    let bootstrap = report.settings.bootstrap;
    let mut text = format!(
        "Models were judged on {} test patients with {} {}. ",
        report.test_patients,
        report.test_slices,
        judged.noun(Level::Slice)
    );
    if let Some(note) = judged.note(report) {
        text.push_str(&note);
        text.push(' ');
    } else {
        text.push_str(pooled(report));
    }

    let _ = write!(
        text,
        "Figures were accuracy, balanced accuracy, precision, sensitivity, specificity, F1, Matthews' correlation, kappa and quadratic weighted kappa [@cohen1968kappa], areas under the ROC curve, one versus rest and over pairs [@hand2001auc], log loss, the Brier score [@brier1950] and the expected calibration error [@guo2017calibration]. Intervals of {} % came from {} bootstrap resamples of patients, bias-corrected and accelerated [@efron1987bca], also for slices; the patient accuracy has an exact interval too [@clopper1934exact]. ",
        confidence(report),
        bootstrap.resamples
    );
    if let Some(comparison) = &report.comparison {
        let _ = write!(
            text,
            "The best model of each arm was chosen before the test part was looked at ({}); the two ({} and {}) were compared by the exact McNemar test on patients [@mcnemar1947] and by paired differences over the same resamples. ",
            escaped(&comparison.rule),
            escaped(&comparison.deep),
            escaped(&comparison.radiomics)
        );
    }
    if report.majority.is_some() {
        text.push_str(
            "Every model was held against always answering the majority class of the training patients, by the exact McNemar test [@mcnemar1947] with Holm's correction [@holm1979]. ",
        );
    }
    text.push_str(&further(facts));
    text.trim_end().to_owned()
}

fn pooled(report: &Report) -> &'static str {
    match report.settings.pooling {
        PoolingName::MeanProbability => {
            "The answer for a patient was the mean probability of the patient's slices. "
        }
        PoolingName::MajorityVote => {
            "The answer for a patient was that of most of the patient's slices. "
        }
        PoolingName::Weighted => {
            "The answer for a patient was the weighted mean probability of the patient's slices. "
        }
    }
}

/// Areas compared by DeLong's test and decision curves, where the report has them.
fn further(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    if facts.compares_areas() {
        text.push_str(
            "Areas of two models were compared by DeLong's test [@delong1988] in its fast form [@sun2014delong]. ",
        );
    }
    let comparison = facts.report.comparison.as_ref();
    if comparison.is_some_and(|comparison| comparison.over_folds.is_some()) {
        text.push_str(
            "The difference over folds was tested with the variance corrected for their shared training patients [@nadeau2003inference]. ",
        );
    }
    if facts.draws_decision_curves() {
        text.push_str("Net benefit was taken as decision curves [@vickers2006decision]. ");
    }
    text
}

pub(super) fn explanation(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    if facts.wrote("figures/importance.csv") {
        text.push_str("The importance of a feature was the rise of the log loss of the test rows when its values were shuffled [@breiman2001forests]. ");
    }
    if facts.wrote("figures/shap.csv") {
        text.push_str("Contributions of features were SHAP values [@lundberg2017shap]. ");
    }
    if facts.wrote_any("figures/grad_cam/") {
        text.push_str("Where networks look was shown by Grad-CAM [@selvaraju2017gradcam]. ");
    }
    text.trim_end().to_owned()
}

pub(super) fn reporting(facts: &Facts<'_>) -> String {
    let lists = [
        "CLEAR [@kocak2023clear]",
        "METRICS [@kocak2024metrics]",
        "the reporting items of IBSI [@zwanenburg2020ibsi]",
        "TRIPOD+AI [@collins2024tripod]",
    ];
    format!(
        "All of it was done with {}; settings, seeds and checksums are kept with the results. The checklists {} were filled in as far as the run knows.",
        escaped(facts.program),
        listed(&lists)
    )
}
