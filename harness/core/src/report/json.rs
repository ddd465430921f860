//! The report as one JSON document.
//!
//! The type to know is [`Report`]: its fields are a contract with users. It must not know how
//! findings come to be.

use std::io;

use serde::{Deserialize, Serialize};

use super::{Reporter, no_beginning, phrase};
use crate::event::{
    CaseResult, Control, Drift, Event, RunFinished, RunStarted, RunVerdict, SchemeSummary, Summary, Tool,
};
use crate::expectation::ExpectationKind;
use crate::finding::Finding;
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::judge::Verdict;
use crate::observe::Outcome;

/// Version of the document.
pub const SCHEMA: &str = "countersign.report/1";

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// `countersign.report/1`.
    pub schema: String,
    /// What ran.
    pub tool: Tool,
    /// What was tested, as the person named it.
    pub target: String,
    /// Names of the schemes, joined by commas.
    pub scheme: String,
    /// Counts and properties of each scheme.
    pub schemes: Vec<SchemeSummary>,
    /// Root seed.
    pub seed: u64,
    /// Start, ISO 8601.
    pub started: String,
    /// The verdict.
    pub verdict: RunVerdict,
    /// Why, where the counts do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Counts over all schemes.
    pub summary: Summary,
    /// The valid requests whose acceptance makes verdicts possible.
    pub controls: Vec<Control>,
    /// Every case.
    pub cases: Vec<CaseRow>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Answers that differ from the recorded snapshot.
    pub drift: Vec<Drift>,
    /// Length of the run, in milliseconds.
    pub millis: f64,
}

/// A case and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseRow {
    /// The case.
    pub id: CaseId,
    /// Suite, as `family/topic`.
    pub suite: String,
    /// The scheme it ran under.
    pub scheme: SchemeName,
    /// Requirements that it tests.
    pub requirements: Vec<RequirementId>,
    /// Bug classes that it looks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bug_classes: Vec<BugClassId>,
    /// What had to happen: `accept`, `reject` or `either`.
    pub expected: ExpectationKind,
    /// What happened; null if nothing was sent.
    pub observed: Option<Outcome>,
    /// Status code of the judged answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The verdict.
    pub verdict: CaseVerdict,
    /// In a few words, why; null where there is nothing to say.
    pub reason: Option<String>,
    /// Time to the judged answer, in milliseconds.
    pub millis: f64,
}

/// A verdict as one word; the reason stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CaseVerdict {
    /// It did what it must.
    Pass,
    /// It did not.
    Fail,
    /// Nobody can tell.
    Inconclusive,
    /// Not run.
    Skipped,
}

impl From<&Verdict> for CaseVerdict {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail(_) => Self::Fail,
            Verdict::Inconclusive(_) => Self::Inconclusive,
            Verdict::Skipped(_) => Self::Skipped,
        }
    }
}

impl From<&CaseResult> for CaseRow {
    fn from(case: &CaseResult) -> Self {
        Self {
            id: case.id.clone(),
            suite: case.suite.clone(),
            scheme: case.scheme.clone(),
            requirements: case.requirements.clone(),
            bug_classes: case.bug_classes.clone(),
            expected: case.expected,
            observed: case.observed,
            status: case.status,
            verdict: CaseVerdict::from(&case.verdict),
            reason: phrase::reason(case),
            millis: case.millis,
        }
    }
}

/// Writes the [`Report`] when the run is finished.
#[derive(Debug, Default)]
pub struct Json {
    started: Option<RunStarted>,
    controls: Vec<Control>,
    cases: Vec<CaseRow>,
    schemes: Vec<SchemeSummary>,
}

impl Json {
    fn report(&mut self, finished: &RunFinished) -> Option<Report> {
        let started = self.started.take()?;
        let names: Vec<&str> = started.schemes.iter().map(SchemeName::as_str).collect();
        Some(Report {
            schema: SCHEMA.to_owned(),
            scheme: names.join(","),
            tool: started.tool,
            target: started.target,
            schemes: std::mem::take(&mut self.schemes),
            seed: started.seed,
            started: started.started,
            verdict: finished.verdict,
            reason: finished.reason.clone(),
            summary: finished.summary,
            controls: std::mem::take(&mut self.controls),
            cases: std::mem::take(&mut self.cases),
            findings: finished.findings.clone(),
            drift: finished.drift.clone(),
            millis: finished.millis,
        })
    }
}

impl Reporter for Json {
    fn on(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::Control(control) => self.controls.push(control.clone()),
            Event::Case(case) => self.cases.push(CaseRow::from(&**case)),
            Event::SchemeFinished(summary) => self.schemes.push(summary.clone()),
            Event::RunFinished(finished) => {
                let report = self.report(finished).ok_or_else(no_beginning)?;
                let mut text = phrase::printable_json(serde_json::to_vec_pretty(&report)?)?;
                text.push(b'\n');
                out.write_all(&text)?;
                out.flush()?;
            }
        }
        Ok(())
    }
}
