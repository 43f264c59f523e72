//! Arguments of `raduet scan`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

/// The layout that is found out.
pub const AUTO: &str = "auto";

/// Arguments of `raduet scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// A folder with images and masks
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How it is laid out
    #[arg(
        long,
        default_value = AUTO,
        value_name = "LAYOUT",
        value_parser = PossibleValuesParser::new(names())
    )]
    pub layout: String,
    /// File for the manifest, .csv; without it the manifest goes to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

fn names() -> Vec<&'static str> {
    let mut names = vec![AUTO];
    names.extend(crate::scan::layouts());
    names
}
