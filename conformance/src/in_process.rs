//! Running cases against a verifier in the same process, without a socket.
//!
//! The octets are read as an HTTP server would read them, so that a verifier sees what it would
//! see behind a socket. Used by the kill matrix, the fuzz targets and the benchmarks.

use countersign_core::case::{Case, NotApplicable};
use countersign_core::exposure::{self, exposed};
use countersign_core::judge::{Alive, Baseline, Effects, Seen, Verdict, judge};
use countersign_core::observe::{Exposure, Observation, Outcome};
use countersign_core::recipe::{Built, Hold, Manner, Purpose, Round, World, genuine};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Answer, Connection, Octets, Request, Wire, receive, receive_head};

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
    rounds: Vec<HeardRound>,
}

/// A round, and its requests as they are heard; what the HTTP layer refuses has none.
#[derive(Debug)]
struct HeardRound {
    round: Round,
    requests: Vec<Option<Request>>,
    held: Vec<Option<Request>>,
}

impl Heard {
    /// Reads the octets of a case; what the HTTP layer refuses has no request.
    pub fn new(built: &Built) -> Self {
        let heard = |wires: &[Wire]| wires.iter().map(|wire| receive(&wire.octets()).ok()).collect();
        let rounds = built.rounds.iter().map(|round| {
            let (requests, held) = match &round.manner {
                Manner::Whole => (heard(&round.wires), Vec::new()),
                Manner::Beside(held) => (heard(&round.wires), heard(&held.wires)),
                Manner::Flooded(_) => (round.wires.iter().map(front).collect(), Vec::new()),
            };
            HeardRound { round: round.clone(), requests, held }
        });
        Self { rounds: rounds.collect() }
    }
}

/// The head and the front of the body of a request that goes on.
fn front(wire: &Wire) -> Option<Request> {
    let (head, _) = receive_head(&wire.octets()).ok()?;
    Some(Request { body: wire.request().body.clone(), ..head })
}

