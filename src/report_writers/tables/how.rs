//! How the intervals of a table were made, in words.

use raduet_study::Report;

use crate::report_writers::numbers::confidence;

/// Of figures of slices and patients.
pub(super) fn of_slices(report: &Report) -> String {
    let bootstrap = &report.settings.bootstrap;
    format!(
        "In brackets {} % intervals over patients, not over slices: bootstrap with {} resamples, BCa where it has a \
         value, else percentiles, and no interval where more than 5 % of the resamples have no value",
        confidence(report),
        bootstrap.resamples
    )
}
