//! Targets that somebody else runs: what they do besides what they answer, and their second sender.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{CANARY, SECOND_CANARY, countersign, stderr, stdout};

/// A mutant or the reference behind `countersign serve`; it ends when dropped.
struct Served {
    child: Child,
    url: String,
    metrics: String,
}

impl Served {
    fn start(scheme: &str, mutant: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["serve", "--scheme", scheme, "--secret", "env:HOOK_SECRET"]);
        command.args(["--second-secret", "env:SECOND_SECRET"]);
        if let Some(class) = mutant {
            command.args(["--mutant", class]);
        }
        command.env("HOOK_SECRET", CANARY).env("SECOND_SECRET", SECOND_CANARY).stdin(Stdio::null());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let mut next = |word: &str| {
            let line = lines.next().unwrap_or_default();
            line.strip_prefix(word).unwrap_or_else(|| panic!("{word}: {line}")).trim().to_owned()
        };
        let (url, metrics) = (next("listening"), next("metrics"));
        Self { child, url, metrics }
    }

    /// The report on these cases.
    fn run(&self, scheme: &str, more: &[&str]) -> Value {
        let args = ["run", "--target", &self.url, "--scheme", scheme, "--secret", "env:HOOK_SECRET"];
        let output = countersign(&[&args[..], &["--format", "json"], more].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SCHEME: &str = "canonical-request-nonce";

fn reasons(report: &Value) -> Vec<&str> {
    let cases = report["cases"].as_array().expect("cases");
    cases.iter().filter_map(|case| case["reason"].as_str()).collect()
}

#[test]
fn an_effect_of_a_refused_request_is_found_through_the_metrics_of_a_target() {
    for (mutant, fails) in [(None, false), (Some("A16"), true), (Some("F11"), true)] {
        let served = Served::start(SCHEME, mutant);
        let counter = format!("{}#countersign_effects_total", served.metrics);
        let more = ["--effects", &counter, "--case", "effect-of-a-*", "--case", "nonce-first-bit-flipped"];
        let report = served.run(SCHEME, &more);
        assert_eq!(report["summary"]["fail_must"].as_u64().is_some_and(|n| n >= 3), fails, "{report:#}");
        assert_eq!(report["summary"]["inconclusive"], 0, "{mutant:?}: {report:#}");
        assert!(report["summary"]["pass"].as_u64().is_some_and(|passed| passed > 0), "{mutant:?}");
        let finding = &report["findings"][0]["requirement"];
        assert_eq!(finding == "PRES-NO-EFFECT", fails, "{mutant:?}: {finding}");
    }
}

#[test]
fn a_counter_that_says_nothing_is_no_proof_and_none_is_a_skip() {
    let served = Served::start(SCHEME, None);
    let still = format!("{}#countersign_build_info", served.metrics);
    let missing = format!("{}#no_such_metric", served.metrics);
    for (counter, why) in [(&still, "does not rise"), (&missing, "has no metric `no_such_metric`")] {
        let report = served.run(SCHEME, &["--effects", counter, "--case", "effect-of-a-forged-tag"]);
        assert_eq!(report["verdict"], "inconclusive", "{report:#}");
        assert!(reasons(&report).iter().any(|reason| reason.contains(why)), "{:?}", reasons(&report));
    }
    let report = served.run(SCHEME, &["--case", "effect-of-a-forged-tag", "--case", "retry-*"]);
    assert_eq!(report["summary"]["skipped"], 3, "{report:#}");
    for why in ["give --effects URL", "handler can be made to fail"] {
        assert!(reasons(&report).iter().any(|reason| reason.contains(why)), "{:?}", reasons(&report));
    }
    let foreign = ["run", "--target", &served.url, "--scheme", SCHEME, "--secret", "env:HOOK_SECRET"];
    let foreign = countersign(&[&foreign[..], &["--effects", "http://0.0.0.0:9/metrics"]].concat());
    assert_eq!(foreign.status.code(), Some(4), "{}", stderr(&foreign));
}

#[test]
fn what_one_sender_does_to_another_is_found_where_there_are_two() {
    let cases = ["--case", "key-of-another-sender*", "--case", "nonce-*-sender-*is-another"];
    let two = [&cases[..], &["--second-secret", "env:SECOND_SECRET"]].concat();
    for (mutant, finding) in
        [(None, None), (Some("C29"), Some("KEY-BOUND")), (Some("D17"), Some("RPL-SENDER"))]
    {
        let served = Served::start(SCHEME, mutant);
        let report = served.run(SCHEME, &two);
        assert_eq!(report["findings"][0]["requirement"].as_str(), finding, "{mutant:?}: {report:#}");
        assert_eq!(report["summary"]["inconclusive"], 0, "{mutant:?}: {report:#}");
        let alone = served.run(SCHEME, &cases);
        assert_eq!(alone["summary"]["skipped"], 4, "{alone:#}");
        assert!(reasons(&alone).iter().all(|reason| reason.contains("--second-secret")));
    }
}

#[test]
fn a_second_sender_is_named_wholly_or_not_at_all() {
    for (args, why) in [
        (vec!["run", "--second-path", "/other"], "a secret of its own"),
        (
            vec!["run", "--second-secret", "env:SECOND_SECRET", "--second-path", "other"],
            "must start with a slash",
        ),
        (vec!["run", "--secret", "stdin", "--second-secret", "stdin"], "holds one secret"),
        (
            vec![
                "run",
                "--scheme",
                "github",
                "--secret",
                "env:HOOK_SECRET",
                "--second-secret",
                "env:HOOK_SECRET",
            ],
            "the same secret",
        ),
        (vec!["run", "--effects", "http://127.0.0.1:9/"], "counts effects by itself"),
    ] {
        let output = countersign(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stdout(&output));
        assert!(stderr(&output).contains(why), "{args:?}: {}", stderr(&output));
    }
}
