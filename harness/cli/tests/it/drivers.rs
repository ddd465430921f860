//! Libraries behind drivers: what a run says of them, and what it says of drivers that break the protocol.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{CANARY, countersign, has_ended, pid_in, program, stderr, stdout};

/// The target of a driver that behaves in this manner.
fn driver(manner: &str) -> String {
    format!("{} {manner}", program("test-driver"))
}

fn run(manner: &str, more: &[&str]) -> (Value, i32) {
    let target = format!("exec:{}", driver(manner));
    let args = ["run", "--target", &target, "--secret", "env:HOOK_SECRET", "--seed", "1", "--format", "json"];
    let output = countersign(&[&args[..], more].concat());
    let shown = stdout(&output) + &stderr(&output);
    assert!(!shown.contains(CANARY), "{manner}: the secret is shown");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    (report, output.status.code().expect("it was not killed"))
}

/// Requirements that the findings name.
fn broken(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().into_iter().flatten();
    findings.filter_map(|finding| finding["requirement"].as_str()).collect()
}

#[test]
fn a_correct_library_conforms_and_what_it_cannot_be_asked_is_no_pass() {
    let (report, exit) = run("right", &[]);
    assert_eq!((exit, broken(&report)), (0, vec![]), "{}", report["findings"]);
    assert!(report["summary"]["pass"].as_u64() > Some(450), "{}", report["summary"]);
    let cases = report["cases"].as_array().expect("cases");
    let unasked =
        |case: &&Value| case["reason"].as_str().is_some_and(|why| why.contains("(capability `replay`)"));
    let unasked: Vec<&Value> = cases.iter().filter(unasked).collect();
    assert!(unasked.len() > 20 && unasked.iter().all(|case| case["verdict"] == "skipped"), "{unasked:?}");
}

#[test]
fn the_same_seed_asks_a_library_the_same() {
    let strip = |(mut report, exit): (Value, i32)| {
        for case in report["cases"].as_array_mut().expect("cases") {
            case["millis"] = Value::Null;
        }
        (report["cases"].take(), exit)
    };
    assert_eq!(strip(run("raises", &["--case", "length-*"])), strip(run("raises", &["--case", "length-*"])));
}

#[test]
fn an_unexpected_exception_is_a_crash_and_names_its_type() {
    let (report, exit) = run("raises", &["--case", "length-*"]);
    assert_eq!((exit, broken(&report)), (1, vec!["ROB-REFUSE"]));
    assert!(report["cases"][0]["reason"].as_str().is_some_and(|why| why.contains("TypeError: not today")));
}

#[test]
fn a_text_that_tells_the_key_is_found_and_not_repeated() {
    let (report, exit) = run("tells-the-key", &["--case", "length-*"]);
    assert_eq!(exit, 1);
    assert!(broken(&report).contains(&"RSP-SECRET"), "{}", report["findings"]);
}

#[test]
fn a_library_that_ends_its_process_is_blamed_case_by_case_and_the_run_goes_on() {
    let (report, exit) = run("dies", &["--case", "length-tag-*"]);
    assert_eq!(exit, 1);
    assert!(broken(&report).contains(&"ROB-ALIVE"), "{}", report["findings"]);
    assert_eq!(report["summary"]["inconclusive"], 0, "{}", report["reason"]);
    let reasons = report["cases"].to_string();
    assert!(reasons.contains("exit status: 7") && reasons.contains("the last words"), "{reasons}");
}

#[test]
fn drivers_that_break_the_protocol_are_named_and_there_is_no_verdict() {
    for (manner, why) in [
        ("twice", "it answered number 1 twice"),
        ("wrong-number", "which was never asked"),
        ("not-utf-8", "is not UTF-8"),
        ("long-line", "longer than 1024 KiB"),
        ("half-a-line", "its last line does not end with a newline"),
    ] {
        let started = Instant::now();
        let (report, exit) = run(manner, &["--case", "length-tag-*"]);
        let said = report.to_string();
        assert!(said.contains("fault of the driver") && said.contains(why), "{manner}: {}", report["reason"]);
        assert_eq!(exit, 3, "{manner}: {}", report["verdict"]);
        assert!(started.elapsed() < Duration::from_secs(60), "{manner}");
    }
}

#[test]
fn ends_that_come_too_early_and_pipes_that_stay_open_do_not_hang_a_run() {
    for manner in ["exits-0", "grandchild"] {
        let started = Instant::now();
        let (report, exit) = run(manner, &["--case", "length-tag-as-*"]);
        assert_eq!(exit, 3, "{manner}: {report}");
        assert!(
            report.to_string().contains("exited with status 0 before its input ended"),
            "{manner}: {report}"
        );
        assert!(started.elapsed() < Duration::from_secs(60), "{manner}");
    }
}

