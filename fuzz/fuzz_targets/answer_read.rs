//! The shell around [`countersign_fuzz::answer_read`] for libFuzzer.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_fuzz::answer_read::run(data));

#[cfg(not(fuzzing))]
fn main() {}
