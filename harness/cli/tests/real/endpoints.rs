//! Real endpoints over real sockets: typical verifiers in Flask, Express and (nightly) Django with the faults
//! they are known for, the same verifiers repaired, and published packages behind small servers.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{SECOND_CANARY, Server, countersign_with, root, stderr, stdout};

const SECRET: &str = "an-endpoint-secret-0123456789";

/// The JSON report of a run, and the exit code.
fn run(server: &Server, scheme: &str, secret: &str) -> (Value, i32) {
    run_with(server, scheme, secret, &[])
}

/// The same with more options.
fn run_with(server: &Server, scheme: &str, secret: &str, more: &[&str]) -> (Value, i32) {
    let args = ["run", "--target", &server.url, "--scheme", scheme, "--format", "json"];
    let output = countersign_with(&[&args[..], &["--secret", "env:HOOK_SECRET"], more].concat(), secret);
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (report, output.status.code().expect("it was not killed"))
}

/// Ids of the bug classes that the findings name, and of those that are properties of the scheme.
fn classes(report: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let all = |list: &Value| -> BTreeSet<String> {
        let items = list.as_array().into_iter().flatten();
        items
            .flat_map(|item| item["bug_classes"].as_array().into_iter().flatten())
            .filter_map(|class| class.as_str().map(str::to_owned))
            .collect()
    };
    let properties =
        report["schemes"].as_array().into_iter().flatten().flat_map(|scheme| all(&scheme["properties"]));
    (all(&report["findings"]), properties.collect())
}

/// A scheme that is described beside the Python servers.
fn beside(file: &str) -> String {
    let path = root().join("conformance/implementations/python").join(file);
    path.to_str().expect("a plain path").to_owned()
}

/// A flawed server fails, and the report names these faults and shows these properties.
fn shows(file: &str, options: &[&str], scheme: &str, faults: &[&str], properties: &[&str]) -> Value {
    let server = Server::start(file, options, SECRET);
    let (report, exit) = run(&server, scheme, SECRET);
    let (found, inherent) = classes(&report);
    assert_eq!(exit, 1, "{file} {options:?}: {}", report["reason"]);
    for fault in faults {
        assert!(found.contains(*fault), "{file}: {fault} is not among {found:?}");
    }
    for property in properties {
        assert!(inherent.contains(*property), "{file}: {property} is not among {inherent:?}");
    }
    report
}

/// No MUST fails on a repaired server, and nothing about it stays in doubt.
fn clean(file: &str, options: &[&str], scheme: &str, secret: &str) {
    let server = Server::start(file, options, secret);
    let (report, exit) = run(&server, scheme, secret);
    let failed: Vec<String> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["level"] == "must")
        .map(|finding| format!("{}: {}", finding["requirement"], finding["evidence"]))
        .collect();
    assert!(failed.is_empty(), "{file}: {}", failed.join("\n"));
    assert_eq!(exit, 0, "{file}: {} {}", report["verdict"], report["reason"]);
    assert!(report["summary"]["pass"].as_u64() > Some(100), "{file}: {}", report["summary"]);
}

#[test]
fn pattern_a_in_express_shows_its_faults() {
    shows(
        "javascript/pattern_a_express.js",
        &["--flawed"],
        "body-hex",
        &["B04", "B06", "B08", "C21", "F01", "F10"],
        &["D01", "D13"],
    );
}

#[test]
fn pattern_a_in_an_async_handler_dies_and_the_run_says_so() {
    let server = Server::start("javascript/pattern_a_express.js", &["--flawed", "--async"], SECRET);
    let (report, exit) = run(&server, "body-hex", SECRET);
    assert_eq!(exit, 1);
    let died = report["findings"].as_array().into_iter().flatten().any(|f| f["requirement"] == "ROB-ALIVE");
    assert!(died && classes(&report).0.contains("F02"), "{}", report["findings"]);
    assert!(report["summary"]["inconclusive"].as_u64() > Some(0), "what came after is not a pass");
}

#[test]
fn pattern_b_in_flask_shows_its_faults() {
    // It refuses everything it should; its faults are in how it answers, and in its scheme.
    let server = Server::start("python/pattern_b_flask.py", &["--flawed"], SECRET);
    let (report, _) = run(&server, "body-hex", SECRET);
    let (found, inherent) = classes(&report);
    assert!(found.contains("B09") && found.contains("F07"), "{found:?}");
    assert!(inherent.contains("D01") && inherent.contains("D13"), "{inherent:?}");
}

#[cfg(feature = "nightly")]
#[test]
fn pattern_c_in_django_shows_its_faults() {
    shows(
        "python/pattern_c_django.py",
        &["--flawed"],
        "concatenated",
        &["B09", "C07", "C14"],
        &["C09", "C12", "D01", "D13"],
    );
}

#[test]
fn pattern_d_in_flask_shows_its_faults() {
    let faults = ["A07", "B09", "C04", "C09", "C13", "C14", "D06", "D08"];
    shows("python/pattern_d_flask.py", &["--flawed"], "canonical-request", &faults, &["D13"]);
}

