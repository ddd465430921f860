//! One case: build it, send it, judge it, and keep the evidence.
//!
//! The type to know is [`Planned`]. It must not know how results are shown.

use countersign_core::case::{Case, NotApplicable};
use countersign_core::engine::{Answers, Deliver, Executed, execute};
use countersign_core::event::{CaseResult, Phase};
use countersign_core::evidence::evidence;
use countersign_core::exposure::Place;
use countersign_core::id::RequirementId;
use countersign_core::judge::{Alive, Baseline, Failure, Verdict};
use countersign_core::observe::{Observation, Outcome};
use countersign_core::recipe::Round;
use countersign_core::redact::Redactor;
use countersign_core::scheme::Scheme;
use countersign_core::snapshot::normalize;
use countersign_core::spec::{Level, Requirement, Requirements};
use countersign_core::vector::Suite;

use super::Keep;
use super::round;
use crate::counter::{CounterError, VerifiedCounter};
use crate::session::Session;
use crate::target::Slow;

/// A case and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a> {
    /// Its suite.
    pub suite: &'a Suite,
    /// The case.
    pub case: &'a Case,
    /// The requirement that a wrong decision breaks.
    pub requirement: &'a Requirement,
    /// All requirements. A crash, for example, breaks a different one than the case's own.
    pub requirements: &'a Requirements,
}

/// Whether a case runs for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The first time, possibly with others in flight.
    First,
    /// Again, with nothing else in flight; counted from 1.
    Retry(u8),
}

impl Attempt {
    /// The name from which everything fresh in the requests is derived.
    fn seed(self, case: &str) -> String {
        match self {
            Self::First => case.to_owned(),
            Self::Retry(time) => format!("{case} alone, time {time}"),
        }
    }
}

/// The result of a case, before the closing control of its batch.
#[derive(Debug)]
pub(crate) struct Done {
    /// The result.
    pub result: Box<CaseResult>,
    /// Why the scheme cannot detect the tamper, if it cannot.
    pub unnoticed: Option<&'static str>,
    /// Whether the target survived.
    pub alive: Alive,
    /// Whether the target got the judged request but did not answer.
    silent: bool,
    /// Whether it was put off, because it must run with nothing else in flight.
    pub postponed: bool,
}

impl Done {
    /// A result without requests sent.
    fn unsent(result: Box<CaseResult>) -> Self {
        Self { result, unnoticed: None, alive: Alive::NotAsked, silent: false, postponed: false }
    }

    /// Whether the target did not answer but is alive. With other requests in flight, load may be the reason.
    pub(crate) fn was_silent(&self) -> bool {
        self.silent && self.alive != Alive::No
    }

    /// Whether the answer came much too late. A pause of any machine involved can cause that too.
    pub(crate) fn was_slow(&self) -> bool {
        self.result.verdict == Verdict::Fail(Failure::Slow)
    }
}

