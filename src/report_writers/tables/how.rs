//! How the intervals of a table were made, in words.

use raduet_study::Report;

/// Of figures of slices and patients.
pub(super) fn of_slices(report: &Report) -> String {
    let bootstrap = &report.settings.bootstrap;
    let confidence = format!("{:.1}", 100.0 * bootstrap.confidence);
    format!(
        "In brackets {} % intervals over patients, not over slices: bootstrap with {} resamples, BCa where it has a \
         value, else percentiles, and no interval where more than 5 % of the resamples have no value",
        confidence.trim_end_matches(".0"),
        bootstrap.resamples
    )
}
