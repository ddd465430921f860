//! The report for people: failures first, then everything else, then the counts.
//!
//! The type to know is [`Terminal`]. It writes when the run is finished, keeps nothing of cases that
//! passed, and reads no environment: whether it may color is told to it.

mod failures;
mod summary;

use std::collections::BTreeMap;
use std::io;

use super::{Reporter, Style, no_beginning, phrase};
use crate::event::{CaseResult, Control, Event, Phase, RunFinished, RunStarted, SchemeSummary};
use crate::judge::Verdict;
use crate::observe::Outcome;

/// Collects what is worth showing.
#[derive(Debug, Default)]
pub struct Terminal {
    style: Style,
    started: Option<RunStarted>,
    refused: Vec<Control>,
    failed: Vec<CaseResult>,
    inconclusive: Vec<CaseResult>,
    /// Passed, but with evidence: somebody asked to see them.
    shown: Vec<CaseResult>,
    skipped: BTreeMap<String, usize>,
    schemes: Vec<SchemeSummary>,
}

impl Terminal {
    /// A reporter that colors, or does not.
    pub fn new(style: Style) -> Self {
        Self { style, ..Self::default() }
    }

    fn keep(&mut self, case: &CaseResult) {
        let kept = || CaseResult { answer: None, ..case.clone() };
        match &case.verdict {
            Verdict::Pass if case.evidence.is_some() => self.shown.push(kept()),
            Verdict::Pass => {}
            Verdict::Fail(_) => self.failed.push(kept()),
            Verdict::Inconclusive(_) => self.inconclusive.push(kept()),
            Verdict::Skipped(why) => *self.skipped.entry(why.clone()).or_default() += 1,
        }
    }

    fn lines(&self, finished: &RunFinished) -> Option<Vec<String>> {
        let started = self.started.as_ref()?;
        let mut lines = vec![header(started)];
        if self.nothing_was_tested(started, finished) {
            // One cause, said once: no case says more than the refused control does.
            lines.extend(summary::no_verdict(finished, self.style));
            return Some(lines);
        }
        lines.extend(self.refused_controls());
        let shown = failures::Failures { style: self.style, findings: &finished.findings };
        lines.extend(shown.failed(&self.failed));
        lines.extend(shown.inconclusive(&self.inconclusive));
        lines.extend(shown.passed(&self.shown));
        lines.extend(summary::properties(&self.schemes));
        lines.extend(summary::drift(&finished.drift, self.style));
        lines.extend(summary::counts(&self.schemes, finished));
        lines.extend(summary::skipped(&self.skipped));
        lines.extend(summary::verdict(finished, self.style));
        Some(lines)
    }

    /// Whether no scheme had an accepted control at the start.
    fn nothing_was_tested(&self, started: &RunStarted, finished: &RunFinished) -> bool {
        let refused = |scheme: &crate::id::SchemeName| {
            let mut at_start = self.refused.iter().filter(|control| control.phase == Phase::Start);
            at_start.any(|control| control.scheme == *scheme)
        };
        let none_judged = finished.summary.pass + finished.summary.fail == 0 && finished.drift.is_empty();
        none_judged && !started.schemes.is_empty() && started.schemes.iter().all(refused)
    }

    /// The first control of each scheme that was not accepted, other than after a crash.
    fn refused_controls(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (at, control) in self.refused.iter().enumerate() {
            if self.refused[..at].iter().any(|earlier| earlier.scheme == control.scheme) {
                continue;
            }
            let status = control.status.map(|status| format!(" ({status})")).unwrap_or_default();
            let detail = control.detail.as_ref().map(|detail| format!(": {}", phrase::printable(detail)));
            let place = match control.phase {
                Phase::Start => "at the start",
                Phase::Between => "between two batches",
                Phase::Liveness => "after a crash",
                Phase::End => "at the end",
            };
            lines.extend([
                "".to_owned(),
                format!(
                    "{}: the valid request of {} {place} was {}{status}{}",
                    paint(self.style, Color::Yellow, "no control"),
                    control.scheme,
                    control.outcome,
                    detail.unwrap_or_default(),
                ),
            ]);
        }
        lines
    }
}

impl Reporter for Terminal {
    fn on(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::Control(control) => {
                if control.outcome != Outcome::Accepted && control.phase != Phase::Liveness {
                    self.refused.push(control.clone());
                }
            }
            Event::Case(case) => self.keep(case),
            Event::SchemeFinished(summary) => self.schemes.push(summary.clone()),
            Event::RunFinished(finished) => {
                let lines = self.lines(finished).ok_or_else(no_beginning)?;
                let mut text = String::new();
                for line in lines {
                    text.push_str(line.trim_end());
                    text.push('\n');
                }
                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

fn header(started: &RunStarted) -> String {
    let names: Vec<&str> = started.schemes.iter().map(crate::id::SchemeName::as_str).collect();
    let schemes = match &names[..] {
        [one] => format!("scheme {one}"),
        several => phrase::count(several.len(), "scheme"),
    };
    let config = started.config.as_deref().map(|path| format!(" · config {}", phrase::printable(path)));
    format!(
        "{} {} · target {} · {schemes} · seed {}{}",
        phrase::printable(&started.tool.name),
        phrase::printable(&started.tool.version),
        phrase::printable(&started.target),
        started.seed,
        config.unwrap_or_default()
    )
}

/// The colors that are used.
#[derive(Debug, Clone, Copy)]
enum Color {
    Red,
    Yellow,
    Green,
}

/// A word in color, or plain.
fn paint(style: Style, color: Color, word: &str) -> String {
    let code = match color {
        Color::Red => 31,
        Color::Yellow => 33,
        Color::Green => 32,
    };
    match style {
        Style::Plain => word.to_owned(),
        Style::Colored => format!("\x1b[1;{code}m{word}\x1b[0m"),
    }
}
