//! Reads the command line, runs the command, and ends with its exit status.

use std::process::ExitCode;

use clap::Parser;
use raduet::cli::{self, Cli};
use raduet::error::Exit;

// The networks allocate and free tensors of tens of megabytes at every step: the system's allocator
// gives them back and asks for them again each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let exit = match Cli::try_parse_from(cli::words(std::env::args_os())) {
        Ok(cli) => raduet::commands::run(&cli),
        Err(usage) => {
            let wrong = usage.use_stderr();
            // Nobody reads on: there is nothing left to do for this text.
            let _ = usage.print();
            if wrong { Exit::Usage } else { Exit::Done }
        }
    };
    ExitCode::from(exit.status())
}
