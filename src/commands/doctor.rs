//! `raduet doctor`: what this machine and this build offer.

use serde_json::json;

use super::Context;
use crate::error::Exit;

pub(super) fn run(context: Context) -> Exit {
    let processor = processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let arms = [
        ("learners", cfg!(feature = "learners")),
        ("deep", cfg!(feature = "deep")),
    ];
    if context.json {
        let report = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "system": std::env::consts::OS,
            "processor": processor,
            "cores": cores,
            "threads": rayon::current_num_threads(),
            "memory_limit_bytes": context.budget.0,
            "device": device(),
            "learners": cfg!(feature = "learners"),
            "deep": cfg!(feature = "deep"),
            "cuda": cfg!(feature = "cuda"),
        });
        context
            .console
            .print(&serde_json::to_string_pretty(&report).unwrap_or_default());
        return Exit::Done;
    }
    let built: Vec<&str> = arms
        .iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| *name)
        .collect();
    let lines = [
        format!("raduet     {}", env!("CARGO_PKG_VERSION")),
        format!(
            "system     {} {}",
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        format!(
            "processor  {processor}, {cores} cores; {} threads in use",
            rayon::current_num_threads()
        ),
        format!(
            "memory     a single image may take {} MiB",
            context.budget.0 >> 20
        ),
        format!("networks   {}", device()),
        format!("built with {}", built.join(", ")),
    ];
    context.console.print(&lines.join("\n"));
    Exit::Done
}

#[cfg(feature = "deep")]
fn device() -> String {
    raduet_deep::device::describe()
}

#[cfg(not(feature = "deep"))]
fn device() -> String {
    "built without networks".into()
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
