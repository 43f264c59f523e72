//! The whole tool, run as a user runs it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparations fail"
)]

mod check_cohort;
mod cli;
mod cohort_on_disk;
#[cfg(all(feature = "learners", feature = "deep"))]
mod compare_end_to_end;
#[cfg(feature = "deep")]
mod deep_end_to_end;
mod evaluate;
mod extract_end_to_end;
mod extract_journal;
mod extract_parameters;
mod extract_regions;
mod extract_traps;
mod faults;
mod formats;
#[cfg(feature = "learners")]
mod guards;
mod map_end_to_end;
#[cfg(feature = "learners")]
mod predict_end_to_end;
mod program;
mod pyradiomics;
mod real_cohorts;
mod report_again;
mod report_in_browser;
mod results;
#[cfg(all(unix, feature = "learners", feature = "deep"))]
mod resume;
mod scan;
mod study_file;
mod table;
#[cfg(feature = "learners")]
mod train_end_to_end;
#[cfg(feature = "deep")]
mod training_end_to_end;
