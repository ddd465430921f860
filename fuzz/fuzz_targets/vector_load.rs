//! The shell around [`countersign_fuzz::vector_load`] for libFuzzer.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::vector_load::run(data));

#[cfg(not(fuzzing))]
fn main() {}
