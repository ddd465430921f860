//! Ways to a target: over the network, or through a driver.
//!
//! The type to know is [`Carrier`]: [`Raw`] sends exact octets over TCP, [`Polite`] sends what a
//! well-behaved client can send, over TLS where the URL asks for it, and [`Process`] asks a library behind a
//! driver. None knows what a case expects; what an answer means is decided by the [`Oracle`] that it is given.

mod polite;
mod process;
mod raw;
mod reuse;
mod sending;
mod verbatim;

use std::time::Duration;

use countersign_core::observe::{Observation, Oracle};
use countersign_core::target::Target;
use countersign_core::wire::Wire;

pub use polite::{CannotStart, Polite, Proxies};
pub use process::{CannotStartDriver, DriverCommand, Pool, Process, kill_all};
pub use raw::Raw;
pub use sending::Gate;

/// How long each step of a delivery may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until a connection stands, with name lookup.
    pub connect: Duration,
    /// Between two pieces of an answer, and before the first.
    pub read: Duration,
    /// From the first byte sent to the end of the answer.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// A way to a target.
#[derive(Debug)]
pub enum Carrier {
    /// Exact octets over TCP.
    Raw(Raw),
    /// Well-formed requests, over TLS where the URL asks for it.
    Polite(Polite),
    /// A library behind drivers.
    Process(Process),
}

impl Carrier {
    /// Decides from now on what answers mean.
    pub fn set_oracle(&self, oracle: Oracle) {
        match self {
            Self::Raw(raw) => raw.set_oracle(oracle),
            Self::Polite(polite) => polite.set_oracle(oracle),
            // A driver says itself what it means.
            Self::Process(_) => {}
        }
    }

    /// Why it cannot hold up a request or stretch its body; nothing if it can.
    pub fn cannot_hold_up(&self) -> Option<&'static str> {
        match self {
            Self::Raw(_) => None,
            Self::Polite(_) => Some("a polite client does not hold up a request or stretch its body"),
            Self::Process(_) => Some("a library gets requests whole"),
        }
    }
}

impl Target for Carrier {
    async fn deliver(&self, wire: &Wire) -> Observation {
        match self {
            Self::Raw(raw) => raw.deliver(wire).await,
            Self::Polite(polite) => polite.deliver(wire).await,
            Self::Process(process) => process.deliver(wire).await,
        }
    }
}

/// Milliseconds as observations carry them.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
