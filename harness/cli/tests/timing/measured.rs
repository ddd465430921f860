//! Libraries and endpoints that take longer for some inputs, and some that do not.

use serde_json::Value;

use crate::alone;
use crate::support::{CANARY, countersign, program, root, stderr, stdout};

/// The finding on a target, and how the command ended.
pub(crate) fn timed(target: &str, more: &[&str]) -> (Value, Option<i32>) {
    let words = [
        "timing",
        "--target",
        target,
        "--scheme",
        "github",
        "--secret",
        "env:HOOK_SECRET",
        "--format",
        "json",
    ];
    let output = countersign(&[&words[..], more].concat());
    let shown = stdout(&output) + &stderr(&output);
    assert!(!shown.contains(CANARY), "{target}: the secret is shown");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{target}: {error}: {shown}"));
    let schema = std::fs::read_to_string(root().join("vectors/schema/timing.schema.json")).expect("a schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let fits = jsonschema::validate(&schema, &report);
    assert!(fits.is_ok(), "{target}: {fits:?}");
    (report["findings"][0].clone(), output.status.code())
}

#[test]
fn a_library_that_ends_at_the_first_difference_leaks_and_one_in_constant_time_does_not() {
    let _alone = alone();
    let driver = |way: &str| format!("exec:{} {way}", program("test-driver"));
    let (finding, exit) = timed(&driver("character-by-character"), &["--max-time", "20"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(1), Some("leak")), "{finding}");
    assert!(finding["found"].as_u64() < Some(1000), "{finding}");
    let (finding, exit) = timed(&driver("digest"), &["--max-time", "10", "--resolution", "500ns"]);
    assert_ne!(exit, Some(1), "{finding}");
}

#[test]
fn an_endpoint_that_ends_at_the_first_difference_leaks_and_one_in_constant_time_does_not() {
    let _alone = alone();
    let server = |manner: &str| format!("serve:{} {manner}", program("test-server"));
    let (finding, exit) = timed(&server("ends-early"), &["--max-time", "30", "--resolution", "300ns"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(1), Some("leak")), "{finding}");
    let (finding, exit) = timed(&server("right"), &["--max-time", "5", "--resolution", "5us"]);
    assert_ne!(exit, Some(1), "{finding}");
}

#[test]
fn a_driver_whose_clock_cannot_be_right_is_named() {
    let _alone = alone();
    for (manner, why) in [
        ("fast-clock", "its calls took"),
        ("standing-clock", "its clock stands still"),
        ("few-timings", "1 timings for 64 calls"),
        ("odd-clock", "a call of -1 ns"),
    ] {
        let target = format!("exec:{} {manner}", program("test-driver"));
        let output = countersign(&["timing", "--target", &target, "--scheme", "github"]);
        assert_eq!(output.status.code(), Some(3), "{manner}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{manner}: {}", stderr(&output));
    }
}

#[test]
fn timings_are_written_and_judged_again_alike() {
    let _alone = alone();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().display().to_string();
    let driver = format!("exec:{} character-by-character", program("test-driver"));
    let (finding, _) = timed(&driver, &["--save", &path]);
    let output = countersign(&["timing", "--recording", &path, "--format", "json", "--resolution", "100ns"]);
    let again: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let again = &again["findings"][0];
    assert_eq!((&again["verdict"], &again["found"]), (&finding["verdict"], &finding["found"]));
    assert_eq!(again["facts"]["seed"], finding["facts"]["seed"]);
}

#[test]
fn contrasts_that_a_scheme_does_not_have_are_refused() {
    let _alone = alone();
    for (contrast, why) in [("key-id", "carries no key id"), ("mismatch-at:64", "and no place 64")] {
        let output = countersign(&["timing", "--scheme", "github", "--contrast", contrast]);
        assert_eq!(output.status.code(), Some(3), "{contrast}");
        assert!(stderr(&output).contains(why), "{contrast}: {}", stderr(&output));
    }
    let output = countersign(&["timing", "--scheme", "github", "--contrast", "weather"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("known are mismatch"), "{}", stderr(&output));
}

#[test]
fn places_along_the_tag_are_one_picture() {
    let _alone = alone();
    let driver = format!("exec:{} character-by-character", program("test-driver"));
    let words =
        ["timing", "--target", &driver, "--scheme", "github", "--secret", "env:HOOK_SECRET", "--contrast"];
    let places = ["mismatch-at:4", "--contrast", "mismatch-at:60", "--max-time", "20", "--format", "html"];
    let output = countersign(&[&words[..], &places].concat());
    let page = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).is_empty(), "no progress where no terminal is: {}", stderr(&output));
    assert!(!page.contains(CANARY));
    let between = |start: &str, end: &str| -> Vec<String> {
        let rest = page.split(start).skip(1);
        rest.map(|rest| rest.split(end).next().unwrap_or_default().to_owned()).collect()
    };
    let ladder = between("<desc id=\"ladder-about\">", "</desc>");
    assert!(
        ladder.len() == 1 && ladder[0].contains("place 4: ") && ladder[0].contains("place 60: "),
        "{ladder:?}"
    );
    let dots = between("<path class=\"dots\" d=\"", "\"");
    assert_eq!(dots[0].matches('M').count(), 2, "one for each place: {dots:?}");
    assert!(between("<path class=\"value\"", ">").len() > 4, "each comparison has its own as well");
}
