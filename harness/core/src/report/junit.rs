//! JUnit XML: a test suite per scheme and suite, a test case per case.
//!
//! The type to know is [`Junit`]. What must turn a pipeline red is a failure or an error here, and
//! nothing else is: a failed SHOULD is a passed test case with a warning, unless asked otherwise.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::{FailOn, Reporter, exhibit, no_beginning, phrase};
use crate::event::{CaseResult, Drift, Event, RunFinished, RunStarted, RunVerdict};
use crate::finding::Finding;
use crate::judge::Verdict;

/// Collects cases and writes the document when the run is finished.
#[derive(Debug, Default)]
pub struct Junit {
    fail_on: FailOn,
    started: Option<RunStarted>,
    cases: Vec<CaseResult>,
}

impl Junit {
    /// A reporter for which failures below this level are warnings.
    pub fn new(fail_on: FailOn) -> Self {
        Self { fail_on, ..Self::default() }
    }

    fn document(&mut self, finished: &RunFinished) -> Option<quick_junit::Report> {
        let started = self.started.take()?;
        let mut suites = Suites::new(&started);
        for case in std::mem::take(&mut self.cases) {
            let name = format!("{}.{}", case.scheme, case.suite);
            let test = test_case(&case, &finished.findings, self.fail_on, &name);
            suites.add(name, test, case.millis);
        }
        for drift in &finished.drift {
            let name = format!("{}.drift", drift.scheme);
            suites.add(name.clone(), drifted(drift, &name), 0.0);
        }
        let mut report = quick_junit::Report::new(xml("countersign"));
        report.set_time(duration(finished.millis));
        report.add_test_suites(suites.suites);
        if finished.verdict != RunVerdict::Conformant && report.failures + report.errors == 0 {
            // No case says why the run is not conformant: without this the document would be green.
            let mut suites = Suites::new(&started);
            suites.add("countersign".to_owned(), run_failed(finished), finished.millis);
            report.add_test_suites(suites.suites);
        }
        Some(report)
    }
}

impl Reporter for Junit {
    fn on(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::Case(case) => {
                let mut case = (**case).clone();
                case.answer = None;
                self.cases.push(case);
            }
            Event::Control(_) | Event::SchemeFinished(_) => {}
            Event::RunFinished(finished) => {
                let report = self.document(finished).ok_or_else(no_beginning)?;
                let text = report.to_string().map_err(io::Error::other)?;
                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

/// Test suites in the order in which they began.
struct Suites<'a> {
    started: &'a RunStarted,
    suites: Vec<TestSuite>,
    places: BTreeMap<String, usize>,
}

impl<'a> Suites<'a> {
    fn new(started: &'a RunStarted) -> Self {
        Self { started, suites: Vec::new(), places: BTreeMap::new() }
    }

    fn add(&mut self, name: String, test: TestCase, millis: f64) {
        let started = self.started;
        let suites = &mut self.suites;
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            let mut suite = TestSuite::new(xml(name));
            suite.set_time(Duration::ZERO);
            for (name, value) in [
                ("seed", started.seed.to_string()),
                ("target", started.target.clone()),
                ("started", started.started.clone()),
            ] {
                suite.add_property(property(name, &value));
            }
            suites.push(suite);
            suites.len() - 1
        });
        let suite = &mut suites[place];
        suite.time = suite.time.map(|time| time + duration(millis));
        suite.add_test_case(test);
    }
}

fn test_case(case: &CaseResult, findings: &[Finding], fail_on: FailOn, class: &str) -> TestCase {
    let reason = phrase::reason(case).unwrap_or_default();
    let finding = phrase::finding(findings, case);
    let level = finding.map_or(case.level, |finding| finding.level);
    let requirement = finding.map(|finding| &finding.requirement).or(case.requirements.first());
    let requirement = requirement.map(ToString::to_string).unwrap_or_default();
    let text = || case.evidence.as_ref().map(|shown| exhibit::exhibit(shown, str::to_owned).join("\n"));
    let mut warning = None;
    let status = match &case.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail(_) if fail_on.counts(level) => {
            not_passed(NonSuccessKind::Failure, &reason, &format!("{level} {requirement}"), text())
        }
        Verdict::Fail(_) => {
            let lines = [Some(format!("warning: {level} {requirement}: {reason}")), text()];
            warning = Some(lines.into_iter().flatten().collect::<Vec<_>>().join("\n"));
            TestCaseStatus::success()
        }
        Verdict::Inconclusive(_) => not_passed(NonSuccessKind::Error, &reason, "inconclusive", text()),
        Verdict::Skipped(_) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(XmlString::new(phrase::printable(&reason)));
            status
        }
    };
    let mut test = TestCase::new(xml(case.id.as_str()), status);
    test.set_classname(xml(class));
    test.set_time(duration(case.millis));
    for id in &case.requirements {
        test.add_property(property("requirement", id.as_str()));
    }
    if let Some(warning) = warning {
        test.set_system_out(xml(&warning));
    }
    test
}

fn drifted(drift: &Drift, class: &str) -> TestCase {
    let message = "the answer differs from the recorded one";
    let status = not_passed(NonSuccessKind::Failure, message, "drift", Some(drift.diff.clone()));
    let mut test = TestCase::new(xml(drift.case.as_str()), status);
    test.set_classname(xml(class));
    test
}

fn run_failed(finished: &RunFinished) -> TestCase {
    let verdict = finished.verdict.to_string();
    let reason = finished.reason.as_deref().unwrap_or("nothing could be judged");
    let mut test = TestCase::new(xml("run"), not_passed(NonSuccessKind::Error, reason, &verdict, None));
    test.set_classname(xml("countersign"));
    test
}

fn not_passed(kind: NonSuccessKind, message: &str, class: &str, text: Option<String>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(XmlString::new(phrase::printable(message)));
    status.set_type(xml(class));
    if let Some(text) = text {
        status.set_description(xml(&text));
    }
    status
}

fn property(name: &str, value: &str) -> Property {
    Property::new(xml(name), xml(value))
}

/// Text that XML 1.0 can hold: what it cannot is escaped.
fn xml(text: &str) -> XmlString {
    XmlString::new(text.lines().map(phrase::printable).collect::<Vec<_>>().join("\n"))
}

fn duration(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}
