//! What `cargo xtask test` and `cargo xtask ci` run, in order.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::step::{Ended, Steps, cargo};
use crate::{Mode, detection, docs, grid, implementations, schema};

/// The version of cargo-deny whose configuration `deny.toml` is.
const CARGO_DENY: &str = "0.20.2";

/// Sets up the implementations and runs every test. The tests need all set-ups.
pub(crate) fn test(steps: &mut Steps, root: &Path) {
    let python = steps.step("set up the Python implementations", || implementations::python(root));
    let javascript =
        steps.step("set up the JavaScript implementations", || implementations::javascript(root));
    let debian = steps.step("set up the other languages", || implementations::debian(root));
    let rust = steps.step("set up the Rust implementations", || implementations::rust(root));
    steps.step("tests", || match (python, javascript, debian, rust) {
        (Ended::Well, Ended::Well, Ended::Well, Ended::Well) => {
            cargo(root, &["test", "--workspace", "--locked", "--features", "real-implementations"])
        }
        _ => Err("not run, because the implementations that they drive are not set up".to_owned()),
    });
}

/// Everything that CI checks; the quick ones first.
pub(crate) fn ci(root: &Path) -> Result<(), String> {
    let mut steps = Steps::default();
    steps.step("format", || cargo(root, &["fmt", "--all", "--check"]));
    steps.step("generated schemas", || schema::run(root, Mode::Check));
    steps.step("generated parts of the documentation", || docs::run(root, Mode::Check));
    steps.step("generated from the kill matrix", || detection::run(root, Mode::Check));
    test(&mut steps, root);
    steps.step("grid of real implementations", || grid::run(root, Mode::Check));
    steps.step("clippy", || {
        cargo(root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
    });
    steps.step("bans, licenses, sources", || deny(root));
    steps.finish()
}

fn deny(root: &Path) -> Result<(), String> {
    let present =
        Command::new("cargo-deny").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !present.is_ok_and(|status| status.success()) {
        // It runs for seconds: what counts is how long it takes to build.
        cargo(root, &["install", "cargo-deny", "--debug", "--locked", "--version", CARGO_DENY])?;
    }
    cargo(root, &["deny", "--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
}