#[test]
fn pattern_e_in_flask_shows_its_faults() {
    shows(
        "python/pattern_e_flask.py",
        &["--flawed"],
        &beside("pattern_e_flawed.scheme.yaml"),
        &["B09", "C20", "C31", "D13", "D15", "D21"],
        &["C07", "C08", "C09", "C12", "D01"],
    );
}

#[test]
fn pattern_e_takes_what_one_user_signed_in_the_name_of_another() {
    let file = "python/pattern_e_bearer_flask.py";
    let variables = [("HOOK_SECRET", SECRET), ("SECOND_SECRET", SECOND_CANARY)];
    let bob = ["--second-key-id", "bob", "--second-secret", "env:SECOND_SECRET"];
    let judged = |form, scheme: &str| {
        let server = Server::start_with(file, &[form], &variables);
        let users = [&["--key-id", "alice", "--case", "key-id-*"], &bob[..]].concat();
        run_with(&server, &beside(scheme), SECRET, &users)
    };
    let (report, exit) = judged("--flawed", "pattern_e_bearer_flawed.scheme.yaml");
    assert_eq!(exit, 1, "{}", report["reason"]);
    let shows = |finding: &Value| finding["bug_classes"].to_string().contains("C28");
    let found = report["findings"].as_array().into_iter().flatten().find(|finding| shows(finding));
    let cases = found.map(|finding| finding["cases"].to_string()).unwrap_or_default();
    assert!(cases.contains("key-id-of-another-sender-with-own-key"), "{}", report["findings"]);

    let (report, exit) = judged("--repaired", "pattern_e_bearer_repaired.scheme.yaml");
    assert_eq!((exit, report["summary"]["fail"].as_u64()), (0, Some(0)), "{}", report["findings"]);
    let swapped = |case: &&Value| case["id"] == "key-id-of-another-sender-with-own-key";
    let swapped = report["cases"].as_array().into_iter().flatten().find(swapped);
    assert_eq!(swapped.map(|case| &case["verdict"]), Some(&Value::from("pass")));
}

#[test]
fn the_repaired_patterns_pass_every_must() {
    clean("javascript/pattern_a_express.js", &["--repaired"], "body-hex", SECRET);
    clean("python/pattern_b_flask.py", &["--repaired"], "body-hex", SECRET);
    #[cfg(feature = "nightly")]
    clean("python/pattern_c_django.py", &["--repaired"], "canonical-request", SECRET);
    clean("python/pattern_d_flask.py", &["--repaired"], "canonical-request", SECRET);
    clean("python/pattern_e_flask.py", &["--repaired"], "selected-headers", SECRET);
}

#[test]
fn standardwebhooks_from_pypi_is_judged_under_its_scheme() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let server = Server::start("python/servers/standardwebhooks_server.py", &[], secret);
    let (report, exit) = run(&server, "standard-webhooks", secret);
    assert!(matches!(exit, 0 | 1), "a verdict: {}", report["reason"]);
    assert_eq!(report["controls"][0]["outcome"], "accepted");
}

#[cfg(feature = "nightly")]
#[test]
fn octokit_from_npm_is_judged_under_its_scheme() {
    let server = Server::start("javascript/servers/octokit_webhooks.js", &[], SECRET);
    let (report, exit) = run(&server, "github", SECRET);
    assert!(matches!(exit, 0 | 1), "a verdict: {}", report["reason"]);
    assert_eq!(report["controls"][0]["outcome"], "accepted");
}

#[test]
fn recorded_answers_of_a_real_endpoint_drift_when_its_refusals_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("a plain path");
    let run = |refusal: &str, more: &[&str]| {
        let variables = [("HOOK_SECRET", SECRET), ("REFUSAL_TEXT", refusal)];
        let server = Server::start_with("python/pattern_b_flask.py", &["--repaired"], &variables);
        let args = ["run", "--target", &server.url, "--scheme", "body-hex", "--secret", "env:HOOK_SECRET"];
        countersign_with(&[&args[..], &["--snapshot", dir], more].concat(), SECRET)
    };
    assert_eq!(run("unauthorized", &[]).status.code(), Some(0), "the first run records");
    assert_eq!(run("unauthorized", &[]).status.code(), Some(0), "the same answers are no drift");
    let drifted = run("go away", &[]);
    assert_eq!(drifted.status.code(), Some(1));
    let shown = stdout(&drifted);
    assert!(shown.contains("DRIFT"), "{shown}");
    assert!(shown.contains("    -unauthorized\n    +go away\n"), "{shown}");
    assert_eq!(run("go away", &["--update"]).status.code(), Some(0));
    assert_eq!(run("go away", &[]).status.code(), Some(0), "what was accepted is what is recorded");
}

#[test]
fn the_wrong_secret_is_no_verdict() {
    let server = Server::start("python/pattern_b_flask.py", &["--repaired"], SECRET);
    let (report, exit) = run(&server, "body-hex", "another-secret");
    assert_eq!((exit, report["verdict"].as_str()), (3, Some("inconclusive")));
    assert_eq!(report["summary"]["pass"], 0);
}
