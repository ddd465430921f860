//! The run: controls, cases in batches, results in order, and the verdict.
//!
//! The functions to know are [`scheme`], which runs one scheme, and [`conclude`], which decides the verdict. A batch
//! of cases counts only if a control was accepted before and after it.

mod campaign;
mod case;
mod round;
mod workers;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign_core::event::{CaseResult, Event, Phase, RunVerdict, SchemeProperty, SchemeSummary, Summary};
use countersign_core::id::BugClassId;
use countersign_core::judge::{Alive, Baseline, Failure, Verdict};
use countersign_core::observe::{Oracle, Outcome};
use countersign_core::recipe::Sender;
use countersign_core::redact::Redactor;
use countersign_core::report::FailOn;
use futures_util::stream::{self, StreamExt as _};

#[cfg(feature = "targets")]
pub use crate::counter::{BadCounterSpec, CannotCount, CounterSpec};
pub use crate::counter::{Counter, CounterError, VerifiedCounter};
pub use crate::session::{Opening, Session, Signer};
pub use crate::target::Slow;
pub use campaign::{Announcement, Campaign, RunContext, is_repeatable, plan};
use case::Attempt;
pub use case::Planned;
pub use workers::Workers;

/// What to keep in addition to verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Evidence for cases that did not pass.
    Failures,
    /// Also the normalized answer of every case, for snapshots.
    Answers,
    /// Evidence for every case.
    Everything,
}

/// How a scheme is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What to keep.
    pub keep: Keep,
    /// How answers are read, before the target's own refusals are learned.
    pub oracle: Oracle,
    /// The end of the time budget, if there is one.
    pub until: Option<Instant>,
}

impl Settings {
    /// Why the run must stop, if so.
    pub fn stop_reason(&self, stop: &AtomicBool) -> Option<&'static str> {
        if stop.load(Ordering::Relaxed) {
            return Some("interrupted");
        }
        self.until.is_some_and(|until| Instant::now() >= until).then_some("the time budget is used up")
    }
}

/// Time between two controls, after which no case starts before the next control. Results are published by batch, so
/// that a killed run loses little.
const BATCH: Duration = Duration::from_millis(200);

/// The result of one scheme.
#[derive(Debug)]
pub struct SchemeRun {
    /// Counts and properties.
    pub summary: SchemeSummary,
    /// Results in case order.
    pub results: Vec<CaseResult>,
    /// Why there is no verdict, if there is none.
    pub no_verdict: Option<String>,
}

