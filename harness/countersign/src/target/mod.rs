//! What is tested: one file for each kind of target, with its parsing, defaults, start and delivery.
//!
//! The types to know are [`TargetSpec`], a target as named with `--target`, and [`Target`], one that is set up for one
//! scheme. Every request to a target waits for its rate limiter. Nothing here knows what a case expects.

#[cfg(not(feature = "targets"))]
mod absent;
#[cfg(feature = "targets")]
mod embedded;
#[cfg(feature = "targets")]
mod exec;
mod in_process;
#[cfg(feature = "targets")]
mod profile;
#[cfg(feature = "targets")]
mod serve;
#[cfg(feature = "targets")]
mod setup;
#[cfg(feature = "targets")]
mod spec;
#[cfg(feature = "targets")]
mod url;
#[cfg(feature = "targets")]
mod usage;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use countersign_core::case::Case;
use countersign_core::grid::Package;
use countersign_core::observe::{Observation, Oracle};
use countersign_core::scheme::{Scheme, WrongSecret};
use countersign_core::secret::Secret;
use countersign_core::wire::Wire;

use crate::clock::Clock;
use crate::counter::Counter;
use crate::limiter::RateLimiter;
use crate::transport::{Gate, Raw};

#[cfg(not(feature = "targets"))]
use absent::{Embedded, Exec, Serve, Url};
#[cfg(feature = "targets")]
pub use embedded::{Embedded, EndpointFactory, Spec as EmbeddedSpec, mutant, no_mutant_error};
#[cfg(feature = "targets")]
pub use exec::{Exec, greet};
pub use in_process::{Answer, Asked, InProcess, Make, Service, Verify};
#[cfg(feature = "targets")]
pub use profile::{Profile, SchemeChoice, SecretSupply, Support};
#[cfg(feature = "targets")]
pub use serve::Serve;
#[cfg(feature = "targets")]
pub(crate) use setup::Started;
#[cfg(feature = "targets")]
pub use setup::{CannotSetUp, SecondSetup, Setup};
#[cfg(feature = "targets")]
pub use spec::TargetSpec;
#[cfg(feature = "targets")]
pub use url::{Spec as UrlSpec, Url, guard_host};
#[cfg(feature = "targets")]
pub use usage::{KeyNaming, UsageError};

/// Host name of targets without an address of their own, so that signed requests do not depend on a random port.
pub const HOST: &str = "countersign.test";
/// Default path of the endpoint on such a target.
pub const PATH: &str = "/hook";

/// Whether slow cases are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    /// Skip them, with the reason.
    Skip,
    /// Run them.
    Run,
}

/// A target that is set up for one scheme and one secret.
#[derive(Debug)]
pub struct Target {
    kind: Kind,
    limiter: RateLimiter,
}

/// The kinds of targets.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "targets"),
    expect(dead_code, reason = "without the feature `targets` there is one kind")
)]
pub(crate) enum Kind {
    /// An endpoint that somebody else runs.
    Url(Url),
    /// An endpoint of our own, with the reference or a mutant.
    Embedded(Embedded),
    /// A server started for the run.
    Serve(Serve),
    /// A library behind drivers.
    Exec(Exec),
    /// A function or a service in this process.
    InProcess(InProcess),
}

/// What differs between kinds of targets. The defaults fit an endpoint that somebody else runs.
pub(crate) trait Behavior {
    /// Sends one request and waits for the answer.
    fn deliver(&self, wire: &Wire) -> impl Future<Output = Observation>;

    /// Sets how answers are read from now on.
    fn set_oracle(&self, oracle: Oracle);

    /// The transport that can hold back part of a request or stretch its body, or why there is none.
    fn raw(&self) -> Result<&Raw, &'static str>;

    /// The target's clock, as far as it is known before the first answer.
    fn clock(&self) -> Clock {
        Clock::SHARED
    }

    /// Whether it may remember accepted requests.
    fn remembers(&self) -> bool {
        true
    }

    /// Whether its connections belong to the runtime that opened them.
    fn stays_on_one_runtime(&self) -> bool {
        false
    }

    /// How many times it was started.
    fn starts(&self) -> u64 {
        0
    }

    /// Whether it is restarted after it exits.
    fn restarts(&self) -> bool {
        false
    }

    /// Kills a hanging target and starts another. Returns whether that worked.
    async fn replace(&self) -> bool {
        false
    }

