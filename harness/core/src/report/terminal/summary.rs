//! What a run comes down to: properties of schemes, drift, counts, skips, verdict.
//!
//! The function to know is [`verdict`]. It must not know single cases.

use std::collections::BTreeMap;

use super::super::table::{table, wrap};
use super::super::{Style, phrase};
use super::{Color, paint};
use crate::event::{Drift, RunFinished, RunVerdict, SchemeSummary, Summary};
use crate::id::BugClassId;

/// What no verifier of a scheme can notice: by reason for one scheme, a pointer for several.
pub(super) fn properties(schemes: &[SchemeSummary]) -> Vec<String> {
    let open = |scheme: &&SchemeSummary| !scheme.properties.is_empty();
    let mut lines = Vec::new();
    match schemes {
        [] => {}
        [scheme] if open(&scheme) => {
            lines.push(String::new());
            lines.push(format!(
                "The scheme {} itself cannot notice (not findings on the target):",
                scheme.scheme
            ));
            let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for property in &scheme.properties {
                let classes: Vec<&str> = property.bug_classes.iter().map(BugClassId::as_str).collect();
                let classes =
                    if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(" ")) };
                let one = format!("{}{classes}", property.requirement);
                by_reason.entry(property.reason.as_str()).or_default().push(one);
            }
            for (reason, requirements) in by_reason {
                lines.push(format!("  {}:", phrase::printable(reason)));
                lines
                    .extend(wrap(&requirements.join(", "), 92).into_iter().map(|line| format!("    {line}")));
            }
        }
        [_] => {}
        several => {
            let count = several.iter().filter(open).count();
            if count > 0 {
                lines.push(String::new());
                lines.push(format!(
                    "{} cannot notice some faults by design; run one alone to see which.",
                    phrase::count(count, "scheme")
                ));
            }
        }
    }
    lines
}

/// Answers that differ from the recorded ones; cases that differ alike share one diff.
pub(super) fn drift(drift: &[Drift], style: Style) -> Vec<String> {
    let mut alike: Vec<(&Drift, Vec<&str>)> = Vec::new();
    for one in drift {
        match alike.iter_mut().find(|(first, _)| first.scheme == one.scheme && first.diff == one.diff) {
            Some((_, others)) => others.push(one.case.as_str()),
            None => alike.push((one, Vec::new())),
        }
    }
    let mut lines = Vec::new();
    for (one, others) in alike {
        let removed = one.diff.lines().any(|line| line.starts_with('-'));
        let (word, what) = match removed {
            true => ("DRIFT", "the answer differs from the recorded one"),
            false => ("NEW", "no answer is recorded yet"),
        };
        lines.push(String::new());
        lines.push(format!("{} {} ({}): {what}", paint(style, Color::Red, word), one.case, one.scheme));
        lines.extend(one.diff.lines().map(|line| format!("    {}", phrase::printable(line))));
        if !others.is_empty() {
            lines.push(format!("  and {} alike:", phrase::count(others.len(), "other case")));
            lines.extend(wrap(&others.join(", "), 92).into_iter().map(|line| format!("    {line}")));
        }
    }
    if !drift.is_empty() {
        lines.extend([String::new(), "If this is as it should be, accept it with --update.".to_owned()]);
    }
    lines
}

/// The counts by scheme.
pub(super) fn counts(schemes: &[SchemeSummary], finished: &RunFinished) -> Vec<String> {
    if schemes.is_empty() {
        return Vec::new();
    }
    let head = ["scheme", "pass", "fail", "warnings", "inconclusive", "skipped"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(schemes.iter().map(|scheme| row(scheme.scheme.as_str(), &scheme.summary)));
    if schemes.len() > 1 {
        rows.push(row("total", &finished.summary));
    }
    std::iter::once(String::new()).chain(table(&rows)).collect()
}

fn row(name: &str, summary: &Summary) -> Vec<String> {
    let numbers = [summary.pass, summary.fail_must, warnings(summary), summary.inconclusive, summary.skipped];
    std::iter::once(name.to_owned()).chain(numbers.map(|number| number.to_string())).collect()
}

/// Failures of something other than a MUST.
fn warnings(summary: &Summary) -> usize {
    summary.fail.saturating_sub(summary.fail_must)
}

/// How the reason starts when a case asks for something that the scheme does not have.
const NOT_FOR_THIS_SCHEME: &str = "not for this scheme";

/// Why cases were skipped, the most frequent reason first.
pub(super) fn skipped(reasons: &BTreeMap<String, usize>) -> Vec<String> {
    if reasons.is_empty() {
        return Vec::new();
    }
    // What a scheme does not have comes in many shapes, and none of them is about the target.
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (reason, count) in reasons {
        let kind =
            if reason.starts_with(NOT_FOR_THIS_SCHEME) { NOT_FOR_THIS_SCHEME } else { reason.as_str() };
        *kinds.entry(kind).or_default() += count;
    }
    let mut reasons: Vec<(&str, usize)> = kinds.into_iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    let width = reasons.iter().map(|(_, count)| count.to_string().len()).max().unwrap_or(1);
    let line = |(reason, count): (&str, usize)| format!("  {count:>width$} x {}", phrase::printable(reason));
    [String::new(), "skipped:".to_owned()].into_iter().chain(reasons.into_iter().map(line)).collect()
}

/// That there is no verdict, and why.
pub(super) fn no_verdict(finished: &RunFinished, style: Style) -> Vec<String> {
    let verdict = paint(style, Color::Yellow, &finished.verdict.to_string());
    let mut lines = vec![format!("verdict: {verdict}")];
    lines.extend(reason(finished));
    lines
}

/// The verdict, in one sentence.
pub(super) fn verdict(finished: &RunFinished, style: Style) -> Vec<String> {
    let summary = &finished.summary;
    let color = match finished.verdict {
        RunVerdict::Conformant => Color::Green,
        RunVerdict::Nonconformant => Color::Red,
        RunVerdict::Inconclusive => Color::Yellow,
    };
    let mut parts = vec![format!("{} passed", summary.pass)];
    let others = [
        (summary.fail_must, format!("{} failed", summary.fail_must)),
        (warnings(summary), phrase::count(warnings(summary), "warning")),
        (summary.inconclusive, format!("{} inconclusive", summary.inconclusive)),
        (summary.skipped, format!("{} skipped", summary.skipped)),
        (finished.drift.len(), phrase::count(finished.drift.len(), "drifted answer")),
    ];
    parts.extend(others.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text));
    let cases = phrase::count(summary.total(), "case");
    let mut lines = vec![
        String::new(),
        format!("{cases}: {}, in {}", parts.join(", "), phrase::elapsed(finished.millis)),
        format!("verdict: {}", paint(style, color, &finished.verdict.to_string())),
    ];
    lines.extend(reason(finished));
    lines
}

/// Why there is no verdict, if there is none.
fn reason(finished: &RunFinished) -> Vec<String> {
    let reason = finished.reason.as_deref().map(phrase::printable);
    let lines = reason.iter().flat_map(|reason| wrap(reason, 98));
    lines.map(|line| format!("  {line}")).collect()
}