/// Runs cases of one scheme against one target.
pub fn scheme(
    workers: &Workers,
    session: &mut Session,
    cases: &[Planned<'_>],
    settings: &Settings,
    stop: &AtomicBool,
    emit: &mut dyn FnMut(&Event),
    tick: &(dyn Fn() + Sync),
) -> SchemeRun {
    session.target.set_oracle(settings.oracle.clone());
    let redactor = redactor(session);
    let opening = workers.block_on(session.open());
    emit(&Event::Control(opening.control));
    let mut results: Vec<CaseResult> = Vec::new();
    let mut properties = Properties::default();
    let mut no_verdict = None;
    match Baseline::from_control(&opening.observation) {
        None => no_verdict = Some(refused_control(&opening.observation)),
        Some(proof) => {
            workers.block_on(session.learn(settings.oracle.clone()));
            let session: &Session = session;
            while results.len() < cases.len() {
                if let Some(why) = settings.stop_reason(stop) {
                    no_verdict = Some(why.to_owned());
                    break;
                }
                let started = Instant::now();
                let rest = &cases[results.len()..];
                let turn = AtomicUsize::new(0);
                // Every case that is taken also runs, so that a batch has no gaps.
                let next = || {
                    let over = started.elapsed() >= BATCH && turn.load(Ordering::Relaxed) > 0;
                    let at = (!over).then(|| turn.fetch_add(1, Ordering::Relaxed))?;
                    rest.get(at).map(|planned| (at, planned))
                };
                let run = async |(at, planned): (usize, &Planned<'_>)| {
                    let first = Attempt::First;
                    let done = match settings.stop_reason(stop) {
                        Some(why) => planned.stopped(session, why),
                        None => planned.run(session, &proof, &redactor, settings.keep, first).await,
                    };
                    tick();
                    (at, done)
                };
                let in_worker = async |share| {
                    let cases = stream::iter(std::iter::from_fn(next)).map(run);
                    cases.buffer_unordered(share).collect::<Vec<_>>().await
                };
                let done = if session.target.stays_on_one_runtime() {
                    vec![workers.block_on(in_worker(workers.jobs()))]
                } else {
                    workers.each(in_worker)
                };
                let mut done: Vec<_> = done.into_iter().flatten().collect();
                done.sort_unstable_by_key(|(at, _)| *at);
                let mut done: Vec<case::Done> = done.into_iter().map(|(_, done)| done).collect();
                let batch = &rest[..done.len()];
                // If a driver was killed from outside, a second try will work.
                let unsure = workers.jobs() > 1 || session.target.restarts();
                let is_for_later = |done: &case::Done| done.postponed || (unsure && done.was_silent());
                for (planned, done) in batch.iter().zip(&mut done).filter(|(_, done)| is_for_later(done)) {
                    let alone = Attempt::Retry(1);
                    let again = match settings.stop_reason(stop) {
                        Some(why) if done.postponed => planned.stopped(session, why),
                        _ => workers.block_on(planned.run(session, &proof, &redactor, settings.keep, alone)),
                    };
                    let answered = !again.was_silent() && !done.postponed;
                    *done = again;
                    if answered && done.result.reason.is_none() {
                        let why = if session.target.is_driven() || workers.jobs() == 1 {
                            "no answer the first time, because the process ended; answered when sent again"
                        } else {
                            "no answer while other requests were in flight, but an answer when sent alone; try fewer --jobs"
                        };
                        done.result.reason = Some(why.to_owned());
                    }
                }
                for (planned, done) in batch.iter().zip(&mut done) {
                    // A machine may pause once; three slow answers in a row are the target's fault.
                    for time in 2..4 {
                        if done.was_slow() {
                            let again = Attempt::Retry(time);
                            let again = planned.run(session, &proof, &redactor, settings.keep, again);
                            *done = workers.block_on(again);
                        }
                    }
                }
                let died = settle_deaths(&mut done, batch, workers.jobs());
                let last = batch.len() == rest.len();
                let phase = if last { Phase::End } else { Phase::Between };
                let closing = workers.block_on(close(session, phase, emit));
                for (planned, mut done) in batch.iter().zip(done) {
                    if let Some(why) = closing.as_ref().filter(|_| needs_control(&done.result.verdict)) {
                        done.result.reason = Some(why.clone());
                        done.result.verdict = Verdict::Inconclusive(why.clone());
                    }
                    if let Some(why) = done.unnoticed {
                        properties.add(planned, why);
                    }
                    results.push(publish(done.result, emit));
                }
                no_verdict = if died {
                    let why = "the target stopped accepting valid requests";
                    let gone = session.target.gone();
                    Some(gone.map_or(why.to_owned(), |gone| format!("{why}: {gone}")))
                } else {
                    closing
                };
                if no_verdict.is_some() {
                    break;
                }
            }
        }
    }
    for planned in &cases[results.len()..] {
        let why = no_verdict.clone().unwrap_or_default();
        let result = planned.without_sending(&*session.signer.scheme, Verdict::Inconclusive(why));
        results.push(publish(result, emit));
        tick();
    }
    let mut summary = Summary::default();
    for result in &results {
        summary.count(&result.verdict, result.level);
    }
    let file = session.signer.scheme.file();
    let summary = SchemeSummary {
        scheme: file.scheme.clone(),
        title: file.title.clone(),
        summary,
        properties: properties.into_vec(),
    };
    emit(&Event::SchemeFinished(summary.clone()));
    SchemeRun { summary, results, no_verdict }
}

/// Emits the result of a case, and returns it.
fn publish(result: Box<CaseResult>, emit: &mut dyn FnMut(&Event)) -> CaseResult {
    let event = Event::Case(result);
    emit(&event);
    let Event::Case(result) = event else { unreachable!("it was made two lines above") };
    *result
}

/// Whether a verdict depends on the control after it. An accepted forgery or a dead target needs no control; a refusal
/// or a crash may have the same cause as a failed control.
fn needs_control(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Pass
        | Verdict::Fail(
            Failure::Refused
            | Failure::Crashed
            | Failure::Hung
            | Failure::Garbled
            | Failure::Slow
            | Failure::Blocked,
        ) => true,
        Verdict::Fail(
            Failure::Accepted
            | Failure::AcceptedTwice
            | Failure::Died
            | Failure::Leaked
            | Failure::Traced
            | Failure::Told
            | Failure::Acted
            | Failure::Swallowed,
        )
        | Verdict::Inconclusive(_)
        | Verdict::Skipped(_) => false,
    }
}

fn redactor(session: &Session) -> Redactor {
    let Sender { secret, key, .. } = &session.signer.sender;
    let redactor = Redactor::new(std::slice::from_ref(secret)).and(key);
    match &session.second {
        Some(second) => redactor.and(second.secret.expose()).and(&second.key),
        None => redactor,
    }
}

