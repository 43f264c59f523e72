//! Runs the body of a target. A panic that the tool catches itself is its own matter and no find; one that reaches
//! this place is.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;

use super::fuzz_bodies::{seeds, target};

static FIRST: Once = Once::new();

pub(crate) fn run(name: &str, data: &[u8]) {
    let target = target(name);
    FIRST.call_once(|| {
        // libFuzzer's own hook ends the process at every panic, caught or not.
        set_hook(Box::new(|bug| eprintln!("{bug}")));
        // Seeds that are made, written where the campaign looks for its corpus.
        if let Some(folder) = std::env::var_os("RADUET_FUZZ_SEEDS") {
            for (at, seed) in seeds(name).into_iter().enumerate() {
                let path = std::path::Path::new(&folder).join(format!("seed-{at}"));
                std::fs::write(path, seed).expect("a folder for seeds");
            }
        }
    });
    let data = data.get(..target.longest).unwrap_or(data);
    if catch_unwind(AssertUnwindSafe(|| (target.body)(data))).is_err() {
        std::process::abort();
    }
}
