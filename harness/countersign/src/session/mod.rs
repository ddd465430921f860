//! One scheme against one target: signs requests, sends controls, learns how the target refuses.
//!
//! The type to know is [`Session`]. It must not know how results are shown.

#[cfg(feature = "targets")]
mod start;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use countersign_core::case::Case;
use countersign_core::engine::forgery;
use countersign_core::event::{Control, Phase};
use countersign_core::exposure;
use countersign_core::observe::{Observation, Oracle, Outcome, Shape};
use countersign_core::recipe::{Recipe, Sender, Unique, World, build, genuine};
use countersign_core::redact::Redactor;
use countersign_core::scheme::{ClockSpec, Key, Scheme};
use countersign_core::tamper::{Line, Tamper};
use countersign_core::time::Timestamp;
use countersign_core::wire::{ByteString, Wire};

use crate::clock::{self, Clock};
use crate::counter::Counter;
use crate::target::{CannotVary, Slow, Target, Variant};

/// Total seconds that a run waits because a target throttles it, over all concurrent requests.
const THROTTLE_BUDGET: u64 = 120;

/// Who signs requests, and for which endpoint.
#[derive(Debug, Clone)]
pub struct Signer {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    /// The signer's keys, and the endpoint it sends to.
    pub sender: Sender,
    /// Value of the `Host` header.
    pub host: String,
    /// Host and port for commands to copy; `None` for targets without a network connection.
    pub address: Option<(String, u16)>,
    /// The command that runs a case again, without the case id.
    pub replay: String,
    /// Root seed.
    pub seed: u64,
}

/// One scheme against one target.
#[derive(Debug)]
pub struct Session {
    /// Who signs.
    pub signer: Signer,
    /// What is tested.
    pub target: Target,
    /// Another sender of the same service, if there is one.
    pub second: Option<Sender>,
    /// Whether slow cases are run.
    pub slow: Slow,
    /// The effect counter of the target, if it has one.
    pub effects: Option<Counter>,
    /// The target's clock.
    pub clock: Clock,
    /// The status with which the application refuses a forged request, once that was seen.
    pub forged: Option<u16>,
    controls: AtomicU64,
    throttle_budget: AtomicU64,
}

/// What the target did with a control.
#[derive(Debug)]
pub struct Opening {
    /// The control, for the event stream.
    pub control: Control,
    /// The observation itself.
    pub observation: Observation,
}

impl Session {
    /// A session with a target.
    pub fn new(signer: Signer, target: Target) -> Self {
        Self {
            clock: target.clock(),
            effects: target.counter(),
            signer,
            target,
            second: None,
            slow: Slow::Skip,
            forged: None,
            controls: AtomicU64::new(0),
            throttle_budget: AtomicU64::new(THROTTLE_BUDGET),
        }
    }

    /// The same session with a target set up for one case; `None` if the target cannot be set up that way.
    ///
    /// # Errors
    /// The secret does not fit the scheme, or the target does not start with it.
    pub async fn variant(&self, case: &Case) -> Option<Result<Self, CannotVary>> {
        let secret = match &case.secret {
            Some(key) => self.signer.scheme.file().mac.key.write(key),
            None => self.signer.sender.secret.clone(),
        };
        let wanted = Variant { scheme: &self.signer.scheme, secret: &secret, case };
        let made = self.target.variant(&wanted).await?;
        let session = made.and_then(|target| {
            let Sender { target: path, deployment, .. } = self.signer.sender.clone();
            let sender = Sender::new(&*self.signer.scheme, secret.clone(), path, deployment)?;
            Ok(Self::new(Signer { sender, ..self.signer.clone() }, target))
        });
        Some(session.map(|session| Self {
            forged: self.forged.filter(|_| self.target.is_embedded()),
            second: self.second.clone().filter(|_| self.target.is_embedded()),
            ..session
        }))
    }

    /// The key of the first sender.
    pub fn key(&self) -> &Key {
        &self.signer.sender.key
    }

