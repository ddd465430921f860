//! Running cases against a verifier in the same process, without a socket.
//!
//! The bytes are read as an HTTP server would read them, so that a verifier sees what it would
//! see behind a socket. Used by the kill matrix, the fuzz targets and the benchmarks.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;

use countersign_core::case::{Case, NotApplicable};
use countersign_core::engine::{Answers, Deliver, Executed, execute, ready};
use countersign_core::exposure;
use countersign_core::judge::{Alive, Baseline, Verdict};
use countersign_core::observe::{Observation, Oracle, Outcome};
use countersign_core::recipe::{Built, Hold, Manner, Round, World, genuine};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Answer, ByteString, Connection, Request, Wire, receive, receive_head};

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
pub struct Heard<'b> {
    built: &'b [Round],
    rounds: Vec<HeardRound>,
}

/// The requests of a round; what the HTTP layer refuses has none.
#[derive(Debug)]
struct HeardRound {
    requests: Vec<Option<Request>>,
    held: Vec<Option<Request>>,
}

impl<'b> Heard<'b> {
    /// Reads the bytes of a case; what the HTTP layer refuses has no request.
    pub fn new(built: &'b Built) -> Self {
        let heard = |wires: &[Wire]| wires.iter().map(|wire| receive(&wire.bytes()).ok()).collect();
        let rounds = built.rounds.iter().map(|round| {
            let (requests, held) = match &round.manner {
                Manner::Whole => (heard(&round.wires), Vec::new()),
                Manner::Beside(held) => (heard(&round.wires), heard(&held.wires)),
                Manner::Flooded(_) => (round.wires.iter().map(front).collect(), Vec::new()),
            };
            HeardRound { requests, held }
        });
        Self { built: &built.rounds, rounds: rounds.collect() }
    }
}

/// The head and the front of the body of a request that goes on.
fn front(wire: &Wire) -> Option<Request> {
    let (head, _) = receive_head(&wire.bytes()).ok()?;
    Some(Request { body: wire.request().body.clone(), ..head })
}

impl InProcess<'_> {
    /// Sends requests that arrive at the same time.
    pub fn deliver(&self, wires: &[Wire], now: Timestamp) -> Vec<Observation> {
        let requests: Vec<_> = wires.iter().map(|wire| receive(&wire.bytes()).ok()).collect();
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
                _ => refused_by_http(400),
            })
            .collect()
    }

    /// Answers requests while others are held back.
    fn answer_beside(&self, heard: &HeardRound, hold: Hold, now: Timestamp) -> Answers {
        let begin = |request: &Request| self.steps.begin(self.setup.at(request), request);
        heard.held.iter().flatten().for_each(begin);
        let given_up = |_: &_| Observation::without_answer(Outcome::NotDelivered, "given up before its end");
        let late = |_: &_| Observation::without_answer(Outcome::Hung, "waits for others");
        let own = match heard.held.len() < self.steps.places() {
            true => self.answer(&heard.requests, now),
            false => heard.requests.iter().map(late).collect(),
        };
        let held = match hold {
            Hold::Halfway => self.answer_begun(&heard.held, now),
            Hold::ByteByByte => heard.held.iter().map(given_up).collect(),
        };
        Answers { own, held, swallowed: false }
    }

    /// Answers requests whose bodies go on up to a length.
    fn answer_flooded(&self, requests: &[Option<Request>], length: u64, now: Timestamp) -> Answers {
        let swallowed = length <= self.steps.reads(BODY_LIMIT) as u64;
        let too_large = |_: &_| refused_by_http(413);
        let own = match swallowed {
            true => self.answer(requests, now),
            false => requests.iter().map(too_large).collect(),
        };
        Answers { own, held: Vec::new(), swallowed }
    }

    fn reply(&self, request: &Request, reply: Reply) -> Observation {
        let setup = self.setup.at(request);
        let millis = self.steps.takes(setup, request).as_secs_f64() * 1000.0;
        if reply == Reply::Died {
            return Observation::without_answer(Outcome::Crashed, DIED);
        }
        let remark = self.steps.remark(setup, request, reply);
        Observation { millis, ..observation(self.steps.status(reply), remark) }
    }

    /// Proof that this verifier accepts the control; `None` if it does not.
    pub fn control(&self, world: &World<'_>) -> Option<Baseline> {
        let genuine = genuine(world, u64::MAX).ok()?;
        Baseline::from_control(&self.deliver(&[genuine], world.now)[0])
    }

    /// Runs one case.
    ///
    /// # Errors
    /// The case does not apply to the scheme.
    pub fn run(&self, control: &Baseline, case: &Case, world: &World<'_>) -> Result<Verdict, NotApplicable> {
        Ok(self.judge(control, case, &case.build(world)?, world.now))
    }

    /// Delivers what was built and judges it.
    pub fn judge(&self, control: &Baseline, case: &Case, built: &Built, now: Timestamp) -> Verdict {
        self.execute(control, case, &Heard::new(built), now).0.verdict
    }

    /// Executes a case whose requests were read before: what came of it, and the answer to every request in order.
    pub fn execute(
        &self,
        control: &Baseline,
        case: &Case,
        heard: &Heard<'_>,
        now: Timestamp,
    ) -> (Executed, Vec<Observation>) {
        let run = Run { verifier: self, heard, now: Cell::new(now), answers: RefCell::default() };
        let executed = ready(execute(control, case, heard.built, &run));
        (executed, run.answers.into_inner())
    }
}

