//! The cases that a person must look at, with evidence.
//!
//! The type to know is [`Failures`]. It must not know counts or verdicts of the run.

use std::collections::BTreeMap;

use super::super::exhibit::exhibit;
use super::super::table::wrap;
use super::super::{Style, phrase};
use super::{Color, paint};
use crate::event::CaseResult;
use crate::finding::Finding;
use crate::spec::Level;

/// Cases that are shown with evidence; if there are more, only the first of each kind is.
const FULL: usize = 3;
/// Ids that are listed below the first case of a kind.
const IDS: usize = 40;
/// Where prose is wrapped.
const WIDTH: usize = 98;

/// Shows cases, with what the findings say about them.
pub(super) struct Failures<'a> {
    /// Whether words are colored.
    pub(super) style: Style,
    /// All findings, worst first.
    pub(super) findings: &'a [Finding],
}

impl Failures<'_> {
    /// Failed cases: MUST first, then in the order of the findings.
    pub(super) fn failed(&self, cases: &[CaseResult]) -> Vec<String> {
        let mut cases: Vec<&CaseResult> = cases.iter().collect();
        cases.sort_by_key(|case| (self.level(case), self.place(case)));
        let word = |case: &CaseResult| match self.level(case) {
            Level::Must => paint(self.style, Color::Red, "FAIL"),
            Level::Should => paint(self.style, Color::Yellow, "warning"),
            Level::May => "note".to_owned(),
        };
        self.list(&cases, word, |case| self.requirement(case), "failed")
    }

    /// Cases that nobody can judge.
    pub(super) fn inconclusive(&self, cases: &[CaseResult]) -> Vec<String> {
        let word = |_: &CaseResult| paint(self.style, Color::Yellow, "inconclusive");
        self.list(
            &cases.iter().collect::<Vec<_>>(),
            word,
            |case| phrase::reason(case).unwrap_or_default(),
            "inconclusive",
        )
    }

    /// Passed cases that somebody asked to see.
    pub(super) fn passed(&self, cases: &[CaseResult]) -> Vec<String> {
        let word = |_: &CaseResult| paint(self.style, Color::Green, "pass");
        cases.iter().flat_map(|case| self.full(case, &word(case))).collect()
    }

    fn place(&self, case: &CaseResult) -> usize {
        let own = |finding: &Finding| finding.scheme == case.scheme && finding.cases.contains(&case.id);
        self.findings.iter().position(own).unwrap_or(usize::MAX)
    }

    fn level(&self, case: &CaseResult) -> Level {
        phrase::finding(self.findings, case).map_or(case.level, |finding| finding.level)
    }

    fn requirement(&self, case: &CaseResult) -> String {
        let finding = phrase::finding(self.findings, case).map(|finding| &finding.requirement);
        finding.or(case.requirements.first()).map(ToString::to_string).unwrap_or_default()
    }

    /// All cases in full, or the first of each kind with the ids of the others below it.
    fn list(
        &self,
        cases: &[&CaseResult],
        word: impl Fn(&CaseResult) -> String,
        kind: impl Fn(&CaseResult) -> String,
        verb: &str,
    ) -> Vec<String> {
        if cases.len() <= FULL {
            return cases.iter().flat_map(|case| self.full(case, &word(case))).collect();
        }
        let mut kinds: Vec<String> = Vec::new();
        let mut groups: BTreeMap<String, Vec<&CaseResult>> = BTreeMap::new();
        for case in cases {
            let kind = kind(case);
            if !groups.contains_key(&kind) {
                kinds.push(kind.clone());
            }
            groups.entry(kind).or_default().push(case);
        }
        let mut lines = Vec::new();
        for kind in &kinds {
            let Some((first, others)) = groups[kind].split_first() else { continue };
            lines.extend(self.full(first, &word(first)));
            if others.is_empty() {
                continue;
            }
            let more =
                if others.len() == 1 { "1 more case" } else { &format!("{} more cases", others.len()) };
            lines.extend([String::new(), format!("  {more} {verb}, {}:", phrase::printable(kind))]);
            let mut ids: Vec<String> =
                others.iter().take(IDS).map(|case| format!("{}/{}", case.scheme, case.id)).collect();
            if others.len() > IDS {
                ids.push(format!("and {} more", others.len() - IDS));
            }
            lines.extend(wrap(&ids.join(", "), WIDTH).into_iter().map(|line| format!("    {line}")));
        }
        lines
    }

    fn full(&self, case: &CaseResult, word: &str) -> Vec<String> {
        let reason = phrase::reason(case).unwrap_or_else(|| self.observed(case));
        let finding = phrase::finding(self.findings, case);
        let attacker = finding.map_or(case.attacker, |finding| finding.attacker);
        let mut about = vec![self.requirement(case), self.level(case).to_string()];
        about.extend(finding.map(|finding| finding.severity.to_string()));
        about.push(format!("attacker {attacker}"));
        let title = finding.map(|finding| format!(": {}", phrase::printable(&finding.title)));
        let mut lines = vec![
            String::new(),
            format!("{word} {} ({}): {}", case.id, case.scheme, phrase::printable(&reason)),
            format!("  {}{}", about.join(", "), title.unwrap_or_default()),
        ];
        if let Some(evidence) = &case.evidence {
            let caret = |carets: &str| paint(self.style, Color::Red, carets);
            lines.extend(exhibit(evidence, caret).into_iter().map(|line| format!("  {line}")));
        }
        if let Some(finding) = finding {
            let text = format!("fix: {}", phrase::printable(&finding.remediation));
            lines.extend(wrap(&text, WIDTH).into_iter().map(|line| format!("  {line}")));
        }
        lines
    }

    fn observed(&self, case: &CaseResult) -> String {
        let status = case.status.map(|status| format!(" ({status})")).unwrap_or_default();
        case.observed.map_or_else(|| "nothing observed".to_owned(), |outcome| format!("{outcome}{status}"))
    }
}
