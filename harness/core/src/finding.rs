//! A failed requirement with its evidence.
//!
//! The type to know is [`Finding`]. It must not know how it is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expectation::ExpectationKind;
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::judge::Failure;
use crate::result::CaseResult;
use crate::spec::{Attacker, BugClass, Level, Requirements, Severity, Shows};

/// A requirement that the target does not meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The requirement.
    pub requirement: RequirementId,
    /// Its level.
    pub level: Level,
    /// The scheme under which it failed.
    pub scheme: SchemeName,
    /// Bug classes that show this behavior.
    pub bug_classes: Vec<BugClassId>,
    /// The worst severity among its cases.
    pub severity: Severity,
    /// What the attacker must hold.
    pub attacker: Attacker,
    /// Title of the requirement.
    pub title: String,
    /// The cases that failed.
    pub cases: Vec<CaseId>,
    /// What was observed, per case: `accepted, must be refused`.
    pub evidence: Vec<String>,
    /// CWE numbers; the first is the primary one.
    pub cwe: Vec<u32>,
    /// Sources of the requirement, and OWASP categories.
    pub references: Vec<String>,
    /// What a developer changes.
    pub remediation: String,
    /// The command that runs the first of these cases again.
    pub replay: String,
}

/// The bug class that a failure shows, whatever the case was about.
fn general(failure: Failure) -> Option<&'static str> {
    match failure {
        Failure::Crashed | Failure::Garbled => Some("F01"),
        Failure::Died => Some("F02"),
        Failure::Leaked => Some("E08"),
        Failure::Traced => Some("F10"),
        Failure::Accepted
        | Failure::Refused
        | Failure::AcceptedTwice
        | Failure::Hung
        | Failure::Told
        | Failure::Acted
        | Failure::Slow
        | Failure::Blocked
        | Failure::Swallowed => None,
    }
}

/// Gathers failed cases into findings: one per scheme and requirement, worst first.
pub fn gather(
    cases: &[CaseResult],
    requirements: &Requirements,
    classes: &BTreeMap<BugClassId, BugClass>,
) -> Vec<Finding> {
    let mut found: BTreeMap<(SchemeName, RequirementId), Finding> = BTreeMap::new();
    let failed = cases.iter().flat_map(|case| case.failures().map(move |failure| (case, failure)));
    for (case, failure) in failed {
        let own = case.requirements.first().and_then(|id| requirements.get(id));
        let Some(requirement) = failure.broken(case.expected, own, requirements) else { continue };
        let own = case.requirements.first() == Some(&requirement.id);
        // A genuine request that crashes a target takes a key holder to send.
        let attacker = match case.expected {
            _ if own || failure == Failure::Acted => case.attacker,
            ExpectationKind::Accept => Attacker::L2,
            _ => requirement.attacker(),
        };
        let severity = requirement.severity_for(attacker);
        let finding = found.entry((case.scheme.clone(), requirement.id.clone())).or_insert_with(|| Finding {
            requirement: requirement.id.clone(),
            level: requirement.level,
            scheme: case.scheme.clone(),
            bug_classes: Vec::new(),
            severity,
            attacker,
            title: requirement.title.clone(),
            cases: Vec::new(),
            evidence: Vec::new(),
            cwe: requirement.cwe.clone(),
            references: vec![
                requirement.source.clone(),
                requirement.owasp.api.clone(),
                requirement.owasp.top10.clone(),
            ],
            remediation: requirement.remediation.clone(),
            replay: case.evidence.as_ref().map(|evidence| evidence.replay.clone()).unwrap_or_default(),
        });
        if severity < finding.severity {
            finding.severity = severity;
            finding.attacker = attacker;
        }
        let shows = match failure {
            Failure::Accepted
            | Failure::Refused
            | Failure::AcceptedTwice
            | Failure::Told
            | Failure::Acted => Shows::Decision,
            Failure::Crashed | Failure::Garbled | Failure::Hung | Failure::Died => Shows::Crash,
            Failure::Leaked | Failure::Traced => Shows::Answer,
            Failure::Slow | Failure::Blocked | Failure::Swallowed => Shows::Cost,
        };
        // What throws may be caught, and then only tells itself apart from other refusals.
        let caught = failure == Failure::Told;
        let fitting = |class: &BugClass| class.shows == shows || (caught && class.shows == Shows::Crash);
        let own = case.bug_classes.iter().filter(|id| classes.get(*id).is_some_and(fitting));
        let general = general(failure).and_then(|id| classes.keys().find(|class| class.as_str() == id));
        for class in own.chain(general) {
            if !finding.bug_classes.contains(class) {
                finding.bug_classes.push(class.clone());
            }
        }
        let status = case.status.map(|status| format!(" ({status})")).unwrap_or_default();
        finding.evidence.push(format!("{}: {failure}{status}", case.id));
        finding.cases.push(case.id.clone());
    }
    let mut findings: Vec<Finding> = found.into_values().collect();
    findings.sort_by_key(|finding| (finding.level, finding.severity));
    findings
}
