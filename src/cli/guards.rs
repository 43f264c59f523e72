//! Options that guard a comparison.

use clap::Args;

use crate::guards::Guards;

/// Options that guard a comparison.
#[derive(Debug, Clone, Copy, Args)]
pub struct GuardOptions {
    /// Go on although one image or patient stands on two sides of the split under two names
    #[arg(long, help_heading = "Guards")]
    pub allow_leaks: bool,
    /// A control: exchange the classes of training patients at random; no model may beat the majority then
    #[arg(long, help_heading = "Guards")]
    pub sanity: bool,
}

impl GuardOptions {
    /// As the run takes them.
    pub fn guards(self) -> Guards {
        Guards {
            allow_leaks: self.allow_leaks,
            sanity: self.sanity,
        }
    }
}