    /// The same target set up for one case; `None` if it cannot be set up that way.
    async fn variant(&self, _wanted: &Variant<'_>) -> Option<Result<Kind, CannotVary>> {
        None
    }

    /// Seconds by which its clock is moved; `None` if it cannot be moved.
    fn clock_offset(&self) -> Option<&Arc<AtomicI64>> {
        None
    }

    /// Makes the handler behind the verifier fail once. Only embedded endpoints can do this.
    fn fail_handler(&self) {}

    /// Its built-in effect counter, if it has one.
    fn counter(&self) -> Option<Counter> {
        None
    }

    /// Why it no longer runs, if so.
    fn gone(&self) -> Option<String> {
        None
    }

    /// A fault that makes all its answers doubtful, such as a broken line protocol.
    async fn fault(&self) -> Option<String> {
        None
    }

    /// The package under test, if the target names one.
    fn package(&self) -> Option<Package> {
        None
    }

    /// Stops everything that was started for it.
    async fn shutdown(&self) {}
}

/// Why a target cannot be set up for one case.
#[derive(Debug, thiserror::Error)]
pub enum CannotVary {
    /// The secret does not fit the scheme.
    #[error(transparent)]
    Secret(#[from] WrongSecret),
    /// The embedded endpoint does not start.
    #[cfg(feature = "targets")]
    #[error(transparent)]
    Embedded(#[from] crate::serve::CannotServe),
    /// The server does not start.
    #[cfg(feature = "targets")]
    #[error("the server does not start with the secret of this case: {0}")]
    Server(#[from] crate::process::CannotServe),
}

/// How a target must be set up for one case.
#[derive(Debug)]
pub(crate) struct Variant<'a> {
    #[cfg_attr(not(feature = "targets"), expect(dead_code, reason = "only the embedded endpoint needs it"))]
    pub(crate) scheme: &'a Arc<dyn Scheme>,
    pub(crate) secret: &'a Secret,
    pub(crate) case: &'a Case,
}

/// Does the same for every kind of target.
macro_rules! each {
    ($target:expr, $kind:ident => $do:expr) => {
        match &$target.kind {
            Kind::Url($kind) => $do,
            Kind::Embedded($kind) => $do,
            Kind::Serve($kind) => $do,
            Kind::Exec($kind) => $do,
            Kind::InProcess($kind) => $do,
        }
    };
}

impl Target {
    /// A target of some kind.
    pub(crate) fn new(kind: Kind, limiter: RateLimiter) -> Self {
        Self { kind, limiter }
    }

    /// A running driver, without a rate limit.
    #[cfg(feature = "targets")]
    pub fn driver(driver: crate::process::Driver) -> Self {
        Self::new(Kind::Exec(Exec::borrowed(driver)), RateLimiter::default())
    }

    /// An address reached over the raw transport, without a rate limit.
    #[cfg(feature = "targets")]
    pub fn raw_address(raw: Raw) -> Self {
        Self::new(Kind::Url(Url::raw(raw)), RateLimiter::default())
    }

    /// A function or a service in this process.
    pub fn in_process(callee: InProcess) -> Self {
        Self::new(Kind::InProcess(callee), RateLimiter::default())
    }

    /// Sends one request and waits for the answer.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        self.limiter.wait().await;
        match &self.kind {
            // Large futures of rare kinds are boxed, or they would be moved with every case.
            Kind::Url(url) => url.deliver(wire).await,
            Kind::Embedded(embedded) => embedded.deliver(wire).await,
            Kind::Serve(serve) => Box::pin(serve.deliver(wire)).await,
            Kind::Exec(exec) => exec.deliver(wire).await,
            Kind::InProcess(callee) => callee.deliver(wire).await,
        }
    }

    /// Access to exact bytes: can hold back part of a request or stretch its body.
    ///
    /// # Errors
    /// Why this target has no such transport.
    pub fn exact(&self) -> Result<Exact<'_>, &'static str> {
        let raw = each!(self, kind => kind.raw())?;
        Ok(Exact { raw, limiter: &self.limiter })
    }

    /// The rate limiter of the target.
    pub fn limiter(&self) -> &RateLimiter {
        &self.limiter
    }

    /// The library behind drivers, if that is what is tested.
    #[cfg(feature = "targets")]
    pub fn library(&self) -> Option<&crate::process::Driver> {
        match &self.kind {
            Kind::Exec(exec) => Some(exec.driver()),
            Kind::Url(_) | Kind::Embedded(_) | Kind::Serve(_) | Kind::InProcess(_) => None,
        }
    }

    /// Whether a driver answers for the target and reports how the library fared.
    pub(crate) fn is_driven(&self) -> bool {
        matches!(self.kind, Kind::Exec(_))
    }

    /// Sets how answers are read from now on.
    pub fn set_oracle(&self, oracle: Oracle) {
        each!(self, kind => kind.set_oracle(oracle));
    }

    /// The target's clock, as far as it is known before the first answer.
    pub fn clock(&self) -> Clock {
        each!(self, kind => kind.clock())
    }

    /// Whether its clock is known to be this machine's.
    pub(crate) fn shares_our_clock(&self) -> bool {
        matches!(self.kind, Kind::InProcess(_))
    }

    /// Whether it may remember accepted requests.
    pub fn remembers(&self) -> bool {
        each!(self, kind => kind.remembers())
    }

    /// Whether it is an embedded endpoint: sending it a lot is harmless, and more of them can be started.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.kind, Kind::Embedded(_))
    }

