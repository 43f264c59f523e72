//! Options of what a report shows.

use clap::Args;

use crate::figures::Pictures;

/// Options of what a report shows.
#[derive(Debug, Clone, Copy, Args)]
pub struct FigureOptions {
    /// Draw no figures: the page says so, and `report` draws them later
    #[arg(long)]
    pub no_figures: bool,
}

impl FigureOptions {
    /// As writers take them.
    pub fn pictures(self) -> Pictures {
        if self.no_figures {
            Pictures::LeftOut
        } else {
            Pictures::Drawn
        }
    }
}
