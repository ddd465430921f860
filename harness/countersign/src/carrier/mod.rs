//! Ways to a target: over the network, through a driver, or by a call in this process.
//!
//! The type to know is [`Carrier`]: [`Raw`] sends exact octets over TCP, [`Served`] does so to a server that it
//! starts itself, [`Polite`] sends what a well-behaved client can send, over TLS where the URL asks for it,
//! [`Process`] asks a library behind a driver, and [`Local`] calls a function. None knows what a case expects;
//! what an answer means is decided by the [`Oracle`] that it is given.

mod command;
mod errors;
mod group;
mod local;
mod polite;
mod process;
mod raw;
mod reuse;
mod sending;
mod served;
mod verbatim;

use std::sync::Arc;
use std::time::Duration;

use countersign_core::observe::{Observation, Oracle};
use countersign_core::target::Target;
use countersign_core::wire::Wire;

pub use command::CommandLine;
pub use group::kill_all;
pub use local::{Answer, Asked, Local, Make, Service, Verify};
pub use polite::{CannotStart, Polite, Proxies};
pub use process::{CannotStartDriver, Held, Pool, Process};
pub use raw::Raw;
pub use sending::Gate;
pub use served::{About, CannotServe, Served, Setting};

use crate::run::clock::Clock;

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
    /// A server that was started for the run.
    Served(Arc<Served>),
    /// A function in this process.
    Local(Local),
}

impl Carrier {
    /// Decides from now on what answers mean.
    pub fn set_oracle(&self, oracle: Oracle) {
        match self {
            Self::Raw(raw) => raw.set_oracle(oracle),
            Self::Polite(polite) => polite.set_oracle(oracle),
            Self::Served(served) => served.raw().set_oracle(oracle),
            Self::Local(local) => local.set_oracle(oracle),
            // A driver says itself what it means.
            Self::Process(_) => {}
        }
    }

    /// What can hold up a request or stretch its body.
    ///
    /// # Errors
    /// Why nothing can.
    pub fn exact(&self) -> Result<&Raw, &'static str> {
        match self {
            Self::Raw(raw) => Ok(raw),
            Self::Served(served) => Ok(served.raw()),
            Self::Polite(_) => Err("a polite client does not hold up a request or stretch its body"),
            Self::Process(_) => Err("a library gets requests whole"),
            Self::Local(_) => Err("a function gets requests whole"),
        }
    }

    /// The target's clock, as far as it is known beforehand.
    pub fn clock(&self) -> Clock {
        match self {
            Self::Raw(_) | Self::Polite(_) => Clock::SHARED,
            Self::Process(process) => process.clock(),
            Self::Served(served) => served.clock(),
            Self::Local(local) => local.clock(),
        }
    }

    /// How often a server was started.
    pub(crate) fn starts(&self) -> u64 {
        match self {
            Self::Served(served) => served.starts(),
            Self::Raw(_) | Self::Polite(_) | Self::Process(_) | Self::Local(_) => 0,
        }
    }

    /// Whether a target that ended is started again.
    pub fn revives(&self) -> bool {
        match self {
            Self::Process(_) | Self::Served(_) => true,
            Self::Raw(_) | Self::Polite(_) | Self::Local(_) => false,
        }
    }
}

impl Target for Carrier {
    async fn deliver(&self, wire: &Wire) -> Observation {
        match self {
            Self::Raw(raw) => raw.deliver(wire).await,
            Self::Polite(polite) => polite.deliver(wire).await,
            Self::Process(process) => process.deliver(wire).await,
            Self::Served(served) => served.deliver(wire).await,
            Self::Local(local) => local.deliver(wire).await,
        }
    }
}

/// Milliseconds as observations carry them.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