impl InProcess<'_> {
    /// Sends requests that arrive at the same time.
    pub fn deliver(&self, wires: &[Wire], now: Timestamp) -> Vec<Observation> {
        let requests: Vec<_> = wires.iter().map(|wire| receive(&wire.octets()).ok()).collect();
        self.answer(&requests, now)
    }

    /// Answers requests that arrive at the same time.
    fn answer(&self, requests: &[Option<Request>], now: Timestamp) -> Vec<Observation> {
        let begin = |request: &Request| self.steps.begin(self.setup.at(request), request);
        requests.iter().flatten().for_each(begin);
        self.answer_begun(requests, now)
    }

    /// Answers requests whose heads were there before.
    fn answer_begun(&self, requests: &[Option<Request>], now: Timestamp) -> Vec<Observation> {
        // All are checked before any is finished, as it happens when they race.
        let check = |request: &Request| self.steps.check(self.setup.at(request), request, now);
        let checked: Vec<Option<Result<Authentic, Halt>>> =
            requests.iter().map(|request| request.as_ref().map(check)).collect();
        requests
            .iter()
            .zip(checked)
            .map(|(request, checked)| match (request, checked) {
                (Some(request), Some(checked)) => {
                    self.reply(request, self.steps.finish(self.setup.at(request), checked, now))
                }
                _ => observation(Outcome::RejectedByTransport, 400, None),
            })
            .collect()
    }

    /// Answers requests while others are held up: what is seen of the ones, and of the others.
    fn answer_beside(
        &self,
        heard: &HeardRound,
        hold: Hold,
        now: Timestamp,
    ) -> (Vec<Observation>, Vec<Observation>) {
        let begin = |request: &Request| self.steps.begin(self.setup.at(request), request);
        heard.held.iter().flatten().for_each(begin);
        let given_up = |_: &_| Observation::without_answer(Outcome::NotDelivered, "given up before its end");
        let late = |_: &_| Observation::without_answer(Outcome::Hung, "waits for others");
        let inside = match heard.held.len() < self.steps.places() {
            true => self.answer(&heard.requests, now),
            false => heard.requests.iter().map(late).collect(),
        };
        let held = match hold {
            Hold::Halfway => self.answer_begun(&heard.held, now),
            Hold::ByteByByte => heard.held.iter().map(given_up).collect(),
        };
        (inside, held)
    }

    /// Answers requests whose bodies go on up to a length, and whether they were taken whole.
    fn answer_flooded(
        &self,
        requests: &[Option<Request>],
        length: u64,
        now: Timestamp,
    ) -> (Vec<Observation>, bool) {
        let swallowed = length <= self.steps.reads(BODY_LIMIT) as u64;
        let too_large = |_: &_| observation(Outcome::RejectedByTransport, 413, None);
        let observations = match swallowed {
            true => self.answer(requests, now),
            false => requests.iter().map(too_large).collect(),
        };
        (observations, swallowed)
    }

    fn reply(&self, request: &Request, reply: Reply) -> Observation {
        let setup = self.setup.at(request);
        let millis = self.steps.takes(setup, request).as_secs_f64() * 1000.0;
        if reply == Reply::Died {
            return Observation::without_answer(Outcome::Crashed, DIED);
        }
        let status = self.steps.status(reply);
        let outcome = match status {
            200..=299 => Outcome::Accepted,
            429 => Outcome::Throttled,
            500.. => Outcome::Crashed,
            _ => Outcome::Rejected,
        };
        let remark = self.steps.remark(setup, request, reply);
        Observation { millis, ..observation(outcome, status, remark) }
    }

    fn exposed(&self, wire: &Wire, seen: &Observation) -> Option<Exposure> {
        let Setup { scheme, key, deployment, .. } = self.setup;
        let secrets = self.setup.secrets();
        exposed(exposure::Place { scheme: &**scheme, key, deployment, secrets }, wire, seen)
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

    /// Answers the requests of a case: what is judged, and the answer to every request in order.
    pub fn see(&self, heard: &Heard, now: Timestamp) -> (Seen, Vec<Observation>) {
        let (setup, judged, effects) = (None, Vec::new(), Effects::NotAsked);
        let (alive, swallowed, usual) = (Alive::NotAsked, false, None);
        let mut seen = Seen { setup, judged, alive, exposed: None, forged: None, effects, swallowed, usual };
        let mut answers = Vec::new();
        let mut now = now;
        for heard in &heard.rounds {
            let Round { wires, purpose, manner } = &heard.round;
            let before = self.setup.handler.effects();
            let mut file = |wires: &[Wire], purpose, observations: Vec<Observation>| {
                answers.extend(observations.iter().cloned());
                self.file(&mut seen, wires, purpose, observations);
            };
            match manner {
                Manner::Whole => file(wires, *purpose, self.answer(&heard.requests, now)),
                Manner::Beside(held) => {
                    let (inside, others) = self.answer_beside(heard, held.hold, now);
                    file(wires, *purpose, inside);
                    file(&held.wires, held.purpose, others);
                }
                Manner::Flooded(length) => {
                    let (observations, swallowed) = self.answer_flooded(&heard.requests, *length, now);
                    file(wires, *purpose, observations);
                    seen.swallowed |= swallowed;
                }
            }
            match purpose {
                Purpose::Judged => {
                    let so_far = if let Effects::Rose(by) = seen.effects { by } else { 0.0 };
                    seen.effects = Effects::Rose(so_far + (self.setup.handler.effects() - before) as f64);
                }
                Purpose::HandlerFails => self.setup.handler.fail_next(),
                Purpose::Wait(seconds) => now = now.plus_seconds(i64::from(*seconds)),
                Purpose::Setup | Purpose::Aside | Purpose::Yardstick => {}
            }
        }
        (seen, answers)
    }

    /// Adds observations to what was seen, for their purpose.
    fn file(&self, seen: &mut Seen, wires: &[Wire], purpose: Purpose, mut observations: Vec<Observation>) {
        for (wire, seen_here) in wires.iter().zip(&observations) {
            if seen_here.detail.as_deref() == Some(DIED) {
                seen.alive = Alive::No;
            }
            if seen_here.answer.as_ref().is_some_and(|answer| !answer.body.is_empty()) {
                seen.exposed = seen.exposed.or_else(|| self.exposed(wire, seen_here));
            }
        }
        match purpose {
            Purpose::Judged => seen.judged.extend(observations),
            Purpose::Aside => seen.set_aside(observations),
            Purpose::Wait(_) | Purpose::HandlerFails => {}
            Purpose::Yardstick => seen.usual = observations.first().map(|one| one.millis),
            Purpose::Setup => {
                observations.retain(|one| one.outcome != Outcome::Accepted);
                seen.setup = seen.setup.take().or(observations.pop());
            }
        }
    }
}

/// Bytes of a body that the server in front of a verifier takes.
const BODY_LIMIT: usize = 32 << 20;

/// What is observed of a process that ended.
const DIED: &str = "the process ended";

fn observation(outcome: Outcome, status: u16, body: Option<String>) -> Observation {
    let connection = Connection::Reusable;
    let body = body.map(Octets::from).unwrap_or_default();
    let answer = Answer { status, headers: Vec::new(), body, connection };
    Observation { outcome, answer: Some(answer), reply: None, detail: None, millis: 0.0 }
}
