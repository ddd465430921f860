//! A run over one or more schemes, from its first event to its last.
//!
//! The type to know is [`Campaign`]. Every command that judges runs cases through it, with its own listener for events.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use countersign_conformance::Catalog;
use countersign_core::case::{Case, Expectation};
use countersign_core::event::{CaseResult, Drift, Event, RunFinished, RunStarted, Summary, Tool};
use countersign_core::finding::gather;
use countersign_core::id::SchemeName;
use countersign_core::report::FailOn;
use countersign_core::scheme::Scheme;
use countersign_core::vector::Suite;

use super::{Planned, SchemeRun, Session, Settings, Workers, conclude, scheme};
use crate::clock;

/// What a run announces before anything is sent.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The target, as reports name it.
    pub target: String,
    /// The schemes, in order.
    pub schemes: Vec<SchemeName>,
    /// The root seed.
    pub seed: u64,
    /// Number of cases over all schemes.
    pub cases: usize,
    /// The profile that was used, if any.
    pub config: Option<String>,
}

/// What a run needs other than its target.
pub struct RunContext<'a> {
    /// The threads that send.
    pub workers: &'a Workers,
    /// Stops the run early when set.
    pub stop: &'a AtomicBool,
    /// Called after each case.
    pub tick: &'a (dyn Fn() + Sync),
}

/// A run that has begun.
pub struct Campaign<'e> {
    catalog: &'static Catalog,
    emit: &'e mut dyn FnMut(&Event),
    fail_on: FailOn,
    started: Instant,
    summary: Summary,
    results: Vec<CaseResult>,
    reasons: Vec<String>,
}

impl<'e> Campaign<'e> {
    /// Begins a run.
    pub fn begin(about: Announcement, fail_on: FailOn, emit: &'e mut dyn FnMut(&Event)) -> Self {
        emit(&Event::RunStarted(RunStarted {
            schema: "countersign.events/1".to_owned(),
            tool: Tool { name: "countersign".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            target: about.target,
            schemes: about.schemes,
            seed: about.seed,
            cases: about.cases,
            started: clock::now().iso8601(),
            config: about.config,
        }));
        let (summary, results, reasons) = (Summary::default(), Vec::new(), Vec::new());
        Self {
            catalog: Catalog::embedded(),
            emit,
            fail_on,
            started: Instant::now(),
            summary,
            results,
            reasons,
        }
    }

    /// When it began.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Runs the cases of one scheme.
    pub fn scheme(
        &mut self,
        context: &RunContext<'_>,
        session: &mut Session,
        cases: &[Planned<'_>],
        settings: &Settings,
    ) -> SchemeRun {
        let done = scheme(context.workers, session, cases, settings, context.stop, self.emit, context.tick);
        self.summary.add(&done.summary.summary);
        self.results.extend(done.results.iter().cloned());
        let name = &done.summary.scheme;
        self.reasons.extend(done.no_verdict.iter().map(|why| format!("{name}: {why}")));
        done
    }

    /// Records a reason why there is no verdict.
    pub fn note(&mut self, why: String) {
        self.reasons.push(why);
    }

    /// Ends the run: findings and verdict.
    pub fn finish(self, drift: Vec<Drift>) -> RunFinished {
        let Catalog { requirements, bug_classes, .. } = self.catalog;
        let findings = gather(&self.results, requirements, bug_classes);
        let inconclusive = !self.reasons.is_empty();
        let finished = RunFinished {
            verdict: conclude(&self.summary, inconclusive, self.fail_on, !drift.is_empty()),
            reason: inconclusive.then(|| self.reasons.join("; ")),
            summary: self.summary,
            findings,
            drift,
            millis: self.started.elapsed().as_secs_f64() * 1000.0,
        };
        (self.emit)(&Event::RunFinished(Box::new(finished.clone())));
        finished
    }
}

/// The cases that apply to a scheme, each with its deciding requirement.
pub fn plan<'a>(
    catalog: &'a Catalog,
    scheme: &dyn Scheme,
    cases: impl Iterator<Item = (&'a Suite, &'a Case)>,
) -> Vec<Planned<'a>> {
    let planned = |(suite, case)| {
        let requirement = catalog.decides(case, scheme)?;
        Some(Planned { suite, case, requirement, requirements: &catalog.requirements })
    };
    cases.filter_map(planned).collect()
}

/// Whether a case has the same result on every machine. Cases about response time do not.
pub fn is_repeatable(case: &Case) -> bool {
    case.expect != Expectation::Quick
}
