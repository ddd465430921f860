//! A library in any language, behind drivers that are started for the run.
//!
//! The type to know is [`Exec`].

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use countersign_conformance::place::NOW;
use countersign_core::grid::Package;
use countersign_core::line::{Capability, Hello};
use countersign_core::observe::{Observation, Oracle};
use countersign_core::wire::Wire;
use tokio::runtime::Handle;

use super::setup::{CannotSetUp, Setup, Started};
use super::{
    Behavior, CannotVary, HOST, Kind, PATH, Profile, SchemeChoice, SecretSupply, Support, UsageError, Variant,
};
use crate::clock::Clock;
use crate::process::{CannotStartDriver, CommandLine, Driver, Pool, SchemaChecks};
use crate::transport::{Deadlines, Raw};

/// Defaults for a library behind drivers. Many cases wait in the pipe, so that no driver is ever idle.
pub(super) const PROFILE: Profile = Profile {
    jobs: 128,
    secret: SecretSupply::MadeUp,
    schemes: SchemeChoice::OfDriver,
    second_sender: Support::No {
        message: "a driver or a started server gets one secret at a time",
        help: "leave --second-secret out, or start an endpoint with both secrets yourself",
    },
    effects: Support::No {
        message: "--effects needs an endpoint given by its URL",
        help: "leave it out: a library has no effects to count",
    },
    transport: Support::No {
        message: "--transport needs an endpoint given by its URL, or the embedded one",
        help: "leave it out: a driver gets requests as lines on its standard input",
    },
};

/// Maximum number of driver processes.
const DRIVERS: usize = 2;

/// Starts a driver, reads its `hello`, and stops it.
///
/// # Errors
/// It does not start, or does not speak the protocol.
pub async fn greet(command: &CommandLine) -> Result<Hello, CannotStartDriver> {
    let pool = drivers(command, 1, Deadlines::default().total).await?;
    let hello = pool.hello().clone();
    // How a driver exits says nothing about the library; `doctor` checks it.
    drop(pool.shutdown().await);
    Ok(hello)
}

async fn drivers(
    command: &CommandLine,
    jobs: usize,
    answer_timeout: Duration,
) -> Result<Pool, CannotStartDriver> {
    Pool::start(command.clone(), jobs.min(DRIVERS), answer_timeout, SchemaChecks::Off, Handle::current())
        .await
}

pub(super) async fn start(command: &CommandLine, setup: &Setup) -> Result<Started, CannotSetUp> {
    let pool = Arc::new(drivers(command, setup.jobs, setup.deadlines.total).await?);
    let hello = pool.hello();
    let name = setup.scheme.file().scheme.as_str();
    if !hello.schemes.iter().any(|known| known == name) {
        let message = format!("the driver of `{}` does not verify `{name}`", hello.name.escape_debug());
        let help = format!("it names: {}", hello.schemes.join(", ").escape_debug());
        return Err(UsageError::new(message, help).into());
    }
    let origin = format!("https://{HOST}");
    let deployment = setup.deployment(&origin);
    let driver = Driver::new(Arc::clone(&pool), &*setup.scheme, setup.secret(), &deployment, NOW);
    Ok(Started {
        kind: Kind::Exec(Exec { driver, offset: None, pool: Some(pool) }.with_offset()),
        host: HOST.to_owned(),
        path: PATH.to_owned(),
        origin,
        address: None,
    })
}

/// A library behind drivers.
#[derive(Debug)]
pub struct Exec {
    driver: Driver,
    /// Seconds by which the library's clock is moved; `None` if the drivers cannot set the time.
    offset: Option<Arc<AtomicI64>>,
    /// The drivers, if this target owns them.
    pool: Option<Arc<Pool>>,
}

impl Exec {
    /// A library whose drivers somebody else stops.
    pub(super) fn borrowed(driver: Driver) -> Self {
        Self { driver, offset: None, pool: None }.with_offset()
    }

    fn with_offset(self) -> Self {
        Self { offset: self.driver.clock_offset(), ..self }
    }

    /// The library.
    pub(super) fn driver(&self) -> &Driver {
        &self.driver
    }
}

impl Behavior for Exec {
    async fn deliver(&self, wire: &Wire) -> Observation {
        self.driver.deliver(wire).await
    }

    /// Does nothing: a driver says itself whether a request was accepted.
    fn set_oracle(&self, _oracle: Oracle) {}

    fn raw(&self) -> Result<&Raw, &'static str> {
        Err("a library gets whole requests")
    }

    fn clock(&self) -> Clock {
        self.driver.clock()
    }

    fn remembers(&self) -> bool {
        self.driver.hello().can(Capability::Replay)
    }

    fn restarts(&self) -> bool {
        true
    }

    /// A library gets its secret with every request and, if it supports that, the time.
    async fn variant(&self, wanted: &Variant<'_>) -> Option<Result<Kind, CannotVary>> {
        if wanted.case.fails_the_handler() || (wanted.case.waits() > 0 && self.offset.is_none()) {
            return None;
        }
        Some(Ok(Kind::Exec(Self::borrowed(self.driver.with_secret(wanted.secret.clone())))))
    }

    fn clock_offset(&self) -> Option<&Arc<AtomicI64>> {
        self.offset.as_ref()
    }

    async fn fault(&self) -> Option<String> {
        let fault = self.driver.pool().fault().await?;
        Some(format!("fault of the driver: {fault}"))
    }

    fn package(&self) -> Option<Package> {
        let Hello { name, version, language, .. } = self.driver.hello().clone();
        Some(Package { name, version, language })
    }

    async fn shutdown(&self) {
        if let Some(pool) = &self.pool {
            drop(pool.shutdown().await);
        }
    }
}
