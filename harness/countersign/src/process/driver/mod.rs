//! Libraries in any language, behind drivers that speak the line protocol over standard input and output.
//!
//! The type to know is [`Driver`]. It passes on what an HTTP server would pass to an application; what no server
//! lets through is not delivered. A driver that breaks the protocol is reported as such, and proves nothing about
//! the library behind it.

mod pool;
#[cfg(feature = "schema-checks")]
mod schema;
#[cfg(not(feature = "schema-checks"))]
#[path = "no_schema.rs"]
mod schema;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use countersign_core::line::{
    Base64, Capability, Endpoint, FromDriver, Hello, Measure, Sent, ToDriver, Verify,
};
use countersign_core::observe::{Observation, Outcome, Reply};
use countersign_core::redact::Redactor;
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::wire::{Wire, receive};

pub use pool::{CannotStartDriver, Pool, SchemaChecks};
use worker::End;

use crate::clock::Clock;
use crate::transport::millis;

/// A library that verifies requests of one scheme, with one secret.
#[derive(Debug)]
pub struct Driver {
    pool: Arc<Pool>,
    scheme: String,
    secret: Secret,
    endpoint: Endpoint,
    redactor: Redactor,
    clock: Clock,
    clock_offset: Arc<AtomicI64>,
}

impl Driver {
    /// A library behind running drivers. Its clock is fixed at `fixed` if the drivers can set the time; otherwise it
    /// is this machine's.
    pub fn new(
        pool: Arc<Pool>,
        scheme: &dyn Scheme,
        secret: Secret,
        deployment: &Deployment,
        fixed: Timestamp,
    ) -> Self {
        let mut constants = scheme.file().constants.clone();
        constants.extend(deployment.constants.clone());
        let clock = if pool.hello().can(Capability::Clock) { Clock::fixed(fixed) } else { Clock::SHARED };
        Self {
            scheme: scheme.file().scheme.to_string(),
            endpoint: Endpoint {
                origin: deployment.origin.clone(),
                key_id: deployment.key_id.clone(),
                constants,
            },
            redactor: Redactor::new(std::slice::from_ref(&secret)),
            pool,
            secret,
            clock,
            clock_offset: Arc::default(),
        }
    }

    /// The same library with another secret and its own clock offset.
    #[must_use]
    pub fn with_secret(&self, secret: Secret) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            scheme: self.scheme.clone(),
            redactor: Redactor::new(&[secret.clone(), self.secret.clone()]),
            secret,
            endpoint: self.endpoint.clone(),
            clock: self.clock,
            clock_offset: Arc::default(),
        }
    }

    /// How the driver introduced itself.
    pub fn hello(&self) -> &Hello {
        self.pool.hello()
    }

    /// The drivers.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The library's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Seconds by which the library's clock is moved; `None` if the drivers cannot set the time.
    pub fn clock_offset(&self) -> Option<Arc<AtomicI64>> {
        self.hello().can(Capability::Clock).then(|| Arc::clone(&self.clock_offset))
    }

    fn verify(&self, wire: &Wire) -> Result<Verify, String> {
        let request =
            receive(&wire.bytes()).map_err(|why| format!("no HTTP server lets it through: {why}"))?;
        Ok(Verify {
            seq: self.pool.next(),
            scheme: self.scheme.clone(),
            key: Base64(self.secret.expose().into()),
            now: self.clock.now().seconds() + self.clock_offset.load(Ordering::Relaxed),
            endpoint: self.endpoint.clone(),
            request: Sent::of(request),
        })
    }

    /// Verifies the requests one by one in the given order, timed by the driver. Returns nanoseconds for each call.
    ///
    /// # Errors
    /// What the driver did instead, or why its timings are implausible.
    pub async fn measure(&self, wires: &[Wire], order: &[u32]) -> Result<Vec<f64>, String> {
        let started = Instant::now();
        let nanos = self.call(wires, order, false).await?;
        plausible(nanos, order.len(), started.elapsed().as_nanos() as f64)
    }

    /// Verifies a request several times without timing it, for tools that count instructions from outside.
    ///
    /// # Errors
    /// What the driver did instead.
    pub async fn repeat(&self, wire: &Wire, times: u32) -> Result<(), String> {
        let order = vec![0; times as usize];
        let answered = self.call(std::slice::from_ref(wire), &order, true).await?.len();
        if answered != order.len() {
            return Err(format!("fault of the driver: {answered} numbers for {times} calls"));
        }
        Ok(())
    }

    async fn call(&self, wires: &[Wire], order: &[u32], untimed: bool) -> Result<Vec<f64>, String> {
        let received = wires.iter().map(|wire| receive(&wire.bytes()).map(Sent::of));
        let requests: Result<Vec<Sent>, _> = received.collect();
        let measure = Measure {
            seq: self.pool.next(),
            scheme: self.scheme.clone(),
            key: Base64(self.secret.expose().into()),
            now: self.clock.now().seconds() + self.clock_offset.load(Ordering::Relaxed),
            endpoint: self.endpoint.clone(),
            requests: requests.map_err(|why| format!("no HTTP server lets it through: {why}"))?,
            order: order.to_vec(),
            untimed,
        };
        let answer = self.pool.ask(ToDriver::Measure(Box::new(measure))).await;
        let clean = |why: String| self.redactor.text(&why);
        match answer {
            Ok(FromDriver::Measured(measured)) => Ok(measured.nanos),
            Ok(FromDriver::Unsupported(what)) => {
                Err(clean(format!("the driver cannot measure: {}", what.why)))
            }
            Ok(FromDriver::Error(raised)) => Err(clean(format!(
                "the library failed: {} {}",
                raised.r#type,
                raised.detail.unwrap_or_default()
            ))),
            Ok(FromDriver::Accepted(_) | FromDriver::Rejected(_) | FromDriver::Hello(_)) => {
                Err("fault of the driver: it answered another question".to_owned())
            }
            Err(End::Faulty(why)) => Err(clean(format!("fault of the driver: {why}"))),
            Err(End::Ended(why) | End::Late(why) | End::Stopped(why)) => Err(clean(why)),
            Err(End::Clean) => Err("the driver ended".to_owned()),
        }
    }

    fn said(&self, class: Option<String>, text: Option<String>) -> Reply {
        let clean = |text: String| self.redactor.text(&text);
        Reply { class: class.map(clean), text }
    }
}

