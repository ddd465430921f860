//! What came of a case.
//!
//! The type to know is [`CaseResult`]: plain data, complete in itself. It must not know which findings or
//! events it ends up in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::expectation::ExpectationKind;
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::judge::{Failure, Verdict};
use crate::observe::Outcome;
use crate::spec::{Attacker, Level};

/// A case that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseResult {
    /// The case.
    pub id: CaseId,
    /// The scheme it ran under.
    pub scheme: SchemeName,
    /// Suite, as `family/topic`.
    pub suite: String,
    /// Requirements that it tests.
    pub requirements: Vec<RequirementId>,
    /// Bug classes that it looks for.
    pub bug_classes: Vec<BugClassId>,
    /// Level of the first requirement.
    pub level: Level,
    /// What the attacker holds.
    pub attacker: Attacker,
    /// What had to happen: `accept`, `reject` or `either`.
    pub expected: ExpectationKind,
    /// What happened; none if nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Outcome>,
    /// Status code of the judged answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The verdict.
    pub verdict: Verdict,
    /// What else is wrong, if the case failed in two ways: a crash whose answer shows a stack trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub besides: Option<Failure>,
    /// In a few words, why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Time to the judged answer, in milliseconds.
    pub millis: f64,
    /// Bytes of request and answer, for a case that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The judged answer, normalized, for snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<NormalAnswer>,
}

impl CaseResult {
    /// The ways in which the target failed.
    pub fn failures(&self) -> impl Iterator<Item = Failure> {
        let first = match self.verdict {
            Verdict::Fail(failure) => Some(failure),
            Verdict::Pass | Verdict::Inconclusive(_) | Verdict::Skipped(_) => None,
        };
        first.into_iter().chain(self.besides)
    }
}

/// An answer without what differs from run to run: what a snapshot records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NormalAnswer {
    /// Status code.
    pub status: u16,
    /// Chosen headers, names in lower case, in order of name.
    pub headers: BTreeMap<String, String>,
    /// Body, escaped, with times, ids and digests redacted.
    pub body: String,
}
