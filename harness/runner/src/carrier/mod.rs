//! Ways to a target over the network.
//!
//! The type to know is [`Carrier`]: [`Raw`] sends exact octets over TCP, [`Polite`] sends what a
//! well-behaved client can send, over TLS where the URL asks for it. Neither knows what a case
//! expects; what an answer means is decided by the [`Oracle`] that it is given.

mod polite;
mod raw;
mod reuse;
mod sending;
mod verbatim;

use std::time::Duration;

use countersign_core::observe::{Observation, Oracle};
use countersign_core::target::Target;
use countersign_core::wire::Wire;

pub use polite::{CannotStart, Polite, Proxies};
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

/// A way to a target over the network.
#[derive(Debug)]
pub enum Carrier {
    /// Exact octets over TCP.
    Raw(Raw),
    /// Well-formed requests, over TLS where the URL asks for it.
    Polite(Polite),
}

impl Carrier {
    /// Decides from now on what answers mean.
    pub fn set_oracle(&self, oracle: Oracle) {
        match self {
            Self::Raw(raw) => raw.set_oracle(oracle),
            Self::Polite(polite) => polite.set_oracle(oracle),
        }
    }
}

impl Target for Carrier {
    async fn deliver(&self, wire: &Wire) -> Observation {
        match self {
            Self::Raw(raw) => raw.deliver(wire).await,
            Self::Polite(polite) => polite.deliver(wire).await,
        }
    }
}

/// Milliseconds as observations carry them.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
