//! Pictures of timings: on a page and on a terminal, of recordings and of what was just measured.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{countersign, root, stderr, stdout};

fn recording(name: &str) -> PathBuf {
    root().join("harness/cli/tests/recordings").join(name)
}

/// What is shown of a recording, without the folder in which it lies.
fn shown(path: &Path, format: &str, more: &[&str]) -> String {
    let path_text = path.display().to_string();
    let words = ["timing", "--recording", &path_text, "--format", format];
    let output = countersign(&[&words[..], more].concat());
    assert!(!output.stdout.is_empty(), "{}", stderr(&output));
    let folder = path.parent().expect("it lies in a folder").display().to_string();
    stdout(&output).replace(&format!("{folder}/"), "")
}

/// What `text` has between two marks, for each time that they are there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split(end).next().unwrap_or_default()).collect()
}

#[test]
fn a_terminal_shows_where_classes_differ_and_how_evidence_grew() {
    let path = recording("h2pairs-1worker-1000.csv.gz");
    insta::assert_snapshot!(shown(&path, "terminal", &["--resolution", "500ns", "--verbose"]));
}

#[test]
fn the_verdict_comes_first_and_pictures_only_if_they_are_asked_for() {
    let path = recording("h2pairs-1worker-1000.csv.gz");
    let brief = shown(&path, "terminal", &["--resolution", "500ns"]);
    assert!(brief.starts_with("h2pairs-1worker-1000.csv.gz: leak\n"), "{brief}");
    assert!(!brief.contains("quantile"), "{brief}");
    let whole = shown(&path, "terminal", &["--resolution", "500ns", "--verbose"]);
    assert!(whole.starts_with(&brief) && whole.contains("Difference of quantiles"), "{whole}");
}

#[test]
fn a_page_in_a_file_leaves_the_terminal_to_people() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("timing.html");
    let brief = shown(&recording("h2pairs-1worker-1000.csv.gz"), &format!("html={}", file.display()), &[]);
    assert!(brief.starts_with("h2pairs-1worker-1000.csv.gz: leak\n"), "{brief}");
    assert!(fs::read_to_string(file).expect("a page").starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_page_shows_the_same_and_needs_nothing_beside_it() {
    let path = recording("h2pairs-1worker-1000.csv.gz");
    let page = shown(&path, "html", &["--resolution", "500ns"]);
    for foreign in ["<script", "<link", "<img", "@import", "url(", "http://", "https://", "javascript:"] {
        assert!(!page.contains(foreign), "the page has {foreign}");
    }
    let pictures = between(&page, "<svg viewBox=\"0 0 720", "</svg>");
    assert_eq!(pictures.len(), 2);
    for picture in pictures {
        assert!(
            picture.contains("role=\"img\"")
                && picture.contains("<title id=")
                && picture.contains("<desc id=")
        );
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    }
    insta::assert_snapshot!(page);
}

#[test]
fn the_numbers_of_a_page_are_those_of_the_report() {
    let path = recording("h2pairs-1worker-1000.csv.gz");
    let page = shown(&path, "html", &["--resolution", "500ns"]);
    let report: Value =
        serde_json::from_str(&shown(&path, "json", &["--resolution", "500ns"])).expect("JSON");
    let finding = &report["findings"][0];
    let quantiles = finding["profile"]["quantiles"].as_array().expect("a list");
    let checkpoints = finding["history"]["checkpoints"].as_array().expect("a list");
    assert_eq!(quantiles.len(), 99);
    assert!((90..=257).contains(&checkpoints.len()), "{}", checkpoints.len());
    assert_eq!(checkpoints[checkpoints.len() - 1]["timings"], finding["timings"]);
    let tables = between(&page, "<tbody>", "</tbody>");
    let rows: Vec<usize> = tables.iter().map(|table| table.matches("<tr>").count()).collect();
    assert_eq!(rows, [1, quantiles.len(), checkpoints.len()]);
    let middle = quantiles[49]["difference"].as_f64().expect("a number");
    let written = countersign_timing::statistics::nanos(middle);
    assert!(page.contains(&format!("<td class=\"number\">50 %</td><td class=\"number\">{written}</td>")));
}

#[test]
fn what_a_file_and_its_name_say_is_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a<script>alert(1)<\u{2215}script>\u{1b}[31m\u{202e}&\"'.csv");
    let calls: String = (0..400)
        .map(|at: u32| format!("{},{}\n", if at.count_ones().is_multiple_of(2) { "X" } else { "Y" }, at % 7))
        .collect();
    let fact = "# <img src=x onerror=alert(1)>: \u{1b}]0;title\u{7}\u{9b}31m<b>bold</b>\n";
    fs::write(&path, format!("{fact}{calls}")).expect("it is written");
    let page = shown(&path, "html", &[]);
    for markup in ["<script", "<img", "<b>", "onerror=alert(1)>"] {
        assert!(!page.contains(markup), "{markup} is markup");
    }
    assert!(
        page.contains("&#60;script&#62;alert(1)") || page.contains("&lt;script&gt;alert(1)"),
        "it is shown as text"
    );
    let report: Value = serde_json::from_str(&shown(&path, "json", &[])).expect("JSON");
    assert!(
        report["target"].as_str().is_some_and(|name| name.contains("\u{1b}[31m\u{202e}")),
        "and kept in JSON"
    );
    for format in ["terminal", "html", "json"] {
        let text = shown(&path, format, &[]);
        let obeyed =
            |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!text.contains(obeyed), "{format}: {text:?}");
    }
}
