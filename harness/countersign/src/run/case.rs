//! One case: build, send, judge, and keep the evidence.

use countersign_core::case::{Case, NotApplicable};
use countersign_core::event::{CaseResult, Phase};
use countersign_core::evidence::evidence;
use countersign_core::exposure::{Place, exposed};
use countersign_core::id::RequirementId;
use countersign_core::judge::{Alive, Baseline, Effects, Failure, Seen, Verdict, besides, judge};
use countersign_core::observe::{Observation, Outcome};
use countersign_core::recipe::{Built, Manner, Purpose, Round};
use countersign_core::redact::Redactor;
use countersign_core::scheme::Scheme;
use countersign_core::snapshot::normalize;
use countersign_core::spec::{Level, Requirement, Requirements};
use countersign_core::vector::Suite;
use countersign_core::wire::Wire;

use super::Keep;
use super::effects::Proven;
use super::round::{self, Answers};
use super::subject::Subject;
use crate::carrier::Carrier;

/// A case and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a> {
    /// Its suite.
    pub suite: &'a Suite,
    /// The case.
    pub case: &'a Case,
    /// The requirement that a wrong decision breaks.
    pub requirement: &'a Requirement,
    /// All requirements: a crash, for one, breaks another than that of the case.
    pub requirements: &'a Requirements,
}

/// Whether a case is run for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Among others.
    First,
    /// Once more, with nothing else in flight: for the first time, the second and so on.
    Alone(u8),
}

impl Attempt {
    /// What the fresh texts of the requests are derived from.
    fn seed(self, case: &str) -> String {
        match self {
            Self::First => case.to_owned(),
            Self::Alone(time) => format!("{case} alone, time {time}"),
        }
    }
}

/// The result of a case, before the closing control of its batch.
#[derive(Debug)]
pub struct Done {
    /// The result.
    pub result: Box<CaseResult>,
    /// Why the scheme could not notice it, if it could not.
    pub unnoticed: Option<&'static str>,
    /// Whether the target survived.
    pub alive: Alive,
    /// Whether the target gave no answer to what was judged, though it got it.
    silent: bool,
    /// Whether it was not run yet, because nothing else may be in flight beside it.
    pub postponed: bool,
}

impl Done {
    /// A result of which nothing else is known.
    fn unsent(result: Box<CaseResult>) -> Self {
        Self { result, unnoticed: None, alive: Alive::NotAsked, silent: false, postponed: false }
    }

    /// Whether the target gave no answer at all, but lives: with others in flight that may be its
    /// load and not the request.
    pub fn was_silent(&self) -> bool {
        self.silent && self.alive != Alive::No
    }

    /// Whether an answer came much too late, which a pause of any machine on the way may cause too.
    pub fn was_slow(&self) -> bool {
        self.result.verdict == Verdict::Fail(Failure::Slow)
    }
}

