//! Endpoints measured by pairs of requests over HTTP/2.

#[path = "../support/http2.rs"]
#[expect(
    dead_code,
    reason = "the server that answers is used, not those that misbehave, which are in `../it`"
)]
mod http2;

use std::time::Duration;

use http2::{Takes, serve};
use serde_json::Value;

use crate::alone;
use crate::support::{CANARY, countersign, root, stderr, stdout};

/// The finding on an endpoint, and how the command ended.
fn timed(target: &str, more: &[&str]) -> (Value, Option<i32>) {
    let words =
        ["timing", "--pairs", "--target", target, "--scheme", "github", "--secret", "env:HOOK_SECRET"];
    let output = countersign(&[&words[..], &["--format", "json"], more].concat());
    let shown = stdout(&output) + &stderr(&output);
    assert!(!shown.contains(CANARY), "the secret is shown");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    let schema = std::fs::read_to_string(root().join("vectors/schema/timing.schema.json")).expect("a schema");
    let fits = jsonschema::validate(&serde_json::from_str(&schema).expect("JSON"), &report);
    assert!(fits.is_ok(), "{fits:?}");
    (report["findings"][0].clone(), output.status.code())
}

#[test]
fn a_difference_on_a_server_with_one_worker_is_found_by_pairs() {
    let _alone = alone();
    // Longer than a busy machine keeps the reader of the answers waiting, or it finds both of them at once.
    let takes = Takes { always: Duration::from_millis(8), first_right: Duration::from_millis(8) };
    let server = serve(CANARY, 1, takes);
    let (finding, exit) = timed(&server, &["--max-time", "30", "--contrast", "mismatch"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(1), Some("leak")), "{finding}");
    assert!(finding["found"].as_u64() < Some(1000), "{finding}");
    assert!(
        finding["effect"]["low"].as_f64() > Some(1_000_000.0),
        "the second class is the slower one: {finding}"
    );
    assert!(finding["effect"]["high"].as_f64() < Some(24_000_000.0), "{finding}");
}

#[test]
fn the_same_work_for_both_classes_is_never_called_a_leak() {
    let _alone = alone();
    let (finding, exit) =
        timed(&serve(CANARY, 1, Takes::NOTHING), &["--max-time", "5", "--resolution", "20us"]);
    assert_ne!(exit, Some(1), "{finding}");
    let controls = finding["controls"].as_array().expect("controls");
    assert!(controls.iter().all(|control| control["state"] != "failed"), "{finding}");
    assert!(
        controls.iter().any(|control| control["name"] == "a difference added to the timings"),
        "{finding}"
    );
    assert!(finding["order"]["pairs"].as_u64() > Some(0), "{finding}");
}

#[test]
fn a_rate_limit_holds_for_both_requests_of_every_pair() {
    let _alone = alone();
    let server = serve(CANARY, 1, Takes::NOTHING);
    let (finding, _) = timed(&server, &["--rate", "60/s", "--max-time", "2"]);
    let pairs = finding["order"]["pairs"].as_u64().expect("a number");
    assert!((1..=60).contains(&pairs), "60 requests a second are 60 pairs in 2 seconds: {finding}");
}