    /// The inputs for signing the requests of one case.
    pub fn world(&self, case: &str, now: Timestamp) -> World<'_> {
        let name = self.signer.scheme.file().scheme.as_str();
        World {
            scheme: &*self.signer.scheme,
            sender: &self.signer.sender,
            host: &self.signer.host,
            now,
            unique: Unique::new(self.signer.seed, name, case),
            second: self.second.as_ref(),
        }
    }

    /// The context in which answers are searched for secrets.
    pub fn search_context<'a>(&'a self, secrets: &'a Redactor) -> exposure::Place<'a> {
        exposure::Place {
            scheme: &*self.signer.scheme,
            key: &self.signer.sender.key,
            deployment: &self.signer.sender.deployment,
            secrets,
        }
    }

    /// Sends one request. Waits and repeats it while the target throttles.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        let mut tries = 0;
        loop {
            let seen = self.target.deliver(wire).await;
            tries += 1;
            if seen.outcome != Outcome::Throttled || tries > 3 {
                return seen;
            }
            let after = seen.answer.as_ref().and_then(|answer| answer.value("Retry-After"));
            let seconds =
                after.and_then(|v| std::str::from_utf8(v).ok()).and_then(|v| v.trim().parse::<u64>().ok());
            let seconds = seconds.unwrap_or(1).clamp(1, 5);
            let left = |left: u64| left.checked_sub(seconds);
            if self.throttle_budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_err() {
                return seen;
            }
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    }

    /// Sends a fresh valid request.
    pub async fn control(&self, phase: Phase) -> Opening {
        let n = self.controls.fetch_add(1, Ordering::Relaxed);
        let world = self.world("control", self.clock.now());
        let observation = match genuine(&world, n) {
            Ok(wire) => self.deliver(&wire).await,
            Err(error) => Observation::without_answer(Outcome::NotDelivered, error.to_string()),
        };
        let control = Control {
            scheme: self.signer.scheme.file().scheme.clone(),
            phase,
            outcome: observation.outcome,
            status: observation.answer.as_ref().map(|answer| answer.status),
            detail: observation.detail.clone(),
            millis: observation.millis,
        };
        Opening { control, observation }
    }

    /// Sends the first control and estimates the target's clock from the answer. A target whose clock is far off refuses
    /// this control as stale; then another one is sent at the time of its `Date`.
    pub async fn open(&mut self) -> Opening {
        let mut opening = self.control(Phase::Start).await;
        // A target in this process has our clock, and a fixed clock is known.
        let is_known = self.clock.is_fixed() || self.target.shares_our_clock();
        for _ in 0..2 {
            let received = clock::now();
            if let (Some(answer), false) = (&opening.observation.answer, is_known) {
                let sent = Timestamp::from_millis(received.millis() - opening.observation.millis as i64);
                self.clock = Clock::estimate(answer, sent, received);
            }
            if opening.observation.outcome == Outcome::Accepted {
                // Accepted at our own time: a `Date` further off than the window allows comes from something in
                // between, not from the verifier.
                let clock = self.signer.scheme.file().clock.as_ref();
                let tolerance = clock.and_then(ClockSpec::tolerance).map_or(0, i64::from);
                if self.clock.offset().abs() > tolerance * 1000 {
                    self.clock = Clock::SHARED;
                }
                break;
            }
            if self.clock.offset() == 0 {
                break;
            }
            opening = self.control(Phase::Start).await;
        }
        opening
    }

    /// Learns how the application refuses and how its HTTP layer refuses, to tell the two apart.
    pub async fn learn(&mut self, mut oracle: Oracle) {
        let probe = |tamper| Recipe { tamper: vec![tamper], ..Recipe::default() };
        let garbled =
            probe(Tamper::AddHeader(Line { name: "Not A Token".to_owned(), value: ByteString::default() }));
        oracle.application = self.refusal("learn-application", &forgery()).await;
        oracle.transport = self.refusal("learn-transport", &garbled).await;
        self.forged = oracle.application.as_ref().map(Shape::status);
        if oracle.application == oracle.transport {
            oracle.transport = None;
        }
        self.target.set_oracle(oracle);
    }

    async fn refusal(&self, name: &str, recipe: &Recipe) -> Option<Shape> {
        let built = build(recipe, &self.world(name, self.clock.now())).ok()?;
        let seen = self.deliver(built.rounds.last()?.wires.last()?).await;
        let refused = matches!(seen.outcome, Outcome::Rejected | Outcome::RejectedByTransport);
        seen.answer.filter(|_| refused).map(|answer| Shape::of(&answer))
    }
}