impl Planned<'_> {
    /// The requirements of the case, the one that decides first.
    fn requirements(&self) -> Vec<RequirementId> {
        let first = &self.requirement.id;
        let others = self.case.requires.iter().filter(|id| *id != first);
        std::iter::once(first).chain(others).cloned().collect()
    }

    /// How much a verdict weighs.
    pub fn level(&self, verdict: &Verdict) -> Level {
        match verdict {
            Verdict::Fail(failure) => self.weight(*failure),
            Verdict::Pass | Verdict::Inconclusive(_) | Verdict::Skipped(_) => self.requirement.level,
        }
    }

    /// How much a failure weighs: a crash breaks another requirement than a wrong decision does.
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

    /// What is left of a case when the run was stopped before it.
    pub fn halted(&self, subject: &Subject, why: &str) -> Done {
        Done::unsent(self.without_sending(&*subject.signer.scheme, Verdict::Inconclusive(why.to_owned())))
    }

    /// Runs the case.
    ///
    /// `attempt` makes the request fresh when a case is run again.
    pub async fn run(
        &self,
        subject: &Subject,
        proof: &Baseline,
        redactor: &Redactor,
        keep: Keep,
        attempt: Attempt,
    ) -> Done {
        if !subject.clock.separates(&self.case.recipe.sign.at) {
            let why =
                "the target's clock is not known well enough to tell this side of the border from the other";
            return Done::unsent(
                self.without_sending(&*subject.signer.scheme, Verdict::Inconclusive(why.to_owned())),
            );
        }
        if self.case.needs_second_sender() && subject.second.is_none() {
            let why = "needs a second sender; runs with --second-secret SOURCE";
            return Done::unsent(
                self.without_sending(&*subject.signer.scheme, Verdict::Skipped(why.to_owned())),
            );
        }
        if self.case.replays() && !subject.remembers() {
            let why = "the library remembers nothing from one request to the next (capability `replay`)";
            return Done::unsent(
                self.without_sending(&*subject.signer.scheme, Verdict::Skipped(why.to_owned())),
            );
        }
        let waits = self.case.waits();
        let alone = self.case.effects || self.case.runs_alone();
        let apart = alone && subject.workshop.is_some();
        let fails = self.case.fails_the_handler();
        // A clock that stands has to be moved: waiting does not do it.
        let is_moved = waits > 0 && (!subject.slow || subject.clock.stands());
        if self.case.secret.is_some() || fails || apart || is_moved {
            let why = match subject.apart(self.case).await {
                Some(Ok((other, running))) => {
                    let done = self.send_and_judge(&other, proof, redactor, keep, attempt).await;
                    if let Some(running) = running {
                        running.shutdown().await;
                    }
                    if let Carrier::Served(served) = &other.carrier {
                        served.shutdown().await;
                    }
                    return done;
                }
                Some(Err(why)) => why,
                None if waits > 0 && subject.clock.stands() => "the target's clock stands still".to_owned(),
                None if waits > 0 => format!("waits {waits} s; runs with --slow"),
                None if fails => "needs a target whose handler can be made to fail".to_owned(),
                None => "needs a target that can be set up with another secret".to_owned(),
            };
            return Done::unsent(self.without_sending(&*subject.signer.scheme, Verdict::Skipped(why)));
        }
        if self.case.effects && subject.effects.is_none() {
            let why = "needs a counter of what the target does; runs with --effects URL";
            return Done::unsent(
                self.without_sending(&*subject.signer.scheme, Verdict::Skipped(why.to_owned())),
            );
        }
        if alone && attempt == Attempt::First {
            let why = Verdict::Inconclusive("it was not its turn yet".to_owned());
            let done = Done::unsent(self.without_sending(&*subject.signer.scheme, why));
            return Done { postponed: true, ..done };
        }
        // What our own endpoint takes costs nobody anything.
        if let (Some(mebibytes), false, None) = (self.case.floods(), subject.slow, &subject.workshop) {
            let why = format!("sends {mebibytes} MiB; runs with --slow");
            return Done::unsent(self.without_sending(&*subject.signer.scheme, Verdict::Skipped(why)));
        }
        self.send_and_judge(subject, proof, redactor, keep, attempt).await
    }

    async fn send_and_judge(
        &self,
        subject: &Subject,
        proof: &Baseline,
        redactor: &Redactor,
        keep: Keep,
        attempt: Attempt,
    ) -> Done {
        let built = match self
            .case
            .build(&subject.world(&attempt.seed(self.case.id.as_str()), subject.clock.now()))
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
                    self.without_sending(&*subject.signer.scheme, Verdict::Skipped(reason.to_string()));
                return Done { unnoticed, ..Done::unsent(result) };
            }
        };
        if let Err(why) = subject.carrier.exact()
            && built.rounds.iter().any(Round::needs_exact_writer)
        {
            let why = Verdict::Skipped(format!("not delivered: {why}"));
            return Done::unsent(self.without_sending(&*subject.signer.scheme, why));
        }
        let seen = self.send(subject, &built, redactor).await;
        let verdict = judge(proof, self.case, &seen);
        let besides = besides(&verdict, &seen);
        let mut result = self.without_sending(&*subject.signer.scheme, verdict);
        if let Some(failure) = besides {
            result.besides = besides;
            result.level = result.level.min(self.weight(failure));
            result.reason = result.reason.map(|reason| format!("{reason}; {failure}"));
        }
        let shown = telling(&seen.judged);
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
                let replay = redactor.text(&format!("{} {}", subject.signer.replay, self.case.id));
                let address = subject.signer.address.as_ref().map(|(host, port)| (&**host, *port));
                evidence(&built.untampered, sent, shown, address, replay, redactor)
            });
        }
        let silent = shown.is_some_and(|shown| is_broken(shown.outcome) && !shown.is_answered());
        Done { alive: seen.alive, silent, ..Done::unsent(result) }
    }

    /// Sends the requests of the case, with an eye on what the judged ones bring about.
    async fn send(&self, subject: &Subject, built: &Built, redactor: &Redactor) -> Seen {
        let proven = match &subject.effects {
            Some(counter) if self.case.effects => Some(counter.prove(subject).await),
            _ => None,
        };
        let (setup, judged, effects) = (None, Vec::new(), Effects::NotAsked);
        let (alive, forged, swallowed, usual) = (Alive::NotAsked, subject.forged, false, None);
        let mut seen = Seen { setup, judged, alive, exposed: None, forged, effects, swallowed, usual };
        let place = subject.place(redactor);
        let mut broke = false;
        let starts = subject.carrier.starts();
        for round in &built.rounds {
            let watch = proven.as_ref().filter(|_| !round.judged().is_empty());
            let before = settled(watch).await;
            let Answers { own, held, swallowed } = round::send(subject, round).await;
            if watch.is_some() {
                seen.effects = match (before, settled(watch).await) {
                    (Ok(before), Ok(after)) => Effects::Rose(after - before),
                    (Err(why), _) | (_, Err(why)) => Effects::Unknown(why),
                };
            }
            // A driver that reports what its library did is alive, and one that was stopped will be started again.
            let lives = |seen: &Observation| {
                seen.reply.is_some() || (seen.outcome == Outcome::Unreachable && subject.is_driven())
            };
            broke |= own.iter().chain(&held).any(|seen| is_broken(seen.outcome) && !lives(seen));
            seen.swallowed |= swallowed;
            file(&mut seen, place, &round.wires, round.purpose, own);
            if let Manner::Beside(others) = &round.manner {
                file(&mut seen, place, &others.wires, others.purpose, held);
            }
            match round.purpose {
                Purpose::Wait(seconds) => subject.pass(seconds).await,
                Purpose::HandlerFails => subject.fail_next(),
                Purpose::Judged | Purpose::Aside | Purpose::Yardstick | Purpose::Setup => {}
            }
        }
        if broke {
            seen.alive = self.liveness(subject).await;
            // In use nobody would have started it again.
            let ended = |one: &Observation| one.outcome == Outcome::Crashed && !one.is_answered();
            let restarted = subject.is_driven() || subject.carrier.starts() > starts;
            if seen.alive == Alive::Yes && restarted && seen.judged.iter().any(ended) {
                seen.alive = Alive::Restarted;
            }
        }
        seen
    }

    /// Whether the target accepts a valid request again, at once or after a moment.
    async fn liveness(&self, subject: &Subject) -> Alive {
        for pause in [0, 100, 400] {
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            if self.lives(subject).await {
                return Alive::Yes;
            }
        }
        // One that hangs is given up, if another can be started in its place.
        match &subject.carrier {
            Carrier::Served(served) if served.replace().await && self.lives(subject).await => Alive::Yes,
            _ => Alive::No,
        }
    }

    /// A driver that answers at all will do, and so does a target with a secret of the case: it may be one with which
    /// nothing is ever accepted.
    async fn lives(&self, subject: &Subject) -> bool {
        let seen = subject.control(Phase::Liveness).await.observation;
        let answers = self.case.secret.is_some() && seen.is_answered();
        seen.outcome == Outcome::Accepted || seen.reply.is_some() || answers
    }
}