#[test]
fn a_driver_that_does_not_greet_is_not_testable() {
    for (manner, why) in [("greets-wrongly", "not `hello`"), ("ends-at-once", "ended")] {
        let output = countersign(&["run", "--target", &format!("exec:{}", driver(manner))]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let output = countersign(&["run", "--target", "exec:no-such-program"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`no-such-program` cannot be started"), "{}", stderr(&output));
}

/// Waits for the process id that a driver leaves in a file.
fn start(manner: &str, file: &Path, more: &[&str]) -> std::process::Child {
    let target = format!("exec:{} '{}'", driver(manner), file.display());
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["run", "--target", &target, "--format", "json", "--jobs", "1"])
        .args(more)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

#[test]
fn a_driver_that_is_killed_in_the_middle_costs_at_most_a_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let running = start("slow", &file, &["--case", "length-*"]);
    kill_process(pid_in(&file), Signal::KILL).expect("it runs");
    let output = running.wait_with_output().expect("it ends");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let passed = report["summary"]["pass"].as_u64().expect("a count");
    assert!(passed + 2 >= report["cases"].as_array().expect("cases").len() as u64, "{}", report["summary"]);
}

#[test]
fn an_interrupt_leaves_no_driver_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let running = start("never-answers", &file, &["--timeout", "2"]);
    let driver = pid_in(&file);
    let own = Pid::from_raw(i32::try_from(running.id()).expect("an id")).expect("an id");
    kill_process(own, Signal::INT).expect("it runs");
    let output = running.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(has_ended(driver), "the driver still runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("what was done is reported");
    assert_eq!(report["verdict"], "inconclusive");
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_driver_that_keeps_the_protocol() {
    // A virtual machine has much to do between its last word and its end.
    for manner in ["right", "ends-slowly"] {
        let output = countersign(&["doctor", "--driver", &driver(manner)]);
        assert_eq!(output.status.code(), Some(0), "{manner}: {}", stdout(&output));
        assert!(
            stdout(&output)
                .contains("\nthe driver follows the line protocol\nnext: countersign run --target "),
            "{}",
            stdout(&output)
        );
    }
}

#[test]
fn the_doctor_names_what_is_wrong() {
    for (manner, why) in [
        ("twice", "answered number 1 twice"),
        ("dies", "exit status: 7"),
        ("fast-clock", "times 16 calls: fault of the driver: its calls took"),
    ] {
        let output = countersign(&["doctor", "--driver", &driver(manner)]);
        assert_eq!(output.status.code(), Some(3), "{manner}");
        let shown = stdout(&output);
        assert!(shown.contains("FAULT") && shown.contains(why), "{manner}: {shown}");
    }
}

#[test]
fn a_comparison_shows_where_targets_differ_and_what_changed_since() {
    let folder = tempfile::tempdir().expect("a folder");
    let grid = folder.path().join("grid.json").display().to_string();
    let json = format!("json={grid}");
    let (right, raises) = (format!("exec:{}", driver("right")), format!("exec:{}", driver("raises")));
    let case = ["--case", "length-tag-*"];
    let args = ["compare", "--target", &right, "--target", &raises];
    let output = countersign(&[&args[..], &case].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("  R  C! MUST L"), "{}", stdout(&output));
    let written = countersign(&[&args[..], &case, &["--format", &json]].concat());
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    let same = countersign(&[&args[..], &case, &["--baseline", &grid]].concat());
    assert_eq!((same.status.code(), stdout(&same)), (Some(0), "nothing changed\n".to_owned()));

    // The same name behaves otherwise: what an upgrade of a package looks like.
    let targets = |manner: &str| {
        let file = folder.path().join("targets.yaml");
        let text = format!("targets:\n  - name: it\n    target: \"exec:{}\"\n", driver(manner));
        std::fs::write(&file, text).expect("written");
        file.display().to_string()
    };
    let before = targets("right");
    let args = ["compare", "--targets", &before];
    let other = ["--target", "reference", "--scheme", "github", "--format", &json];
    let written = countersign(&[&args[..], &case, &other].concat());
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    let after = targets("raises");
    let output = countersign(&[&["compare", "--targets", &after, "--baseline", &grid], &case[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("crashed, against the spec"), "{}", stdout(&output));
}
