//! Servers that a run starts, ends, and starts again.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{CANARY, countersign, has_ended, pid_in, program, stderr, stdout};

/// The target of a server that behaves in this manner.
fn server(manner: &str) -> String {
    format!("serve:{} {manner}", program("test-server"))
}

fn arguments<'a>(target: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = ["run", "--target", target, "--scheme", "github", "--secret", "env:HOOK_SECRET"];
    [&args[..], &["--seed", "1", "--format", "json"], more].concat()
}

fn run(manner: &str, more: &[&str]) -> (Value, i32) {
    let output = countersign(&arguments(&server(manner), more));
    let shown = stdout(&output) + &stderr(&output);
    assert!(!shown.contains(CANARY), "{manner}: the secret is shown");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    (report, output.status.code().expect("it was not killed"))
}

/// How a case ended: its verdict, and the reason.
fn verdict<'a>(report: &'a Value, case: &str) -> (&'a str, &'a str) {
    let mut cases = report["cases"].as_array().expect("cases").iter();
    let found = cases.find(|one| one["id"] == case).unwrap_or_else(|| panic!("{case} was not run"));
    (found["verdict"].as_str().expect("a word"), found["reason"].as_str().unwrap_or_default())
}

#[test]
fn a_correct_server_conforms_and_is_set_up_with_other_secrets() {
    let (report, exit) = run("right", &["--case", "length-*", "--case", "configured-*"]);
    assert_eq!(exit, 0, "{}", report["findings"]);
    assert_eq!(
        verdict(&report, "configured-secret-200-bytes").0,
        "pass",
        "another server was started for this key"
    );
    assert_eq!(
        verdict(&report, "configured-secret-zero-byte-inside").0,
        "skipped",
        "an environment holds no zero octet"
    );
}

#[test]
fn a_server_that_does_not_start_with_a_secret_is_not_asked() {
    let (report, _) = run("needs-a-secret", &["--case", "configured-secret-empty-*"]);
    let (verdict, why) = verdict(&report, "configured-secret-empty-signed-with-it");
    assert_eq!(verdict, "skipped");
    assert!(why.contains("no empty secret"), "{why}");
}

#[test]
fn a_server_that_dies_is_started_again_and_the_run_goes_on() {
    let (report, exit) = run("dies", &["--case", "genuine-*"]);
    assert_eq!((exit, verdict(&report, "genuine-body-one-byte").0), (1, "fail"));
    let requirements: Vec<&Value> =
        report["findings"].as_array().into_iter().flatten().map(|found| &found["requirement"]).collect();
    assert_eq!(requirements, ["ROB-ALIVE"]);
    assert!(report["summary"]["pass"].as_u64() > Some(20), "{}", report["summary"]);
    assert_eq!(report["summary"]["inconclusive"], 0);
}

#[test]
fn a_server_that_hangs_is_replaced_and_the_run_goes_on() {
    let (report, exit) = run("hangs", &["--case", "genuine-body-*", "--timeout", "1", "--jobs", "1"]);
    let ended = verdict(&report, "genuine-body-one-byte");
    assert_eq!((exit, ended.0), (1, "fail"), "{}: {}", ended.1, report["reason"]);
    assert!(report["summary"]["pass"].as_u64() > Some(5), "{}", report["summary"]);
    assert_eq!(report["summary"]["inconclusive"], 0, "{}", report["reason"]);
}

#[test]
fn a_server_that_cannot_be_started_again_ends_the_run_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("{} '{}'", server("dies-for-good"), folder.path().join("dead").display());
    let output = countersign(&arguments(&target, &["--case", "genuine-body-*"]));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(output.status.code(), Some(1), "it died: {}", report["verdict"]);
    let why = report["reason"].as_str().unwrap_or_default();
    assert!(why.contains("could not be restarted") && why.contains("nothing left of me"), "{why}");
}