impl Planned<'_> {
    /// The requirements of the case, the deciding one first.
    fn requirements(&self) -> Vec<RequirementId> {
        let first = &self.requirement.id;
        let others = self.case.requires.iter().filter(|id| *id != first);
        std::iter::once(first).chain(others).cloned().collect()
    }

    /// The level of a verdict.
    pub fn level(&self, verdict: &Verdict) -> Level {
        match verdict {
            Verdict::Fail(failure) => self.weight(*failure),
            Verdict::Pass | Verdict::Inconclusive(_) | Verdict::Skipped(_) => self.requirement.level,
        }
    }

    /// The level of a failure. A crash breaks a different requirement than a wrong decision.
    fn weight(&self, failure: Failure) -> Level {
        failure.level(self.case.expect.kind(), Some(self.requirement), self.requirements)
    }

    /// A result with this verdict and nothing observed.
    pub fn without_sending(&self, scheme: &dyn Scheme, verdict: Verdict) -> Box<CaseResult> {
        let case = self.case;
        let reason = match &verdict {
            Verdict::Pass => None,
            Verdict::Fail(failure) => Some(failure.to_string()),
            Verdict::Inconclusive(why) | Verdict::Skipped(why) => Some(why.clone()),
        };
        Box::new(CaseResult {
            id: case.id.clone(),
            scheme: scheme.file().scheme.clone(),
            suite: suite_name(self.suite),
            requirements: self.requirements(),
            bug_classes: case.kills.clone(),
            level: self.level(&verdict),
            attacker: case.attacker_or(self.requirement.attacker()),
            expected: case.expect.kind(),
            observed: None,
            status: None,
            verdict,
            besides: None,
            reason,
            millis: 0.0,
            evidence: None,
            answer: None,
        })
    }

    /// The result of a case that was not run because the run was stopped.
    pub(crate) fn stopped(&self, session: &Session, why: &str) -> Done {
        Done::unsent(self.without_sending(&*session.signer.scheme, Verdict::Inconclusive(why.to_owned())))
    }

    /// Runs the case.
    ///
    /// `attempt` makes the requests fresh when a case runs again.
    pub(crate) async fn run(
        &self,
        session: &Session,
        proof: &Baseline,
        redactor: &Redactor,
        keep: Keep,
        attempt: Attempt,
    ) -> Done {
        if !session.clock.separates(&self.case.recipe.sign.at) {
            let why = "the target's clock is not known precisely enough to test this close to the edge of the time window";
            return Done::unsent(
                self.without_sending(&*session.signer.scheme, Verdict::Inconclusive(why.to_owned())),
            );
        }
        if self.case.needs_second_sender() && session.second.is_none() {
            let why = "needs a second sender; give --second-secret SOURCE to run it";
            return Done::unsent(
                self.without_sending(&*session.signer.scheme, Verdict::Skipped(why.to_owned())),
            );
        }
        if self.case.replays() && !session.target.remembers() {
            let why = "the library does not remember requests (capability `replay`)";
            return Done::unsent(
                self.without_sending(&*session.signer.scheme, Verdict::Skipped(why.to_owned())),
            );
        }
        let waits = self.case.waits();
        let alone = self.case.effects || self.case.runs_alone();
        let apart = alone && session.target.is_embedded();
        let fails = self.case.fails_the_handler();
        // A fixed clock has to be moved; waiting does not change it.
        let is_moved = waits > 0 && (session.slow == Slow::Skip || session.clock.is_fixed());
        if self.case.secret.is_some() || fails || apart || is_moved {
            let why = match session.variant(self.case).await {
                Some(Ok(other)) => {
                    let done = self.send_and_judge(&other, proof, redactor, keep, attempt).await;
                    other.target.shutdown().await;
                    return done;
                }
                Some(Err(why)) => why.to_string(),
                None if waits > 0 && session.clock.is_fixed() => {
                    "the target's clock is fixed and cannot be moved".to_owned()
                }
                None if waits > 0 => format!("waits {waits} s; give --slow to run it"),
                None if fails => "needs a target whose handler can be made to fail".to_owned(),
                None => "needs a target that can be set up with another secret".to_owned(),
            };
            return Done::unsent(self.without_sending(&*session.signer.scheme, Verdict::Skipped(why)));
        }
        if self.case.effects && session.effects.is_none() {
            let why = "needs an effect counter; give --effects URL to run it";
            return Done::unsent(
                self.without_sending(&*session.signer.scheme, Verdict::Skipped(why.to_owned())),
            );
        }
        if alone && attempt == Attempt::First {
            let why = Verdict::Inconclusive("not run yet".to_owned());
            let done = Done::unsent(self.without_sending(&*session.signer.scheme, why));
            return Done { postponed: true, ..done };
        }
        // Flooding our own endpoint is harmless.
        if let (Some(mebibytes), Slow::Skip) = (self.case.floods(), session.slow)
            && !session.target.is_embedded()
        {
            let why = format!("sends {mebibytes} MiB; give --slow to run it");
            return Done::unsent(self.without_sending(&*session.signer.scheme, Verdict::Skipped(why)));
        }
        self.send_and_judge(session, proof, redactor, keep, attempt).await
    }

    async fn send_and_judge(
        &self,
        session: &Session,
        proof: &Baseline,
        redactor: &Redactor,
        keep: Keep,
        attempt: Attempt,
    ) -> Done {
        let built = match self
            .case
            .build(&session.world(&attempt.seed(self.case.id.as_str()), session.clock.now()))
        {
            Ok(built) => built,
            Err(reason) => {
                let unnoticed = match &reason {
                    NotApplicable::SchemeCannotNotice(why) => Some(*why),
                    NotApplicable::Lacks(_) | NotApplicable::CannotBuild(_) | NotApplicable::TakesMore(_) => {
                        None
                    }
                };
                let result =
                    self.without_sending(&*session.signer.scheme, Verdict::Skipped(reason.to_string()));
                return Done { unnoticed, ..Done::unsent(result) };
            }
        };
        if let Err(why) = session.target.exact()
            && built.rounds.iter().any(Round::needs_exact_writer)
        {
            let why = Verdict::Skipped(format!("not delivered: {why}"));
            return Done::unsent(self.without_sending(&*session.signer.scheme, why));
        }
        let Executed { seen, verdict, secondary } =
            self.execute(session, proof, &built.rounds, redactor).await;
        let mut result = self.without_sending(&*session.signer.scheme, verdict);
        if let Some(failure) = secondary {
            result.besides = secondary;
            result.level = result.level.min(self.weight(failure));
            result.reason = result.reason.map(|reason| format!("{reason}; {failure}"));
        }
        let shown = most_telling(&seen.judged);
        if let Some(shown) = shown {
            result.observed = Some(shown.outcome);
            result.status = shown.answer.as_ref().map(|answer| answer.status);
            result.millis = shown.millis;
            let said = shown.reply.as_ref().map(ToString::to_string).filter(|said| !said.is_empty());
            let says = shown.detail.clone().or(said);
            if let (Verdict::Pass | Verdict::Fail(_), Some(detail)) = (&result.verdict, &says) {
                let detail = redactor.text(detail);
                result.reason = Some(match &result.reason {
                    Some(reason) => format!("{reason}: {detail}"),
                    None => detail,
                });
            }
            if let (true, Some(usual)) = (result.verdict == Verdict::Fail(Failure::Slow), seen.usual) {
                let times = format!("{}: {:.0} ms and {usual:.0} ms", Failure::Slow, shown.millis);
                result.reason = Some(times);
            }
            result.answer = match (keep, &shown.answer) {
                (Keep::Answers, Some(answer)) => Some(normalize(answer, redactor)),
                _ => None,
            };
        }
        let passed = matches!(result.verdict, Verdict::Pass | Verdict::Skipped(_));
        if !passed || keep == Keep::Everything {
            let judged = built.rounds.iter().rev().find_map(|round| round.judged().last());
            result.evidence = judged.map(|sent| {
                let replay = redactor.text(&format!("{} {}", session.signer.replay, self.case.id));
                let address = session.signer.address.as_ref().map(|(host, port)| (&**host, *port));
                evidence(&built.untampered, sent, shown, address, replay, redactor)
            });
        }
        let silent = shown.is_some_and(|shown| shown.outcome.is_broken() && !shown.is_answered());
        Done { alive: seen.alive, silent, ..Done::unsent(result) }
    }

    /// Sends the requests of the case and judges the observations.
    async fn execute(
        &self,
        session: &Session,
        proof: &Baseline,
        rounds: &[Round],
        redactor: &Redactor,
    ) -> Executed {
        let counter = match &session.effects {
            Some(counter) if self.case.effects => {
                Some(counter.prove(async || session.control(Phase::Liveness).await.observation).await)
            }
            _ => None,
        };
        let starts = session.target.starts();
        let run = CaseRun { session, case: self.case, counter, starts, redactor };
        execute(proof, self.case, rounds, &run).await
    }
}

