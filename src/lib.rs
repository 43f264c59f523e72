//! The tool: reads files, calls the rooms, writes files.
//!
//! ```text
//! cohort ─ cases ─ extract ─┬─ features ─ learners ─┐
//!   manifest, io            └─ pixels ─── networks ─┴─ predictions ─ report ─ report_writers
//! ```
//!
//! | for | look at |
//! |---|---|
//! | what can be asked for | [`cli`], [`settings`], [`params`] |
//! | who takes part | [`scan`], [`cohort`], [`manifest`], [`phantom`], all behind [`cases`] |
//! | whether a cohort can be measured | [`check`] |
//! | files in and out | [`io`] |
//! | the main job | [`compare`], its steps [`division`], [`extract`], [`models`], [`arms`], [`repeats`] |
//! | what is written about it | [`report_writers`], [`figures`], [`checklists`], [`provenance`]; read back by [`finished_run`] |
//! | what a run would do | [`dry_run`] |
//! | a run that may be stopped | [`run_folder`], [`journal`], [`interrupt`] |
//! | what went wrong | [`error`] |

pub use raduet_features as features;
pub use raduet_study as study;

#[cfg(feature = "deep")]
pub use raduet_deep as deep;
#[cfg(feature = "learners")]
pub use raduet_learners as learners;

pub mod arms;
pub mod cases;
pub mod check;
pub mod checklists;
pub mod cli;
pub mod cohort;
pub mod commands;
pub mod compare;
pub mod conclusion;
pub mod console;
pub mod division;
pub mod dry_run;
pub mod error;
pub mod extract;
pub mod figures;
pub mod finished_run;
pub mod guards;
pub mod interrupt;
pub mod io;
pub mod journal;
pub mod lock;
pub mod manifest;
pub mod mask_sheet;
pub mod models;
#[cfg(feature = "deep")]
pub mod paper_tables;
pub mod params;
pub mod phantom;
pub mod provenance;
pub mod repeats;
pub mod report_writers;
pub mod run_folder;
pub mod scan;
pub mod settings;