/// The timings of a driver, if they are plausible: together they cannot exceed the time until the answer, and a
/// library that really ran took some time.
fn plausible(nanos: Vec<f64>, asked: usize, took: f64) -> Result<Vec<f64>, String> {
    if nanos.len() != asked {
        return Err(format!("fault of the driver: {} timings for {asked} calls", nanos.len()));
    }
    if let Some(odd) = nanos.iter().find(|nanos| !(nanos.is_finite() && **nanos >= 0.0)) {
        return Err(format!("fault of the driver: a call of {odd} ns"));
    }
    let all: f64 = nanos.iter().sum();
    if all > took {
        return Err(format!(
            "fault of the driver: its calls took {all:.0} ns, but its answer came after {took:.0} ns"
        ));
    }
    if all <= 0.0 {
        return Err("fault of the driver: its clock does not advance".to_owned());
    }
    Ok(nanos)
}

impl Driver {
    /// Has the library verify one request.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        let verify = match self.verify(wire) {
            Ok(verify) => verify,
            Err(why) => return Observation::without_answer(Outcome::NotDelivered, why),
        };
        let started = Instant::now();
        let answer = self.pool.ask(ToDriver::Verify(Box::new(verify))).await;
        let millis = millis(started.elapsed());
        let replied = |outcome, class, text| Observation {
            outcome,
            answer: None,
            reply: Some(self.said(class, text)),
            detail: None,
            millis,
        };
        let silent = |outcome, why: String| Observation {
            millis,
            ..Observation::without_answer(outcome, self.redactor.text(&why))
        };
        match answer {
            Ok(FromDriver::Accepted(_)) => replied(Outcome::Accepted, None, None),
            Ok(FromDriver::Rejected(why)) => replied(Outcome::Rejected, why.class, why.detail),
            Ok(FromDriver::Error(raised)) => replied(Outcome::Crashed, Some(raised.r#type), raised.detail),
            Ok(FromDriver::Unsupported(what)) => silent(Outcome::Unsupported, what.why),
            Ok(FromDriver::Hello(_) | FromDriver::Measured(_)) => {
                silent(Outcome::Unreachable, "fault of the driver: it answered another question".to_owned())
            }
            Err(End::Ended(why)) => silent(Outcome::Crashed, why),
            Err(End::Late(why)) => silent(Outcome::Hung, why),
            Err(End::Faulty(why)) => silent(Outcome::Unreachable, format!("fault of the driver: {why}")),
            Err(End::Stopped(why)) => silent(Outcome::Unreachable, why),
            Err(End::Clean) => silent(Outcome::Unreachable, "the driver ended".to_owned()),
        }
    }
}
