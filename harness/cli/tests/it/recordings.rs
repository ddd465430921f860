//! Recorded timings, judged again: leaks are found, and nothing else is called one.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::support::{countersign, root, stderr};

/// Leaks that these timings do not show: too small for the clock of the parent, or hidden by a second worker.
const NOT_SEEN: [&str; 3] = ["h2pairs-2workers-1000", "pipe-py_eq-1-parent", "pipe-py_eq-2-parent"];

fn folder() -> PathBuf {
    root().join("harness/cli/tests/recordings")
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path).expect("a file")).read_to_string(&mut text).expect("a table");
    text
}

fn judged(path: &str, more: &[&str]) -> (Value, Option<i32>) {
    let output = countersign(&[&["timing", "--format", "json", "--recording", path], more].concat());
    let report = serde_json::from_slice(&output.stdout);
    let report: Value = report.unwrap_or_else(|error| panic!("{path}: {error}: {}", stderr(&output)));
    (report["findings"][0].clone(), output.status.code())
}

#[test]
fn leaks_are_found_in_recordings_and_nothing_else_is_called_one() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "gz"));
    files.sort();
    assert!(files.len() > 30);
    let mut table = String::from(
        "| recording | difference | verdict | effect in ns | certain after |\n|---|---|---|---|---|\n",
    );
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().expect("a name").to_string_lossy().replace(".csv.gz", "");
        let truth = text(&path)
            .lines()
            .find_map(|line| line.strip_prefix("# truth: ").map(str::to_owned))
            .expect("a truth");
        let (finding, exit) = judged(&path.display().to_string(), &[]);
        let leaks = truth != "none" && !NOT_SEEN.contains(&name.as_str());
        if leaks != (exit == Some(1)) {
            wrong.push(name.clone());
        }
        let number =
            |value: &Value| value.as_f64().map_or_else(|| "?".to_owned(), |number| format!("{number:.1}"));
        let calls =
            |value: &Value| value.as_u64().map_or_else(|| "never".to_owned(), |calls| calls.to_string());
        let effect = &finding["effect"];
        let verdict = finding["verdict"].as_str().expect("a word");
        let _ = writeln!(
            table,
            "| {name} | {truth} | {verdict} | {} ({} to {}) | {} |",
            number(&effect["estimate"]),
            number(&effect["low"]),
            number(&effect["high"]),
            calls(&finding["found"]),
        );
    }
    assert!(wrong.is_empty(), "judged wrong: {wrong:?}\n{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn a_recording_in_blocks_cannot_be_certified() {
    let text = text(&folder().join("inproc-ct_fl-1.csv.gz"));
    let is_call = |line: &&str| line.starts_with('X') || line.starts_with('Y');
    let mut calls: Vec<&str> = text.lines().filter(is_call).collect();
    calls.sort_by_key(|line| line.starts_with('Y'));
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), calls.join("\n")).expect("it is written");
    let (finding, exit) = judged(&file.path().display().to_string(), &[]);
    assert_eq!(exit, Some(3));
    assert!(finding["reason"].as_str().expect("a text").contains("cannot be certified"), "{finding}");
}

#[test]
fn a_resolution_decides_what_is_a_leak() {
    let path = folder().join("http-inj30-1.csv.gz").display().to_string();
    assert_eq!(judged(&path, &["--resolution", "10ns"]).1, Some(1), "30 ns were made on purpose");
    let (finding, exit) = judged(&path, &["--resolution", "1us"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(0), Some("no-leak")), "{}", finding["reason"]);
    let clean = folder().join("inproc-ct_fl-1.csv.gz").display().to_string();
    assert_eq!(judged(&clean, &["--resolution", "5ns"]).1, Some(0));
}
