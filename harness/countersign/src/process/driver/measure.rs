//! Measurements by the clock of a driver.

use std::sync::atomic::Ordering;
use std::time::Instant;

use countersign_core::line::{Base64, FromDriver, Measure, Sent, ToDriver};
use countersign_core::wire::{TransportRefusal, Wire, receive};

use super::Driver;
use super::worker::End;

/// Why a driver has no timings for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotMeasure {
    /// No HTTP server hands the request to an application.
    #[error("no HTTP server lets it through: {0}")]
    NotHttp(TransportRefusal),
    /// The driver says that it cannot.
    #[error("the driver cannot measure: {0}")]
    Unsupported(String),
    /// The library raised an error instead of deciding.
    #[error("the library failed: {0}")]
    LibraryFailed(String),
    /// The driver breaks the protocol, or its timings are implausible.
    #[error("fault of the driver: {0}")]
    Fault(String),
    /// The driver ended or did not answer.
    #[error("{0}")]
    Ended(String),
}

impl Driver {
    /// Verifies the requests one by one in the given order, timed by the driver. Returns nanoseconds for each call.
    ///
    /// # Errors
    /// What the driver did instead, or why its timings are implausible.
    pub async fn measure(&self, wires: &[Wire], order: &[u32]) -> Result<Vec<f64>, CannotMeasure> {
        let started = Instant::now();
        let nanos = self.call(wires, order, false).await?;
        plausible(nanos, order.len(), started.elapsed().as_nanos() as f64)
    }

    /// Verifies a request several times without timing it, for tools that count instructions from outside.
    ///
    /// # Errors
    /// What the driver did instead.
    pub async fn repeat(&self, wire: &Wire, times: u32) -> Result<(), CannotMeasure> {
        let order = vec![0; times as usize];
        let answered = self.call(std::slice::from_ref(wire), &order, true).await?.len();
        if answered != order.len() {
            return Err(CannotMeasure::Fault(format!("{answered} numbers for {times} calls")));
        }
        Ok(())
    }

    async fn call(&self, wires: &[Wire], order: &[u32], untimed: bool) -> Result<Vec<f64>, CannotMeasure> {
        let received = wires.iter().map(|wire| receive(&wire.bytes()).map(Sent::of));
        let requests: Result<Vec<Sent>, _> = received.collect();
        let measure = Measure {
            seq: self.pool.next(),
            scheme: self.scheme.clone(),
            key: Base64(self.secret.expose().into()),
            now: self.clock.now().seconds() + self.clock_offset.load(Ordering::Relaxed),
            endpoint: self.endpoint.clone(),
            requests: requests.map_err(CannotMeasure::NotHttp)?,
            order: order.to_vec(),
            untimed,
        };
        let answer = self.pool.ask(ToDriver::Measure(Box::new(measure))).await;
        let clean = |why: String| self.redactor.text(&why);
        match answer {
            Ok(FromDriver::Measured(measured)) => Ok(measured.nanos),
            Ok(FromDriver::Unsupported(what)) => Err(CannotMeasure::Unsupported(clean(what.why))),
            Ok(FromDriver::Error(raised)) => {
                let what = format!("{} {}", raised.r#type, raised.detail.unwrap_or_default());
                Err(CannotMeasure::LibraryFailed(clean(what)))
            }
            Ok(FromDriver::Accepted(_) | FromDriver::Rejected(_) | FromDriver::Hello(_)) => {
                Err(CannotMeasure::Fault("it answered another question".to_owned()))
            }
            Err(End::Faulty(why)) => Err(CannotMeasure::Fault(clean(why))),
            Err(End::Ended(why) | End::Late(why) | End::Stopped(why)) => {
                Err(CannotMeasure::Ended(clean(why)))
            }
            Err(End::Clean) => Err(CannotMeasure::Ended("the driver ended".to_owned())),
        }
    }
}

/// The timings of a driver, if they are plausible: together they cannot exceed the time until the answer, and a
/// library that really ran took some time.
fn plausible(nanos: Vec<f64>, asked: usize, took: f64) -> Result<Vec<f64>, CannotMeasure> {
    if nanos.len() != asked {
        return Err(CannotMeasure::Fault(format!("{} timings for {asked} calls", nanos.len())));
    }
    if let Some(odd) = nanos.iter().find(|nanos| !(nanos.is_finite() && **nanos >= 0.0)) {
        return Err(CannotMeasure::Fault(format!("a call of {odd} ns")));
    }
    let all: f64 = nanos.iter().sum();
    if all > took {
        let why = format!("its calls took {all:.0} ns, but its answer came after {took:.0} ns");
        return Err(CannotMeasure::Fault(why));
    }
    if all <= 0.0 {
        return Err(CannotMeasure::Fault("its clock does not advance".to_owned()));
    }
    Ok(nanos)
}
