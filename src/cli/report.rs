//! Arguments of `raduet report`.

use std::path::PathBuf;

use clap::Args;

use super::FigureOptions;

/// Arguments of `raduet report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder of a finished run, as `compare`, `train`, `deep` and `evaluate` leave it
    #[arg(value_name = "RUN", default_value = "raduet-run")]
    pub run: PathBuf,
    /// The figures
    #[command(flatten)]
    pub figures: FigureOptions,
}
