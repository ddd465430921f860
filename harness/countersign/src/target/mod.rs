//! What is tested: one file for each kind of target, with its parsing, defaults, start and delivery.
//!
//! The types to know are [`TargetSpec`], a target as a person names it, and [`Target`], one that is set up for one
//! scheme and answers. Every request that goes to a target goes through its rate limiter. Nothing here knows what a
//! case expects.

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

/// Host name under which an embedded target is addressed, so that requests do not depend on its port.
pub const HOST: &str = "countersign.test";
/// Path of the hook on an embedded target.
pub const PATH: &str = "/hook";

/// Whether cases that take long are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    /// They are skipped, with the reason.
    Skip,
    /// They are run.
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
#[cfg_attr(not(feature = "targets"), expect(dead_code, reason = "of the kinds there is one only"))]
pub(crate) enum Kind {
    /// An endpoint that somebody else runs.
    Url(Url),
    /// An endpoint of our own, with the reference or a mutant.
    Embedded(Embedded),
    /// A server that was started for the run.
    Serve(Serve),
    /// A library behind drivers.
    Exec(Exec),
    /// A function or a service in this process.
    InProcess(InProcess),
}

/// What kinds of targets differ in. What is not said otherwise holds of an endpoint that somebody else runs.
pub(crate) trait Behavior {
    /// Sends one request and waits for what comes back.
    fn deliver(&self, wire: &Wire) -> impl Future<Output = Observation>;

    /// Decides from now on what answers mean.
    fn set_oracle(&self, oracle: Oracle);

    /// The transport that can hold back a request or stretch its body, or why there is none.
    fn raw(&self) -> Result<&Raw, &'static str>;

    /// The target's clock, as far as it is known beforehand.
    fn clock(&self) -> Clock {
        Clock::SHARED
    }

    /// Whether it may remember what it accepted.
    fn remembers(&self) -> bool {
        true
    }

    /// Whether its connections belong to the runtime that opened them.
    fn stays_on_one_runtime(&self) -> bool {
        false
    }

    /// How often it was started.
    fn starts(&self) -> u64 {
        0
    }

    /// Whether it is started again when it ended.
    fn restarts(&self) -> bool {
        false
    }

    /// Ends one that hangs and starts another in its place; whether that could be done.
    async fn replace(&self) -> bool {
        false
    }

    /// The same target set up for one case; none if nobody can set it up so.
    async fn variant(&self, _wanted: &Variant<'_>) -> Option<Result<Kind, CannotVary>> {
        None
    }

    /// Seconds by which its clock is ahead, if it can be moved.
    fn clock_offset(&self) -> Option<&Arc<AtomicI64>> {
        None
    }

    /// Makes the handler behind the verifier fail once; only that of a target of our own can be.
    fn fail_handler(&self) {}

    /// The counter of its effects, if it has one of its own.
    fn counter(&self) -> Option<Counter> {
        None
    }

    /// Why it does not run any more, if so.
    fn gone(&self) -> Option<String> {
        None
    }

    /// What makes everything that it says doubtful.
    async fn fault(&self) -> Option<String> {
        None
    }

    /// The package that is tested, as far as it says so.
    fn package(&self) -> Option<Package> {
        None
    }

    /// Ends what was started for it.
    async fn shutdown(&self) {}
}

/// Why a target cannot be set up for one case.
#[derive(Debug, thiserror::Error)]
pub enum CannotVary {
    /// The scheme has no such secret.
    #[error(transparent)]
    Secret(#[from] WrongSecret),
    /// The embedded endpoint does not start.
    #[cfg(feature = "targets")]
    #[error(transparent)]
    Embedded(#[from] crate::serve::CannotServe),
    /// The server does not start.
    #[cfg(feature = "targets")]
    #[error("not with this secret: {0}")]
    Server(#[from] crate::process::CannotServe),
}

/// A target that one case needs.
#[derive(Debug)]
pub(crate) struct Variant<'a> {
    #[cfg_attr(not(feature = "targets"), expect(dead_code, reason = "the embedded endpoint asks"))]
    pub(crate) scheme: &'a Arc<dyn Scheme>,
    pub(crate) secret: &'a Secret,
    pub(crate) case: &'a Case,
}

/// Does the same with whatever kind a target is of.
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

    /// A driver that runs, without a limit on the rate.
    #[cfg(feature = "targets")]
    pub fn driver(driver: crate::process::Driver) -> Self {
        Self::new(Kind::Exec(Exec::borrowed(driver)), RateLimiter::default())
    }

    /// An address that is reached with exact bytes, without a limit on the rate.
    #[cfg(feature = "targets")]
    pub fn raw_address(raw: Raw) -> Self {
        Self::new(Kind::Url(Url::raw(raw)), RateLimiter::default())
    }

    /// A function or a service in this process.
    pub fn in_process(callee: InProcess) -> Self {
        Self::new(Kind::InProcess(callee), RateLimiter::default())
    }

    /// Sends one request and waits for what comes back.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        self.limiter.wait().await;
        match &self.kind {
            // What is asked most; the futures of the others would be moved with every case.
            Kind::Url(url) => url.deliver(wire).await,
            Kind::Embedded(embedded) => embedded.deliver(wire).await,
            Kind::Serve(serve) => Box::pin(serve.deliver(wire)).await,
            Kind::Exec(exec) => exec.deliver(wire).await,
            Kind::InProcess(callee) => callee.deliver(wire).await,
        }
    }

    /// What can hold back a request or stretch its body.
    ///
    /// # Errors
    /// Why nothing can.
    pub fn exact(&self) -> Result<Exact<'_>, &'static str> {
        let raw = each!(self, kind => kind.raw())?;
        Ok(Exact { raw, limiter: &self.limiter })
    }

    /// How fast requests may follow each other.
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

    /// Whether a driver speaks for the target, and says itself what became of it.
    pub(crate) fn is_driven(&self) -> bool {
        matches!(self.kind, Kind::Exec(_))
    }

    /// Decides from now on what answers mean.
    pub fn set_oracle(&self, oracle: Oracle) {
        each!(self, kind => kind.set_oracle(oracle));
    }

    /// The target's clock, as far as it is known beforehand.
    pub fn clock(&self) -> Clock {
        each!(self, kind => kind.clock())
    }

    /// Whether its clock is known without asking: it is this machine's.
    pub(crate) fn shares_our_clock(&self) -> bool {
        matches!(self.kind, Kind::InProcess(_))
    }

    /// Whether it may remember what it accepted.
    pub fn remembers(&self) -> bool {
        each!(self, kind => kind.remembers())
    }

    /// Whether the endpoint is our own: what it takes costs nobody anything, and there may be any number of them.
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

    /// The same target set up for one case; none if nobody can set it up so.
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

    /// The package that is tested, as far as it says so.
    pub fn package(&self) -> Option<Package> {
        each!(self, kind => kind.package())
    }

    /// Ends what was started for it.
    pub async fn shutdown(&self) {
        each!(self, kind => kind.shutdown().await);
    }
}

/// A transport with exact bytes, behind the rate limiter of its target.
#[derive(Debug, Clone, Copy)]
pub struct Exact<'a> {
    raw: &'a Raw,
    limiter: &'a RateLimiter,
}

impl<'a> Exact<'a> {
    /// How fast requests may follow each other: whoever opens connections of its own waits for it.
    pub fn limiter(self) -> &'a RateLimiter {
        self.limiter
    }

    /// What answers mean.
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