/// What a counter shows, once it stands still; nothing if none is watched.
async fn settled(watch: Option<&Result<Proven<'_>, String>>) -> Result<f64, String> {
    match watch {
        None => Ok(0.0),
        Some(Ok(proven)) => proven.settled().await,
        Some(Err(why)) => Err(why.clone()),
    }
}

/// `family/topic` of a shipped suite, the plain name of another.
fn suite_name(suite: &Suite) -> String {
    match suite.path.strip_prefix("suites/") {
        Some(path) => path.trim_end_matches(".yaml").to_owned(),
        None => suite.name.clone(),
    }
}

/// Adds answers to what was seen, for their purpose.
fn file(seen: &mut Seen, place: Place<'_>, wires: &[Wire], purpose: Purpose, answers: Vec<Observation>) {
    for (wire, answer) in wires.iter().zip(&answers) {
        if answer.is_answered() {
            seen.exposed = seen.exposed.or_else(|| exposed(place, wire, answer));
        }
    }
    match purpose {
        Purpose::Judged => seen.judged.extend(answers),
        Purpose::Aside => seen.set_aside(answers),
        Purpose::Wait(_) | Purpose::HandlerFails => {}
        Purpose::Yardstick => {
            let answered = answers.iter().find(|seen| seen.is_answered());
            seen.usual = answered.map(|seen| seen.millis);
        }
        Purpose::Setup => {
            let refused = answers.into_iter().find(|seen| seen.outcome != Outcome::Accepted);
            seen.setup = seen.setup.take().or(refused);
        }
    }
}

fn is_broken(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Crashed | Outcome::Hung | Outcome::Garbled | Outcome::Unreachable => true,
        Outcome::Accepted
        | Outcome::Rejected
        | Outcome::RejectedByTransport
        | Outcome::Throttled
        | Outcome::Unsupported
        | Outcome::NotDelivered => false,
    }
}

/// The observation that says most: a crash before an acceptance before a refusal.
fn telling(judged: &[Observation]) -> Option<&Observation> {
    judged.iter().max_by_key(|seen| match seen.outcome {
        Outcome::Crashed | Outcome::Hung | Outcome::Garbled => 3,
        Outcome::Accepted => 2,
        Outcome::Rejected | Outcome::RejectedByTransport | Outcome::Throttled => 1,
        Outcome::Unsupported | Outcome::NotDelivered | Outcome::Unreachable => 0,
    })
}
