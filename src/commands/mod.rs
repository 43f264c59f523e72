//! One file per command. A command says what it does with [`Console`], and ends with an [`Exit`].

mod check;
mod compare;
mod deep;
mod doctor;
mod evaluate;
mod extract;
#[cfg(test)]
mod extract_faults;
mod features;
mod map;
#[cfg(feature = "deep")]
mod networks;
#[cfg(feature = "learners")]
mod predict;
mod pyradiomics;
mod report;
mod scan;
mod split;
mod train;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cli::{Cli, Command, Global};
use crate::compare::Plan;
use crate::conclusion::Form;
use crate::console::{Console, Verbosity, hear_bugs};
use crate::dry_run::Estimate;
use crate::error::{Code, Exit, Faults, ToolError};
use crate::interrupt;
use crate::io::ByteBudget;

/// What every command may use.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The screen.
    pub console: Console,
    /// Results as JSON on standard output.
    pub json: bool,
    /// Bytes a single file may take.
    pub budget: ByteBudget,
}

impl Context {
    /// How a report is printed.
    fn form(self) -> Form {
        if self.json { Form::Json } else { Form::Screen }
    }
}

/// Result of a command: faults that ended it, or how it ended.
type Outcome = Result<Exit, Faults>;

/// Runs a command and says what went wrong, if something did.
pub fn run(cli: &Cli) -> Exit {
    let context = context(&cli.global);
    hear_bugs();
    let work = AssertUnwindSafe(|| -> Outcome {
        threads(cli.global.jobs)?;
        device(cli, context)?;
        interrupt::listen()?;
        match &cli.command {
            Command::Compare(args) => compare::run(args, context),
            Command::Extract(args) => extract::run(args, context),
            Command::Check(args) => check::run(args, context),
            Command::Map(args) => map::run(args, context),
            Command::Pyradiomics(args) => pyradiomics::run(args, context),
            Command::Scan(args) => scan::run(args, context),
            Command::Split(args) => split::run(args, context),
            Command::Train(args) => train::run(args, context),
            #[cfg(feature = "learners")]
            Command::Predict(args) => predict::run(args, context),
            #[cfg(not(feature = "learners"))]
            Command::Predict(_) => Err(crate::models::missing("learners").into()),
            Command::Deep(args) => deep::run(args, context),
            Command::Evaluate(args) => evaluate::run(args, context),
            Command::Report(args) => report::run(args, context),
            Command::Features(args) => features::run(args, context),
            Command::Doctor => Ok(doctor::run(context)),
        }
    });
    let outcome = catch_unwind(work).unwrap_or_else(|_| {
        let fault =
            ToolError::new(Code::Internal, "the tool failed").remedy("report this as a bug");
        Err(fault.into())
    });
    match outcome {
        Ok(exit) => exit,
        Err(faults) => {
            context.console.faults(&faults);
            faults.exit()
        }
    }
}

fn context(global: &Global) -> Context {
    let verbosity = match (global.quiet, global.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    };
    let budget = global
        .max_memory
        .map_or_else(ByteBudget::default, ByteBudget);
    Context {
        console: Console::new(verbosity),
        json: global.json,
        budget,
    }
}

/// What a plan would do and about how long it would take, on the screen or as JSON.
fn estimate(plan: &Plan, context: Context) -> Outcome {
    told(&plan.estimate(context.console)?, context)
}

/// An estimate, on the screen or as JSON.
fn told(estimate: &Estimate, context: Context) -> Outcome {
    let text = if context.json {
        serde_json::to_string_pretty(estimate)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?
    } else {
        estimate.describe()
    };
    context.console.print(&text);
    Ok(Exit::Done)
}

/// Opens the device of the networks, for commands that have to do with networks.
#[cfg(feature = "deep")]
fn device(cli: &Cli, context: Context) -> Result<(), ToolError> {
    use raduet_deep::device::{Choice, Place, choose};
    if !matches!(
        cli.command,
        Command::Compare(_) | Command::Deep(_) | Command::Doctor
    ) {
        return Ok(());
    }
    let unknown = |fault: raduet_deep::DeepError| {
        ToolError::new(Code::Usage, fault.to_string()).remedy("choose --device auto, cpu or cuda:N")
    };
    let choice: Choice = cli.global.device.parse().map_err(unknown)?;
    let place = Place::of(choice).map_err(unknown)?;
    if choice == Choice::Auto && !place.is_gpu() && cfg!(feature = "cuda") {
        context
            .console
            .say("no NVIDIA GPU found: networks compute on the processor");
    }
    choose(place);
    Ok(())
}

/// There are no networks in this build.
#[cfg(not(feature = "deep"))]
fn device(_: &Cli, _: Context) -> Result<(), ToolError> {
    Ok(())
}

/// One pool for everything; results do not depend on its size.
fn threads(jobs: u16) -> Result<(), ToolError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.into())
        .build_global()
        .map_err(|fault| {
            ToolError::new(Code::Internal, format!("threads: {fault}"))
                .remedy("choose fewer threads (-j)")
        })
}

/// How a batch ended: all, some or none of `total` cases.
fn batch_exit(failed: usize, total: usize) -> Exit {
    match failed {
        0 => Exit::Done,
        _ if failed == total => Exit::AllFailed,
        _ => Exit::SomeFailed,
    }
}
