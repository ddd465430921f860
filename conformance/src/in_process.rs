//! Running cases against a verifier in the same process, without a socket.
//!
//! The octets are read as an HTTP server would read them, so that a verifier sees what it would
//! see behind a socket. Used by the kill matrix, the fuzz targets and the benchmarks.

use countersign_core::case::{Case, NotApplicable};
use countersign_core::judge::{Alive, Baseline, Seen, Verdict, judge};
use countersign_core::observe::{Observation, Outcome};
use countersign_core::recipe::{Built, Purpose, World, genuine};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Answer, Connection, Octets, Request, Wire, receive};

use crate::reference::{Authentic, Halt, Reply, Setup, Steps};

/// A verifier at its place.
pub struct InProcess<'v> {
    /// Where it runs.
    pub setup: &'v Setup,
    /// How it verifies.
    pub steps: &'v dyn Steps,
}

/// The requests of a case as an HTTP server hands them on, read once for any number of verifiers.
#[derive(Debug)]
pub struct Heard {
    rounds: Vec<(Purpose, Vec<Option<Request>>)>,
}

impl Heard {
    /// Reads the octets of a case; what the HTTP layer refuses has no request.
    pub fn new(built: &Built) -> Self {
        let heard = |wires: &[Wire]| wires.iter().map(|wire| receive(&wire.octets()).ok()).collect();
        Self { rounds: built.rounds.iter().map(|round| (round.purpose, heard(&round.wires))).collect() }
    }
}

impl InProcess<'_> {
    /// Sends requests that arrive at the same time.
    pub fn deliver(&self, wires: &[Wire], now: Timestamp) -> Vec<Observation> {
        let requests: Vec<_> = wires.iter().map(|wire| receive(&wire.octets()).ok()).collect();
        self.answer(&requests, now)
    }

    /// Answers requests that arrive at the same time.
    fn answer(&self, requests: &[Option<Request>], now: Timestamp) -> Vec<Observation> {
        // All are checked before any is finished, as it happens when they race.
        let check = |request: &Request| self.steps.check(self.setup, request, now);
        let checked: Vec<Option<Result<Authentic, Halt>>> =
            requests.iter().map(|request| request.as_ref().map(check)).collect();
        checked
            .into_iter()
            .map(|checked| match checked {
                None => observation(Outcome::RejectedByTransport, 400),
                Some(checked) => self.reply(self.steps.finish(self.setup, checked, now)),
            })
            .collect()
    }

    fn reply(&self, reply: Reply) -> Observation {
        let status = self.steps.status(reply);
        let outcome = match status {
            200..=299 => Outcome::Accepted,
            500.. => Outcome::Crashed,
            _ => Outcome::Rejected,
        };
        observation(outcome, status)
    }

    /// Proof that this verifier accepts a valid request; `None` if it does not.
    pub fn baseline(&self, world: &World<'_>) -> Option<Baseline> {
        let control = genuine(world, u64::MAX).ok()?;
        Baseline::from_control(&self.deliver(&[control], world.now)[0])
    }

    /// Runs one case.
    ///
    /// # Errors
    /// The case does not apply to the scheme.
    pub fn run(&self, proof: &Baseline, case: &Case, world: &World<'_>) -> Result<Verdict, NotApplicable> {
        Ok(self.judge(proof, case, &case.build(world)?, world.now))
    }

    /// Delivers what was built and judges it.
    pub fn judge(&self, proof: &Baseline, case: &Case, built: &Built, now: Timestamp) -> Verdict {
        self.judge_heard(proof, case, &Heard::new(built), now)
    }

    /// Judges a case whose requests were read before.
    pub fn judge_heard(&self, proof: &Baseline, case: &Case, heard: &Heard, now: Timestamp) -> Verdict {
        judge(proof, case, &self.see(heard, now).0)
    }

    /// Answers the requests of a case: what is judged, and the outcome of every request in order.
    pub fn see(&self, heard: &Heard, now: Timestamp) -> (Seen, Vec<Outcome>) {
        let mut seen = Seen { setup: None, judged: Vec::new(), alive: Alive::NotAsked, forged: None };
        let mut outcomes = Vec::new();
        for (purpose, requests) in &heard.rounds {
            let mut observations = self.answer(requests, now);
            outcomes.extend(observations.iter().map(|one| one.outcome));
            match purpose {
                Purpose::Judged => seen.judged = observations,
                Purpose::Aside => {}
                Purpose::Setup => {
                    observations.retain(|one| one.outcome != Outcome::Accepted);
                    seen.setup = seen.setup.or(observations.pop());
                }
            }
        }
        (seen, outcomes)
    }
}

fn observation(outcome: Outcome, status: u16) -> Observation {
    let connection = Connection::Reusable;
    let answer = Answer { status, headers: Vec::new(), body: Octets::default(), connection };
    Observation { outcome, answer: Some(answer), detail: None, millis: 0.0 }
}
