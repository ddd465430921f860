//! Instructions that are counted and secrets that are followed, under valgrind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign::timing::{public, secret};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::support::{CANARY, countersign, root, stderr, stdout};

/// A driver in C whose comparison is one of `drivers/compares.c`, in a folder that goes with it.
struct Driver {
    folder: tempfile::TempDir,
    target: String,
}

fn compiled(options: &[&str], output: &Path, rest: &[&str]) {
    let c = root().join("conformance/implementations/c");
    let mut compiler = Command::new("cc");
    compiler.args(["-D_DEFAULT_SOURCE", "-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-I"]).arg(c);
    let built = compiler.args(options).arg("-o").arg(output).args(rest).output();
    let built = built.expect("a C compiler: run `cargo xtask test`, which installs it");
    assert!(built.status.success(), "{}", stderr(&built));
}

fn driver(way: &str, more: &[&str]) -> Driver {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, library) = (folder.path().join("host"), folder.path().join("compares.so"));
    let source = |path: &str| root().join(path).display().to_string();
    compiled(&[], &host, &[&source("conformance/implementations/c/countersign_driver.c"), "-ldl"]);
    let way = format!("-DWAY={way}");
    let options = [&["-fPIC", "-shared", &way][..], more].concat();
    compiled(&options, &library, &[&source("harness/cli/tests/drivers/compares.c"), "-lcrypto"]);
    Driver { target: format!("exec:'{}' '{}'", host.display(), library.display()), folder }
}

/// The report on a target, and how the command ended.
fn exact(option: &str, target: &str) -> (Value, Option<i32>) {
    let words = [
        "timing",
        option,
        "--target",
        target,
        "--scheme",
        "github",
        "--secret",
        "env:HOOK_SECRET",
        "--format",
        "json",
    ];
    let output = countersign(&words);
    let shown = stdout(&output) + &stderr(&output);
    assert!(!shown.contains(CANARY), "{target}: the secret is shown");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{target}: {error}: {shown}"));
    let schema = root().join(format!("vectors/schema/{}.schema.json", option.trim_start_matches('-')));
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).expect("a schema")).expect("JSON");
    let fits = jsonschema::validate(&schema, &report);
    assert!(fits.is_ok(), "{target}: {fits:?}");
    (report, output.status.code())
}

/// The line of `drivers/compares.c` that holds a text.
fn line(text: &str) -> String {
    let source =
        std::fs::read_to_string(root().join("harness/cli/tests/drivers/compares.c")).expect("a source");
    let at = source.lines().position(|line| line.contains(text)).expect("a line");
    format!("compares.c:{}", at + 1)
}

#[test]
fn an_early_exit_in_c_costs_the_same_for_each_character_in_every_run() {
    let driver = driver("character_by_character", &[]);
    let (report, exit) = exact("--instructions", &driver.target);
    assert_eq!((exit, report["verdict"].as_str()), (Some(1), Some("leak")), "{report}");
    assert_eq!((report["from"].as_u64(), report["noise"].as_u64()), (Some(1), Some(0)), "{report}");
    let per_character = report["per_character"].as_f64().expect("a number");
    assert!(per_character >= 1.0 && per_character.fract().abs() < 1e-9, "{report}");
    assert_eq!(exact("--instructions", &driver.target), (report, exit), "the same numbers again");
}

#[test]
fn a_comparison_in_constant_time_in_c_takes_the_same_instructions_at_every_place() {
    let (report, exit) = exact("--instructions", &driver("in_constant_time", &[]).target);
    assert_eq!((exit, report["verdict"].as_str()), (Some(0), Some("no-leak")), "{report}");
    let counts = report["counts"].as_array().expect("counts");
    assert!(
        counts.len() >= 8 && counts.iter().all(|count| count["instructions"] == counts[0]["instructions"]),
        "{report}"
    );
}

#[test]
fn a_comparison_that_counts_wrong_characters_leaks_how_many_there_are() {
    let (report, exit) = exact("--instructions", &driver("by_counting", &[]).target);
    assert_eq!((exit, &report["from"]), (Some(1), &Value::Null), "{report}");
}

#[test]
fn a_driver_that_takes_other_instructions_each_time_is_not_supported() {
    let (report, exit) = exact("--instructions", &driver("restlessly", &[]).target);
    assert_eq!(exit, Some(3), "{report}");
    assert!(report["reason"].as_str().is_some_and(|why| why.starts_with("unsupported")), "{report}");
}

#[cfg(feature = "nightly")]
/// The interpreter itself, behind whatever starts it.
fn python() -> String {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    stdout(&output.expect("Python 3")).trim().to_owned()
}

#[cfg(feature = "nightly")]
#[test]
fn python_is_counted_as_exactly() {
    let compares = root().join("harness/cli/tests/drivers/compares.py");
    let target = |way: &str| format!("exec:'{}' '{}' {way}", python(), compares.display());
    let (report, exit) = exact("--instructions", &target("equals"));
    assert_eq!((exit, report["verdict"].as_str()), (Some(1), Some("leak")), "{report}");
    let (report, exit) = exact("--instructions", &target("digest"));
    assert_eq!(
        (exit, report["verdict"].as_str(), report["noise"].as_u64()),
        (Some(0), Some("no-leak"), Some(0)),
        "{report}"
    );
}