/// One case on its way through a verifier.
struct Run<'r> {
    verifier: &'r InProcess<'r>,
    heard: &'r Heard<'r>,
    now: Cell<Timestamp>,
    answers: RefCell<Vec<Observation>>,
}

impl Deliver for Run<'_> {
    async fn deliver(&self, number: usize, round: &Round) -> Answers {
        let (verifier, heard, now) = (self.verifier, &self.heard.rounds[number], self.now.get());
        let answers = match &round.manner {
            Manner::Whole => Answers { own: verifier.answer(&heard.requests, now), ..Answers::default() },
            Manner::Beside(held) => verifier.answer_beside(heard, held.hold, now),
            Manner::Flooded(length) => verifier.answer_flooded(&heard.requests, *length, now),
        };
        self.answers.borrow_mut().extend(answers.own.iter().chain(&answers.held).cloned());
        answers
    }

    async fn effects(&self) -> Result<f64, String> {
        Ok(self.verifier.setup.handler.effects() as f64)
    }

    async fn liveness(&self, _judged: &[Observation]) -> Alive {
        let died = |seen: &Observation| seen.detail.as_deref() == Some(DIED);
        if self.answers.borrow().iter().any(died) { Alive::No } else { Alive::Yes }
    }

    async fn advance(&self, seconds: u16) {
        self.now.set(self.now.get().plus_seconds(i64::from(seconds)));
    }

    fn fail_handler(&self) {
        self.verifier.setup.handler.fail_next();
    }

    /// A run learns it, and skips genuine bodies that an endpoint refuses in another way. The matrix does not: there is
    /// no application behind its verifiers that could have refused them.
    fn forged_status(&self) -> Option<u16> {
        None
    }

    fn place(&self) -> exposure::Place<'_> {
        let Setup { scheme, key, deployment, .. } = self.verifier.setup;
        exposure::Place { scheme: &**scheme, key, deployment, secrets: self.verifier.setup.secrets() }
    }
}

/// Bytes of a body that the server in front of a verifier takes.
const BODY_LIMIT: usize = 32 << 20;

/// What is observed of a process that ended.
const DIED: &str = "the process ended";

fn observation(status: u16, body: Option<String>) -> Observation {
    static ORACLE: LazyLock<Oracle> = LazyLock::new(Oracle::default);
    let connection = Connection::Reusable;
    let body = body.map(ByteString::from).unwrap_or_default();
    let answer = Answer { status, headers: Vec::new(), body, connection };
    let outcome = ORACLE.decide(&answer);
    Observation { outcome, answer: Some(answer), reply: None, detail: None, millis: 0.0 }
}

/// A refusal by the HTTP layer in front of the verifier.
fn refused_by_http(status: u16) -> Observation {
    Observation { outcome: Outcome::RejectedByTransport, ..observation(status, None) }
}
