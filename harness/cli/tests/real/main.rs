//! Real implementations: one library and one server of each language, and drivers under valgrind.
//!
//! Built only with the feature `real-implementations`. `cargo xtask test` installs what they need and runs them; nothing
//! here is skipped when it is missing.

#[path = "../support/mod.rs"]
mod support;

mod endpoints;
mod exports;
mod packages;
mod valgrind;