#[test]
fn a_secret_that_decides_is_named_with_its_line() {
    for (way, place) in [("character_by_character", "the branch"), ("by_library", "the call")] {
        let (report, exit) = exact("--taint", &driver(way, &[]).target);
        assert_eq!((exit, report["verdict"].as_str()), (Some(1), Some("leak")), "{report}");
        let sites = report["sites"].as_array().expect("sites");
        let named =
            |site: &Value| site["source"].as_str().is_some_and(|source| source.ends_with(&line(place)));
        assert!(sites.iter().any(named), "{place}: {report}");
    }
}

#[test]
fn a_secret_that_decides_nothing_is_clean_only_if_it_was_compared() {
    let (report, exit) = exact("--taint", &driver("in_constant_time", &[]).target);
    assert_eq!(
        (exit, report["verdict"].as_str(), &report["sites"]),
        (Some(0), Some("no-leak"), &Value::from([(); 0].to_vec())),
        "{report}"
    );
    for (how, why) in [("-DUNMARKED", "nothing was marked"), ("-DBESIDE", "reached no verdict")] {
        let (report, exit) = exact("--taint", &driver("in_constant_time", &[how]).target);
        assert_eq!((exit, report["verdict"].as_str()), (Some(3), Some("inconclusive")), "{report}");
        assert!(report["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{report}");
    }
}

#[test]
fn the_example_of_a_driver_in_c_is_clean() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, library) = (folder.path().join("host"), folder.path().join("example.so"));
    let source = |name: &str| root().join("conformance/implementations/c").join(name).display().to_string();
    compiled(&[], &host, &[&source("countersign_driver.c"), "-ldl"]);
    compiled(&["-fPIC", "-shared"], &library, &[&source("example.c"), "-lcrypto"]);
    let (report, exit) = exact("--taint", &format!("exec:'{}' '{}'", host.display(), library.display()));
    assert_eq!((exit, report["verdict"].as_str()), (Some(0), Some("no-leak")), "{report}");
}

#[test]
fn without_valgrind_nothing_is_said_to_be_clean() {
    let driver = driver("in_constant_time", &[]);
    for option in ["--instructions", "--taint"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        let words = ["timing", option, "--target", &driver.target, "--scheme", "github"];
        let output =
            command.args(words).current_dir(driver.folder.path()).env("PATH", driver.folder.path()).output();
        let output = output.expect("the command starts");
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains("valgrind is not there; install it"), "{}", stderr(&output));
    }
}

#[test]
fn what_cannot_be_run_under_valgrind_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let launcher = folder.path().join("launcher");
    std::fs::write(&launcher, "#!/usr/bin/env bash\nexec python3 driver.py\n").expect("written");
    let launcher = format!("exec:'{}'", launcher.display());
    for (target, why) in [("reference", "only a driver"), (launcher.as_str(), "is a shell script")] {
        let output = countersign(&["timing", "--instructions", "--target", target, "--scheme", "github"]);
        assert_eq!(output.status.code(), Some(2), "{target}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{target}: {}", stderr(&output));
    }
}

const RIGHT: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

#[test]
fn marked_early_exit() {
    let mut right = std::hint::black_box(RIGHT);
    secret(&mut right);
    let given = std::hint::black_box([b'0'; 32]);
    let mut equal = [given.iter().zip(&right).all(|(one, other)| std::hint::black_box(one) == other)];
    assert_eq!(std::hint::black_box(&mut equal), &[false]);
}

#[test]
fn marked_constant_time() {
    let mut right = std::hint::black_box(RIGHT);
    secret(&mut right);
    let mut equal = [right.ct_eq(&std::hint::black_box([b'0'; 32])).unwrap_u8()];
    public(&mut equal);
    assert_eq!(equal, [0]);
}

/// One of the tests above under valgrind, as a person would run a test of their own.
fn under_valgrind(test: &str) -> Output {
    let own: PathBuf = std::env::current_exe().expect("this test");
    let mut valgrind = Command::new("valgrind");
    let test = format!("valgrind::{test}");
    valgrind.args(["--track-origins=yes", "--error-exitcode=9"]).arg(own).args(["--exact", &test]);
    valgrind.output().expect("valgrind: run `cargo xtask test`, which installs it")
}

#[test]
fn a_rust_function_in_a_plain_test_is_followed_too() {
    let output = under_valgrind("marked_early_exit");
    assert_eq!(output.status.code(), Some(9), "{}", stderr(&output));
    assert!(stderr(&output).contains("valgrind.rs:"), "{}", stderr(&output));
    let output = under_valgrind("marked_constant_time");
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("countersign: secret") && said.contains("countersign: public"), "{said}");
}