#[test]
fn what_a_server_does_instead_of_listening_is_named_and_never_with_the_secret() {
    for (manner, exit, why) in [
        ("refuses-to-start", 3, "is not what I take"),
        ("says-nothing", 3, "it did not print the line `listening ADDRESS:PORT`"),
        ("everywhere", 3, "others can reach"),
        ("misspells", 3, "unknown field `colour`"),
    ] {
        let output = countersign(&arguments(&server(manner), &[]));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(exit), "{manner}: {said}");
        assert!(said.contains(why) && !said.contains(CANARY), "{manner}: {said}");
    }
    let output = countersign(&arguments("serve:no-such-program", &[]));
    assert_eq!(output.status.code(), Some(2));
    let output = countersign(&["run", "--target", &server("right")]);
    assert!(stderr(&output).contains("--scheme is missing"), "{}", stderr(&output));
    let output = countersign(&arguments(&server("right"), &["--scheme", "stripe"]));
    assert_eq!(output.status.code(), Some(2), "an endpoint has one scheme");
}

/// A command that was started on a server which writes its id to a file.
fn start(words: &[&str]) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(words)
        .current_dir(std::env::temp_dir())
        .env("HOOK_SECRET", CANARY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts")
}

fn end(running: &std::process::Child, by: Signal) {
    let own = Pid::from_raw(i32::try_from(running.id()).expect("an id")).expect("an id");
    kill_process(own, by).expect("it runs");
}

#[test]
fn a_signal_leaves_no_server_behind_that_would_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let target = format!("{} '{}'", server("stays"), file.display());
    let compare = ["compare", "--target", &target, "--target", "reference", "--scheme", "github"];
    for (words, by) in [(arguments(&target, &["--jobs", "1"]), Signal::TERM), (compare.to_vec(), Signal::INT)]
    {
        let running = start(&words);
        let served = pid_in(&file);
        end(&running, by);
        let output = running.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{words:?}");
        assert!(has_ended(served), "the server still runs: {words:?}");
        std::fs::remove_file(&file).expect("it was written");
    }
}

#[test]
fn an_interrupt_ends_the_server_and_keeps_what_was_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let target = format!("{} '{}'", server("tells-its-pid"), file.display());
    let running = start(&arguments(&target, &["--jobs", "1"]));
    let served = pid_in(&file);
    end(&running, Signal::INT);
    let output = running.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(has_ended(served), "the server still runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("what was done is reported");
    assert_eq!(report["verdict"], "inconclusive");
}

#[test]
fn servers_and_their_settings_stand_in_a_file_and_show_their_packages() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("targets.yaml");
    let text = format!(
        "targets:\n  - name: gone\n    target: serve:no-such-program\n    schemes: [github]\n  - name: a\n    target: {target:?}\n    schemes: [github]\n  - name: b\n    target: {target:?}\n    \
         schemes: [github]\n    accept_status: '201'\n",
        target = server("right")
    );
    std::fs::write(&list, text).expect("written");
    let list = list.display().to_string();
    let output = countersign(&["compare", "--targets", &list, "--case", "length-*", "--format", "json"]);
    let grid: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let columns = &grid["tables"][0]["columns"];
    let why = columns[0]["no_verdict"].as_str().unwrap_or_default();
    assert!(
        why.contains("`no-such-program` cannot be started"),
        "the others are asked all the same: {columns}"
    );
    assert_eq!(columns[1]["package"]["name"], "test-server");
    assert!(columns[1]["summary"]["pass"].as_u64() > Some(5), "{columns}");
    let why = columns[2]["no_verdict"].as_str().unwrap_or_default();
    assert!(why.contains("the valid request was"), "its own statuses are believed: {columns}");
}

#[test]
fn what_a_server_says_of_itself_is_shown_without_the_secret_and_without_commands_to_a_terminal() {
    for format in ["terminal", "json", "markdown", "html"] {
        let target = server("boasts");
        let words = ["compare", "--target", &target, "--target", "reference", "--scheme", "github"];
        let more = ["--secret", "env:HOOK_SECRET", "--case", "length-*", "--format", format];
        let output = countersign(&[&words[..], &more].concat());
        let shown = stdout(&output) + &stderr(&output);
        let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.contains(CANARY) && !shown.contains(&hex), "{format}: {shown}");
        assert!(shown.contains("[secret]"), "{format}: {shown}");
        assert!(format == "html" || !shown.contains('\u{1b}'), "{format}: {shown}");
    }
}