/// One case on its way to a target.
struct CaseRun<'r> {
    session: &'r Session,
    case: &'r Case,
    /// The effect counter, if it is used: verified to work, or why it does not.
    counter: Option<Result<VerifiedCounter<'r>, CounterError>>,
    /// How many times the target had been started before this case.
    starts: u64,
    redactor: &'r Redactor,
}

impl CaseRun<'_> {
    /// Whether the target accepts a valid request. Any answer will do from a driver, or if the case has its own secret:
    /// with some secrets nothing is ever accepted.
    async fn is_alive(&self) -> bool {
        let seen = self.session.control(Phase::Liveness).await.observation;
        let answers = self.case.secret.is_some() && seen.is_answered();
        seen.outcome == Outcome::Accepted || seen.reply.is_some() || answers
    }

    /// Whether the target accepts a valid request again, at once or after a moment.
    async fn recovers(&self) -> bool {
        for pause in [0, 100, 400] {
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            if self.is_alive().await {
                return true;
            }
        }
        // Replace one that hangs, if possible.
        self.session.target.replace().await && self.is_alive().await
    }
}

impl Deliver for CaseRun<'_> {
    async fn deliver(&self, _number: usize, round: &Round) -> Answers {
        round::send(self.session, round).await
    }

    async fn effects(&self) -> Result<f64, String> {
        match &self.counter {
            None => Err("no counter of effects was asked".to_owned()),
            Some(Ok(counter)) => counter.settled().await.map_err(|why| why.to_string()),
            Some(Err(why)) => Err(why.to_string()),
        }
    }

    fn looks_dead(&self, seen: &Observation) -> bool {
        // A driver that reports what its library did is alive, and one that was killed will be restarted.
        let will_be_started = seen.outcome == Outcome::Unreachable && self.session.target.is_driven();
        seen.outcome.is_broken() && seen.reply.is_none() && !will_be_started
    }

    async fn liveness(&self, judged: &[Observation]) -> Alive {
        let target = &self.session.target;
        if !self.recovers().await {
            return Alive::No;
        }
        // In production nobody would have restarted it.
        let ended = |one: &Observation| one.outcome == Outcome::Crashed && !one.is_answered();
        let restarted = target.is_driven() || target.starts() > self.starts;
        if restarted && judged.iter().any(ended) { Alive::Restarted } else { Alive::Yes }
    }

    async fn advance(&self, seconds: u16) {
        self.session.target.advance(seconds).await;
    }

    fn fail_handler(&self) {
        self.session.target.fail_handler();
    }

    fn forged_status(&self) -> Option<u16> {
        self.session.forged
    }

    fn place(&self) -> Place<'_> {
        self.session.search_context(self.redactor)
    }
}

/// `family/topic` for a shipped suite, or the name of a user's suite.
fn suite_name(suite: &Suite) -> String {
    match suite.path.strip_prefix("suites/") {
        Some(path) => path.trim_end_matches(".yaml").to_owned(),
        None => suite.name.clone(),
    }
}

/// The most telling observation: a crash before an acceptance before a refusal.
fn most_telling(judged: &[Observation]) -> Option<&Observation> {
    judged.iter().max_by_key(|seen| match seen.outcome {
        Outcome::Crashed | Outcome::Hung | Outcome::Garbled => 3,
        Outcome::Accepted => 2,
        Outcome::Rejected | Outcome::RejectedByTransport | Outcome::Throttled => 1,
        Outcome::Unsupported | Outcome::NotDelivered | Outcome::Unreachable => 0,
    })
}
