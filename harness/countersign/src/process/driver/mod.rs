//! Libraries in any language, behind drivers that speak the line protocol over standard input and output.
//!
//! The type to know is [`Driver`]. It passes on what an HTTP server would pass to an application; what no server
//! lets through is not delivered. A driver that breaks the protocol is reported as such, and proves nothing about
//! the library behind it.

mod measure;
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

use countersign_core::line::{Base64, Capability, Endpoint, FromDriver, Hello, Sent, ToDriver, Verify};
use countersign_core::observe::{Observation, Outcome, Reply};
use countersign_core::redact::Redactor;
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::wire::{TransportRefusal, Wire, receive};

pub use measure::CannotMeasure;
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

    fn verify(&self, wire: &Wire) -> Result<Verify, TransportRefusal> {
        let request = receive(&wire.bytes())?;
        Ok(Verify {
            seq: self.pool.next(),
            scheme: self.scheme.clone(),
            key: Base64(self.secret.expose().into()),
            now: self.clock.now().seconds() + self.clock_offset.load(Ordering::Relaxed),
            endpoint: self.endpoint.clone(),
            request: Sent::of(request),
        })
    }

    fn said(&self, class: Option<String>, text: Option<String>) -> Reply {
        let clean = |text: String| self.redactor.text(&text);
        Reply { class: class.map(clean), text }
    }
}

impl Driver {
    /// Has the library verify one request.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        let verify = match self.verify(wire) {
            Ok(verify) => verify,
            Err(why) => {
                let why = format!("no HTTP server lets it through: {why}");
                return Observation::without_answer(Outcome::NotDelivered, why);
            }
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
