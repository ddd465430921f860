//! The shell around [`countersign_fuzz::scheme_verify`] for libFuzzer.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::scheme_verify::run(data));

#[cfg(not(fuzzing))]
fn main() {}
