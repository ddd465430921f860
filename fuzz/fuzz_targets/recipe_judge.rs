//! The shell around [`countersign_fuzz::recipe_judge`] for libFuzzer.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::recipe_judge::run(data));

#[cfg(not(fuzzing))]
fn main() {}