    pub(crate) fn stays_on_one_runtime(&self) -> bool {
        each!(self, kind => kind.stays_on_one_runtime())
    }

    pub(crate) fn starts(&self) -> u64 {
        each!(self, kind => kind.starts())
    }

    pub(crate) fn restarts(&self) -> bool {
        each!(self, kind => kind.restarts())
    }

    pub(crate) async fn replace(&self) -> bool {
        each!(self, kind => kind.replace().await)
    }

    /// The same target set up for one case; `None` if it cannot be set up that way.
    pub(crate) async fn variant(&self, wanted: &Variant<'_>) -> Option<Result<Self, CannotVary>> {
        let made = each!(self, kind => kind.variant(wanted).await)?;
        Some(made.map(|kind| Self::new(kind, self.limiter.clone())))
    }

    /// Lets time pass for the target.
    pub(crate) async fn advance(&self, seconds: u16) {
        match each!(self, kind => kind.clock_offset()) {
            Some(offset) => drop(offset.fetch_add(seconds.into(), std::sync::atomic::Ordering::Relaxed)),
            None => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
        }
    }

    pub(crate) fn fail_handler(&self) {
        each!(self, kind => kind.fail_handler());
    }

    pub(crate) fn counter(&self) -> Option<Counter> {
        each!(self, kind => kind.counter())
    }

    pub(crate) fn gone(&self) -> Option<String> {
        each!(self, kind => kind.gone())
    }

    pub(crate) async fn fault(&self) -> Option<String> {
        each!(self, kind => kind.fault().await)
    }

    /// The package under test, if the target names one.
    pub fn package(&self) -> Option<Package> {
        each!(self, kind => kind.package())
    }

    /// Stops everything that was started for it.
    pub async fn shutdown(&self) {
        each!(self, kind => kind.shutdown().await);
    }
}

/// The raw transport of a target, behind the target's rate limiter.
#[derive(Debug, Clone, Copy)]
pub struct Exact<'a> {
    raw: &'a Raw,
    limiter: &'a RateLimiter,
}

impl<'a> Exact<'a> {
    /// The rate limiter. Code that opens its own connections must wait for it.
    pub fn limiter(self) -> &'a RateLimiter {
        self.limiter
    }

    /// How answers are read.
    #[cfg(feature = "targets")]
    pub(crate) fn oracle(self) -> Oracle {
        self.raw.oracle()
    }

    /// How long an answer may take.
    #[cfg(feature = "targets")]
    pub(crate) fn answer_timeout(self) -> Duration {
        self.raw.answer_timeout()
    }

    pub(crate) async fn deliver_halfway(self, wire: &Wire, gate: &Gate) -> Observation {
        self.limiter.wait().await;
        self.raw.deliver_halfway(wire, gate).await
    }

    pub(crate) async fn deliver_slowly(self, wire: &Wire, gate: &Gate) -> Observation {
        self.limiter.wait().await;
        self.raw.deliver_slowly(wire, gate).await
    }

    pub(crate) async fn deliver_flooded(self, wire: &Wire, length: u64) -> (Observation, bool) {
        self.limiter.wait().await;
        self.raw.deliver_flooded(wire, length).await
    }
}
