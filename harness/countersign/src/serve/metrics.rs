//! Metrics of the endpoint, in the Prometheus text format (version 0.0.4).
//!
//! The type to know is [`Metrics`]. Labels come from the program, never from a request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_conformance::reference::Reply;
use countersign_core::scheme::Refusal;

/// The metric that rises with every request the endpoint acts on.
pub const EFFECTS: &str = "countersign_effects_total";

/// Upper bounds of the histogram, in seconds.
const BUCKETS: [f64; 8] = [0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1, 1.0];

/// Every reason that a correct verifier gives. Other reasons, from mutants, appear once they occur.
const REASONS: [Refusal; 12] = [
    Refusal::MissingSignature,
    Refusal::MalformedSignature,
    Refusal::DuplicateField,
    Refusal::MissingTimestamp,
    Refusal::MalformedTimestamp,
    Refusal::MissingUnique,
    Refusal::CoveredHeader,
    Refusal::BadTag,
    Refusal::DigestMismatch,
    Refusal::Stale,
    Refusal::Future,
    Refusal::Replayed,
];

/// The counts so far.
#[derive(Debug)]
pub(super) struct Metrics(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    results: BTreeMap<&'static str, u64>,
    failures: BTreeMap<&'static str, u64>,
    buckets: [u64; BUCKETS.len()],
    seconds: f64,
    verifications: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self(Mutex::new(Counts {
            results: ["accepted", "rejected", "error"].map(|result| (result, 0)).into(),
            failures: REASONS.map(|refusal| (refusal.as_str(), 0)).into(),
            buckets: [0; BUCKETS.len()],
            seconds: 0.0,
            verifications: 0,
        }))
    }
}

impl Metrics {
    /// Counts a verification.
    pub(super) fn count(&self, reply: Reply, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = took.as_secs_f64();
        counts.verifications += 1;
        counts.seconds += seconds;
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            counts.buckets[bucket] += 1;
        }
        *counts.results.entry(reply.result()).or_default() += 1;
        match reply {
            Reply::Accepted => {}
            Reply::Refused(_) | Reply::HandlerFailed | Reply::Broken(_) | Reply::Died => {
                *counts.failures.entry(reply.reason()).or_default() += 1
            }
        }
    }

    /// The text of the metrics page.
    pub(super) fn render(&self, remembered: usize, effects: u64) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        family(&mut text, "countersign_verifications_total", "counter", "Requests that were verified.");
        for (result, count) in &counts.results {
            line(
                &mut text,
                &format!("countersign_verifications_total{{result=\"{}\"}}", label(result)),
                count,
            );
        }
        let name = "countersign_verification_failures_total";
        family(&mut text, name, "counter", "Requests that were not accepted, by reason.");
        for (reason, count) in &counts.failures {
            line(&mut text, &format!("{name}{{reason=\"{}\"}}", label(reason)), count);
        }
        let name = "countersign_verification_seconds";
        family(&mut text, name, "histogram", "Time from the complete request to the answer.");
        let mut up_to = 0;
        for (bound, count) in BUCKETS.iter().zip(counts.buckets) {
            up_to += count;
            line(&mut text, &format!("{name}_bucket{{le=\"{bound}\"}}"), up_to);
        }
        line(&mut text, &format!("{name}_bucket{{le=\"+Inf\"}}"), counts.verifications);
        line(&mut text, &format!("{name}_sum"), counts.seconds);
        line(&mut text, &format!("{name}_count"), counts.verifications);
        let name = "countersign_replay_memory_entries";
        family(&mut text, name, "gauge", "Message ids and nonces that are remembered.");
        line(&mut text, name, remembered);
        family(&mut text, EFFECTS, "counter", "Requests that were handed on and handled.");
        line(&mut text, EFFECTS, effects);
        let name = "countersign_build_info";
        family(&mut text, name, "gauge", "Version of the endpoint.");
        line(&mut text, &format!("{name}{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
        text
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    writeln!(text, "{name} {value}").expect("a string takes everything");
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_there_before_it_happens() {
        let text = Metrics::default().render(0, 0);
        for reason in REASONS {
            assert!(text.contains(&format!("failures_total{{reason=\"{reason}\"}} 0\n")), "{reason}");
        }
    }

    #[test]
    fn buckets_count_upwards_and_an_odd_reason_is_escaped() {
        let metrics = Metrics::default();
        metrics.count(Reply::Broken("a \"quoted\" fault"), Duration::from_millis(2));
        metrics.count(Reply::Accepted, Duration::from_secs(60));
        let text = metrics.render(3, 5);
        assert!(text.contains("_bucket{le=\"0.001\"} 0\n") && text.contains("_bucket{le=\"0.005\"} 1\n"));
        assert!(text.contains("_bucket{le=\"1\"} 1\n") && text.contains("_bucket{le=\"+Inf\"} 2\n"));
        assert!(text.contains("{reason=\"a \\\"quoted\\\" fault\"} 1\n"));
        assert!(text.contains("countersign_replay_memory_entries 3\n"));
        assert!(text.contains("countersign_effects_total 5\n"));
    }
}
