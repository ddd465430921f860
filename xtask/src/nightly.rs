//! `cargo xtask nightly`: what takes too long for every change, in order.
//!
//! [`Bounds`] says how long the open-ended steps may take. It must not know what the single tests are.

use std::path::Path;

use crate::checks::{NIGHTLY, test_with};
use crate::implementations::Scope;
use crate::step::{Ended, Steps, cargo};
use crate::tools::{FUZZ, MUTANTS};
use crate::{Mode, packages, pages};

/// The fuzz targets of `fuzz/`.
const FUZZ_TARGETS: [&str; 4] = ["answer_read", "recipe_judge", "scheme_verify", "vector_load"];

/// How much of the open-ended steps is done.
struct Bounds {
    /// Seconds for each fuzz target: `NIGHTLY_FUZZ_SECONDS`.
    fuzz_seconds: String,
    /// The part of all mutants that is tried, such as `3/8`: `NIGHTLY_MUTANTS_SHARD`. Without it all are.
    shard: Option<String>,
}

impl Bounds {
    fn from_environment() -> Result<Self, String> {
        let seconds = std::env::var("NIGHTLY_FUZZ_SECONDS").unwrap_or_else(|_| "300".to_owned());
        if seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0) {
            return Ok(Self { fuzz_seconds: seconds, shard: std::env::var("NIGHTLY_MUTANTS_SHARD").ok() });
        }
        Err(format!("NIGHTLY_FUZZ_SECONDS is `{seconds}`; give a whole number of seconds above 0"))
    }
}

/// Runs everything. A step that fails does not stop the next ones.
///
/// # Errors
/// A step failed.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let bounds = Bounds::from_environment()?;
    let mut steps = Steps::default();
    let set_up = test_with(&mut steps, root, Scope::Every, NIGHTLY);
    steps.step("grid of real implementations", || match set_up {
        Ended::Well => pages::run(root, "grid", Mode::Check),
        Ended::Badly => Err("not run, because the implementations are not set up".to_owned()),
    });
    steps.step("packages from their archives", || packages::build(root));
    for target in FUZZ_TARGETS {
        steps.step(&format!("fuzz target {target}"), || fuzz(root, target, &bounds.fuzz_seconds));
    }
    for pass in MUTANT_PASSES {
        steps.step(&format!("mutants of core, {}", pass.title), || mutants(root, pass, &bounds));
    }
    for (title, part) in [("ratios beside peers", "ratios"), ("timing verdicts", "timing")] {
        steps.step(title, || {
            cargo(root, &["run", "--release", "--locked", "-p", "countersign-benches", "--bin", part])
        });
    }
    steps.finish()
}

fn fuzz(root: &Path, target: &str, seconds: &str) -> Result<(), String> {
    // What is learned stays out of the committed corpus, which is the second folder.
    let learned = root.join("target/fuzz-corpus").join(target);
    std::fs::create_dir_all(&learned).map_err(|error| format!("{}: {error}", learned.display()))?;
    let (learned, seeds) = (learned.display().to_string(), format!("fuzz/corpus/{target}"));
    let time = format!("-max_total_time={seconds}");
    let words = ["fuzz", "run", "--fuzz-dir", "fuzz", "-s", "none", target, &learned, &seeds, "--", &time];
    FUZZ.run(root, &words, &[("RUSTC_BOOTSTRAP", "1")])
}

/// A pass over the mutants of core: the cheapest tests first; each later pass gets what survived the one before.
struct Pass {
    title: &'static str,
    /// Options for `cargo mutants`, after those that all passes have.
    options: &'static [&'static str],
    /// Names of tests, of which the pass runs those that match; without one it runs all.
    filters: &'static [&'static str],
    /// How a survivor of this pass ends the chore.
    survivors: Survivors,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Survivors {
    /// The next pass gets them.
    GoOn,
    /// They are an error.
    AreWrong,
}

const CONFORMANCE: &str = "-C=--package=countersign-conformance";

const MUTANT_PASSES: &[Pass] = &[
    Pass {
        title: "judge",
        options: &[
            "-o=target/judge",
            "-e=harness/core/src/scheme/**",
            "-e=harness/core/src/tamper/**",
            "-C=--lib",
            "-C=--test=it",
        ],
        filters: &[],
        survivors: Survivors::AreWrong,
    },
    Pass {
        title: "schemes and tampers, by digests",
        options: &["-o=target/rest", "-e=harness/core/src/judge/**", CONFORMANCE, "-C=--test=it"],
        filters: &["digests::"],
        survivors: Survivors::GoOn,
    },
    Pass {
        title: "schemes and tampers, by what is recorded",
        options: &[
            "-o=target/rest",
            "-e=harness/core/src/judge/**",
            CONFORMANCE,
            "--iterate",
            "-C=--lib",
            "-C=--test=it",
        ],
        // All but the kill matrix, which takes as long as everything else.
        filters: &[
            "frozen::",
            "published::",
            "readers::",
            "reading::",
            "reports::",
            "scheme::",
            "scheme_files::",
            "schemes::",
            "tamper::",
            "tampers::",
        ],
        survivors: Survivors::AreWrong,
    },
];

fn mutants(root: &Path, pass: &Pass, bounds: &Bounds) -> Result<(), String> {
    let mut words = vec![
        "mutants",
        "-p",
        "countersign-core",
        "--copy-target",
        "true",
        "--baseline",
        "skip",
        "--timeout",
        "600",
    ];
    if let Some(shard) = &bounds.shard {
        words.extend(["--shard", shard]);
    }
    words.extend(pass.options);
    if !pass.filters.is_empty() {
        // The first pair of dashes ends the options of this tool, the second those of `cargo test`.
        words.extend(["--", "--"]);
        words.extend(pass.filters);
    }
    let ended = MUTANTS.run(root, &words, &[("INSTA_UPDATE", "no")]);
    match (pass.survivors, ended) {
        // Exit status 2 says that there are survivors, and 3 that a test ran out of time.
        (Survivors::GoOn, Err(why))
            if ["exit status: 2", "exit status: 3"].iter().any(|end| why.ends_with(end)) =>
        {
            Ok(())
        }
        (Survivors::GoOn | Survivors::AreWrong, ended) => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fuzz_target_is_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
        let files = std::fs::read_dir(folder).expect("the fuzz targets");
        let mut names: Vec<String> = files
            .map(|file| {
                file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        assert_eq!(names, FUZZ_TARGETS);
    }
}