/// Why there is no verdict when the first control is not accepted, and what to check.
fn refused_control(seen: &countersign_core::observe::Observation) -> String {
    if let (Outcome::Unreachable, Some(why)) = (seen.outcome, &seen.detail) {
        return format!("{why}; is the server running, and are host and port right?");
    }
    let hint = match seen.outcome {
        _ if seen.reply.is_some() => {
            "usual causes: a secret in a form that the library does not take, a constant that it must be given, or \
             another scheme"
        }
        Outcome::Unreachable => "is the server running, and are host and port right?",
        Outcome::Crashed | Outcome::Garbled | Outcome::Hung => "does it answer plain HTTP/1.1 on this port?",
        Outcome::Accepted
        | Outcome::Rejected
        | Outcome::RejectedByTransport
        | Outcome::Throttled
        | Outcome::Unsupported
        | Outcome::NotDelivered => {
            "usual causes: another secret or another form of it, another scheme, another path, for schemes that \
             sign an address --origin or --constant, or statuses that need --accept-status"
        }
    };
    format!("the valid request was {}; {hint}", seen.summary())
}

/// Sends the closing control of a batch, twice if needed, because one lost connection proves nothing.
async fn close(session: &Session, phase: Phase, emit: &mut dyn FnMut(&Event)) -> Option<String> {
    let mut seen = session.control(phase).await;
    if seen.observation.outcome != Outcome::Accepted {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        seen = session.control(phase).await;
    }
    let accepted = seen.observation.outcome == Outcome::Accepted;
    let why = (!accepted).then(|| format!("the control after this batch was {}", seen.observation.summary()));
    emit(&Event::Control(seen.control));
    session.target.fault().await.or(why)
}

/// If the target died, a case in flight killed it, or one that was just answered. The first case that saw it fails and
/// names the others, which are inconclusive.
fn settle_deaths(done: &mut [case::Done], batch: &[Planned<'_>], jobs: usize) -> bool {
    let dead: Vec<usize> = (0..done.len()).filter(|&at| done[at].alive == Alive::No).collect();
    let Some((&first, others)) = dead.split_first() else { return false };
    for &at in others {
        let why = format!("the target died while `{}` was in flight too", done[first].result.id);
        done[at].result.reason = Some(why.clone());
        done[at].result.verdict = Verdict::Inconclusive(why);
    }
    let verdict = Verdict::Fail(Failure::Died);
    done[first].result.level = batch[first].level(&verdict);
    done[first].result.verdict = verdict;
    let earliest = first.saturating_sub(jobs);
    let sent = |at: &usize| done[*at].result.observed.is_some();
    let mut names: Vec<String> = (earliest..first)
        .filter(sent)
        .chain(others.iter().copied())
        .map(|at| done[at].result.id.to_string())
        .collect();
    names.truncate(jobs);
    if !names.is_empty() {
        let why = format!("{}; sent just before or at the same time: {}", Failure::Died, names.join(", "));
        done[first].result.reason = Some(why);
    }
    true
}

/// Properties of a scheme, grouped by requirement and reason.
#[derive(Default)]
struct Properties(BTreeMap<(String, &'static str), SchemeProperty>);

impl Properties {
    fn add(&mut self, planned: &Planned<'_>, why: &'static str) {
        let requirement = &planned.requirement.id;
        let property = self.0.entry((requirement.to_string(), why)).or_insert_with(|| SchemeProperty {
            requirement: requirement.clone(),
            bug_classes: Vec::new(),
            reason: why.to_owned(),
            cases: Vec::new(),
        });
        // A scheme can lack coverage (C) or freshness (D); other families are faults of verifiers.
        let inherent = |class: &&BugClassId| class.as_str().starts_with(['C', 'D']);
        for class in planned.case.kills.iter().filter(inherent) {
            if !property.bug_classes.contains(class) {
                property.bug_classes.push(class.clone());
            }
        }
        property.cases.push(planned.case.id.clone());
    }

    fn into_vec(self) -> Vec<SchemeProperty> {
        self.0.into_values().collect()
    }
}

/// Decides the verdict of a run.
pub fn conclude(summary: &Summary, no_verdict: bool, fail_on: FailOn, drifted: bool) -> RunVerdict {
    let failed = match fail_on {
        FailOn::Must => summary.fail_must > 0,
        FailOn::Should => summary.fail > 0,
        FailOn::None => false,
    };
    if failed || drifted {
        RunVerdict::Nonconformant
    } else if no_verdict || summary.inconclusive > 0 || summary.pass + summary.fail == 0 {
        RunVerdict::Inconclusive
    } else {
        RunVerdict::Conformant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_run_is_never_conformant() {
        let skipped = Summary { skipped: 9, ..Summary::default() };
        assert_eq!(conclude(&skipped, false, FailOn::Must, false), RunVerdict::Inconclusive);
    }

    #[test]
    fn a_finding_outweighs_a_doubt_and_a_warning_does_not_fail() {
        let failed = Summary { pass: 1, fail: 1, fail_must: 1, inconclusive: 1, ..Summary::default() };
        assert_eq!(conclude(&failed, true, FailOn::Must, false), RunVerdict::Nonconformant);
        let warned = Summary { pass: 1, fail: 1, ..Summary::default() };
        assert_eq!(conclude(&warned, false, FailOn::Must, false), RunVerdict::Conformant);
        assert_eq!(conclude(&warned, false, FailOn::Should, false), RunVerdict::Nonconformant);
    }
}
