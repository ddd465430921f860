//! The interface between a run and everything that shows it.
//!
//! The type to know is [`Event`]. Each is plain data, one JSON line, and complete in itself; a
//! reporter needs nothing else, and a run needs no reporter.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::judge::Verdict;
use crate::observe::Outcome;
pub use crate::result::{CaseResult, NormalAnswer};
use crate::spec::Level;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Event {
    /// The first event.
    RunStarted(RunStarted),
    /// A control was sent: the valid request whose acceptance makes verdicts possible.
    Control(Control),
    /// A case is done. Cases come in their own order, whatever the order in which they finished.
    Case(Box<CaseResult>),
    /// All cases of one scheme are done.
    SchemeFinished(SchemeSummary),
    /// The last event.
    RunFinished(Box<RunFinished>),
}

/// The beginning of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunStarted {
    /// Version of the event format: `countersign.events/1`.
    pub schema: String,
    /// What ran.
    pub tool: Tool,
    /// What was tested, as the person named it.
    pub target: String,
    /// Schemes, in order.
    pub schemes: Vec<SchemeName>,
    /// Root seed: the same seed makes the same requests.
    pub seed: u64,
    /// Cases over all schemes, including those that will be skipped.
    pub cases: usize,
    /// Start, ISO 8601.
    pub started: String,
    /// The profile that was read, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
}

/// Name and version of the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// `countersign`.
    pub name: String,
    /// Version.
    pub version: String,
}

/// A control and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// Scheme of the request.
    pub scheme: SchemeName,
    /// Why it was sent.
    pub phase: Phase,
    /// What came of it.
    pub outcome: Outcome,
    /// Status code, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Time to the answer, in milliseconds.
    pub millis: f64,
}

/// Why a control was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Phase {
    /// Before the first case.
    Start,
    /// Between two batches of cases.
    Between,
    /// After a crash or hang, to see whether the target survived.
    Liveness,
    /// After the last case.
    End,
}

/// Counts of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Passed.
    pub pass: usize,
    /// Failed, at any level.
    pub fail: usize,
    /// Failed a MUST.
    pub fail_must: usize,
    /// Nobody can tell.
    pub inconclusive: usize,
    /// Not run.
    pub skipped: usize,
}

impl Summary {
    /// Counts one verdict.
    pub fn count(&mut self, verdict: &Verdict, level: Level) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail(_) => {
                self.fail += 1;
                self.fail_must += usize::from(level == Level::Must);
            }
            Verdict::Inconclusive(_) => self.inconclusive += 1,
            Verdict::Skipped(_) => self.skipped += 1,
        }
    }

    /// Adds the counts of another summary.
    pub fn add(&mut self, other: &Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.fail_must += other.fail_must;
        self.inconclusive += other.inconclusive;
        self.skipped += other.skipped;
    }

    /// Cases in all.
    pub fn total(&self) -> usize {
        self.pass + self.fail + self.inconclusive + self.skipped
    }
}

/// The counts of one scheme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchemeSummary {
    /// The scheme.
    pub scheme: SchemeName,
    /// Its title.
    pub title: String,
    /// Counts.
    pub summary: Summary,
    /// What the scheme itself cannot notice: properties of the scheme, not findings on the target.
    pub properties: Vec<SchemeProperty>,
}

/// Something that no verifier of a scheme can notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchemeProperty {
    /// The requirement that the scheme cannot meet.
    pub requirement: RequirementId,
    /// Bug classes that it is open to by design.
    pub bug_classes: Vec<BugClassId>,
    /// Why.
    pub reason: String,
    /// Cases that show it.
    pub cases: Vec<CaseId>,
}

/// What a run says in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RunVerdict {
    /// Controls were accepted, everything could be judged, and nothing at or above the chosen level failed.
    Conformant,
    /// Something at or above the chosen level failed.
    Nonconformant,
    /// Nothing failed, but not everything could be judged.
    Inconclusive,
}

impl std::fmt::Display for RunVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Conformant => "conformant",
            Self::Nonconformant => "nonconformant",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunFinished {
    /// The verdict.
    pub verdict: RunVerdict,
    /// Why, where the counts do not say it: a control that was refused, an interrupt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Counts over all schemes.
    pub summary: Summary,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Answers that differ from the recorded snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// Length of the run, in milliseconds.
    pub millis: f64,
}

/// A difference between a recorded answer and the present one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Drift {
    /// The scheme.
    pub scheme: SchemeName,
    /// The case.
    pub case: CaseId,
    /// A line diff, old against new.
    pub diff: String,
}
