#![no_main]

#[path = "../common.rs"]
mod common;
#[path = "../../tests/fuzz_bodies/mod.rs"]
mod fuzz_bodies;

use std::sync::LazyLock;

static NAME: LazyLock<String> = LazyLock::new(|| {
    std::env::var("RADUET_FUZZ_TARGET").expect("RADUET_FUZZ_TARGET names a target")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| common::run(&NAME, data));
